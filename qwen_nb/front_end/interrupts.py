"""SIGINT as a flag, from the first sign of a question to its last.

Raised wherever it happens to arrive, an interrupt would break the kernel's wire inside a
send, or leave a turn drawn and not stored. So it only sets a flag and stops the stream; who
asked raises when everything is in its place. Where something keeps the person waiting all
the same, a press ends the wait, at the places that stand it.

The handler runs between any two steps of the main thread, so nothing here waits for a lock
that the main thread may hold: there are only flags, and one lock that is tried and never
waited for.
"""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
import time
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self

_REST_S = 0.5
"""How long a kernel may take from the end of a question to the reply of its cell."""

_SENDING_S = 0.5
"""Longest wait for a break-in that is being sent; after a fork its thread may be gone."""


class _PressedAgain(KeyboardInterrupt):
    """The person does not want to wait for the stop itself either."""


class _Opening:
    """What may be broken into, from `__enter__` to `__exit__`."""

    def __init__(self, *, once: bool) -> None:
        self.once = once
        self.is_open = False

    def __enter__(self) -> None:
        self.is_open = True

    def __exit__(self, *_: object) -> None:
        self.is_open = False

    def takes(self, frame: FrameType | None) -> bool:
        """Whether an interrupt of this frame may raise.

        Raised while it is entered or left, an interrupt would leave it open for good, and
        the next press would break into whatever follows.
        """
        if not self.is_open:
            return False
        while frame is not None:
            if frame.f_code in _EDGES:
                return False
            frame = frame.f_back
        return True


_EDGES = (_Opening.__enter__.__code__, _Opening.__exit__.__code__)


class Interrupts:
    """Takes the interrupts of the main thread while it is entered.

    In another thread, where signals cannot be taken, it does nothing.

    Parameters
    ----------
    stop : callable
        Called at the first interrupt, in the signal handler: it may only set flags.
    ends_request : bool
        Nothing of the person's follows in this cell. An interrupt that comes behind the end
        then meets the kernel itself, which would drop the reply that its cell waits for; so
        it is taken for this question's as well, and dropped. The kernel puts its own
        handler back when the cell is over.

    Attributes
    ----------
    count : int
        How many have come.
    """

    def __init__(
        self, stop: Callable[[], object] = lambda: None, *, ends_request: bool = False
    ) -> None:
        self.count = 0
        self._ends_request = ends_request
        self._stop = stop
        self._may_raise = False
        self._before: Any = None
        self._is_set = self._is_taking = False
        self._is_broken_into = self._has_sent = False
        self._opening = _Opening(once=True)
        self._sending = threading.Lock()

    def __enter__(self) -> Self:
        if _is_main():
            self._before = signal.getsignal(signal.SIGINT)
            # An interrupt that comes before this line has its effect is raised from it,
            # and one that comes later is taken: `signal` looks for waiting ones itself.
            signal.signal(signal.SIGINT, self._take)
            self._is_set = True
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_set:
            self._let_arrive()
            # None: a handler that was not installed from Python, which cannot be put back
            before = self._before or signal.default_int_handler
            if self._ends_request and before is signal.default_int_handler:
                before = _dropping_for(_REST_S)
            signal.signal(signal.SIGINT, before)

    def impatiently(self, work: Callable[[], object]) -> None:
        """Do something that a second press may end in the middle."""
        try:
            try:
                self._may_raise = True
                work()
            finally:
                self._may_raise = False
        except _PressedAgain:
            pass

    def open(self, *, once: bool = False) -> contextlib.AbstractContextManager[None]:
        """Let each press break into what is done within, as it does in any other cell.

        It raises a KeyboardInterrupt out of the `with` statement, and nowhere behind it:
        a press that comes later is counted only.

        Parameters
        ----------
        once : bool
            Only the first press breaks in: for a question to the person, whose end the
            second press must not break.
        """
        if not self._is_set:
            return contextlib.nullcontext()
        self._opening = _Opening(once=once)
        return self._opening

    def break_in(self) -> None:
        """Break into what is done within `open`; from another thread, and no press."""
        if _is_main():
            return
        with self._sending:  # the main thread, and so its handler, never takes this lock
            if self._is_broken_into or not self._opening.is_open:
                return  # one is on its way: a second signal would be taken for a press
            self._is_broken_into = self._has_sent = True
            main = threading.main_thread().ident
            if hasattr(signal, "pthread_kill") and main is not None:
                signal.pthread_kill(main, signal.SIGINT)  # ends a sleep, too
            else:
                _thread.interrupt_main()

    def _let_arrive(self) -> None:
        """Wait for a break-in that is being sent: a later handler would take it for a press."""
        until = time.monotonic() + _SENDING_S
        while self._sending.locked() and time.monotonic() < until:
            time.sleep(0.001)
        if self._has_sent:
            time.sleep(0)  # the system hands over a waiting signal at the end of a call

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._is_taking:  # pressed again in the middle of this very method
            self.count += 1
            return
        self._is_taking = True
        try:
            breaks = self._breaks(frame)
        finally:
            self._is_taking = False
        if breaks:
            raise _PressedAgain

    def _breaks(self, frame: FrameType | None) -> bool:
        """Note an interrupt, and say whether it ends what is being done."""
        is_press, self._is_broken_into = not self._is_broken_into, False
        if is_press:
            self.count += 1
            self._stop()
        if self._opening.takes(frame):
            self._opening.is_open = not self._opening.once
            return True
        if is_press and self.count > 1 and self._may_raise:
            self._may_raise = False  # once for each work, so that nothing escapes its end
            return True
        return False


def _is_main() -> bool:
    return threading.get_ident() == threading.main_thread().ident


def _dropping_for(seconds: float) -> Callable[[int, FrameType | None], None]:
    until = time.monotonic() + seconds

    def late(number: int, frame: FrameType | None) -> None:
        if time.monotonic() > until:
            signal.default_int_handler(number, frame)

    return late
