"""Runs one stream: a daemon thread reads, another thread shows.

The pump owns the queue, the clock, the stop flag and the frames. The reading thread only
folds events into the builder and, when the showing thread waits, wakes it. The showing
thread draws at most `FRAMES_PER_SECOND` frames, the first at once, and alone touches the
display. It is the asking thread, since in a kernel output from another thread may land in
another cell; a job opens its display there and follows the stream in a thread of its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

from qwen_nb.asking.readers import Reading, read_apart
from qwen_nb.errors import ContentRefused, QwenError, StreamError, TimedOut, WasStopped
from qwen_nb.values import (
    CallRecord,
    Display,
    Event,
    FinishReason,
    Frame,
    Opening,
    Reply,
    ReplyBuilder,
    Retrying,
    State,
    Timing,
    ToolCall,
    estimate_tokens,
)
from qwen_nb.wire import Exchange

__all__ = ["Outcome", "Pump"]

FRAMES_PER_SECOND = 25

IDLE_S = 120.0
"""Longest silence before a stream is given up; protocol.md §1.4 asks for at least 60 to
120 s. There is no total time-out: a model may think for long."""

_FRAME_S = 1 / FRAMES_PER_SECOND

_SECOND_S = 0.9
"""Between two calls of `each_second`; with the longest sleep after it still below 1.5 s."""

_ABANDON_S = 0.3
"""How long a stop waits for the reading thread, which cannot be woken while it looks up a
name or shakes hands; it is left behind then, and what it still gets is thrown away."""

_LOOK_S = 0.5
"""Longest sleep of the asking thread, so that nothing can make it miss its wake-up."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a stream ended: the reply so far, and the error that ended it, if one did."""

    reply: Reply
    error: BaseException | None = None


@dataclass(eq=False, slots=True)
class _Work:
    """Something the reading thread has done elsewhere."""

    do: Callable[[], Any]
    begun: bool = False
    ended: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None


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


def _call_in(loop: asyncio.AbstractEventLoop, function: Callable[[], None]) -> None:
    with contextlib.suppress(RuntimeError):  # the loop is gone, and nobody waits any more
        loop.call_soon_threadsafe(function)


