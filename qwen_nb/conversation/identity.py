"""Which notebook is this, and which of its conversations go on.

A path alone says nothing: today's `Untitled.ipynb` is not yesterday's. What counts is
what only the same notebook can show: the conversation's id in its outputs, or a cell
that the conversation knows. The decision is made once, at the first ask of a kernel, and
is a pure function of the place, the file and what is stored; for each conversation:

========================  =============================================  =========
known by                  where the store has it                         decision
========================  =============================================  =========
its id in the file        at this path                                   same
its id in the file        at a path that no longer holds it              renamed
a cell                    at this path                                   same
a cell                    at a path from which another was renamed       renamed
its id in the file        at a path that still holds it                  forked
turns in the file         nowhere, and not forgotten                     rebuilt
its kernel, restarted     at this path                                   same
none of these             -                                              new
========================  =============================================  =========

Where two claim the same name, the earlier line wins; within a line the one that the
file's outputs carry more often, then the one that the store names first.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby
from pathlib import Path
from typing import Any, Literal, Protocol, TypeAlias

from qwen_nb.front_end import (
    NotebookFile,
    Place,
    SavedTurn,
    here,
    paths_from_server,
    read_notebook,
)
from qwen_nb.texts import Language, text
from qwen_nb.values import Entry, Turn

How: TypeAlias = Literal["same", "renamed", "forked", "rebuilt"]

TURN_BYTES = 1_000_000
TURNS_BYTES = 32_000_000


class Record(Protocol):
    """What the store knows of a conversation without its turns."""

    @property
    def id(self) -> str:
        """Id of the conversation."""

    @property
    def name(self) -> str | None:
        """Its name; None or empty for the notebook's own."""

    @property
    def path(self) -> str | None:
        """The notebook, as `Place.path` tells it; None for a conversation without one."""

    @property
    def cells(self) -> frozenset[str]:
        """Keys of the cells of all its entries, and the `marks` it was given."""


class Records(Protocol):
    """The part of the store that a decision needs."""

    def records_at(self, path: str) -> Iterable[Record]:
        """Return the conversations of the notebook at a path, last used first."""

    def record(self, conversation_id: str, /) -> Record | None:
        """Return one conversation."""

    def forgotten(self, ids: Iterable[str], /) -> frozenset[str]:
        """Return which conversations and entries never come back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Continued:
    """One conversation that goes on.

    Parameters
    ----------
    how : {"same", "renamed", "forked", "rebuilt"}
        `same`: as stored. `renamed`: as stored, and the store follows to the new path.
        `forked`: a new conversation with copies of the stored entries named in `entries`.
        `rebuilt`: the store has nothing; a conversation of this id, made of `carried`.
    id : str
        Id of the conversation; of the original if it is forked.
    name : str, optional
        None for the notebook's own.
    entries : frozenset of str
        Forked: the entries that this copy shows. A copy goes on from what is in it, and
        shows nobody what was asked in the original afterwards.
    carried : tuple of Entry
        Rebuilt: its entries, in order; their places count from 0 without gaps.
    """

    how: How
    id: str
    name: str | None = None
    entries: frozenset[str] = frozenset()
    carried: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What goes on in this notebook.

    Parameters
    ----------
    path : str, optional
        Where conversations of this notebook are stored; None: in memory only.
    continued : tuple of Continued
        At most one for each name. A name that is not among them begins new.
    marks : frozenset of str
        Ids to remember with each conversation of this notebook, beside the keys of its
        entries: the kernel, and the file's cells where the front end's keys are not in
        the file.
    keys_hold : bool
        Whether the keys of stored entries mean today's cells. Where not (VS Code), an
        entry of an earlier kernel belongs to no cell, and none is replaced by mistake.
    """

    path: str | None = None
    continued: tuple[Continued, ...] = ()
    marks: frozenset[str] = frozenset()
    keys_hold: bool = True

    @property
    def how(self) -> How | Literal["new", "none"]:
        """What becomes of the notebook's own conversation, the one without a name."""
        if self.path is None:
            return "none"
        own = self.named(None)
        return own.how if own else "new"

    def named(self, name: str | None) -> Continued | None:
        """Return the conversation of a name that goes on, None for the notebook's own."""
        return next((each for each in self.continued if each.name == name), None)

    def notes(self, language: Language = "en") -> tuple[str, ...]:
        """Return what a person must know of it: that it is a copy, that it was rebuilt."""
        return tuple(
            text(f"identity.{each.how}{'_named' if each.name else ''}", language,
                 name=each.name, n=len(each.carried))
            for each in self.continued
            if each.how in ("forked", "rebuilt")
        )  # fmt: skip


def found(
    shell: Any | None, records: Records, *, turn_from: Callable[[object], Turn | None]
) -> Decision:
    """Decide for the running shell: gather the facts, ask the server only in doubt."""
    place = here(shell)
    if place.path is None:
        return Decision()
    file = read_notebook(place.path)
    if place.in_file and place.cell not in file.cells:
        # renamed while the kernel ran, or a cell that was not saved yet
        for path in paths_from_server(shell):
            there = read_notebook(path)
            if path != place.path and there.exists:
                place, file = replace(place, path=path), there
            if place.cell in there.cells:
                break
    return decide(place, file, records, turn_from=turn_from)


def moved_to(shell: Any | None, path: str) -> str | None:
    """Return where a notebook went that is gone from its path, if its server knows.

    Cheap enough for every ask: a server is asked only where the file is gone. Without it
    a notebook that is renamed and then not saved would be known by nothing.
    """
    if Path(path).exists():
        return None
    paths = paths_from_server(shell)
    return next((each for each in paths if Path(each).is_file()), None)


