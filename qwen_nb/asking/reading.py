"""What a server brings, read in a thread of its own."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from qwen_nb.asking.steps import Fetch, Opens
from qwen_nb.errors import QwenError, WasStopped
from qwen_nb.values import Event, Server
from qwen_nb.wire import Exchange


class Stream:
    """One fetch under way: a thread that reads, and the events nobody has taken yet.

    The reading thread only appends to a queue, and wakes the thread that waits. Everything
    a turn decides, shows or keeps is done by that other thread.

    Parameters
    ----------
    fetch : Fetch
        What is fetched.
    opens : callable
        Opens an exchange with a server.
    wake : callable
        Wakes whoever waits for the stream; called from the reading thread.

    Attributes
    ----------
    waiting : bool
        Set by the thread that waits: wake it at the next event.
    ended : bool
        Nothing more is appended.
    result : object
        What the fetch gave in the end.
    error : BaseException or None
        What ended it.
    came_at : dict
        When the first event of a kind came that was not taken yet: monotonic seconds.
    was_stopped : bool
        It is a recorded one, which ended where somebody had stopped it.
    """

    def __init__(self, fetch: Fetch, opens: Opens, wake: Callable[[], object]) -> None:
        self.waiting = self.ended = self.was_stopped = False
        self.result: Any = None
        self.error: BaseException | None = None
        self.came_at: dict[type[Event], float] = {}
        self._fetch = fetch
        self._opens = opens
        self._wake = wake
        self._events: deque[Event] = deque()
        self._exchange: Exchange | None = None
        self._is_left = False

    def read(self) -> None:
        """Read to the end; never raises. For the reading thread."""
        put, came_at = self._events.append, self.came_at
        try:
            for event in self._whole():
                if type(event) not in came_at:
                    came_at[type(event)] = time.monotonic()
                put(event)
                if self.waiting:
                    self.waiting = False
                    self._wake()
        except WasStopped:
            self.was_stopped = True
        except BaseException as error:
            self.error = _without_frames(error)
        self.ended = True
        self._wake()
        # What follows the last event may take a moment to read; nobody waits for it.
        if self._exchange is not None:
            self._exchange.close()

    def _whole(self) -> Iterator[Event]:
        self.result = yield from self._fetch.read(self._open)

    def _open(self, server: Server, *, native: bool) -> Exchange:
        exchange = self._exchange = self._opens(server, native=native)
        if self._is_left:
            exchange.stop()
        return exchange

    @property
    def has_events(self) -> bool:
        """Whether there is something to take."""
        return bool(self._events)

    def taken(self) -> Iterator[Event]:
        """Yield what has come and was not taken yet."""
        events = self._events
        while events:
            yield events.popleft()

    def leave(self) -> None:
        """Break off what is still read; nobody waits for it any more."""
        self._is_left = True
        exchange = self._exchange
        if not self.ended and exchange is not None:
            exchange.stop()


def _without_frames(error: BaseException) -> BaseException:
    """Return an error of ours without the frames of the reading thread.

    Their variables hold bytes as the server sent them, and a server may quote the key; a
    tool that prints variables would show it. Any other error is a fault of ours and keeps
    its frames.
    """
    if not isinstance(error, QwenError):
        return error
    link: BaseException | None = error
    while link is not None:
        link.__traceback__ = None
        link = link.__cause__ or link.__context__
    return error
