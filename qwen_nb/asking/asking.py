"""One question on its way: what it sends, decides, keeps and books, as one plain flow.

`flow` is a generator of steps. Mostly that is one `Send`. A history that is too long needs
a summary first, tools need another round, a form needs a conversion or a repair, and a
refused key, form or length is met by sending once more. There is no thread, socket,
display or clock in it: a driver does each step and sends back what came of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from qwen_nb.asking.account import Account
from qwen_nb.asking.bound import bound_of
from qwen_nb.asking.forming import Forming
from qwen_nb.asking.growing import Growing, Outcome
from qwen_nb.asking.request import Ready, finished, in_words
from qwen_nb.asking.session import Session
from qwen_nb.asking.steps import Embed, FindRegion, Permit, RunTools, Send, Step, Tell
from qwen_nb.asking.tool_rounds import ToolRounds
from qwen_nb.context import (
    EMBEDDING_MODEL,
    Limits,
    Need,
    Summary,
    SummaryNeed,
    learn,
    learn_refusal,
    limit_in,
    preparing,
)
from qwen_nb.conversation import message_tokens
from qwen_nb.errors import (
    AuthFailed,
    BadRequest,
    QwenError,
    StreamError,
    TimedOut,
)
from qwen_nb.texts import text
from qwen_nb.values import (
    ChatRequest,
    Finished,
    FinishReason,
    Note,
    Opening,
    Reply,
    Slot,
    ToolResult,
)
from qwen_nb.wire import Retries
from qwen_nb.wire.dialects import thinking_notes

Flow: TypeAlias = Generator[Step, Any, None]


@dataclass(eq=False, kw_only=True)
class Asking:
    """A question that was made ready, until it has ended.

    Parameters
    ----------
    session : Session
        Where it is asked.
    ready : Ready
        The question as it is sent now.
    slot : Slot, optional
        Its place in the conversation; None: it is no part of it.
    account : Account
        Where its calls are booked, and what is reserved for it.
    rounds : ToolRounds
        The tools, and what was called and said so far.
    forming : Forming, optional
        The form that the answer has to have.
    retries : Retries
        How often to try.
    growing : Growing
        What has come.

    Attributes
    ----------
    opening : Opening
        What a display is told of it.
    is_stopped : bool
        Somebody has stopped it.
    is_interrupted : bool
        That was an interrupt of a tool or at a question to the person.
    error : BaseException or None
        What ended the flow.
    asked_at, ended_at : float
        Seconds since 1970, and monotonic ones when nothing more came; from the driver.
    on_stop : callable
        Told of a stop: wakes the driver.
    """

    session: Session
    ready: Ready
    slot: Slot | None
    account: Account
    rounds: ToolRounds
    forming: Forming | None
    retries: Retries
    growing: Growing
    is_stopped: bool = False
    is_interrupted: bool = False
    error: BaseException | None = None
    asked_at: float = 0.0
    ended_at: float = 0.0
    on_stop: Callable[[], object] = lambda: None
    _sent: Send | None = None
    _last: Reply | None = None
    _answered: Reply | None = None
    _further: Ready | None = None
    _is_out: bool = True
    _outcome: Outcome | None = None
    opening: Opening = field(init=False)

    def __post_init__(self) -> None:
        question, server = self.ready.question, self.ready.server
        self.opening = Opening(
            model=self.ready.request.model,
            server=server.name,
            scripted=server.scripted,
            turn=self.account.number,
            turns_sent=len(self.ready.plan.sent),
            notes=(*question.notes, *in_words(self.ready.notes, self.session.language)),
        )

    def stop(self) -> None:
        """Stop it; from any thread or signal handler, more than once is once."""
        self.is_stopped = True
        self.on_stop()

    # -- the flow ------------------------------------------------------------------------------

    def flow(self) -> Flow:
        """Yield what is to be done, step by step; each is sent back what came of it."""
        yield from self._answer()
        yield from self._form()

    def _answer(self) -> Flow:
        """Ask, have called what the model calls, ask again with the results, until it ends."""
        growing, rounds = self.growing, self.rounds
        yield from self._ask()
        while not self.is_stopped and rounds.wants(came := growing.came):
            settled = self._settled_round(came)
            self._book(settled)
            calling = rounds.begin(came, settled, lambda: self.is_stopped)
            self._is_out = False
            growing.next_round()
            if calling is None:
                yield Tell(Finished("tool_calls"))
                return
            yield RunTools(calling, rounds.records)
            for record in calling.records:
                yield Tell(ToolResult(record))
            if self.is_stopped:
                return
            yield from self._plan()
            yield self._permission(self.ready)
            if self.is_stopped:
                return
            yield from self._ask()

    def _form(self) -> Flow:
        """Make the further calls that bring the answer into its form."""
        forming = self.forming
        while forming is not None and not self.is_stopped:
            settled = self._settled_round(came := self.growing.came)
            request = forming.next(self.ready.request, settled, came)
            if request is None:
                return
            self._book(settled)
            self.rounds.take_in(settled)
            self._answered = self._answered or settled
            self._is_out = False
            self.growing.next_round()
            self._further = self.ready.further(request)
            yield self._permission(self._further)
            if self.is_stopped:
                return
            yield from self._send()

    def _ask(self) -> Flow:
        """Ask; once more where what the server says of its limit or the key asks for it."""
        if self.ready.plan.needs is not None:
            yield from self._plan()
        if self.is_stopped:
            return
        try:
            yield from self._send()
            return
        except AuthFailed:
            if self._has_begun or not (yield from self._moved()):
                raise  # also where it was stopped meanwhile, which the end tells
        except QwenError as error:
            limit = None if self._has_begun else limit_in(error)
            if limit is None or self.ready.question.force:
                raise
            limits = Limits(self.session.settings.home)
            limits.learn(self.ready.server, self.ready.request.model, limit)
            self.ready.kept.memory.too_long(self.ready.plan.weighed, limit)
            yield from self._plan()
        yield from self._send()

    def _send(self) -> Flow:
        """Send what is to be sent now; where its form is refused, in the next one."""
        while True:
            further, forming = self._further, self.forming
            request = self.ready.request if further is None else further.request
            if forming is not None and further is None:
                request = forming.sent(request)
            try:
                yield self._sending(request)
                return
            except BadRequest as error:
                if forming is None or not forming.falls_back(error, request.model):
                    raise
                if further is not None and (again := forming.again()) is not None:
                    self._further = replace(further, request=again)
            except (StreamError, TimedOut):
                if self.growing.finish_reason is None:
                    raise
                return  # the model had ended; only the stream's last formality is missing

    def _sending(self, request: ChatRequest, *, grows: bool = True) -> Send:
        ready = self.ready
        send = Send(
            request=request,
            server=ready.server,
            dialect=ready.dialect,
            retries=self.retries,
            is_native=ready.is_native,
            grows=grows,
        )
        if grows:
            self._sent, self._is_out = send, True
        return send

    @property
    def _has_begun(self) -> bool:
        return self._sent is not None and self._sent.has_begun

    def _moved(self) -> Generator[Step, Any, bool]:
        """Go on with the region where a refused key belongs; return whether that is so.

        What follows is sent there, its summaries too, and costs what it costs there.
        """
        find, server = self.session.other_region, self.ready.server
        other = yield FindRegion(lambda: find(server))
        if other is None:
            return False
        words = text("note.region_found", self.session.language, server=other.name)
        notes = (*self.opening.notes, words)
        self.opening = replace(self.opening, server=other.name, notes=notes)
        self.ready = self.ready.moved(other, words)
        yield self._permission(self.ready)
        return not self.is_stopped

    def _permission(self, ready: Ready) -> Permit:
        model = ready.options.model or ""
        return Permit(lambda: bound_of(ready, self.session.catalogue).cost, ready.server, model)

    # -- what the question needs first ---------------------------------------------------------

    def _plan(self) -> Flow:
        """Make the calls that the question needs first, and then the question's own."""
        said = self.rounds.said
        needs = preparing(self.ready.asking_again(said))
        brought: Any = None
        try:
            need = next(needs)
            while True:
                try:
                    brought = yield from self._brought(need)
                except QwenError as error:
                    if isinstance(error, AuthFailed) and (yield from self._moved()):
                        continue
                    brought = error
                if self.is_stopped:
                    return
                need = needs.send(brought)
        except StopIteration as end:
            planned = end.value
        self.ready = ready = finished(self.ready, planned, said)
        before = self.opening.notes if self.rounds.records or said else ready.question.notes
        words = in_words(ready.notes, self.session.language)
        notes = tuple(dict.fromkeys((*before, *words)))
        self.opening = replace(self.opening, turns_sent=len(ready.plan.sent), notes=notes)

    def _brought(self, need: Need) -> Generator[Step, Any, Any]:
        if isinstance(need, SummaryNeed):
            return (yield from self._summary(need))
        kept, server = self.ready.kept, self.ready.server
        embed = Embed(need=need, vectors=kept.vectors, server=server)
        try:
            return (yield embed)
        finally:
            for usage in embed.took:
                self.account.count("embedding", usage, EMBEDDING_MODEL, server)

    def _summary(self, need: SummaryNeed) -> Generator[Step, Any, Summary | None]:
        send = self._sending(need.request, grows=False)
        kept = self.ready.kept
        try:
            yield send
        except QwenError as error:
            learn_refusal(kept.memory, need, error)
            raise
        finally:
            reply = send.reply()
            sent = sum(map(message_tokens, need.request.messages))
            model = need.request.model
            settled = self.account.settled(reply, model, send.server, sent=sent, before=None)
            self.account.book("summary", settled, send.server, at=send.at)
        summary = need.made(reply)
        if summary is not None:
            kept.add_summary(summary)
        return summary

    # -- what came of it -----------------------------------------------------------------------

    def _settled_round(self, reply: Reply) -> Reply:
        """Return the round that comes now, or has just ended, with what it took."""
        ready = self._further or self.ready
        model = ready.request.model
        if self.rounds.any:
            reply = replace(
                reply,
                answer=reply.answer[reply.answer_from :],
                thinking=reply.thinking[reply.thinking_from :],
                answer_from=0,
                thinking_from=0,
            )
        return self.account.settled(
            replace(reply, model=reply.model or model),
            model,
            ready.server,
            sent=ready.plan.tokens,
            before=self.ready.question.continues,
        )

    def _book(self, settled: Reply) -> None:
        at = None if self._sent is None else self._sent.at
        self.account.book("answer", settled, self.ready.server, at=at)

    def _settled(self, reply: Reply) -> Reply:
        """Return the turn's reply, all that has come of it, with what it took so far."""
        self._last = self._settled_round(reply) if self._is_out else None
        return self.rounds.whole(reply, self._last)

    def checkpoint(self, now: float) -> None:
        """Keep what has come so far, should the process die; for a question with a place."""
        if self.slot is None:
            return
        reply = self._settled(self.growing.reply("cut", self.opening, now))
        if self.forming is not None:
            reply = self.forming.broken_off(reply)
        self.ready.kept.checkpoint(
            self.slot,
            self.ready.turn(reply, self.rounds.said),
            asked_at=self.asked_at,
            region=self.ready.server.region,
        )

    def end(self, *, keeps: bool = True) -> Outcome:
        """Keep what has come, book it, and give up the place and what is reserved.

        Whatever goes wrong in one of these, the others are done. More than once is once.

        Parameters
        ----------
        keeps : bool
            False keeps no turn; what was used is booked all the same.
        """
        if self._outcome is None:
            with contextlib.ExitStack() as last:
                last.callback(self._release)
                last.callback(self.account.release)
                self._outcome = Outcome(self.growing.came, self.error)
                reply, error = self._result()
                self._outcome = Outcome(reply, error)
                with contextlib.ExitStack() as then:
                    if keeps:
                        then.callback(self._keep, reply)
                    self._book_last()
        return self._outcome

    def _result(self) -> tuple[Reply, BaseException | None]:
        error = self.error
        if self.is_stopped and self.growing.finish_reason is None:
            error = None
            reason: FinishReason | None = "stopped"
        else:
            reason = None if error is None else self.growing.broken_off(error)
        came = self.growing.reply(reason, self.opening, self.ended_at)
        reply = self._settled(self._remarked(came))
        if self.forming is not None:
            reply, error = self.forming.finished(reply, error)
        if isinstance(error, QwenError):
            error.reply, error.language = reply, self.session.language
            is_unknown = error.facts.get("advice") == "advice.no_model"
            if is_unknown and self.ready.server.model_studio:
                error.facts["near"] = self.session.catalogue.near(self.opening.model)
        return reply, error

    def _remarked(self, reply: Reply) -> Reply:
        if self.ready.question.continues is not None:
            return reply  # its thinking was another request's
        remarks = thinking_notes(self.ready.request.options, reply)
        # The heading of the thinking says it, in place of a note of its own.
        others = [note for note in remarks if note.key != "note.cut_at_budget"]
        if self.rounds.ended_at_bound:
            others.append(Note("note.tools_bound", {"n": self.rounds.most}))
        if self.forming is not None:
            others += self.forming.notes
        notes = (*reply.notes, *in_words(others, self.session.language))
        is_cut = any(note.key == "note.cut_at_budget" for note in remarks)
        return replace(reply, notes=notes, thinking_cut=is_cut)

    def _book_last(self) -> None:
        # only what was sent: not a question that needed something first, not a round of
        # which the tools were still running
        if self.ready.plan.needs is None and self._last is not None and self._sent is not None:
            self._book(self._last)

    def _keep(self, reply: Reply) -> None:
        kept, plan, slot = self.ready.kept, self.ready.plan, self.slot
        kept.told |= plan.once
        if plan.needs is None and self._last is not None:
            learn(kept.memory, plan, self._answered or self._last)
        waits = reply.tool_calls and reply.finish_reason == "tool_calls"
        has_any = reply.answer or reply.thinking or reply.calls or waits
        if slot is not None and has_any:
            self.slot = None
            turn = self.ready.turn(reply, self.rounds.said)
            region = self.ready.server.region
            kept.settle(slot, turn, asked_at=self.asked_at, region=region)
            kept.forms[slot.id] = self.ready.question.json

    def _release(self) -> None:
        slot, self.slot = self.slot, None
        if slot is not None:
            self.ready.kept.release(slot)
