"""Asks many questions at once and settles each row: the engine of `map`.

The calling thread alone touches what is the person's: it takes items, makes prompts,
shows the bar and hears interrupts; it also keeps the answers. A thread of its own runs the
event loop in which the questions wait, since a notebook's main thread has one already. A
row holds its place until its answer is kept, so a kernel that is killed has lost the rows
that were running and no others.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any, Literal, Protocol, TypeAlias

from qwen_nb.errors import AuthFailed, BudgetReached, QwenError, RateLimited
from qwen_nb.front_end import Interrupts
from qwen_nb.tools import Portal
from qwen_nb.values import Reply

OnError: TypeAlias = Literal["raise", "keep"]

_TICK_S = 0.1
_STOP_S = 3.0
"""How long a stop waits for the running rows to let go."""

_OF_ALL = (AuthFailed, BudgetReached, RateLimited)
"""What would happen to every other row too: no row is to blame, and the run ends."""

_WHOLE = ("stop", "length", "tool_calls")


class KeptAnswers(Protocol):
    """Where answers are kept between calls. It never raises."""

    def find(self, prompt: str, n: int) -> Reply | None:
        """Return what the n-th row with this prompt was answered before."""

    def put(self, answers: list[tuple[str, int, Reply]]) -> None:
        """Keep answers of prompts, each with its n."""


@dataclass(slots=True)
class _Row:
    number: int
    prompt: str
    n: int


@dataclass(slots=True)
class Outcome:
    """What came of the rows, in their order.

    Parameters
    ----------
    replies : list of Reply or None
        The answers.
    errors : dict
        What rows ended with instead.
    kept : int
        How many answers were there before.
    ended_by : BaseException, optional
        Why no further rows were asked.
    stopped : bool
        The person stopped it.
    """

    replies: list[Reply | None] = field(default_factory=list)
    errors: dict[int, BaseException] = field(default_factory=dict)
    kept: int = 0
    ended_by: BaseException | None = None
    stopped: bool = False


class Mapping:
    """One run over many items; used once.

    Parameters
    ----------
    items : iterator
        Taken one by one, each when there is room for it.
    prompt_of : callable
        Makes an item's prompt.
    ask : callable
        Asks one, within the event loop.
    kept : KeptAnswers
        The answers of earlier runs, and of this one.
    concurrency : int
        How many are asked at once.
    on_error : str
        Whether an error of a row ends the run.
    show : callable
        Told how many rows have ended, and how many of them with an error.
    """

    def __init__(
        self,
        items: Iterator[Any],
        prompt_of: Callable[[Any], str],
        ask: Callable[[str], Coroutine[Any, Any, Reply]],
        kept: KeptAnswers,
        *,
        concurrency: int,
        on_error: OnError,
        show: Callable[[int, int], object],
    ) -> None:
        self._items, self._prompt_of, self._ask = items, prompt_of, ask
        self._kept, self._concurrency, self._on_error = kept, concurrency, on_error
        self._show = show
        self._outcome = Outcome()
        self._ended: SimpleQueue[tuple[_Row, Future[Reply]] | None] = SimpleQueue()
        self._running: set[int] = set()
        self._refused: deque[_Row] = deque()
        self._same: Counter[str] = Counter()
        self._no_more = self._stopped = False
        self._done = 0
        self._prompt: str | None = None
        self._portal = Portal("qwen_nb-map", _STOP_S)

    def run(self) -> Outcome:
        """Ask all, and return what came of them; an error that ended it is in there."""
        with Interrupts(self._stop) as interrupts, self._portal:
            while True:
                self._fill(interrupts)
                if not self._running:
                    break
                self._settle(self._wait())
                self._show(self._done, len(self._outcome.errors))
                if self._stopped:
                    self._let_go()
                    break
        self._outcome.stopped = self._stopped
        return self._outcome

    # -- rows that are sent ------------------------------------------------------------------

    def _goes_on(self) -> bool:
        return not self._stopped and self._outcome.ended_by is None

    def _fill(self, interrupts: Interrupts) -> None:
        while self._goes_on() and len(self._running) < self._concurrency:
            if self._refused:
                # The most the running ones may cost is held; what they do cost is less.
                if self._running:
                    return
                row: _Row | None = self._refused.popleft()
            else:
                row = self._next(interrupts)
            if row is None:
                return
            self._running.add(row.number)
            self._portal.start(self._ask(row.prompt)).add_done_callback(self._ender(row))

    def _ender(self, row: _Row) -> Callable[[Future[Reply]], object]:
        return lambda future: self._ended.put((row, future))

    def _next(self, interrupts: Interrupts) -> _Row | None:
        """Return the next row that has to be asked."""
        while self._goes_on() and not self._no_more:
            self._prompt = None
            interrupts.impatiently(self._take)
            if self._prompt is None:
                continue
            number, prompt = len(self._outcome.replies) - 1, self._prompt
            row = _Row(number, prompt, self._same[prompt])
            self._same[prompt] += 1
            known = self._kept.find(prompt, row.n)
            if known is None:
                return row
            self._outcome.replies[number] = known
            self._outcome.kept += 1
            self._done += 1
            self._show(self._done, len(self._outcome.errors))
        return None

    def _take(self) -> None:
        """Take the next item and make its prompt: code of the person's own."""
        number = len(self._outcome.replies)
        try:
            item = next(self._items)
        except StopIteration:
            self._no_more = True
            return
        except Exception as error:
            error.add_note(f"items[{number}]")
            self._outcome.ended_by = error
            return
        self._outcome.replies.append(None)
        try:
            self._prompt = self._prompt_of(item)
        except Exception as error:
            self._failed(number, error)

    # -- rows that have ended ------------------------------------------------------------------

    def _wait(self) -> list[tuple[_Row, Future[Reply]]]:
        """Return all that have ended, after a moment at most."""
        ended = []
        with suppress(Empty):
            told = self._ended.get(timeout=_TICK_S)
            while True:
                if told is not None:
                    ended.append(told)
                told = self._ended.get_nowait()
        return ended

    def _settle(self, ended: list[tuple[_Row, Future[Reply]]]) -> None:
        answers = []
        for row, future in ended:
            if future.cancelled():
                continue
            error = future.exception()
            if error is None:
                reply = self._outcome.replies[row.number] = future.result()
                self._done += 1
                if reply.finish_reason in _WHOLE:
                    answers.append((row.prompt, row.n, reply))
            elif isinstance(error, BudgetReached) and len(self._running) > 1:
                self._refused.append(row)
            else:
                self._failed(row.number, error)
        if answers:
            self._kept.put(answers)
        # Only now: a row that is not kept yet still counts as running.
        self._running.difference_update(row.number for row, _ in ended)

    def _failed(self, number: int, error: BaseException) -> None:
        if self._stopped:
            return  # broken off on the way
        self._outcome.errors[number] = error
        self._done += 1
        if isinstance(error, QwenError):
            error.facts["row"] = number
        if self._on_error == "raise" or isinstance(error, _OF_ALL):
            self._outcome.ended_by = self._outcome.ended_by or error

    def _stop(self) -> None:
        # in a signal handler
        self._stopped = True
        self._ended.put(None)

    def _let_go(self) -> None:
        self._portal.cancel()
        deadline = time.monotonic() + _STOP_S
        while self._running and time.monotonic() < deadline:
            self._settle(self._wait())
