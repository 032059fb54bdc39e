"""Four ways to wait for one flow: here, on an event loop, event by event, in the background.

A driver does each step that the flow of an `Asking` yields and sends back what came of it.
It alone has a clock, threads, interrupts and a display. What has come is kept before it is
drawn for good, and an interrupt is raised after both, so that none leaves one of them
undone: whatever happens, `Asking.end` is reached.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator

from qwen_nb.asking.asking import Asking
from qwen_nb.asking.follower import AsyncFollower, Follower, Walk
from qwen_nb.asking.growing import Outcome
from qwen_nb.asking.job import JOBS, Job
from qwen_nb.asking.readers import ReadApart, read_apart
from qwen_nb.asking.showing import Showing, display_for
from qwen_nb.errors import Stopped
from qwen_nb.front_end import Interrupts
from qwen_nb.render.html import SilentDisplay
from qwen_nb.texts import text
from qwen_nb.values import Display, Event, Reply


def wait(asking: Asking, display: Display | None = None) -> Reply:
    """Wait for the end in this thread; see `Chat.ask`."""
    with _ending(asking):
        showing = Showing(display or display_for(asking))
        screen = asking.session.screen
        ends_cell = asking.ready.question.owns_cell and screen.is_in_kernel
        with Interrupts(asking.stop, ends_request=ends_cell) as interrupts:
            outcome = _followed(asking, showing, interrupts)
            clicks = showing.settle(lambda: interrupts.count)
    showing.warn(asking)
    return _result(asking, outcome, interrupted=interrupts.count > clicks)


async def wait_async(
    asking: Asking, display: Display | None = None, *, apart: ReadApart = read_apart
) -> Reply:
    """Wait for the end and leave the event loop free; see `Chat.ask_async`.

    Parameters
    ----------
    asking, display
        The question, and what shows it.
    apart : callable
        Has a stream read in another thread.
    """
    with _ending(asking):
        showing = Showing(display or display_for(asking))
        follower = AsyncFollower(asking, showing, apart=apart)
        try:
            follower.open()
            walk = Walk(asking)
            while walk.step is not None:
                try:
                    brought = await follower.done(walk.step)
                except Exception as error:
                    walk.fail(error)
                else:
                    walk.bring(brought)
        except asyncio.CancelledError:
            asking.stop()
            showing.close(follower.end(keeps=False).reply)
            raise
        except BaseException:
            asking.stop()
            follower.end()
            raise
        with Interrupts() as interrupts:
            outcome = _close(asking, follower.end(), showing, interrupts)
    showing.warn(asking)
    return _result(asking, outcome, interrupted=interrupts.count > 0)


def iterate(asking: Asking) -> Iterator[Event]:
    """Yield each event as it comes; see `Chat.stream`. Closing the iterator stops."""
    interrupted = False
    with _ending(asking):
        showing = Showing(SilentDisplay())
        follower = Follower(asking, showing)
        try:
            follower.open()
            walk = Walk(asking)
            while walk.step is not None:
                try:
                    brought = yield from follower.events_of(walk.step)
                except Exception as error:
                    walk.fail(error)
                else:
                    walk.bring(brought)
        except KeyboardInterrupt:
            interrupted = True  # says Stopped, as `wait` does
            asking.stop()
        except BaseException:
            asking.stop()
            raise
        finally:
            with Interrupts() as interrupts:
                outcome = follower.end()
        interrupted = interrupted or interrupts.count > 0
    _result(asking, outcome, interrupted=interrupted)


def in_background(asking: Asking, display: Display | None = None, *, is_detached: bool) -> Job:
    """Let another thread wait for the end; see `Chat.start`.

    Parameters
    ----------
    asking, display
        The question, and what shows it.
    is_detached : bool
        False waits here all the same, and returns a job that has ended.
    """
    session = asking.session
    prompt, model = asking.ready.question.prompt, asking.opening.model
    job = Job(prompt, model, asking.growing, asking.stop, session.language)
    with Interrupts(asking.stop) as interrupts, _giving_up(asking, job):
        showing = Showing(display or display_for(asking, is_detached=is_detached))
        JOBS.add(job, session.screen.cell_id)
        if is_detached:
            if asking.slot is not None:
                asking.ready.kept.jobs.add(asking.slot.id)
            follower = Follower(asking, showing)
            interrupts.impatiently(follower.open)
            threading.Thread(
                target=_follow_there,
                args=(asking, follower, job),
                name="qwen_nb-job",
                daemon=True,
            ).start()
        else:
            outcome = _followed(asking, showing, interrupts, job=job)
            job.end(outcome.reply, outcome.error)
            showing.warn(asking)
        if job.error is None:
            session.screen.was_shown(job)
    if interrupts.count or asking.is_interrupted:
        raise Stopped(text("stopped", session.language), job.reply or Reply())
    return job


def _follow_there(asking: Asking, follower: Follower, job: Job) -> None:
    # A thread of its own has no cell: nothing is raised from it, nothing printed.
    with contextlib.suppress(BaseException), _giving_up(asking, job):
        with _kept(asking, follower):
            follower.walk()
        outcome = _close(asking, asking.end(), follower.showing, Interrupts(), job=job)
        job.end(outcome.reply, outcome.error)


def _followed(
    asking: Asking, showing: Showing, interrupts: Interrupts, *, job: Job | None = None
) -> Outcome:
    """Follow a question here; a second press of interrupt ends the wait."""
    follower = Follower(asking, showing)

    def follow() -> None:
        follower.open()
        follower.walk()

    with _kept(asking, follower):
        interrupts.impatiently(follow)
    return _close(asking, asking.end(), showing, interrupts, job=job)


def _close(
    asking: Asking,
    outcome: Outcome,
    showing: Showing,
    interrupts: Interrupts,
    *,
    job: Job | None = None,
) -> Outcome:
    """Draw for good what has been kept; a second press ends the drawing only."""
    reply, session = outcome.reply, asking.session
    failure = ""
    if job is not None:  # it has no cell left to show an error in
        failure = "" if outcome.error is None else str(outcome.error) or repr(outcome.error)
    elif reply.finish_reason != "failed":
        session.screen.was_drawn(reply, session.language)
    interrupts.impatiently(lambda: showing.close(reply, failure))
    return outcome


def _result(asking: Asking, outcome: Outcome, *, interrupted: bool) -> Reply:
    """Return the reply, or raise what ended it; an interrupt is never lost."""
    if interrupted or asking.is_interrupted:
        stopped = Stopped(text("stopped", asking.session.language), outcome.reply)
        raise stopped from outcome.error
    if outcome.error is not None:
        raise outcome.error
    return outcome.reply


@contextlib.contextmanager
def _kept(asking: Asking, follower: Follower) -> Iterator[None]:
    """Keep what has come when it has ended; what breaks out of it has stopped it."""
    try:
        yield
    except BaseException:
        asking.stop()
        raise
    finally:
        follower.end()


@contextlib.contextmanager
def _ending(asking: Asking) -> Iterator[None]:
    """Reach the end of a question, whatever is raised on the way."""
    try:
        yield
    finally:
        asking.end()


@contextlib.contextmanager
def _giving_up(asking: Asking, job: Job) -> Iterator[None]:
    """Let whatever goes wrong on our own side be the end of the job; nothing is lost."""
    try:
        yield
    except BaseException as error:
        asking.stop()
        job.end(asking.end().reply, error)
        raise
