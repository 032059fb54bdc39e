"""Conversations in the store: made, named, found by path, without opening them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from qwen_nb.values import new_id

if TYPE_CHECKING:
    import sqlite3

    from qwen_nb.store.writer import Writer

_LISTED = ("id", "notebook", "name", "path", "parent", "created", "updated", "active", "turns")
_QUERY = (
    "SELECT id, notebook, name, path, parent, created, updated, active, (SELECT count(*)"
    " FROM entries WHERE conversation = c.id AND state = 'current') FROM conversations c"
)
_CELLS = (
    "SELECT cell FROM entries WHERE conversation = ?1 AND cell IS NOT NULL"
    " UNION SELECT mark FROM marks WHERE conversation = ?1"
)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is known about a stored conversation without opening it.

    Parameters
    ----------
    id : str
        Its id.
    notebook : str
        The id that the conversations of one notebook share.
    name, path, parent : str
        Its name, empty for the notebook's first; where the notebook was; the
        conversation it was forked from.
    created, updated : float
        Seconds since 1970.
    active : bool
        The one of its notebook that is asked when none is named.
    turns : int
        How many current turns it has.
    cells : frozenset of str
        Every cell that ever asked in it, and the marks it was given.
    """

    id: str
    notebook: str
    name: str
    path: str | None
    parent: str | None
    created: float
    updated: float
    active: bool
    turns: int
    cells: frozenset[str]


class ConversationTable:
    """The conversations of a store, without their turns.

    Parameters
    ----------
    read : callable
        Returns the rows of a query.
    writer : Writer
        Writes.

    Raises
    ------
    StoreError
        As each method, when the file cannot be read or written.
    """

    def __init__(self, read: Callable[..., list[tuple[Any, ...]]], writer: Writer) -> None:
        self._read = read
        self._writer = writer

    def create(
        self,
        *,
        notebook: str | None = None,
        path: str | None = None,
        name: str = "",
        parent: str | None = None,
        conversation: str | None = None,
    ) -> Listing:
        """Make a new, empty conversation, and the active one of its notebook if that has none.

        Parameters
        ----------
        notebook : str, optional
            The notebook it belongs to; a new one if not given.
        path, name, parent
            See `Listing`.
        conversation : str, optional
            Its id, where it has one already.
        """
        made, now = conversation or new_id(), time.time()
        notebook = notebook or made

        def job(database: sqlite3.Connection) -> None:
            database.execute(
                "INSERT INTO conversations (id, notebook, name, path, parent, created, updated,"
                " active) VALUES (?, ?, ?, ?, ?, ?, ?, NOT EXISTS (SELECT 1 FROM conversations"
                " WHERE notebook = ? AND active))",
                (made, notebook, name, path, parent, now, now, notebook),
            )

        self._writer.write_now(job)
        return self._listings("WHERE id = ?", made)[0]

    def record(self, conversation: str) -> Listing | None:
        """Return what is known about a conversation; None when it is not here."""
        return next(iter(self._listings("WHERE id = ?", conversation)), None)

    def records_at(self, path: str) -> tuple[Listing, ...]:
        """Return the conversations of all notebooks that were at a path, last used first."""
        return self._listings("WHERE path = ? ORDER BY updated DESC", path)

    def records_of(self, notebook: str) -> tuple[Listing, ...]:
        """Return the conversations of a notebook, oldest first."""
        return self._listings("WHERE notebook = ? ORDER BY created, id", notebook)

    def remember(self, conversation: str, marks: Iterable[str]) -> None:
        """Have a conversation known by these marks too; returns at once."""
        pairs = [(conversation, mark) for mark in marks]
        self._writer.write(
            lambda database: database.executemany(
                "INSERT OR IGNORE INTO marks (conversation, mark) VALUES (?, ?)", pairs
            )
        )

    def set_path(self, conversation: str, path: str | None) -> None:
        """Say where the notebook of a conversation is now."""
        self._set("UPDATE conversations SET path = ? WHERE id = ?", path, conversation)

    def rename(self, conversation: str, name: str) -> None:
        """Give a conversation another name within its notebook."""
        self._set("UPDATE conversations SET name = ? WHERE id = ?", name, conversation)

    def activate(self, conversation: str) -> None:
        """Make a conversation the active one of its notebook."""
        self._set(
            "UPDATE conversations SET active = (id = ?1) WHERE notebook ="
            " (SELECT notebook FROM conversations WHERE id = ?1)",
            conversation,
        )

    def _listings(self, where: str, *values: Any) -> tuple[Listing, ...]:
        return tuple(map(self._listing, self._read(f"{_QUERY} {where}", *values)))

    def _listing(self, row: tuple[Any, ...]) -> Listing:
        known = dict(zip(_LISTED, row, strict=True))
        known["active"] = bool(known["active"])
        cells = self._read(_CELLS, known["id"])
        return Listing(**known, cells=frozenset(cell for (cell,) in cells))

    def _set(self, statement: str, *values: Any) -> None:
        self._writer.write_now(lambda database: database.execute(statement, values))
