"""What the calls of one question took: estimated where nobody told, priced, and booked."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from qwen_nb.catalogue import Catalogue
from qwen_nb.ledger import Budgets, Ledger, Reservation, Verdict, reserve
from qwen_nb.values import (
    Call,
    CallKind,
    Cost,
    Entry,
    Reply,
    Server,
    Usage,
    estimate_tokens,
)

_BROKEN_OFF = frozenset(("stopped", "cut"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where the calls of one question are booked.

    Parameters
    ----------
    ledger : Ledger
        All calls.
    catalogue : Catalogue
        The prices.
    conversation, notebook : str
        Ids of where the question belongs.
    chat, path : str
        The conversation's name; where the notebook is.
    entry : str
        The id of its turn; empty for a question outside the conversation.
    number : int, optional
        The number of its turn.
    reservations : list of Reservation
        What is held of the budgets for it.
    """

    ledger: Ledger
    catalogue: Catalogue
    conversation: str
    notebook: str = ""
    chat: str = ""
    path: str = ""
    entry: str = ""
    number: int | None = None
    reservations: list[Reservation] = field(default_factory=list)

    def permit(
        self,
        bound: Callable[[], Cost | None],
        budgets: Budgets,
        server: Server,
        model: str,
        ask: Callable[[Verdict], bool],
    ) -> None:
        """Let the question be sent only if no budget can be passed, or the person agrees.

        The most it can cost is held for it until `release`.

        Parameters
        ----------
        bound : callable
            Returns the most it can cost; asked for only where a budget holds.
        budgets : Budgets
            All.
        server : Server
            Who will be asked.
        model : str
            Whose price holds.
        ask : callable
            Asks the person whether to send it all the same.

        Raises
        ------
        BudgetReached
            When it may not be sent.
        """
        held = budgets.all(conversation=self.conversation, notebook=self.notebook)
        if not held:
            return
        cost = bound()
        belongs: dict[str, Any] = {
            "conversation": self.conversation,
            "notebook": self.notebook,
            "scripted": server.scripted,
        }
        with self.ledger.held():
            self.release()  # the call before this one is in the ledger, or was refused
            found = reserve(held, self.ledger, cost, **belongs)
        if isinstance(found, Verdict):
            if not ask(found):
                raise found.error(model=model, region=server.region)
            found = self.ledger.reserve(cost, **belongs)
        self.reservations.append(found)

    def release(self) -> None:
        """Hold nothing more for the question; more than once is once."""
        for each in self.reservations:
            each.release()

    def settled(
        self, reply: Reply, model: str, server: Server, *, sent: int, before: Reply | None
    ) -> Reply:
        """Return a reply with what it took and what that costs, as far as it is known.

        Parameters
        ----------
        reply : Reply
            As it came.
        model : str
            The model that was asked, whose price holds.
        server : Server
            Who answered.
        sent : int
            The size of the input in tokens, as far as it is known.
        before : Reply, optional
            What it goes on from, and was another call's.
        """
        usage = reply.usage
        if usage is None and reply.finish_reason in _BROKEN_OFF:
            usage = _estimate(reply, sent, before)
        if usage is None:
            return reply
        has_thinking = len(reply.thinking) > len(before.thinking if before else "")
        cost = self.catalogue.cost(model, server.region, usage, has_thinking=has_thinking)
        if cost is None and reply.model:
            cost = self.catalogue.cost(
                reply.model, server.region, usage, has_thinking=has_thinking
            )
        return replace(reply, usage=usage, cost=cost)

    def book(
        self, kind: CallKind, reply: Reply, server: Server, *, at: float | None = None
    ) -> None:
        """Have a settled reply in the ledger; a call that brought nothing was free."""
        if reply.usage is None and not (reply.answer or reply.thinking or reply.tool_calls):
            return  # docs/protocol.md §6.5
        self.ledger.add(
            is_kept=not server.replayed,
            call=Call(
                at=time.time() if at is None else at,
                kind=kind,
                model=reply.model,
                server=server.name,
                region=server.region,
                scripted=server.scripted,
                usage=reply.usage,
                cost=reply.cost,
                conversation=self.conversation,
                notebook=self.notebook,
                chat=self.chat,
                path=self.path,
                entry=self.entry,
                turn=self.number,
            ),
        )

    def book_cut(self, entry: Entry) -> None:
        """Have a reply in the ledger that was cut off with the process that asked for it."""
        known = self.ledger.calls(conversation=self.conversation, since=entry.asked_at)
        booked = [call.at for call in known if call.entry == entry.id and call.kind == "answer"]
        whole = entry.turn.reply
        if len(booked) >= max(len(whole.round_usage), 1):
            return  # it died after it had booked the call
        reply = whole.final
        if whole.round_usage:
            # it has the cost of all rounds; those before are booked
            server = Server(name=whole.server, region=entry.region)
            was = reply.usage
            sent = was.input or 0 if was is not None and was.estimated else 0
            # an estimate is that of the first moments of the round
            told = None if was is None or was.estimated else was
            last = replace(reply, cost=None, usage=told, finish_reason="cut")
            reply = self.settled(last, reply.model, server, sent=sent, before=None)
        server = Server(name=reply.server, region=entry.region, scripted=reply.scripted)
        at = max(booked, default=entry.asked_at)  # behind the rounds before it
        replace(self, entry=entry.id).book("answer", reply, server, at=at)

    def count(self, kind: CallKind, usage: Usage, model: str, server: Server) -> None:
        """Have a call in the ledger that brought no text, as the embeddings of some."""
        reply = Reply(usage=usage, model=model)
        self.book(kind, self.settled(reply, model, server, sent=0, before=None), server)


def _estimate(reply: Reply, sent: int, before: Reply | None) -> Usage | None:
    if not (reply.request_id or reply.answer or reply.thinking or reply.tool_calls):
        return None  # nothing had come: nobody knows whether it was ever begun
    was = before or Reply()
    thinking = estimate_tokens(reply.thinking[len(was.thinking) :])
    answer = estimate_tokens(reply.answer[len(was.answer) :])
    for call in reply.tool_calls:
        answer += estimate_tokens(call.name) + estimate_tokens(call.arguments)
    return Usage(
        input=sent,
        output=thinking + answer,
        total=sent + thinking + answer,
        thinking=thinking,
        estimated=True,
    )
