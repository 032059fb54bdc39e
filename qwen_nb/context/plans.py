"""What is to be sent along with a question, and what is needed before that is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from qwen_nb.context.retrieval import RetrievalNeed
from qwen_nb.context.sizes import Weighed
from qwen_nb.context.summary import Summary, SummaryNeed
from qwen_nb.values import Message, Note

Why: TypeAlias = Literal["unanswered", "scripted", "single_turn", "summarised", "left_out"]

ONCE = frozenset(("rule.note.system_discouraged", "context.note.will_summarise"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be sent, and what there is to say about it.

    Parameters
    ----------
    messages : tuple of Message
        The whole list, the question last.
    sent : tuple of str
        The turns that go along, as they are or quoted, by their ids in order.
    left_out : mapping
        The other turns, each with the reason.
    notes : tuple of Note
        What the reader of the answer should know.
    needs : SummaryNeed or RetrievalNeed, optional
        What must be had first; the rest of the plan then says nothing.
    summary : Summary, optional
        The one that is sent.
    tokens : int
        The size of the input as far as it is known.
    limit : int, optional
        The size that is allowed.
    weighed : Weighed
        How the size came about, for `learn`.
    keeps_thinking : bool
        Earlier thinking goes along.
    """

    messages: tuple[Message, ...]
    sent: tuple[str, ...] = ()
    left_out: Mapping[str, Why] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    needs: SummaryNeed | RetrievalNeed | None = None
    summary: Summary | None = None
    tokens: int = 0
    limit: int | None = None
    weighed: Weighed
    keeps_thinking: bool = False

    @property
    def once(self) -> frozenset[str]:
        """The keys of the notes that need no second telling in this conversation."""
        return frozenset(note.key for note in self.notes) & ONCE
