"""How fast many questions may be sent together: one answer "too fast" slows all of them.

A server that throttles refuses whoever comes next, so the rows of a `map` do not each wait
for themselves. After a refusal nobody sends for as long as the server asked, or for the
usual wait before another try; then they go one after another, a little slower than
answers had begun to come. With each that gets through they go a little faster again. The
tries are those of all together: they are used up when nothing got through in between, and
then a limit of a minute still has the time to pass.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from qwen_nb.errors import QwenError, RateLimited
from qwen_nb.wire import Retries

_FIRST_INTERVAL_S = 0.1
_SLOWEST_S = 5.0
_FASTEST_S = 0.002
"""Below that there is no more waiting between two."""

_SLOWER, _FASTER = 1.25, 1.01
"""At a limit that stays as it is about one in twenty is refused so."""

_LOOKED_AT = 64

_MINUTE_S = 60.0
_MINUTES = 2
"""How often a minute is waited for when the tries are used up; a run of many rows has
more to lose than a question."""


class Pace:
    """When the next of many questions may be sent. It may be used from any thread.

    Parameters
    ----------
    tries : int
        How often everything may be refused in a row, as the setting `retries`.
    clock : callable
        Monotonic seconds.
    """

    def __init__(self, tries: int = 5, clock: Callable[[], float] = time.monotonic) -> None:
        self._tries = Retries(tries)
        self._clock = clock
        self._lock = threading.Lock()
        self._opens = self._next = 0.0
        self._interval = 0.0
        self._refused = 0
        self._passed: deque[float] = deque(maxlen=_LOOKED_AT)

    @property
    def interval_s(self) -> float:
        """Seconds between two that are sent; 0 while nothing was throttled."""
        return self._interval

    def now(self) -> float:
        """Return the time by its clock."""
        return self._clock()

    def turn(self) -> float:
        """Take a turn; return the seconds until it comes."""
        with self._lock:
            return self._turn(self._clock())

    def is_open(self) -> bool:
        """Whether a turn that has come still holds, or all have to wait again."""
        return self._clock() >= self._opens

    def passed(self) -> None:
        """Note that an answer has begun."""
        with self._lock:
            now = self._clock()
            self._passed.append(now)
            self._refused = 0
            if self._interval:
                self._interval /= _FASTER
                if self._interval < _FASTEST_S:
                    self._interval = 0.0

    def refused(self, sent_at: float, error: RateLimited) -> float | None:
        """Note that one was throttled; return the seconds until it is tried again.

        Parameters
        ----------
        sent_at : float
            When it was sent, by the clock.
        error : RateLimited
            What the server said.

        Returns
        -------
        float or None
            None: it will not pass, or has been tried often enough.
        """
        with self._lock:
            now = self._clock()
            if sent_at >= self._opens:  # else it was under way when all were slowed down
                pause = self._pause(error)
                if pause is None:
                    return None
                self._refused += 1
                self._opens = now + pause
                self._slow_down(now)
            elif (asked := error.retry_after_s) is not None:
                pause = self._tries.wait(1, error)
                if pause is None:
                    return None
                self._opens = max(self._opens, now + asked)
            return self._turn(now)

    def _pause(self, error: RateLimited) -> float | None:
        tried, most = self._refused + 1, self._tries.tries
        pause = self._tries.wait(tried, error)
        if pause is None and 1 < most <= tried < most + _MINUTES:
            # None for the first try too: it will not pass, however long one waits
            return None if self._tries.wait(1, error) is None else _MINUTE_S
        return pause

    def _turn(self, now: float) -> float:
        at = max(now, self._opens, self._next)
        self._next = at + self._interval
        return at - now

    def _slow_down(self, now: float) -> None:
        usual = _FIRST_INTERVAL_S
        if len(self._passed) > 1 and now > self._passed[0]:
            usual = (now - self._passed[0]) / (len(self._passed) - 1)
        slower = self._interval * _SLOWER if self._interval else usual
        self._interval = min(max(slower, _FASTEST_S), _SLOWEST_S)
        self._next = self._opens


@dataclass(slots=True)
class _Sent:
    """What is known of one question: sent last, how often throttled, has an answer begun."""

    at: float
    throttled: int = 0
    passed: bool = False


@dataclass(frozen=True, slots=True)
class TogetherRetries(Retries):
    """The retries of one question among many: those after a throttle are of all together.

    Parameters
    ----------
    tries : int
        How often it is sent at most for other reasons.
    pace : Pace
        That of all of them.
    """

    pace: Pace = field(default_factory=Pace)
    _sent: _Sent = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_sent", _Sent(self.pace.now()))

    def passed(self) -> None:
        """Let all go a little faster, once for a question however many calls it needs."""
        if not self._sent.passed:
            self._sent.passed = True
            self.pace.passed()

    def wait(self, tried: int, error: QwenError, chance: float | None = None) -> float | None:
        """Return the seconds to wait before the next try; None: do not try again."""
        sent = self._sent
        if isinstance(error, RateLimited):
            seconds = self.pace.refused(sent.at, error)
            sent.throttled += 1
        else:
            # not `super()`: a class with slots is not the one the compiler knew
            seconds = Retries.wait(self, tried - sent.throttled, error, chance)
        sent.at = self.pace.now() + (seconds or 0.0)
        return seconds
