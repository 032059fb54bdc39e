"""What is known about stored conversations without opening them."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

__all__ = ["Listing", "listings_where"]

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


def listings_where(
    database: sqlite3.Connection, where: str, *values: Any
) -> tuple[Listing, ...]:
    """Return the conversations of which something holds."""
    rows = database.execute(f"{_QUERY} {where}", values).fetchall()
    return tuple(_listing(database, row) for row in rows)


def _listing(database: sqlite3.Connection, row: tuple[Any, ...]) -> Listing:
    told = dict(zip(_LISTED, row, strict=True))
    told["active"] = bool(told["active"])
    cells = database.execute(_CELLS, (told["id"],)).fetchall()
    return Listing(**told, cells=frozenset(cell[0] for cell in cells))
