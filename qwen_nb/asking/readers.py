"""Threads that read streams: one for each, or some that read one stream after another."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Protocol, TypeAlias

_NAME = "qwen_nb-reader"


class Reading(Protocol):
    """A stream that is being read."""

    def join(self, timeout: float) -> None:
        """Wait until it is read to its end, so many seconds at most."""


ReadApart: TypeAlias = Callable[[Callable[[], None]], Reading]
"""Has a stream read in another thread."""


def read_apart(read: Callable[[], None]) -> Reading:
    """Read a stream in a thread of its own; what reads never raises."""
    reader = threading.Thread(target=read, name=_NAME, daemon=True)
    reader.start()
    return reader


class SharedReaders:
    """Threads for many streams at once, each of which reads one stream after another.

    To begin a thread is to wait for it, and whoever begins all of them has no time for it.
    One that cannot be woken is left behind with its stream: it is not among those that are
    free, and ends with it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._free: list[_Reader] = []
        self._is_closed = False

    def read(self, read: Callable[[], None]) -> Reading:
        """Read a stream in one of them; what reads never raises."""
        with self._lock:
            reader = self._free.pop() if self._free else None
        if reader is None:
            reader = _Reader(self._free_again)
            reader.start()
        return reader.give(read)

    def close(self) -> None:
        """Let them end, each when its stream has ended."""
        with self._lock:
            self._is_closed = True
            free, self._free = self._free, []
        for reader in free:
            reader.end()

    def _free_again(self, reader: _Reader) -> bool:
        with self._lock:
            if not self._is_closed:
                self._free.append(reader)
            return not self._is_closed


class _Reader(threading.Thread):
    """One of them."""

    def __init__(self, free_again: Callable[[_Reader], bool]) -> None:
        super().__init__(name=_NAME, daemon=True)
        self._free_again = free_again
        self._given: SimpleQueue[_Given | None] = SimpleQueue()

    def give(self, read: Callable[[], None]) -> _Given:
        given = _Given(read)
        self._given.put(given)
        return given

    def end(self) -> None:
        self._given.put(None)

    def run(self) -> None:
        while (given := self._given.get()) is not None:
            given.run()
            del given  # a stream that has ended is not held while there is no other
            if not self._free_again(self):
                return


class _Given:
    """A stream that was given to one of them."""

    def __init__(self, read: Callable[[], None]) -> None:
        self._read = read
        self._running = threading.Lock()
        self._running.acquire()

    def run(self) -> None:
        try:
            self._read()
        finally:
            self._running.release()

    def join(self, timeout: float) -> None:
        if self._running.acquire(timeout=timeout):
            self._running.release()
