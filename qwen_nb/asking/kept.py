"""A conversation, and everything that goes with it while it is asked.

Where it has a store, every change of it is written there by itself; what goes wrong there
is told once and never keeps an answer from being shown.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from qwen_nb.context import InMemory, Memory, Summary
from qwen_nb.conversation import Conversation, Past
from qwen_nb.errors import StoreError
from qwen_nb.render.html import Describe, metadata
from qwen_nb.values import Entry, Reply, Slot, Turn, carried, new_id

if TYPE_CHECKING:
    from qwen_nb.store import Store, VectorTable

MAIN = "main"
"""What the notebook's own conversation is called on a line; its name is empty."""


def conversation_named(token: str) -> str:
    """Return the name of the conversation that people call by a word."""
    return "" if token == MAIN else token


@dataclass(eq=False)
class Kept:
    """One conversation.

    Parameters
    ----------
    conversation : Conversation
        Its turns.
    id, name : str
        Its id, empty for one in memory only; its name, empty for the notebook's own.
    store : Store, optional
        Where it is kept.
    summaries : list of Summary
        What was made of its older parts.
    memory : Memory
        What is known about its sizes.
    told : set of str
        The notes that were told in it and need no second telling.
    forms : dict
        What the answer of a turn had to be, by the turn's id; see `Question.json`.
    jobs : set of str
        The places of questions that were asked in the background.
    """

    conversation: Conversation = field(default_factory=Conversation)
    id: str = ""
    name: str = ""
    store: Store | None = None
    summaries: list[Summary] = field(default_factory=list)
    memory: Memory = field(default_factory=Memory)
    told: set[str] = field(default_factory=set)
    forms: dict[str, Any] = field(default_factory=dict)
    jobs: set[str] = field(default_factory=set)
    _vectors: InMemory = field(default_factory=InMemory)
    _own_id: str = field(default_factory=new_id)
    _problem: StoreError | None = None
    _pasts: dict[str, tuple[Entry, Past]] = field(default_factory=dict)

    def form_of(self, id: str, default: Any) -> Any:
        """Return what the answer of a turn had to be; a copy's is that of its original."""
        entry = self.conversation.find(id)
        original = entry.copy_of if entry is not None else None
        return self.forms.get(id, self.forms.get(original or id, default))

    @property
    def booked_as(self) -> str:
        """The id under which its calls are in the ledger, also where it is in memory only."""
        return self.id or self._own_id

    @property
    def vectors(self) -> InMemory | VectorTable:
        """The embeddings of its turns that were made so far."""
        return self._vectors if self.store is None else self.store.vectors

    def refresh(self) -> None:
        """Take over what another kernel has stored; see `Store.refresh`."""
        if self.store is None:
            return
        try:
            self.store.refresh(self.id, self.conversation)
        except StoreError as error:
            self._problem = error

    def past(self, slot: Slot | None) -> tuple[Past, ...]:
        """Return the turns before a place, oldest first; without one, all current ones."""
        return tuple(map(self._past, self.conversation.entries_before(slot)))

    def _past(self, entry: Entry) -> Past:
        # made once for each entry: a long conversation is walked through at each question
        known = self._pasts.get(entry.id)
        if known is None or known[0] is not entry:
            past = Past(entry.id, entry.turn, older=entry.older)
            known = self._pasts[entry.id] = entry, past
        return known[1]

    def settle(self, slot: Slot, turn: Turn, *, asked_at: float, region: str) -> Entry:
        """Put an answered turn into its place; see `Conversation.settle`."""
        return self.conversation.settle(slot, turn, asked_at=asked_at, region=region)

    def release(self, slot: Slot) -> None:
        """Give up the place of a question that got no answer."""
        self.conversation.release(slot)
        if self.store is not None:
            self.store.discard(slot)

    def checkpoint(self, slot: Slot, turn: Turn, *, asked_at: float, region: str) -> None:
        """Keep what has come of a reply so far; see `Store.checkpoint`."""
        if self.store is not None:
            self.store.checkpoint(self.id, slot, turn, asked_at=asked_at, region=region)

    def add_summary(self, summary: Summary) -> None:
        """Keep a summary for later questions and kernels."""
        self.summaries.append(summary)
        if self.store is not None:
            self.store.put_summary(self.id, summary.digest, summary.as_json())

    def forget(self, ids: Collection[str]) -> None:
        """Let go of versions that the store has forgotten, and of what was made of them."""
        entries = self.conversation.entries
        gone = [each for each in entries if each.id in ids or each.copy_of in ids]
        asked = {(each.position, each.turn.prompt) for each in gone}
        if gone:
            self.conversation.forget(
                each.id for each in entries if (each.position, each.turn.prompt) in asked
            )
            self._pasts.clear()
            # of one in memory: a summary can be made again
            told = self.store.summaries(self.id) if self.store is not None else []
            self.summaries[:] = map(Summary.from_json, told)

    def teach(self, copy: Kept) -> None:
        """Give a copy of this conversation the forms of its turns and the summaries."""
        copy.forms |= self.forms  # a copied turn says of which it is a copy
        for summary in self.summaries:
            copy.add_summary(summary)

    def take_problem(self) -> StoreError | None:
        """Return why nothing can be kept, once for each new reason."""
        problem, self._problem = self._problem, None
        if problem is None and self.store is not None:
            problem = self.store.take_problem()
        return problem

    def carried(self, entry: Entry) -> dict[str, Any]:
        """Return what an output says of its turn's place: a notebook is known again by it."""
        if not self.id:
            return {}
        facts: dict[str, Any] = {
            "chat": self.id,
            "entry": entry.id,
            "place": entry.place,
            "k": entry.k,
        }
        if self.name:
            facts["name"] = self.name
        return facts | ({"cell": entry.cell} if entry.cell else {})


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