def decide(
    place: Place,
    file: NotebookFile,
    records: Records,
    *,
    turn_from: Callable[[object], Turn | None],
    at: Callable[[str], NotebookFile] = read_notebook,
) -> Decision:
    """Decide which conversations go on.

    Parameters
    ----------
    place : Place
        Where the question was asked.
    file : NotebookFile
        The notebook at `place.path`.
    records : Records
        What is stored.
    turn_from : callable
        Reads a turn that an output carries; None for what is not one.
    at : callable, optional
        Reads a notebook at another path: where a record says the conversation is.
    """
    if place.path is None or place.cell is None:
        return Decision()
    gone = records.forgotten({id_ for each in file.carried for id_ in (each.chat, each.entry)})
    file = replace(file, carried=tuple(each for each in file.carried if each.chat not in gone))
    claims = sorted(_claims(place, file, records, at), key=lambda claim: claim[0])
    continued: dict[str | None, Continued] = {}
    for _, how, id_, name in claims:
        if name in continued:
            continue
        entries = frozenset(each.entry for each in file.carried if each.chat == id_)
        if how == "rebuilt":
            if carried := tuple(_rebuilt(place, file, id_, turn_from, gone)):
                continued[name] = Continued(how=how, id=id_, name=name, carried=carried)
        elif how == "forked":
            continued[name] = Continued(how=how, id=id_, name=name, entries=entries)
        else:
            continued[name] = Continued(how=how, id=id_, name=name)
    return Decision(
        path=place.path,
        continued=tuple(continued.values()),
        marks=_of_kernel(place) | (frozenset() if place.in_file else file.cells),
        keys_hold=place.in_file,
    )


_Claim: TypeAlias = tuple[int, How, str, str | None]  # strongest first; stable within one


def _claims(
    place: Place, file: NotebookFile, records: Records, at: Callable[[str], NotebookFile]
) -> Iterator[_Claim]:
    chats, at, left = file.chats, cache(at), dict[str, None]()
    # a cell that is not saved yet is in its request; elsewhere its key is only a number
    cells = file.cells | {place.cell} if place.in_file else file.cells
    for id_ in chats:
        record = records.record(id_)
        if record is None:
            yield 4, "rebuilt", id_, _carried_name(file, id_)
        elif record.path == place.path:
            yield 0, "same", id_, record.name or None
        elif record.path is None or not _holds(at(record.path), record):
            yield 1, "renamed", id_, record.name or None
            left |= {record.path: None} if record.path else {}
        else:
            yield 3, "forked", id_, record.name or None
    for record in records.records_at(str(place.path)):
        if record.id not in chats and record.cells & cells:
            yield 2, "same", record.id, record.name or None
    # A kernel that was restarted keeps its id: what was asked and not saved is still its own.
    for record in records.records_at(str(place.path)):
        if record.id not in chats and record.cells & _of_kernel(place):
            yield 5, "same", record.id, record.name or None
    for path in left:  # what was asked there and never saved moves along
        for record in records.records_at(path):
            if record.id not in chats and record.cells & cells:
                yield 2, "renamed", record.id, record.name or None


def _of_kernel(place: Place) -> frozenset[str]:
    return frozenset() if place.kernel is None else frozenset((f"kernel {place.kernel}",))


def _holds(file: NotebookFile, record: Record) -> bool:
    # what cannot be read may hold it: a fork loses nothing, a rename takes it away
    if file.exists and not file.readable:
        return True
    return record.id in file.chats or bool(record.cells & file.cells)


def _carried_name(file: NotebookFile, id_: str) -> str | None:
    return next((each.name for each in file.carried if each.chat == id_), None)


def _rebuilt(
    place: Place,
    file: NotebookFile,
    id_: str,
    turn_from: Callable[[object], Turn | None],
    gone: frozenset[str],
) -> Iterator[Entry]:
    theirs = (each for each in file.carried if each.chat == id_)
    ours = _once(each for each in theirs if each.entry not in gone)
    if all(each.order for each in ours):
        ours.sort(key=lambda each: ((each.order or (0, 0))[0], each.at, each.order))
    # a place is one execution of one cell
    by_place = groupby(
        _read(ours, turn_from),
        key=lambda pair: (pair[0].order and pair[0].order[0], pair[0].at),
    )
    for number, (_, pairs) in enumerate(by_place):
        for k, (each, turn) in enumerate(pairs):
            cell = each.holder if place.in_file else None
            yield Entry(each.entry, number, k, cell, turn)


def _once(carried: Iterable[SavedTurn]) -> list[SavedTurn]:
    """Take each entry once: of an output copied into another cell, the original."""
    once: dict[str, SavedTurn] = {}
    for each in carried:
        known = once.get(each.entry)
        if known is None or (known.holder != known.cell and each.holder == each.cell):
            once[each.entry] = each
    return list(once.values())


def _read(
    carried: Iterable[SavedTurn], turn_from: Callable[[object], Turn | None]
) -> Iterator[tuple[SavedTurn, Turn]]:
    left = TURNS_BYTES
    for each in carried:
        try:
            size = len(json.dumps(each.turn, ensure_ascii=False).encode())
        except (ValueError, RecursionError):
            continue  # half a surrogate pair: no text that can be stored or sent
        if size > min(TURN_BYTES, left):
            continue
        turn = turn_from(each.turn)
        if turn is not None:
            left -= size
            yield each, turn
