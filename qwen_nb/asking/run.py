"""One question on its way: followed, kept, drawn; whoever waits for it.

`ask`, a job, `ask_async` and `stream` differ only in who waits. What has come is kept
before it is drawn for good, and an interrupt is raised after both, so that none leaves one
of them undone.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from qwen_nb.asking.account import Account
from qwen_nb.asking.forming import Forming
from qwen_nb.asking.job import JOBS, Job
from qwen_nb.asking.kept import Kept
from qwen_nb.asking.pump import Outcome, Pump
from qwen_nb.asking.readers import Reading, read_apart
from qwen_nb.asking.request import Desk, Ready, in_words
from qwen_nb.asking.screen import Screen
from qwen_nb.asking.sending import Sending
from qwen_nb.asking.tool_rounds import ToolRounds
from qwen_nb.context import learn
from qwen_nb.errors import QwenError, Stopped
from qwen_nb.front_end import Interrupts
from qwen_nb.render.html import Describe, metadata
from qwen_nb.texts import Language, text
from qwen_nb.values import Display, Event, Note, Opening, Reply, Server, Slot, carried
from qwen_nb.wire import Exchange, Retries
from qwen_nb.wire.dialects import thinking_notes

__all__ = ["Run", "describing"]


class Run:
    """A question that was made ready, and all that its end needs.

    Parameters
    ----------
    ready : Ready
        The question.
    desk : Desk
        Where it was made ready, and may be again.
    slot : Slot, optional
        Its place in the conversation; None: it is no part of it.
    screen : Screen
        Told what was drawn.
    display : Display
        Shows the reply.
    language : {"en", "zh"}
        Language of notes and errors.
    exchange : callable
        Returns a fresh exchange with a server.
    other_region : callable
        Returns where a refused key belongs, if that can be found out.
    retries : Retries
        How often to try.
    idle_s : float
        Longest silence.
    account : Account
        Where its calls are booked.
    permit : callable
        Lets a further request of the turn be sent, or refuses it; see `Account.permit`.
    rounds : ToolRounds
        The tools, and what was called and said so far.
    forming : Forming, optional
        The form that the answer has to have.
    is_seen, apart
        See `Pump`.
    """

    def __init__(
        self,
        ready: Ready,
        desk: Desk,
        slot: Slot | None,
        screen: Screen,
        display: Display,
        *,
        language: Language,
        exchange: Callable[[Server], Exchange],
        other_region: Callable[[Server], Server | None],
        retries: Retries,
        idle_s: float,
        account: Account,
        permit: Callable[[Ready], None],
        rounds: ToolRounds,
        forming: Forming | None = None,
        is_seen: bool = True,
        apart: Callable[[Callable[[], None]], Reading] = read_apart,
    ) -> None:
        self._account = account
        self._kept = desk.kept
        self._slot = slot
        self._asked_at = time.time()
        self._rounds = rounds
        self._forming = forming
        self._screen = screen
        self._display = display
        self._language = language
        self._is_job = False
        self._sending = Sending(
            ready,
            desk,
            language=language,
            exchange=exchange,
            other_region=other_region,
            retries=retries,
            account=account,
            permit=permit,
            rounds=rounds,
            forming=forming,
            checkpoint=self._checkpoint,
        )
        first, begun = exchange(ready.server), ready.question.begun
        self._pump = Pump(
            first,
            lambda: self._sending.events(first, self._pump),
            display,
            idle_s=idle_s,
            continues=begun.reply if begun is not None else ready.question.continues,
            rounds_before=begun is not None,
            is_seen=is_seen,
            apart=apart,
            each_second=self._checkpoint if slot is not None else None,
        )

    @property
    def _ready(self) -> Ready:
        return self._sending.ready

    @property
    def _asking(self) -> Opening:
        return self._sending.asking

    def here(self) -> Reply:
        """Wait for the end in this thread; see `Chat.ask`."""
        ends_cell = self._ready.question.owns_cell and self._screen.is_in_kernel
        with Interrupts(self._pump.stop, ends_request=ends_cell) as interrupts:
            outcome = self._follow_here(interrupts)
            clicks = self._display.settle(lambda: interrupts.count)
        return self._result(outcome, interrupted=interrupts.count > clicks)

    async def awaited(self) -> Reply:
        """Wait for the end and leave the event loop free; see `Chat.ask_async`."""
        self._sending.awaits = True
        try:
            await self._pump.run_async(self._asking)
        except asyncio.CancelledError:
            self._pump.stop()
            reply = self._settled(self._pump.outcome(self._asking).reply)
            self._book()
            self._display.close(reply)
            self._release()
            raise
        with Interrupts() as interrupts:
            outcome = self._close(interrupts)
        return self._result(outcome, interrupted=interrupts.count > 0)

    def iterate(self) -> Iterator[Event]:
        """Yield each event as it comes; see `Chat.stream`."""
        interrupted = False
        try:
            yield from self._pump.iterate(self._asking)
        except GeneratorExit:
            with Interrupts() as interrupts:
                self._close(interrupts)
            raise
        except KeyboardInterrupt:
            interrupted = True  # says Stopped, as `here` does
        with Interrupts() as interrupts:
            outcome = self._close(interrupts)
        self._result(outcome, interrupted=interrupted or interrupts.count > 0)

    def in_background(self, *, is_detached: bool) -> Job:
        """Let another thread wait for the end; see `Chat.start`.

        Parameters
        ----------
        is_detached : bool
            False waits here all the same, and returns a job that has ended.
        """
        self._is_job = True
        job = Job(self._ready.question.prompt, self._asking.model, self._pump, self._language)
        with Interrupts(self._pump.stop) as interrupts, self._giving_up(job):
            JOBS.add(job, self._screen.cell_id)
            if is_detached:
                interrupts.impatiently(lambda: self._pump.open(self._asking))
                threading.Thread(
                    target=self._follow_there, args=(job,), name="qwen_nb-job", daemon=True
                ).start()
            else:
                outcome = self._follow_here(interrupts)
                job.end(outcome.reply, outcome.error)
            if job.error is None:
                self._screen.was_shown(job)
        if interrupts.count:
            raise Stopped(text("stopped", self._language), job.reply or Reply())
        return job

    def _checkpoint(self) -> None:
        slot = self._slot
        if slot is not None:
            reply = replace(self._pump.outcome(self._asking).reply, finish_reason="cut")
            reply = self._settled(reply)
            if self._forming is not None:
                reply = self._forming.broken_off(reply)
            self._kept.checkpoint(
                slot,
                self._ready.turn(reply, self._rounds.said),
                asked_at=self._asked_at,
                region=self._sending.server.region,
            )

    def _settled(self, reply: Reply) -> Reply:
        return self._sending.settled(reply)

    def _book(self) -> None:
        self._sending.book()
        self._account.release()

    def _follow_here(self, interrupts: Interrupts) -> Outcome:
        def follow() -> None:
            self._pump.open(self._asking)
            self._pump.follow()

        try:
            interrupts.impatiently(follow)
        finally:
            self._pump.leave()
        return self._close(interrupts)

    def _follow_there(self, job: Job) -> None:
        # A thread of its own has no cell: nothing is raised from it, nothing printed.
        with contextlib.suppress(BaseException), self._giving_up(job):
            self._pump.follow()
            outcome = self._close(Interrupts())
            job.end(outcome.reply, outcome.error)

    @contextlib.contextmanager
    def _giving_up(self, job: Job) -> Iterator[None]:
        """Let whatever goes wrong on our own side be the end of the job."""
        try:
            yield
        except BaseException as error:
            self._pump.leave()
            self._release()
            job.end(None, error)
            raise

    def _close(self, interrupts: Interrupts) -> Outcome:
        """Keep what has come, then draw it for good; a second press ends the drawing only."""
        outcome = self._pump.outcome(self._asking)
        reply, error = self._settled(self._remarked(outcome.reply)), outcome.error
        if self._forming is not None:
            reply, error = self._forming.finished(reply, error)
        failure = "" if error is None else repr(error)
        if isinstance(error, QwenError):
            error.reply, error.language = reply, self._language
            self._sending.name_near(error)
            failure = str(error)
        self._keep(reply)
        if self._is_job:
            interrupts.impatiently(lambda: self._display.close(reply, failure))
        else:
            if reply.finish_reason != "failed":
                self._screen.was_drawn(reply, self._language)
            interrupts.impatiently(lambda: self._display.close(reply))
        return Outcome(reply, error)

    def _keep(self, reply: Reply) -> None:
        planned, slot = self._ready.plan, self._slot
        self._book()
        last = self._sending.last
        self._kept.told |= planned.once
        if planned.needs is None and last is not None:
            learn(self._kept.memory, planned, self._sending.answered or last)
        waits = reply.tool_calls and reply.finish_reason == "tool_calls"
        has_any = reply.answer or reply.thinking or reply.calls or waits
        if slot is None or not has_any:
            self._release()
            return
        self._slot = None
        self._kept.settle(
            slot,
            self._ready.turn(reply, self._rounds.said),
            asked_at=self._asked_at,
            region=self._sending.server.region,
        )

    def _release(self) -> None:
        self._account.release()
        slot, self._slot = self._slot, None
        if slot is not None:
            self._kept.release(slot)

    def _remarked(self, reply: Reply) -> Reply:
        if self._ready.question.continues is not None:
            return reply  # its thinking was another request's
        remarks = thinking_notes(self._ready.request.options, reply)
        # The heading of the thinking says it, in place of a note of its own.
        others = [note for note in remarks if note.key != "note.cut_at_budget"]
        if self._rounds.ended_at_bound:
            others.append(Note("note.tools_bound", {"n": self._rounds.most}))
        if self._forming is not None:
            others += self._forming.notes
        notes = (*reply.notes, *in_words(others, self._language))
        is_cut = any(note.key == "note.cut_at_budget" for note in remarks)
        return replace(reply, notes=notes, thinking_cut=is_cut)

    def _result(self, outcome: Outcome, *, interrupted: bool) -> Reply:
        """Return the reply, or raise what ended it; an interrupt is never lost."""
        if interrupted or self._rounds.interrupted:
            raise Stopped(text("stopped", self._language), outcome.reply) from outcome.error
        if outcome.error is not None:
            raise outcome.error
        return outcome.reply


def describing(kept: Kept, slot: Slot | None, *, carries: bool) -> Describe:
    """Say what a saved output keeps of a reply: also what the conversation goes on from."""

    def describe(reply: Reply) -> dict[str, Any]:
        entry = kept.conversation.find(slot.id) if slot is not None else None
        if entry is None:
            return metadata(reply)
        facts = {**metadata(reply), **kept.carried(entry)}
        if not carries:
            return facts
        keeps_thinking = bool(entry.turn.options.params.get("preserve_thinking"))
        return {**facts, "turn": carried(entry.turn, keep_thinking=keeps_thinking)}

    return describe
