"""Replies that are growing: kept piece by piece, and found again when their process died.

Each checkpoint adds only what is new of the texts, so the bytes written stay linear in the
reply. The pieces go away in the same transaction that stores the finished entry.
"""

from __future__ import annotations

import os
import platform
import sqlite3
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from qwen_nb.store.rows import rest_of, slot_from, slot_text, stored_text, text_from, turn_from
from qwen_nb.values import Slot, Turn

_SILENT_S = 10.0
"""Where processes cannot be looked up: how long one may be silent and still be alive."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What came since the last one, with all that is needed to make a turn of it.

    Parameters
    ----------
    retold : bool
        All but the texts is written again.
    """

    conversation: str
    slot: Slot
    turn: Turn
    thinking: str
    answer: str
    asked_at: float
    region: str
    retold: bool = False

    def write(self, database: sqlite3.Connection) -> None:
        """Add it to what the store holds of this reply."""
        if is_forgotten(database, self.slot.id):
            return
        known = database.execute(
            "UPDATE running SET seen = ? WHERE id = ?", (time.time(), self.slot.id)
        )
        if not known.rowcount:
            self._begin(database)
        elif self.retold:
            database.execute(
                "UPDATE running SET rest = ? WHERE id = ?", (self._rest(), self.slot.id)
            )
        if self.thinking or self.answer:
            database.execute(
                "INSERT INTO pieces (id, thinking, answer) VALUES (?, ?, ?)",
                (self.slot.id, stored_text(self.thinking), stored_text(self.answer)),
            )

    def _rest(self) -> str | bytes:
        # Calls of tools that are cut off cannot be run, and may be long.
        return rest_of(replace(self.turn, reply=replace(self.turn.reply, tool_calls=())))

    def _begin(self, database: sqlite3.Connection) -> None:
        database.execute(
            "INSERT INTO running (id, conversation, slot, asked_at, region, prompt, rest,"
            " host, process, seen) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.slot.id,
                self.conversation,
                slot_text(self.slot),
                self.asked_at,
                self.region,
                stored_text(self.turn.prompt),
                self._rest(),
                platform.node(),
                _process(os.getpid()),
                time.time(),
            ),
        )


class Growing:
    """How much of each growing reply was handed on already."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[int, int, object]] = {}

    def piece(
        self, conversation: str, slot: Slot, turn: Turn, asked_at: float, region: str
    ) -> Checkpoint | None:
        """Return what is new of a reply; None before its first text or call."""
        thinking, answer = turn.reply.thinking, turn.reply.answer
        if not thinking and not answer and not turn.said:
            return None
        rounds = (turn.said, len(turn.reply.round_usage))
        thought, answered, before = self._kept.get(slot.id, (0, 0, rounds))
        self._kept[slot.id] = len(thinking), len(answer), rounds
        return Checkpoint(
            conversation,
            slot,
            turn,
            thinking[thought:],
            answer[answered:],
            asked_at,
            region,
            # results of tools may be long; all else is little, and has the count of tokens
            retold=rounds != before or not turn.said,
        )

    def end(self, entry_id: str) -> bool:
        """Forget a reply that grows no more; return whether something of it was kept."""
        return self._kept.pop(entry_id, None) is not None


@dataclass(frozen=True, slots=True)
class Orphan:
    """A reply whose process is gone, as far as it came."""

    slot: Slot
    turn: Turn
    asked_at: float
    region: str


def has_orphans(rows: list[tuple[str, str, float]]) -> bool:
    """Return whether one of these `host, process, seen` is gone."""
    return any(not _is_alive(*row) for row in rows)


def orphans(database: sqlite3.Connection, conversation: str) -> Iterator[Orphan]:
    """Yield what processes that are gone left of a conversation, in its order."""
    rows = database.execute(
        "SELECT id, slot, asked_at, region, prompt, rest, host, process, seen FROM running"
        " WHERE conversation = ? ORDER BY rowid",
        (conversation,),
    ).fetchall()
    for id_, slot, asked_at, region, prompt, rest, *whose in rows:
        if _is_alive(*whose):
            continue
        pieces = database.execute(
            "SELECT thinking, answer FROM pieces WHERE id = ? ORDER BY number", (id_,)
        ).fetchall()
        thinking = "".join(text_from(piece[0]) for piece in pieces)
        answer = "".join(text_from(piece[1]) for piece in pieces)
        turn = turn_from(prompt, answer, thinking, rest)
        turn = replace(turn, reply=replace(turn.reply, finish_reason="cut"))
        yield Orphan(slot_from(slot), turn, asked_at, region)


def forget(database: sqlite3.Connection, entry_id: str) -> None:
    """Drop what was kept of a growing reply."""
    database.execute("DELETE FROM running WHERE id = ?", (entry_id,))


def is_forgotten(database: sqlite3.Connection, entry_id: str) -> bool:
    """Return whether another kernel took this turn out while it was asked again here."""
    found = database.execute("SELECT 1 FROM forgotten WHERE id = ?", (entry_id,)).fetchone()
    return found is not None


def _is_alive(host: str, process: str, seen: float) -> bool:
    if host != platform.node():
        # Nobody can know. If it lives, its finished entry takes the place of the cut one.
        return False
    if os.name != "posix":  # there `os.kill` with 0 would end the process
        return time.time() - seen < _SILENT_S
    pid = int(process.partition(":")[0])
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _process(pid) == process


def _process(pid: int) -> str:
    return _own_process(pid) if pid == os.getpid() else f"{pid}:{_started(pid)}"


@cache
def _own_process(pid: int) -> str:
    return f"{pid}:{_started(pid)}"


def _started(pid: int) -> str:
    # The number of a process is used again; with its start it is unique until a reboot.
    try:
        told = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:
        return ""
    return told.rpartition(")")[2].split()[19]
