"""What a driver does between two looks at the server: take, show, keep, sleep.

At most `FRAMES_PER_SECOND` frames are drawn, the first at once, by the thread that asked:
in a kernel, output from another thread may land in another cell.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Generator, Iterator
from contextvars import copy_context
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any

from qwen_nb.asking.asking import Asking
from qwen_nb.asking.growing import Outcome
from qwen_nb.asking.line import IDLE_S
from qwen_nb.asking.preparing import permit
from qwen_nb.asking.readers import ReadApart, Reading, read_apart
from qwen_nb.asking.reading import Stream
from qwen_nb.asking.showing import Showing
from qwen_nb.asking.steps import Fetch, Permit, RunTools, Send, Step, Tell
from qwen_nb.errors import TimedOut
from qwen_nb.front_end import Interrupts
from qwen_nb.values import CallRecord, Event, Server, ToolCall
from qwen_nb.wire import Exchange

FRAMES_PER_SECOND = 25

_FRAME_S = 1 / FRAMES_PER_SECOND

_SECOND_S = 0.9
"""Between two checkpoints; with the longest sleep after it still below 1.5 s."""

_ABANDON_S = 0.3
"""How long a stop waits for the reading thread, which cannot be woken while it looks up a
name or shakes hands; it is left behind then, and what it still gets is thrown away."""

_LOOK_S = 0.5
"""Longest sleep of the asking thread, so that nothing can make it miss its wake-up."""


class Walk:
    """A flow, step by step.

    Attributes
    ----------
    step : Step or None
        What is to be done now; None at the end. What ended it stands in `Asking.error`.
    """

    def __init__(self, asking: Asking) -> None:
        self.step: Step | None = None
        self._asking = asking
        self._flow = asking.flow()
        self.bring(None)

    def bring(self, result: Any) -> None:
        """Send back what came of the step."""
        self._go(lambda: self._flow.send(result))

    def fail(self, error: Exception) -> None:
        """Throw in what ended the step; the flow may know a way on."""
        self._go(lambda: self._flow.throw(error))

    def _go(self, on: Callable[[], Step]) -> None:
        try:
            self.step = on()
        except StopIteration:
            self.step = None
        except Exception as error:
            self.step, self._asking.error = None, error


class _Following:
    """What is the same on a thread and on an event loop."""

    def __init__(
        self,
        asking: Asking,
        showing: Showing,
        *,
        apart: ReadApart = read_apart,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.showing = showing
        self._asking = asking
        self._growing = asking.growing
        self._apart = apart
        self._clock = clock
        self._idle_s: float = asking.session.settings.value("idle_timeout", IDLE_S)
        self._alive_at = self._ticked_at = self._last_frame = 0.0
        self._reading: Reading | None = None
        self._was_silent = False

    def open(self) -> None:
        """Show that the question is on its way."""
        self._asking.asked_at = time.time()
        self._alive_at = self._clock()
        self._growing.sent(self._alive_at)
        self.showing.open(self._asking.opening, self._asking.stop)

    def end(self, *, keeps: bool = True) -> Outcome:
        """Let the question end here; see `Asking.end`."""
        try:
            self._show()
        finally:  # a display of a person's own may raise an interrupt
            self._asking.ended_at = self._clock()
            outcome = self._asking.end(keeps=keeps)
        return outcome

    def _opens(self, server: Server, *, native: bool) -> Exchange:
        line = self._asking.session.line
        return line.exchange(server, self._idle_s, native=native)

    def _begin(self, step: Fetch, wake: Callable[[], object]) -> Stream:
        if isinstance(step, Send):
            step.at = time.time()
        self._alive_at = self._clock()
        stream = Stream(step, self._opens, wake)
        # what is set aside for this question alone (a recording left out) holds there too
        self._reading = self._apart(partial(copy_context().run, stream.read))
        return stream

    def _goes_on(self, stream: Stream) -> bool:
        now = self._clock()
        if now - self._ticked_at >= _SECOND_S:
            self._ticked_at = now
            self._checkpoint()
        return not stream.ended and not self._asking.is_stopped and not self._is_idle()

    def _is_idle(self) -> bool:
        return self._clock() - self._alive_at > self._idle_s

    def _checkpoint(self) -> None:
        # What goes wrong with keeping is never the reply's: its end is kept all the same.
        with contextlib.suppress(Exception):
            self._asking.checkpoint(self._clock())

    def _take(self, stream: Stream, step: Fetch) -> list[Event]:
        """Take in what has come; return what belongs to the reply."""
        growing, came_at, came = self._growing, stream.came_at, []
        now = self._clock()
        for event in stream.taken():
            self._alive_at = at = came_at.pop(type(event), now)
            if not isinstance(step, Send) or step.take(event):
                growing.add(event, at)
                came.append(event)
        if came and growing.retrying is not None:
            self._alive_at += growing.retrying.wait_s  # a wait that was announced is none
        return came

    def _left(self, stream: Stream) -> bool:
        """Break off what is still read; return whether its thread is to be waited for."""
        self._was_silent = not stream.ended and not self._asking.is_stopped
        if not stream.ended:
            stream.leave()
        return not stream.ended

    def _ended(self, stream: Stream, step: Fetch) -> Any:
        """Return the result of a fetch, or raise what ended it."""
        if stream.was_stopped:
            self._asking.stop()
        if self._asking.is_stopped:
            return None
        if self._was_silent:
            key = "error.silent" if self._growing.has_begun else "error.timed_out"
            raise TimedOut(key, server=self._asking.opening.server)
        if stream.error is not None:
            raise stream.error
        return stream.result

    def _look_s(self) -> float:
        # not long past the moment at which the silence has been too long
        left = self._alive_at + self._idle_s - self._clock()
        return min(max(left, 0.0) + 0.01, _LOOK_S)

    def _show(self) -> None:
        now = self._clock()
        frame = self._growing.frame(now)
        if frame is not None:
            self.showing.frame(frame)
            self._last_frame = now

    @contextlib.contextmanager
    def _working(self) -> Iterator[None]:
        """Let time pass that is neither the server's silence nor its thinking."""
        began = self._clock()
        try:
            yield
        finally:
            self._alive_at = self._clock()
            self._growing.worked(self._alive_at - began)

    @contextlib.contextmanager
    def _calling(self, step: RunTools) -> Iterator[Interrupts]:
        """Let tools run: shown, kept as each ends, and broken off by a stop."""

        def told(ended: tuple[CallRecord, ...], running: tuple[ToolCall, ...]) -> None:
            records = (*step.before, *ended)
            is_news = records != self._growing.calls
            frame = self._growing.calling(records, running, self._clock())
            self.showing.frame(frame)
            if is_news:  # the next call may take long, and the process with it
                self._checkpoint()

        asking, step.calling.told = self._asking, told
        self._checkpoint()  # should the process die, each call has a result all the same
        with self._working(), Interrupts(asking.stop) as interrupts:
            before, asking.on_stop = asking.on_stop, interrupts.break_in
            try:
                yield interrupts
            finally:
                asking.on_stop = before
                asking.is_interrupted = asking.is_interrupted or interrupts.count > 0

    def _permit(self, step: Permit) -> None:
        asking = self._asking
        with self._working(), Interrupts(asking.stop) as interrupts:
            try:
                with interrupts.open(once=True):
                    permit(step, asking.account, asking.session)
            except KeyboardInterrupt:  # of whoever was asked about a budget
                asking.is_interrupted = True
                asking.stop()


