"""SIGINT as a flag, from the first sign of a question to its last.

Raised wherever it happens to arrive, an interrupt would break the kernel's wire inside a
send, or leave a turn drawn and not stored. So it only sets a flag and stops the stream; who
asked raises when everything is in its place. Where something keeps the person waiting all
the same, the second press ends the wait, at the places that stand it.
"""

from __future__ import annotations

import _thread
import contextlib
import signal
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["Interrupts"]


_REST_S = 0.5
"""How long a kernel may take from the end of a question to the reply of its cell."""


class _PressedAgain(KeyboardInterrupt):
    """The person does not want to wait for the stop itself either."""


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
        self._is_set = False
        self._lock = threading.Lock()
        self._is_open = self._is_broken_into = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
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
            # None: a handler that was not installed from Python, which cannot be put back
            before = self._before or signal.default_int_handler
            if self._ends_request and before is signal.default_int_handler:
                before = _dropping_for(_REST_S)
            signal.signal(signal.SIGINT, before)

    def impatiently(self, work: Callable[[], object]) -> None:
        """Do something that a second press may end in the middle."""
        try:
            self._may_raise = True
            try:
                work()
            finally:
                self._may_raise = False
        except _PressedAgain:
            pass

    @contextlib.contextmanager
    def open(self) -> Iterator[None]:
        """Let each press break into what is done here, as it does in any other cell."""
        self._is_open = self._is_set
        try:
            yield
        finally:
            with self._lock:
                self._is_open = False

    def break_in(self) -> None:
        """Break into what is done within `open`; from another thread, and no press."""
        with self._lock:
            if not self._is_open or threading.current_thread() is threading.main_thread():
                return
            self._is_broken_into = True
            main = threading.main_thread().ident
            if hasattr(signal, "pthread_kill") and main is not None:
                signal.pthread_kill(main, signal.SIGINT)  # ends a sleep, too
            else:
                _thread.interrupt_main()

    def _take(self, number: int, frame: FrameType | None) -> None:
        if self._is_broken_into:
            self._is_broken_into = False
            if self._is_open:
                raise _PressedAgain
            return
        if self._is_open:
            self.count += 1
            self._stop()
            raise _PressedAgain
        self.count += 1
        self._stop()
        if self.count > 1 and self._may_raise:
            self._may_raise = False  # once for each work, so that nothing escapes its end
            raise _PressedAgain


def _dropping_for(seconds: float) -> Callable[[int, FrameType | None], None]:
    until = time.monotonic() + seconds

    def late(number: int, frame: FrameType | None) -> None:
        if time.monotonic() > until:
            signal.default_int_handler(number, frame)

    return late
