"""An entry of a conversation: one version of one turn, with its place among the others.

Turns are plain values; where one stands, which cell asked it and whether it is still
sent is told by its entry. Everything here is frozen: a change makes a new entry with the
same id.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias
from uuid import uuid4

from qwen_nb.values.turn import Turn

EntryState: TypeAlias = Literal["current", "replaced", "undone", "deleted"]
"""`current`: part of the conversation. `replaced`: another version stands in its place.
`undone`: taken back. `deleted`: its cell is gone from the notebook."""


def new_id() -> str:
    """Return an id that no other entry or conversation has."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Entry:
    """One version of one turn.

    Parameters
    ----------
    id : str
        One for each version.
    place, k : int
        The order is by `(place, k)`: all asks within one execution of a cell share a
        place and are numbered from 0.
    cell : str, optional
        The cell that asked; None outside a notebook.
    turn : Turn
        What was asked and answered.
    state : str
        Only `current` entries are part of the conversation.
    older : bool
        It was answered on an older context: something before it changed since.
    asked_at : float
        Seconds since 1970.
    left : int
        The how manieth version of this conversation it was to leave; 0 while current.
    marked : bool
        Its mark `starts_anew` came from a command, not from its own line, so the next
        version inherits it.
    region : str
        Where its price is looked up; empty where there is none.
    copy_of : str, optional
        The entry this is a copy of. Tokens of copies were paid for once.
    """

    id: str
    place: int
    k: int
    cell: str | None
    turn: Turn
    state: EntryState = "current"
    older: bool = False
    asked_at: float = 0.0
    left: int = 0
    marked: bool = False
    region: str = ""
    copy_of: str | None = None

    @property
    def position(self) -> tuple[int, int]:
        """Where it stands in the order."""
        return self.place, self.k


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """The place of a question that is being asked, fixed when it is sent.

    Parameters
    ----------
    id : str
        The id its entry will have.
    place, k, cell
        As in `Entry`.
    execution : object
        Which execution of the cell asks; None for a new version of one single turn.
    number : int
        Which turn it is for people, from 1.
    replaces : tuple of str
        Ids of the entries that leave when it is answered.
    anew : bool
        The conversation starts anew here, by a command or by inheritance.
    pending : tuple of str
        Ids of the questions before it that are still being answered and are left out.
    """

    id: str
    place: int
    k: int = 0
    cell: str | None = None
    execution: object = None
    number: int = 1
    replaces: tuple[str, ...] = ()
    anew: bool = False
    pending: tuple[str, ...] = ()

    @property
    def position(self) -> tuple[int, int]:
        """Where it stands in the order."""
        return self.place, self.k


@dataclass(frozen=True, slots=True)
class Change:
    """What one operation did to a conversation.

    Parameters
    ----------
    entries : tuple of pairs
        Each touched entry before (None: there was none) and after.
    begins_anew : bool, optional
        Whether the next turn is to start anew; None where that is as it was.
    """

    entries: tuple[tuple[Entry | None, Entry], ...]
    begins_anew: bool | None = None
