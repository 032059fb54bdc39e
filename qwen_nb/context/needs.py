"""What a plan needs first, and what is learned from what came of it.

Who asks a question makes the calls, counts and stores what they bring: `preparing` only says
which are needed, one after another.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import replace
from typing import TypeAlias

from qwen_nb.context.limits import limit_in
from qwen_nb.context.plans import ONCE, Plan
from qwen_nb.context.retrieval import RetrievalNeed
from qwen_nb.context.sizes import Memory
from qwen_nb.context.summary import Summary, SummaryNeed
from qwen_nb.conversation import called, message_tokens
from qwen_nb.errors import ConfigError, QwenError
from qwen_nb.values import Message, Note, Reply

Need: TypeAlias = SummaryNeed | RetrievalNeed
Found: TypeAlias = Summary | tuple[str, ...] | QwenError | None
"""What a need brought: a summary, ids of similar rounds, or nothing and perhaps why."""

_NOTHING = "error.not_retrieved"

_REFUSALS = 2
"""How often a call that was too long is made again, shorter; see `learn_refusal`."""


def learn(memory: Memory, planned: Plan, reply: Reply) -> None:
    """Keep what a reply says about the size of its request.

    Call it for every reply to a plan's messages, before the next plan.
    """
    usage = reply.usage
    if usage is None or usage.estimated:
        return
    answer = None
    if usage.output is not None and reply.answer:
        if planned.keeps_thinking:
            answer = usage.output
        elif usage.thinking is not None or not reply.thinking:
            answer = usage.output - (usage.thinking or 0)
    keeps, weighed = planned.keeps_thinking, planned.weighed
    ended = (
        weighed.question[0],
        *called(weighed.question[1:], keep_thinking=keeps),
        Message("assistant", reply.answer, thinking=reply.thinking if keeps else ""),
    )
    memory.learn(weighed, ended, usage.input, answer)


def learn_refusal(memory: Memory, need: SummaryNeed, error: QwenError) -> None:
    """Keep what a server says about the size of a summary's request that it refused.

    Call it before the error is handed to `preparing`.
    """
    limit = limit_in(error)
    if limit is not None:
        estimate = sum(map(message_tokens, need.request.messages))
        memory.underestimated(need.request.model, estimate, limit)


def preparing(ask: Callable[..., Plan]) -> Generator[Need, Found, Plan]:
    """Plan, yield what is needed, and plan again with what is sent back.

    Parameters
    ----------
    ask : callable
        Plans with the keywords `summaries`, `found`, `can_summarise` and `told` as they
        are then; the `summaries` are those made on the way, to be added to the known.

    Yields
    ------
    SummaryNeed or RetrievalNeed
        Send back the `Summary`, the ids, or None or the error where it failed.

    Returns
    -------
    Plan
        One that needs nothing.
    """
    made: list[Summary] = []
    wanted: set[str] = set()
    similar: tuple[str, ...] | None = None
    can_summarise = True
    refusals = _REFUSALS
    notes: list[Note] = []
    once: frozenset[str] = frozenset()
    again = False
    while True:
        planned = ask(
            summaries=tuple(made), found=similar, can_summarise=can_summarise, told=once
        )
        once |= planned.once
        if planned.needs is None:
            known = {note.key for note in notes}
            added = (note for note in planned.notes if note.key not in known)
            return replace(planned, notes=(*notes, *added))
        notes += (note for note in planned.notes if note.key in ONCE)
        brought = yield planned.needs
        if refusals and isinstance(brought, QwenError) and limit_in(brought) is not None:
            refusals -= 1  # too long; whoever was refused knows better now
            continue
        if isinstance(planned.needs, SummaryNeed):
            again = planned.needs.digest in wanted  # what was made does not hold
            wanted.add(planned.needs.digest)
        if isinstance(brought, Summary) and not again:
            made.append(brought)
        elif isinstance(brought, tuple):
            similar = brought
        elif isinstance(planned.needs, RetrievalNeed):
            # without what is similar there is nothing that could stand for it
            raise brought if isinstance(brought, QwenError) else ConfigError(_NOTHING)
        else:
            can_summarise = False
            notes.append(Note("context.note.no_summary"))