class Follower(_Following):
    """Follows a question in the thread that waits for it.

    Parameters
    ----------
    asking : Asking
        The question.
    showing : Showing
        Shows it.
    clock : callable
        Monotonic seconds.
    """

    def __init__(
        self,
        asking: Asking,
        showing: Showing,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(asking, showing, clock=clock)
        # SimpleQueue may be used from a signal handler, other locks may not.
        self._woken: SimpleQueue[None] = SimpleQueue()
        asking.on_stop = self._wake

    def _wake(self) -> None:
        self._woken.put(None)

    def walk(self) -> None:
        """Do all steps, to the end of the flow."""
        walk = Walk(self._asking)
        while walk.step is not None:
            try:
                brought = self._done(walk.step)
            except Exception as error:
                walk.fail(error)
            else:
                walk.bring(brought)

    def _done(self, step: Step) -> Any:
        match step:
            case Permit():
                return self._permit(step)
            case RunTools(calling):
                with self._calling(step) as interrupts:
                    return calling.run(interrupts.open)
            case Tell(event):
                return self._growing.add(event, self._clock())
        return self._fetched(step)

    def _fetched(self, step: Fetch) -> Any:
        stream = self._begin(step, self._wake)
        try:
            while self._goes_on(stream):
                self._take(stream, step)
                self._show()
                self._sleep(stream)
        finally:
            self._leave(stream)
        self._take(stream, step)
        self._show()
        return self._ended(stream, step)

    def events_of(self, step: Step) -> Generator[Event, None, Any]:
        """Do a step, yielding the events that come of it."""
        if isinstance(step, Tell):
            self._done(step)
            yield step.event
            return None
        if not isinstance(step, Fetch):
            return self._done(step)
        stream = self._begin(step, self._wake)
        try:
            while self._goes_on(stream):
                yield from self._take(stream, step)
                self._sleep_until_news(stream)
        finally:
            self._leave(stream)
        yield from self._take(stream, step)
        return self._ended(stream, step)

    def _leave(self, stream: Stream) -> None:
        if self._left(stream) and self._reading is not None:
            self._reading.join(_ABANDON_S)

    def _sleep(self, stream: Stream) -> None:
        # First the rest of this frame's time, whatever arrives; only a stop or the end
        # may cut it short. Then until there is something new.
        asking, due = self._asking, self._last_frame + _FRAME_S
        while not stream.ended and not asking.is_stopped and (left := due - self._clock()) > 0:
            self._wait(left)
        self._sleep_until_news(stream)

    def _sleep_until_news(self, stream: Stream) -> None:
        stream.waiting = True
        if not (stream.ended or self._asking.is_stopped or stream.has_events):
            self._wait(self._look_s())
        stream.waiting = False

    def _wait(self, seconds: float) -> None:
        with contextlib.suppress(Empty):
            self._woken.get(timeout=seconds)


class AsyncFollower(_Following):
    """Follows a question on the running event loop; parameters as in `Follower`."""

    def __init__(
        self, asking: Asking, showing: Showing, *, apart: ReadApart = read_apart
    ) -> None:
        super().__init__(asking, showing, apart=apart)
        self._loop, self._woken = asyncio.get_running_loop(), asyncio.Event()
        asking.on_stop = self._wake

    def _wake(self) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is gone, and nobody waits
            self._loop.call_soon_threadsafe(self._woken.set)

    async def done(self, step: Step) -> Any:
        """Do a step."""
        match step:
            case Permit():
                return self._permit(step)
            case RunTools(calling):
                with self._calling(step) as interrupts:
                    return await self._broken_off(calling.awaited(interrupts.open))
            case Tell(event):
                return self._growing.add(event, self._clock())
        return await self._fetched(step)

    async def _fetched(self, step: Fetch) -> Any:
        stream = self._begin(step, self._wake)
        try:
            while self._goes_on(stream):
                self._take(stream, step)
                self._show()
                await self._sleep(stream)
        finally:
            is_left = self._left(stream)
        if is_left and self._reading is not None:
            await asyncio.to_thread(self._reading.join, _ABANDON_S)
        self._take(stream, step)
        self._show()
        return self._ended(stream, step)

    async def _broken_off(self, work: Any) -> Any:
        """Wait for tools; a stop cancels them."""
        task = asyncio.ensure_future(work)
        try:
            while not task.done() and not self._asking.is_stopped:
                await asyncio.wait({task}, timeout=_FRAME_S)
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait({task}, timeout=_ABANDON_S)
        return task.result() if task.done() and not task.cancelled() else None

    async def _sleep(self, stream: Stream) -> None:
        # Of many questions at once that nobody sees, frames would cost more than answers:
        # there only a stop or the end wakes.
        if self.showing.is_seen:
            left = self._last_frame + _FRAME_S - self._clock()
            if left > 0:  # only a stop or the end may cut it short
                await self._wait(left)
            stream.waiting = True
        has_news = self.showing.is_seen and stream.has_events
        if not (stream.ended or self._asking.is_stopped or has_news):
            await self._wait(self._look_s())
        stream.waiting = False
        self._woken.clear()

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
