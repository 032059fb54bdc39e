"""The widget behind the live card; imported when the first card opens, not before."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets

__all__ = ["VIEW", "Card"]

VIEW = "application/vnd.jupyter.widget-view+json"

_PAGE = Path(__file__).parent / "page"
# each builds on those before it
_MODULES = (
    "text.mjs", "element.mjs", "calls.mjs", "reader.mjs", "blocks.mjs", "markdown.mjs",
    "answer.mjs", "card.mjs",
)  # fmt: skip
_LEFT_OUT = re.compile(
    r"^(?:import .*|\s*//.*|\s+)\n?|^\s+|[ \t]+// [^\"'`\n]*$|(?<=[;{,])\n", re.MULTILINE
)


def _page_code() -> str:
    # A widget has one module, and it is sent with each card: so the files are put
    # together, without what only their readers need.
    sources = ((_PAGE / name).read_text(encoding="utf-8") for name in _MODULES)
    return "".join(_LEFT_OUT.sub("", source) for source in sources)


class Card(anywidget.AnyWidget):
    """What is known before the reply, and snapshots of it; the reply comes as messages.

    Parameters
    ----------
    stop : callable, optional
        What the card's Stop button does. It may be called in any thread.
    **traits
        What the page is told at once.

    Attributes
    ----------
    was_pressed : bool
        Whether the button was heard as a message.
    """

    _esm = _page_code()
    _css = _PAGE / "card.css"

    run = traitlets.Unicode().tag(sync=True)
    model = traitlets.Unicode().tag(sync=True)
    server = traitlets.Unicode().tag(sync=True)
    notes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    words = traitlets.Dict().tag(sync=True)
    tex = traitlets.Unicode().tag(sync=True)
    plain = traitlets.Bool().tag(sync=True)
    stops = traitlets.Unicode().tag(sync=True)
    snap = traitlets.Dict().tag(sync=True)

    def __init__(self, stop: Callable[[], None] | None = None, **traits: Any) -> None:
        super().__init__(**traits)
        self._stop = stop
        self.was_pressed = False
        self._over = threading.Event()
        self._clicks = 0
        self.on_msg(self._hear)
        comm = self.comm
        if hasattr(comm, "_reply_subshell_for"):
            # ipykernel 7.4 sends a click to the shell that this cell keeps busy; earlier
            # 7.x let the page decide, and it asks for a shell of the click's own.
            comm._reply_subshell_for = lambda data, default: default

    def __repr__(self) -> str:
        return "<qwen_nb card>"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        # The view and nothing else: a text form would be compared under nbval, and a
        # bundle that holds a dead view hides every other form in it.
        return self.view(), {}

    def view(self) -> dict[str, Any]:
        """Return the output that shows the card."""
        return {VIEW: {"version_major": 2, "version_minor": 1, "model_id": self.model_id}}

    def forget_stop(self) -> None:
        """Let the button do nothing from now on."""
        self._stop = None

    def clicks_sent(self, within_s: float) -> int:
        """Return how often the page has interrupted as well, as it says once it is over.

        Parameters
        ----------
        within_s : float
            How long to wait for it; a page that was closed says nothing.
        """
        self._over.wait(within_s)
        return self._clicks

    def _hear(self, widget: Any, content: Any, buffers: Any) -> None:
        if not isinstance(content, dict):
            return
        if isinstance(clicks := content.get("over"), int):
            self._clicks = clicks
            self._over.set()
        if content.get("stop") is not True:
            return
        self.was_pressed = True
        if (stop := self._stop) is not None:
            stop()
        # Also where the reply has just ended: unheard, the page would interrupt, and that
        # would hit the next cell.
        self.send({"ack": True})
