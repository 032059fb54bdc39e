"""The panel where no panel can be: the status, as it is saved."""

from __future__ import annotations

from qwen_nb.texts import markup, unbroken


def status_bundle(told: str) -> dict[str, str]:
    """Return the lines of a status as text and as a page.

    The style of a panel that lives in the next output hides the page (`panel.css`).
    """
    page = f'<div class="qn-panel-still" style="white-space:pre-wrap">{markup(told)}</div>'
    return {"text/plain": told, "text/html": unbroken(page)}
