"""How far many questions are, where somebody watches: tqdm's bar, then one line for good.

The bar is taken away at the end, its output too: no dead widget stays in the notebook. What
stays names no times, so that a notebook that is run again is the same; where nobody watches
there is that line alone.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import Any

from qwen_nb.front_end import place
from qwen_nb.ledger import Spent
from qwen_nb.render import money
from qwen_nb.render.live import show_for_a_while
from qwen_nb.texts import machine_language, text, writable

_LOOK_S = 0.25
"""Between two looks at the ledger."""

_HEIGHT = "14px"  # its margins take eight of them


class Progress:
    """The bar and the line of one run.

    Parameters
    ----------
    wanted : bool
        False shows nothing at all.
    total : int, optional
        How many rows there are, if that is known.
    spent : callable
        Returns what was spent so far.
    """

    def __init__(self, wanted: bool, total: int | None, spent: Callable[[], Spent]) -> None:
        self._spent = spent
        self._language = machine_language(os.environ)  # it lives in this session only
        self._looked_at = 0.0
        self._shown = 0
        self._take_away: Callable[[], None] | None = None
        front_end = place.front_end(place.running_shell())
        is_tty = bool(getattr(sys.stderr, "isatty", bool)())
        self._speaks = wanted and (front_end != "none" or is_tty)
        watched = front_end in ("card", "terminal") or (front_end == "none" and is_tty)
        self._bar = self._made(total, front_end) if wanted and watched else None

    def _made(self, total: int | None, front_end: place.FrontEnd) -> Any:
        desc = text("map.bar", self._language)
        how = {"total": total, "desc": desc, "unit": "", "leave": False, "dynamic_ncols": True}
        # Told apart here and not by `tqdm.auto`: a console is a kernel without widgets.
        if front_end != "card":
            from tqdm.std import tqdm

            return tqdm(**how)
        from tqdm.notebook import tqdm as in_page

        bar = in_page(**how, display=False)
        bar.container.children[1].layout.height = _HEIGHT
        bar.container.layout.align_items = "center"
        self._take_away = show_for_a_while(bar.container)
        return bar

    def show(self, done: int, failed: int, *, slowed: bool = False) -> None:
        """Show how many rows have ended, and how many of them with an error."""
        now = time.monotonic()
        if self._bar is None or now - self._looked_at < _LOOK_S:
            return
        self._looked_at = now
        told = [
            money(amount, currency, self._language)
            for currency, amount in sorted(self._spent().amounts.items())
        ]
        if failed:
            told.insert(0, text("map.bar_failed", self._language, n=failed))
        if slowed:
            told.append(text("map.bar_slowed", self._language))
        self._bar.set_postfix_str(", ".join(told), refresh=False)
        self._bar.update(done - self._shown)
        self._bar.refresh()
        self._shown = done

    def close(self) -> None:
        """Take the bar away."""
        if self._bar is None:
            return
        if self._take_away is not None:
            self._take_away()  # before tqdm turns red what did not come to its end
        self._bar.close()
        sys.stderr.flush()  # else a kernel shows what is said next before the bar is gone

    def say(self, *lines: str) -> None:
        """Say what stays, where there is somebody to read it."""
        if self._speaks:
            for line in lines:
                print(writable(line))
