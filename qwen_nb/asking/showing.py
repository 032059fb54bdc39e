"""A display, kept from harming the reply that it shows."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from qwen_nb.asking.asking import Asking
from qwen_nb.asking.kept import describing
from qwen_nb.render.html import SilentDisplay
from qwen_nb.texts import text
from qwen_nb.values import Display, Frame, Opening, Reply


class Showing:
    """Shows a reply on a display, and on none once that has failed.

    A fault of the display is never the reply's: the answer goes on, is kept and returned.
    At its end a warning tells what went wrong.

    Parameters
    ----------
    display : Display
        What shows it.
    """

    def __init__(self, display: Display) -> None:
        self.display = display
        self.is_seen = not isinstance(display, SilentDisplay)
        self._fault: Exception | None = None

    def open(self, opening: Opening, stop: Callable[[], None]) -> None:
        """Show that a question is on its way."""
        self._try(self.display.open, opening, stop)

    def frame(self, frame: Frame) -> None:
        """Show what is new."""
        self._try(self.display.frame, frame)

    def close(self, reply: Reply, failure: str = "") -> None:
        """Show the reply for good."""
        # a display of a person's own may know no failure
        self._try(self.display.close, reply, *((failure,) if failure else ()))

    def settle(self, interrupts: Callable[[], int]) -> int:
        """Wait for what was pressed and is still under way; return what was only repeated."""
        return self._try(self.display.settle, interrupts) or 0

    def warn(self, asking: Asking) -> None:
        """Tell of a fault, if there was one."""
        fault, self._fault = self._fault, None
        if fault is not None:
            kind, said = type(fault).__name__, str(fault)
            words = text("display.failed", asking.session.language, kind=kind, said=said)
            warnings.warn(words, RuntimeWarning, stacklevel=2)

    def _try(self, show: Callable[..., Any], *what: Any) -> Any:
        if self._fault is not None:
            return None
        try:
            return show(*what)
        except Exception as fault:
            self._fault, self.is_seen = fault, False
            return None


def display_for(asking: Asking, *, is_detached: bool = False) -> Display:
    """Return the front end's own display for a question.

    Parameters
    ----------
    asking : Asking
        The question.
    is_detached : bool
        The reply outlives its cell.
    """
    session, question = asking.session, asking.ready.question
    carries = session.settings.value("carry", True)
    return session.screen.display(
        session.language,
        owns_cell=question.owns_cell,
        hide_thinking=question.hide_thinking,
        quiet=question.quiet,
        as_text=question.as_text,
        is_detached=is_detached,
        wished=session.display_wish,
        describe=describing(asking.ready.kept, asking.slot, carries=carries),
    )
