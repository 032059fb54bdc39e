"""The panel's own lines in the page; imported when the first panel opens, not before."""

from __future__ import annotations

from pathlib import Path

import anywidget
import traitlets

_PAGE = Path(__file__).parent / "page"


class Notice(anywidget.AnyWidget):
    """What was used so far, and what came of the last change.

    The ready-made text widgets would typeset the `$` of a sum as a formula and announce
    nothing. This one shows text as text, names the controls it stands among as a group, and
    keeps their keys from the notebook.

    Parameters
    ----------
    label : str
        Name of the group.
    heading, usage : str
        What was used, and the word before it.
    message : str
        What came of the last change; screen readers say it.
    failed : bool
        Whether that was refused.
    """

    _esm = _PAGE / "panel.mjs"
    _css = _PAGE / "panel.css"

    label = traitlets.Unicode().tag(sync=True)
    heading = traitlets.Unicode().tag(sync=True)
    usage = traitlets.Unicode().tag(sync=True)
    message = traitlets.Unicode().tag(sync=True)
    failed = traitlets.Bool().tag(sync=True)

    def __repr__(self) -> str:
        return "<qwen_nb panel>"
