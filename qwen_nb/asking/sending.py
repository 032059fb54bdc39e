"""Sends what one turn has to send, and makes one stream of all that comes.

Mostly that is one request. A history that is too long needs a summary first, tools need
another round, a form needs a conversion or a repair, and a refused key, form or length is
met by sending once more. Whoever follows the stream sees none of this but the events.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import replace

from qwen_nb.asking.account import Account
from qwen_nb.asking.forming import Forming
from qwen_nb.asking.pump import Pump
from qwen_nb.asking.request import Desk, Ready, in_words
from qwen_nb.asking.tool_rounds import ToolRounds
from qwen_nb.context import (
    EMBEDDING_MODEL,
    Limits,
    RetrievalNeed,
    Summary,
    SummaryNeed,
    learn_refusal,
    limit_in,
    nearest,
)
from qwen_nb.conversation import message_tokens
from qwen_nb.errors import AuthFailed, BadRequest, QwenError
from qwen_nb.texts import Language, text
from qwen_nb.values import (
    Event,
    Finished,
    Opening,
    Reply,
    ReplyBuilder,
    Retrying,
    Server,
    ToolResult,
    Usage,
)
from qwen_nb.wire import Exchange, Retries, embed, stream

__all__ = ["Sending"]


class Sending:
    """All requests of one turn, one after another.

    The thread that reads the stream moves it on; others look when that has ended, and at
    what is settled so far.

    Parameters
    ----------
    ready : Ready
        The question.
    desk : Desk
        Where it was made ready, and may be again.
    language : {"en", "zh"}
        Language of notes and of what the model is told.
    exchange : callable
        Returns a fresh exchange with a server.
    other_region : callable
        Returns where a refused key belongs, if that can be found out.
    retries : Retries
        How often to try.
    account : Account
        Where its calls are booked.
    permit : callable
        Lets a further request of the turn be sent, or refuses it; see `Account.permit`.
    rounds : ToolRounds
        The tools, and what was called and said so far.
    forming : Forming, optional
        The form that the answer has to have.
    checkpoint : callable
        Called before tools run.

    Attributes
    ----------
    ready : Ready
        The question as it is sent now.
    server : Server
        Who is asked now: another region, where the key belongs there.
    asking : Opening
        What is told of it.
    awaits : bool
        Who follows the stream does so from an event loop.
    last : Reply or None
        What the request under way brought, or the last one, as it was settled last.
    answered : Reply or None
        What the question's own request brought, where others followed it for the form.
    """

    def __init__(
        self,
        ready: Ready,
        desk: Desk,
        *,
        language: Language,
        exchange: Callable[[Server], Exchange],
        other_region: Callable[[Server], Server | None],
        retries: Retries,
        account: Account,
        permit: Callable[[Ready], None],
        rounds: ToolRounds,
        forming: Forming | None,
        checkpoint: Callable[[], object],
    ) -> None:
        self.ready = ready
        self.server = ready.server
        self.awaits = False
        self.last: Reply | None = None
        self.answered: Reply | None = None
        self._desk = desk
        self._language = language
        self._exchange = exchange
        self._other_region = other_region
        self._retries = retries
        self._account = account
        self._permit = permit
        self._rounds = rounds
        self._forming = forming
        self._checkpoint = checkpoint
        self._further: Ready | None = None  # a further call, for the form
        self._is_out = True  # a request is on its way, not a tool
        self._round_at = time.time()
        self.asking = self._facts()

    def _facts(self) -> Opening:
        question, server = self.ready.question, self.ready.server
        return Opening(
            model=self.ready.request.model,
            server=server.name,
            scripted=server.scripted,
            turn=self._account.number,
            turns_sent=len(self.ready.plan.sent),
            notes=(*question.notes, *in_words(self.ready.notes, self._language)),
        )

    def events(self, exchange: Exchange, pump: Pump) -> Iterator[Event]:
        """Send all there is to send, and yield what comes.

        Parameters
        ----------
        exchange : Exchange
            For the first request.
        pump : Pump
            Runs this stream; it is handed each further exchange.
        """
        self._pump = pump
        yield from self._called(exchange)
        yield from self._formed()

    def _formed(self) -> Iterator[Event]:
        """Make the further calls that bring the answer into its form."""
        pump, forming = self._pump, self._forming
        while forming is not None and not pump.is_stopped:
            settled = self._settled_round(came := pump.came)
            request = forming.next(self.ready.request, settled, came)
            if request is None:
                return
            self._account.book("answer", settled, self.server, at=self._round_at)
            self._rounds.take_in(settled)
            self.answered = self.answered or settled
            self._is_out = False
            pump.next_round()
            self._further = further = self.ready.further(request)
            if not pump.elsewhere(lambda: self._permit(further)) or pump.is_stopped:  # noqa: B023
                return
            fresh = self._exchange(self.server)
            pump.hand_over(fresh)
            self._round_at, self._is_out = time.time(), True
            yield from self._stream(fresh, self.server)

    def name_near(self, error: QwenError) -> None:
        """Let an error about an unknown model name the nearest that is known."""
        if error.facts.get("advice") == "advice.no_model" and self.server.model_studio:
            error.facts["near"] = self._desk.catalogue.near(self.asking.model)

    def _called(self, exchange: Exchange) -> Iterator[Event]:
        """Ask, have called what the model calls, ask again with the results, until it ends."""
        pump, rounds = self._pump, self._rounds
        yield from self._round(exchange)
        while rounds.wants(came := pump.came):
            settled = self._settled_round(came)
            self._account.book("answer", settled, self.server, at=self._round_at)
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
            if not pump.elsewhere(lambda: self._permit(self.ready)) or pump.is_stopped:
                return
            fresh = self._exchange(self.server)
            pump.hand_over(fresh)
            self._round_at, self._is_out = time.time(), True
            yield from self._round(fresh)

    def _call(self) -> Awaitable[None] | None:
        self._checkpoint()  # should the process die, each call has a result all the same
        return self._rounds.run(self._pump, awaits=self.awaits)

    def _round(self, exchange: Exchange) -> Iterator[Event]:
        """Ask; once more where what the server says of its limit or the key asks for it."""
        if self.ready.plan.needs is not None:
            self._prepare()
            self._pump.hand_over(exchange)
        server, has_begun = self.server, False
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
            notes = (*self.asking.notes, words)
            self.asking = replace(self.asking, server=other.name, notes=notes)
            self.server = server = other
        except QwenError as error:
            limit = None if has_begun else limit_in(error)
            if limit is None or self.ready.question.force:
                raise
            Limits(self._desk.settings.home).learn(server, self.ready.request.model, limit)
            self._desk.kept.memory.too_long(self.ready.plan.weighed, limit)
            self._prepare()
        exchange.close()
        fresh = self._exchange(server)
        self._pump.hand_over(fresh)
        yield from self._stream(fresh, server)

    def _stream(self, exchange: Exchange, server: Server) -> Iterator[Event]:
        """Send what is to be sent now; where its form is refused, in the next one."""
        forming, dialect = self._forming, self.ready.dialect
        while True:
            further = self._further
            request = self.ready.request if further is None else further.request
            if forming is not None and further is None:
                request = forming.sent(request)
            try:
                yield from stream.stream(request, exchange, dialect, server, self._retries)
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
        self.ready = ready = self._desk.finished(self.ready, self._summarise, self._find, said)
        before = self.asking.notes if self._rounds.records or said else ready.question.notes
        notes = tuple(dict.fromkeys((*before, *in_words(ready.notes, self._language))))
        sent = len(ready.plan.sent)
        self.asking = replace(self.asking, turns_sent=sent, notes=notes)

    def _summarise(self, need: SummaryNeed) -> Summary | None:
        ready, builder = self.ready, ReplyBuilder()
        exchange = self._exchange(ready.server)
        self._pump.hand_over(exchange)
        asked, server, model = time.time(), self.server, need.request.model
        try:
            for event in stream.stream(
                need.request, exchange, ready.dialect, server, self._retries
            ):
                builder.add(event)
        except QwenError as error:
            learn_refusal(self._desk.kept.memory, need, error)
            raise
        finally:
            exchange.close()
            reply = builder.reply(model=model, scripted=server.scripted)
            sent = sum(map(message_tokens, need.request.messages))
            settled = self._account.settled(reply, model, server, sent=sent, before=None)
            self._account.book("summary", settled, server, at=asked)
        summary = need.made(reply)
        if summary is not None:
            self._desk.kept.add_summary(summary)
        return summary

    def _find(self, need: RetrievalNeed) -> tuple[str, ...]:
        server = self.server

        def exchange() -> Exchange:
            made = self._exchange(server)
            self._pump.hand_over(made)
            return made

        def vectors(texts: Sequence[str]) -> Sequence[Sequence[float]]:
            def counted(usage: Usage) -> None:
                self._account.count("embedding", usage, EMBEDDING_MODEL, server)

            return embed(texts, EMBEDDING_MODEL, exchange, server, counted)

        return nearest(need, vectors, self._desk.kept.vectors)

    def settled(self, reply: Reply) -> Reply:
        """Return the turn's reply, all that has come of it, with what it took so far."""
        self.last = self._settled_round(reply) if self._is_out else None
        return self._rounds.whole(reply, self.last)

    def _settled_round(self, reply: Reply) -> Reply:
        """Return the round that comes now, or has just ended, with what it took."""
        ready = self._further or self.ready
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
            self.server,
            sent=ready.plan.tokens,
            before=self.ready.question.continues,
        )

    def book(self) -> None:
        """Have the request under way, or the last one, in the ledger as it is settled."""
        # only what was sent: not a question that needed something first, not a round of
        # which the tools were still running
        if self.ready.plan.needs is None and self.last is not None:
            self._account.book("answer", self.last, self.server, at=self._round_at)
