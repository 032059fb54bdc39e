"""Changes of a conversation as statements, each inside a transaction of the writer.

Two kernels may hold the same conversation and not know of each other's last question.
So only what a change touched is written, and where both took the same place, the one
that comes second gets another, which it learns at its next refresh.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Container, Iterable
from dataclasses import replace
from typing import Any

from qwen_nb.conversation import Conversation
from qwen_nb.store import running
from qwen_nb.store.rows import COLUMNS, entry_from, row_of, text_from
from qwen_nb.store.search import spaced
from qwen_nb.values import Change, Entry, new_id

_NAMES = ", ".join(COLUMNS)
_ALL = (*COLUMNS, "conversation", "revision")
_INSERT = f"INSERT INTO entries ({', '.join(_ALL)}) VALUES ({', '.join('?' * len(_ALL))})"
_MAY_CHANGE = COLUMNS[: COLUMNS.index("input")]


def entries_where(database: sqlite3.Connection, where: str, *values: Any) -> tuple[Entry, ...]:
    """Return the entries of which something holds."""
    rows = database.execute(f"SELECT {_NAMES} FROM entries {where}", values)
    return tuple(map(entry_from, rows.fetchall()))


def save(database: sqlite3.Connection, conversation: str, change: Change) -> int:
    """Write what one operation changed; return the conversation's new revision."""
    revision = raise_revision(database, conversation, change.begins_anew)
    touched = {before.place for before, _ in change.entries if before is not None}
    for before, entry in change.entries:
        after = entry
        if before is None and entry.place not in touched:
            after = _in_free_place(database, conversation, entry)
        stands = after.state == "current" and (before is None or before.state != "current")
        if stands:
            _push_out(database, conversation, after, revision)
        if before is None:
            _insert(database, conversation, after, revision)
        else:
            _update(database, before, after, revision)
    return revision


def put(
    database: sqlite3.Connection,
    conversation: str,
    entries: Iterable[Entry],
    begins_anew: bool,
) -> int:
    """Write entries that nobody else can know; return the conversation's new revision."""
    revision = raise_revision(database, conversation, begins_anew)
    for entry in entries:
        _insert(database, conversation, entry, revision)
    return revision


def copy(
    database: sqlite3.Connection, conversation: str, to: str, entries: Container[str] | None
) -> int:
    """Copy entries, all or those named, under new ids; return the copy's new revision."""
    anew = database.execute("SELECT anew FROM conversations WHERE id = ?", (conversation,))
    copies = [
        replace(entry, id=new_id(), copy_of=entry.copy_of or entry.id)
        for entry in entries_where(database, "WHERE conversation = ?", conversation)
        if entries is None or entry.id in entries
    ]
    return put(database, to, copies, bool(anew.fetchone()[0]))


def adopt(database: sqlite3.Connection, conversation: str) -> tuple[Entry, ...]:
    """Make turns of the replies whose process died; return their entries."""
    found = list(running.orphans(database, conversation))
    if not found:
        return ()
    anew = database.execute("SELECT anew FROM conversations WHERE id = ?", (conversation,))
    changes: list[Change] = []
    whole = Conversation(
        entries_where(database, "WHERE conversation = ?", conversation),
        begins_anew=bool(anew.fetchone()[0]),
        on_change=changes.append,
    )
    for orphan in found:
        whole.settle(orphan.slot, orphan.turn, asked_at=orphan.asked_at, region=orphan.region)
    for change in changes:
        save(database, conversation, change)
    ids = {orphan.slot.id for orphan in found}
    return tuple(
        entry
        for entry in entries_where(database, "WHERE conversation = ?", conversation)
        if entry.id in ids
    )


def raise_revision(
    database: sqlite3.Connection, conversation: str, begins_anew: bool | None
) -> int:
    """Count a write to a conversation's entries; return the count."""
    database.execute(
        "UPDATE conversations SET revision = revision + 1, updated = ?,"
        " anew = coalesce(?, anew) WHERE id = ?",
        (time.time(), begins_anew, conversation),
    )
    row = database.execute("SELECT revision FROM conversations WHERE id = ?", (conversation,))
    found: tuple[int] | None = row.fetchone()
    if found is None:
        raise sqlite3.IntegrityError(f"there is no conversation {conversation}")
    return found[0]


def _in_free_place(database: sqlite3.Connection, conversation: str, entry: Entry) -> Entry:
    # Only the cell that has a place may ask there again.
    taken = database.execute(
        "SELECT 1 FROM entries WHERE conversation = ?1 AND place = ?2 AND id <> ?3"
        " AND (cell IS NOT ?4 OR ?4 IS NULL) LIMIT 1",
        (conversation, entry.place, entry.id, entry.cell),
    ).fetchone()
    if taken is None:
        return entry
    # What this execution asked before has been moved already.
    place = database.execute(
        "SELECT place FROM entries WHERE conversation = ? AND cell = ?"
        " ORDER BY number DESC LIMIT 1",
        (conversation, entry.cell),
    ).fetchone()
    if place is None:
        place = database.execute(
            "SELECT max(place) + 1 FROM entries WHERE conversation = ?", (conversation,)
        ).fetchone()
    return replace(entry, place=place[0])


def _push_out(
    database: sqlite3.Connection, conversation: str, entry: Entry, revision: int
) -> None:
    # Another kernel ran the same cell at the same time: one version stands, the last.
    database.execute(
        "UPDATE entries SET state = 'replaced', revision = ?1, left_as ="
        " (SELECT max(left_as) + 1 FROM entries WHERE conversation = ?2)"
        " WHERE conversation = ?2 AND place = ?3 AND k = ?4 AND state = 'current'"
        " AND id <> ?5",
        (revision, conversation, entry.place, entry.k, entry.id),
    )


def _insert(
    database: sqlite3.Connection, conversation: str, entry: Entry, revision: int
) -> None:
    if running.is_forgotten(database, entry.id):
        return
    # It may be here already: taken for dead by a process on another machine.
    remove(database, entry.id)
    added = database.execute(_INSERT, (*row_of(entry), conversation, revision))
    database.execute(
        "INSERT INTO found (rowid, prompt, answer) VALUES (?, ?, ?)",
        (added.lastrowid, spaced(entry.turn.prompt), spaced(entry.turn.reply.answer)),
    )
    running.forget(database, entry.id)


def remove(database: sqlite3.Connection, entry_id: str) -> None:
    """Delete an entry, and its words from the search index."""
    row = database.execute(
        "SELECT number, prompt, answer FROM entries WHERE id = ?", (entry_id,)
    ).fetchone()
    if row is None:
        return
    number, prompt, answer = row
    # An index without texts has to be told what it held.
    database.execute(
        "INSERT INTO found (found, rowid, prompt, answer) VALUES ('delete', ?, ?, ?)",
        (number, spaced(text_from(prompt)), spaced(text_from(answer))),
    )
    database.execute("DELETE FROM entries WHERE number = ?", (number,))


def _update(database: sqlite3.Connection, before: Entry, after: Entry, revision: int) -> None:
    pairs = zip(_MAY_CHANGE, row_of(before), row_of(after), strict=False)
    changed = {name: now for name, was, now in pairs if was != now}
    changed["revision"] = revision
    names = ", ".join(f"{name} = ?" for name in changed)
    database.execute(f"UPDATE entries SET {names} WHERE id = ?", (*changed.values(), after.id))