async def _set_within(event: asyncio.Event, seconds: float) -> None:
    """Wait until it is set, so long at most."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


class Pump:
    """Runs one stream and shows it.

    Parameters
    ----------
    exchange : Exchange
        The exchange the events come from; the pump stops and closes it.
    events : callable
        Opens the stream.
    display : Display
        Shows the growing reply; `close` is the caller's, who knows the stored reply.
    idle_s : float
        Longest time without an event; comments of the stream are none.
    continues : Reply, optional
        What the reply begins with, when the stream only brings the rest.
    rounds_before : bool
        What `continues` says was said in rounds of tools that are over.
    is_seen : bool
        Somebody sees the reply grow. Where nobody does, a follower in an event loop sleeps
        to the end: of many at once, their frames would cost more than their answers.
    apart : callable
        Reads the stream in another thread.
    each_second : callable, optional
        Called about once a second while text comes, from the thread that follows; and
        when a tool has ended.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self,
        exchange: Exchange,
        events: Callable[[], Iterator[Event]],
        display: Display,
        *,
        idle_s: float = IDLE_S,
        continues: Reply | None = None,
        rounds_before: bool = False,
        is_seen: bool = True,
        apart: Callable[[Callable[[], None]], Reading] = read_apart,
        each_second: Callable[[], object] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._idle_s = idle_s
        self._exchange = exchange
        self._events = events
        self._display = display
        self._clock = clock
        self._each_second = each_second
        self._is_seen = is_seen
        self._apart = apart
        self._marks = False  # the reading thread notes when the first came
        self._ticked_at = 0.0
        self._builder = ReplyBuilder()
        if continues is not None:
            for texts, given in (
                (self._builder.thinking, continues.thinking),
                (self._builder.answer, continues.answer),
            ):
                if given or not rounds_before:
                    texts.append(given)
        if rounds_before:
            self._builder.next_round()
        self._work: _Work | None = None
        self._worked_s = 0.0
        self._calls: tuple[CallRecord, ...] = ()
        self.on_stop: Callable[[], object] = lambda: None
        # SimpleQueue may be used from a signal handler, other locks may not.
        self._wake: SimpleQueue[None] = SimpleQueue()
        self._notify: Callable[[], object] = lambda: self._wake.put(None)
        self._tap: SimpleQueue[Event | None] | None = None
        self._waiting = False
        self._ended = False
        self._stopped = False
        self._left = False
        self._idle = False
        self._alive = False
        self._alive_at = 0.0
        self._seen_retrying: Retrying | None = None
        self._error: BaseException | None = None
        self._seen_thinking = self._seen_answer = 0
        self._thinking_at = self._answer_at = self._tokens = 0
        self._sent_at = self._first_at = self._answer_from = self._last_frame = 0.0

    @property
    def is_stopped(self) -> bool:
        """Whether somebody has stopped it."""
        return self._stopped

    @property
    def came(self) -> Reply:
        """What has come so far; of the round that comes now it has calls, usage and end."""
        return self._builder.reply()

    @property
    def tokens(self) -> int:
        """Estimated output tokens so far."""
        return self._tokens

    def stop(self) -> None:
        """Stop the stream; from any thread or signal handler, more than once is once."""
        self._stopped = True
        self.on_stop()
        self._notify()
        if self._tap is not None:
            self._tap.put(None)

    def run(self, asking: Opening) -> Outcome:
        """Ask, show, and wait for the end.

        Parameters
        ----------
        asking : Opening
            What the display shows at once, and the facts of the reply.

        Returns
        -------
        Outcome
            The reply as far as it came; one that was stopped has the finish_reason
            `stopped`.
        """
        self.open(asking)
        self.follow()
        return self.outcome(asking)

    def open(self, asking: Opening) -> None:
        """Show that the question is on its way."""
        self._sent_at = self._alive_at = self._clock()
        self._display.open(asking, self.stop)

    def follow(self) -> None:
        """Ask, and show what comes until it ends or is stopped; the display is open."""
        reader = self._apart(self._read)
        try:
            while self._goes_on():
                self._show()
                with self._working() as work:
                    if work is not None:
                        work.do()
                self._sleep()
        finally:
            self.leave()
        if not self._ended:
            reader.join(_ABANDON_S)
        self._show()

    def leave(self) -> None:
        """Break off what is still running; nobody waits for it any more."""
        self._left = True
        if not self._ended:
            self._exchange.stop()

    def hand_over(self, exchange: Exchange) -> None:
        """Let another exchange bring the rest; for the reading thread, which closed the first.

        Parameters
        ----------
        exchange : Exchange
            Stopped at once if the stream was left in the meantime.
        """
        self._exchange = exchange
        if self._left:
            exchange.stop()

    def elsewhere(self, do: Callable[[], Any]) -> bool:
        """Have the following thread do something, and wait for it; for the reading thread.

        Parameters
        ----------
        do : callable
            What it does; where it follows from an event loop, what it gives is awaited.

        Returns
        -------
        bool
            False where nobody follows any more; it may then not have been done.
        """
        work = self._work = _Work(do)
        self._notify()
        if self._tap is not None:
            self._tap.put(None)
        while not work.ended.wait(_LOOK_S):
            if self._left and not work.begun:
                return False
        if work.error is not None:
            raise work.error
        return not self._left

    def next_round(self) -> None:
        """Let another exchange bring another round; for the reading thread."""
        self._exchange.close()
        self._builder.next_round()

    def show_calls(self, ended: tuple[CallRecord, ...], running: tuple[ToolCall, ...]) -> None:
        """Show what is called; for the thread that follows.

        Parameters
        ----------
        ended : tuple of CallRecord
            All calls of the turn that have ended.
        running : tuple of ToolCall
            Those that have not.
        """
        is_news, self._calls = ended != self._calls, ended
        self._display.frame(
            Frame(
                state="calling",
                thinking_at=self._thinking_at,
                answer_at=self._answer_at,
                tokens=self._tokens,
                elapsed_s=self._clock() - self._sent_at,
                calls=ended,
                calling=running,
            )
        )
        if is_news and self._each_second is not None:
            self._each_second()  # the next call may take long, and the process with it

    @contextlib.contextmanager
    def _working(self) -> Iterator[_Work | None]:
        work, self._work = self._work, None
        if work is None:
            yield None
            return
        began, work.begun = self._clock(), True
        try:
            yield work
        except Exception as error:
            work.error = error  # it ends the stream, as any error of the reading thread does
        finally:
            now = self._clock()
            self._alive_at = now  # a tool that takes long is no silence of the server
            if not self._answer_from:
                self._worked_s += now - began
            work.ended.set()

    async def run_async(self, asking: Opening) -> Outcome:
        """Do as `run`, and leave the event loop free in between.

        Cancelling the task stops the stream; the cancellation goes on.
        """
        loop, woken = asyncio.get_running_loop(), asyncio.Event()
        self._notify = lambda: _call_in(loop, woken.set)
        self._marks = not self._is_seen
        self.open(asking)
        reader = self._apart(self._read)
        try:
            while self._goes_on():
                if self._is_seen:
                    self._show()
                with self._working() as work:
                    if work is not None:
                        await self._awaited(work.do())
                if self._is_seen:
                    rest_s = self._last_frame + _FRAME_S - self._clock()
                    if rest_s > 0:  # only a stop or the end may cut it short
                        await _set_within(woken, rest_s)
                    self._waiting = True
                if self._goes_on() and not self._has_unseen() and self._work is None:
                    await _set_within(woken, self._look_s())
                self._waiting = False
                woken.clear()
        finally:
            self.leave()
        if not self._ended:
            await asyncio.to_thread(reader.join, _ABANDON_S)
        self._show()
        return self.outcome(asking)

    async def _awaited(self, done: Awaitable[Any] | None) -> None:
        """Wait for what was given to be awaited; a stop cancels it."""
        if done is None:
            return
        task = asyncio.ensure_future(done)
        try:
            while not task.done() and not self._stopped:
                await asyncio.wait({task}, timeout=_FRAME_S)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_ABANDON_S)
        if task.done() and not task.cancelled():
            task.result()

    def iterate(self, asking: Opening) -> Generator[Event, None, Outcome]:
        """Do as `run`, and yield each event as it comes; closing the iterator stops."""
        self._tap = tap = SimpleQueue[Event | None]()
        self.open(asking)
        reader = self._apart(self._read)
        try:
            while self._goes_on():
                try:
                    event = tap.get(timeout=self._look_s())
                except Empty:
                    continue
                if event is not None:
                    yield event
                with self._working() as work:
                    if work is not None:
                        work.do()
            while not tap.empty():
                if (event := tap.get()) is not None:
                    yield event
        finally:
            if not self._ended:
                self._stopped = self._stopped or not self._idle
                self.leave()
                reader.join(_ABANDON_S)
            self._show()
        return self.outcome(asking)

    def _goes_on(self) -> bool:
        self._tick()
        return not self._ended and not self._stopped and not self._is_idle()

    def _tick(self) -> None:
        now = self._clock()
        if self._each_second is not None and now - self._ticked_at >= _SECOND_S:
            self._ticked_at = now
            self._each_second()

    def _read(self) -> None:
        add, tap = self._builder.add, self._tap
        try:
            for event in self._events():
                add(event)
                self._alive = True
                if self._marks:
                    self._mark()
                if tap is not None:
                    tap.put(event)
                if self._waiting:
                    self._waiting = False
                    self._notify()
        except WasStopped:
            self._stopped = True
        except BaseException as error:
            self._error = _without_frames(error)
        self._ended = True
        self._notify()
        if tap is not None:
            tap.put(None)
        # What follows the last event may take a moment to read; nobody waits for it.
        self._exchange.close()

    def _mark(self) -> None:
        """Note when the first came; where frames are drawn, they tell."""
        builder = self._builder
        if not self._first_at and (builder.thinking or builder.answer):
            self._first_at = self._clock()
        if builder.answer:
            self._answer_from, self._marks = self._clock(), False

    def _sleep(self) -> None:
        # First the rest of this frame's time, whatever arrives; only a stop or the end
        # may cut it short. Then until there is something new.
        due = self._last_frame + _FRAME_S
        while not self._ended and not self._stopped and (left := due - self._clock()) > 0:
            self._wait(left)
        self._waiting = True
        idles = not self._has_news() and self._work is None
        if not self._ended and not self._stopped and idles:
            self._wait(self._look_s())
        self._waiting = False

    def _wait(self, seconds: float) -> None:
        with contextlib.suppress(Empty):
            self._wake.get(timeout=seconds)

    def _look_s(self) -> float:
        # not long past the moment at which the silence has been too long
        left = self._alive_at + self._idle_s - self._clock()
        return min(max(left, 0.0) + 0.01, _LOOK_S)

    def _is_idle(self) -> bool:
        now = self._clock()
        if self._alive:
            self._alive, self._alive_at = False, now
            if self._builder.retrying is not None:  # a wait that was announced is no silence
                self._alive_at += self._builder.retrying.wait_s
        self._idle = now - self._alive_at > self._idle_s
        return self._idle

    def _has_unseen(self) -> bool:
        return self._is_seen and self._has_news()

    def _has_news(self) -> bool:
        builder = self._builder
        return (
            len(builder.thinking) > self._seen_thinking
            or len(builder.answer) > self._seen_answer
            or builder.retrying is not self._seen_retrying
        )

    def _show(self) -> None:
        if not self._has_news():
            return
        builder, now = self._builder, self._clock()
        self._seen_retrying = builder.retrying
        if builder.retrying is not None:
            elapsed = now - self._sent_at
            self._display.frame(
                Frame(state="retrying", elapsed_s=elapsed, retrying=builder.retrying)
            )
            return
        # Answer first: a thinking that comes between the two looks is older than it.
        answer = "".join(builder.answer[self._seen_answer : (end := len(builder.answer))])
        thought = len(builder.thinking)
        thinking = "".join(builder.thinking[self._seen_thinking : thought])
        self._seen_answer, self._seen_thinking = end, thought
        self._tokens += estimate_tokens(thinking) + estimate_tokens(answer)
        if thinking or answer:
            self._first_at = self._first_at or now
        if answer and not self._answer_from:
            self._answer_from = now
        state: State = "waiting"
        if self._seen_answer or self._seen_thinking:
            is_answer = self._seen_answer > builder.answer_start
            state = "answering" if is_answer else "thinking"
        self._display.frame(
            Frame(
                state=state,
                thinking=thinking,
                answer=answer,
                thinking_at=self._thinking_at,
                answer_at=self._answer_at,
                tokens=self._tokens,
                elapsed_s=now - self._sent_at,
                calls=self._calls,
            )
        )
        self._thinking_at += len(thinking)
        self._answer_at += len(answer)
        self._last_frame = now

    def outcome(self, asking: Opening) -> Outcome:
        """Return the reply as far as it came, and the error that ended it."""
        finish, error = self._builder.finish_reason, self._error
        if self._idle and finish is None:
            key = "error.silent" if self._first_at else "error.timed_out"
            error = TimedOut(key, server=asking.server)
        if finish is not None and isinstance(error, StreamError | TimedOut):
            error = None  # the model had ended; only the stream's last formality is missing
        reason: FinishReason | None = None
        if self._stopped and finish is None:
            reason, error = "stopped", None
        elif isinstance(error, ContentRefused):
            reason = "blocked"
        elif error is not None:
            came = self._builder.reply()
            has_any = came.thinking or came.answer or came.tool_calls or self._calls
            reason = "cut" if has_any else "failed"
        reply = self._builder.reply(
            reason,
            model=asking.model,
            server=asking.server,
            scripted=asking.scripted,
            turn=asking.turn,
            turns_sent=asking.turns_sent,
            notes=asking.notes,
            timing=self._timing(),
        )
        return Outcome(reply, error)

    def _timing(self) -> Timing:
        now = self._clock()
        if not self._first_at:
            return Timing(total_s=now - self._sent_at)
        thinking_end = self._answer_from or now
        return Timing(
            first_s=self._first_at - self._sent_at,
            thinking_s=(
                thinking_end - self._first_at - self._worked_s
                if self._builder.thinking
                else None
            ),
            total_s=now - self._sent_at,
        )
