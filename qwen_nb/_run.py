"""One question on its way: sent, followed, kept, drawn; whoever waits for it.

`ask`, a job, `ask_async` and `stream` differ only in who waits. What has come is kept
before it is drawn for good, and an interrupt is raised after both, so that none leaves one
of them undone.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from qwen_nb import _client
from qwen_nb._account import Account
from qwen_nb._carried import carried
from qwen_nb._entry import Slot
from qwen_nb._errors import AuthFailed, BadRequest, QwenError, Stopped
from qwen_nb._events import Event, Finished, Retrying, ToolResult
from qwen_nb._forming import Forming
from qwen_nb._interrupts import Interrupts
from qwen_nb._job import JOBS, Job
from qwen_nb._kept import Kept
from qwen_nb._messages import Asking, Display, Note, Reply, ReplyBuilder, Server
from qwen_nb._pump import Outcome, Pump
from qwen_nb._request import Desk, Ready, in_words
from qwen_nb._retries import Retries
from qwen_nb._screen import Screen
from qwen_nb._texts import Language, text
from qwen_nb._tool_rounds import ToolRounds
from qwen_nb._transport import Exchange
from qwen_nb._usage import Usage
from qwen_nb.context._embeddings import embed
from qwen_nb.context._limits import Limits, limit_in
from qwen_nb.context._plan import learn, learn_refusal
from qwen_nb.context._retrieval import EMBEDDING_MODEL, RetrievalNeed, Vectors, nearest
from qwen_nb.context._rounds import message_tokens
from qwen_nb.context._summary import Summary, SummaryNeed
from qwen_nb.dialects.thinking import thinking_notes
from qwen_nb.render import Describe, metadata

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
    ) -> None:
        self._ready = ready
        self._server = ready.server  # another region, where the key belongs there
        self._account = account
        self._desk = desk
        self._kept = desk.kept
        self._slot = slot
        self._asked_at = self._round_at = time.time()
        self._permit = permit
        self._rounds = rounds
        self._forming = forming
        self._further: Ready | None = None  # a further call, for the form
        self._answered: Reply | None = None  # the question's own call, where there is one
        self._is_out = True  # a request is on its way, not a tool
        self._last: Reply | None = None
        self._awaits = False
        self._screen = screen
        self._display = display
        self._language = language
        self._exchange = exchange
        self._other_region = other_region
        self._retries = retries
        self._is_job = False
        self._asking = self._facts()
        first, begun = exchange(ready.server), ready.question.begun
        self._pump = Pump(
            first,
            lambda: self._events(first),
            display,
            idle_s=idle_s,
            continues=begun.reply if begun is not None else ready.question.continues,
            rounds_before=begun is not None,
            each_second=self._checkpoint if slot is not None else None,
        )

    def here(self) -> Reply:
        """Wait for the end in this thread; see `Chat.ask`."""
        ends_cell = self._ready.question.owns_cell and self._screen.is_in_kernel
        with Interrupts(self._pump.stop, ends_request=ends_cell) as interrupts:
            outcome = self._follow_here(interrupts)
            clicks = self._display.settle(lambda: interrupts.count)
        return self._result(outcome, interrupted=interrupts.count > clicks)

    async def awaited(self) -> Reply:
        """Wait for the end and leave the event loop free; see `Chat.ask_async`."""
        self._awaits = True
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

    def _facts(self) -> Asking:
        question, server = self._ready.question, self._ready.server
        return Asking(
            model=self._ready.request.model,
            server=server.name,
            scripted=server.scripted,
            turn=self._account.number,
            turns_sent=len(self._ready.plan.sent),
            notes=(*question.notes, *in_words(self._ready.notes, self._language)),
        )

    def _events(self, exchange: Exchange) -> Iterator[Event]:
        yield from self._called(exchange)
        yield from self._formed()

    def _formed(self) -> Iterator[Event]:
        """Make the further calls that bring the answer into its form."""
        pump, forming = self._pump, self._forming
        while forming is not None and not pump.is_stopped:
            settled = self._settled_round(pump.came)
            request = forming.next(self._ready.request, settled)
            if request is None:
                return
            self._account.book("answer", settled, self._server, at=self._round_at)
            self._rounds.take_in(settled)
            self._answered = self._answered or settled
            self._is_out = False
            pump.next_round()
            self._further = further = self._ready.further(request)
            if not pump.elsewhere(lambda: self._permit(further)) or pump.is_stopped:  # noqa: B023
                return
            fresh = self._exchange(self._server)
            pump.hand_over(fresh)
            self._round_at, self._is_out = time.time(), True
            yield from self._stream(fresh, self._server)

    def _called(self, exchange: Exchange) -> Iterator[Event]:
        """Ask, have called what the model calls, ask again with the results, until it ends."""
        pump, rounds = self._pump, self._rounds
        yield from self._round(exchange)
        while rounds.wants(came := pump.came):
            settled = self._settled_round(came)
            self._account.book("answer", settled, self._server, at=self._round_at)
            may_call = rounds.begin(came, settled, pump)
            self._is_out = False
            pump.next_round()
            if not may_call:
                yield Finished("tool_calls")
                return
            if not pump.elsewhere(self._call):
                return
            yield from map(ToolResult, rounds.ended())
            if pump.is_stopped:
                return
            self._prepare()
            if not pump.elsewhere(lambda: self._permit(self._ready)) or pump.is_stopped:
                return
            fresh = self._exchange(self._server)
            pump.hand_over(fresh)
            self._round_at, self._is_out = time.time(), True
            yield from self._round(fresh)

    def _call(self) -> Awaitable[None] | None:
        self._checkpoint()  # should the process die, each call has a result all the same
        return self._rounds.run(self._pump, awaits=self._awaits)

    def _round(self, exchange: Exchange) -> Iterator[Event]:
        """Ask; once more where what the server says of its limit or the key asks for it."""
        if self._ready.plan.needs is not None:
            self._prepare()
            self._pump.hand_over(exchange)
        server, has_begun = self._server, False
        try:
            for event in self._stream(exchange, server):
                has_begun = has_begun or not isinstance(event, Retrying)
                yield event
            return
        except AuthFailed:
            other = None if has_begun else self._other_region(server)
            if other is None:
                raise
            words = text("note.region_found", self._language, server=other.name)
            notes = (*self._asking.notes, words)
            self._asking = replace(self._asking, server=other.name, notes=notes)
            self._server = server = other
        except QwenError as error:
            limit = None if has_begun else limit_in(error)
            if limit is None or self._ready.question.force:
                raise
            Limits(self._desk.settings.home).learn(server, self._ready.request.model, limit)
            self._kept.memory.too_long(self._ready.plan.weighed, limit)
            self._prepare()
        exchange.close()
        fresh = self._exchange(server)
        self._pump.hand_over(fresh)
        yield from self._stream(fresh, server)

    def _stream(self, exchange: Exchange, server: Server) -> Iterator[Event]:
        """Send what is to be sent now; where its form is refused, in the next one."""
        forming, dialect = self._forming, self._ready.dialect
        while True:
            further = self._further
            request = self._ready.request if further is None else further.request
            if forming is not None and further is None:
                request = forming.sent(request)
            try:
                yield from _client.stream(request, exchange, dialect, server, self._retries)
                return
            except BadRequest as error:
                if forming is None or not forming.falls_back(error, request.model):
                    raise
                if further is not None and (again := forming.again()) is not None:
                    self._further = replace(further, request=again)
            exchange.close()
            exchange = self._exchange(server)
            self._pump.hand_over(exchange)

    def _prepare(self) -> None:
        """Make the calls that the question needs first, and then the question's own."""
        said = self._rounds.said
        self._ready = ready = self._desk.finished(
            self._ready, self._summarise, self._find, said
        )
        before = self._asking.notes if self._rounds.records or said else ready.question.notes
        notes = tuple(dict.fromkeys((*before, *in_words(ready.notes, self._language))))
        sent = len(ready.plan.sent)
        self._asking = replace(self._asking, turns_sent=sent, notes=notes)

    def _summarise(self, need: SummaryNeed) -> Summary | None:
        ready, builder = self._ready, ReplyBuilder()
        exchange = self._exchange(ready.server)
        self._pump.hand_over(exchange)
        asked, server, model = time.time(), self._server, need.request.model
        try:
            for event in _client.stream(
                need.request, exchange, ready.dialect, server, self._retries
            ):
                builder.add(event)
        except QwenError as error:
            learn_refusal(self._kept.memory, need, error)
            raise
        finally:
            exchange.close()
            reply = builder.reply(model=model, scripted=server.scripted)
            sent = sum(map(message_tokens, need.request.messages))
            settled = self._account.settled(reply, model, server, sent=sent, before=None)
            self._account.book("summary", settled, server, at=asked)
        summary = need.made(reply)
        if summary is not None:
            self._kept.add_summary(summary)
        return summary

    def _find(self, need: RetrievalNeed) -> tuple[str, ...]:
        server = self._server

        def exchange() -> Exchange:
            made = self._exchange(server)
            self._pump.hand_over(made)
            return made

        def vectors(texts: Sequence[str]) -> Sequence[Sequence[float]]:
            def counted(usage: Usage) -> None:
                self._account.count("embedding", usage, EMBEDDING_MODEL, server)

            return embed(texts, EMBEDDING_MODEL, exchange, server, counted)

        store = self._kept.store
        return nearest(need, vectors, Vectors(store.path if store is not None else None))

    def _checkpoint(self) -> None:
        slot = self._slot
        if slot is not None:
            reply = self._pump.outcome(self._asking).reply
            self._kept.checkpoint(
                slot,
                self._ready.turn(
                    self._settled(replace(reply, finish_reason="cut")), self._rounds.said
                ),
                asked_at=self._asked_at,
                region=self._server.region,
            )

    def _settled(self, reply: Reply) -> Reply:
        self._last = self._settled_round(reply) if self._is_out else None
        return self._rounds.whole(reply, self._last)

    def _settled_round(self, reply: Reply) -> Reply:
        """Return the round that comes now, or has just ended, with what it took."""
        ready = self._further or self._ready
        model = ready.request.model
        if self._rounds.any:
            reply = replace(
                reply,
                answer=reply.answer[reply.answer_from :],
                thinking=reply.thinking[reply.thinking_from :],
                answer_from=0,
                thinking_from=0,
            )
        return self._account.settled(
            replace(reply, model=reply.model or model),
            model,
            self._server,
            sent=ready.plan.tokens,
            before=self._ready.question.continues,
        )

    def _book(self) -> None:
        # only what was sent: not a question that needed something first, not a round of
        # which the tools were still running
        if self._ready.plan.needs is None and self._last is not None:
            self._account.book("answer", self._last, self._server, at=self._round_at)
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
            if error.facts.get("advice") == "advice.no_model" and self._server.model_studio:
                error.facts["near"] = self._desk.catalogue.near(self._asking.model)
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
        self._kept.told |= planned.once
        if planned.needs is None and self._last is not None:
            learn(self._kept.memory, planned, self._answered or self._last)
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
            region=self._server.region,
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
