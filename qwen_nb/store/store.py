"""The store: every conversation of a person, in one SQLite file; long: one method a use.

What is written goes through one thread (`_writer`); what is read is read at once,
by whoever asks. Two kernels may hold the same conversation: each writes only what it
changed, in one transaction, and a place that both took is settled here.
"""

from __future__ import annotations

import atexit
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Container, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from qwen_nb.conversation import Conversation
from qwen_nb.errors import StoreError
from qwen_nb.store import calls, running
from qwen_nb.store.budgets import BudgetTable
from qwen_nb.store.calls import Calls
from qwen_nb.store.changes import adopt, copy, entries_where, put, save
from qwen_nb.store.conversations import ConversationTable, Listing
from qwen_nb.store.forget import Forgotten, forget, forgotten_among, holding, reach
from qwen_nb.store.notebook_settings import SettingTable
from qwen_nb.store.running import Growing
from qwen_nb.store.schema import BUSY_S, connect, errors_told, migrate
from qwen_nb.store.search import Found, found_in
from qwen_nb.store.vectors import VectorTable
from qwen_nb.store.writer import Writer
from qwen_nb.values import Change, Entry, Slot, Turn

_CLOSE_S = 5.0


@dataclass(frozen=True, slots=True)
class Loaded:
    """A conversation from the store, and what a process that died left of its last replies."""

    conversation: Conversation
    cut: tuple[Entry, ...] = ()


class Store(ConversationTable):
    """The file of conversations. It may be used from any thread.

    Parameters
    ----------
    path : Path
        The file; it is made when it is not there.
    busy_s : float
        How long a write waits for another process.

    Attributes
    ----------
    calls : Calls
        Every call that was made, and their sums.
    budgets : BudgetTable
        How much they may cost.
    settings : SettingTable
        What notebooks have set for themselves.
    vectors : VectorTable
        Embeddings of turns.

    Raises
    ------
    StoreError
        When it cannot be opened; nothing was overwritten then.
    """

    def __init__(self, path: Path, *, busy_s: float = BUSY_S) -> None:
        self.path = path
        self._pid = os.getpid()
        self._lock = threading.Lock()
        self._known: dict[str, int] = {}  # revisions; 0 is that of a new conversation
        self._growing = Growing()
        self._told: StoreError | None = None
        self._database = connect(path, busy_s=busy_s)
        try:
            migrate(self._database, path)
            self._database.execute("PRAGMA query_only = ON")
            calls.prepare(self._database)
            super().__init__(self.read, Writer(connect(path, busy_s=busy_s), path))
        except BaseException:
            self._database.close()
            raise
        self.calls = Calls(self.read, self._writer)
        self.budgets = BudgetTable(self.read, self._writer)
        self.settings = SettingTable(self.read, self._writer)
        self.vectors = VectorTable(self.read, self._writer)
        atexit.register(self.close)

    # -- what is in a conversation --------------------------------------------------------

    def copy(
        self,
        conversation: str,
        *,
        notebook: str | None = None,
        path: str | None = None,
        name: str | None = None,
        entries: Container[str] | None = None,
    ) -> Listing:
        """Copy a conversation with all its versions, under a new id.

        Parameters
        ----------
        conversation : str
            Which.
        notebook, path : str, optional
            Where the copy belongs; a new notebook if not given.
        name : str, optional
            Its name; the same if not given.
        entries : container of str, optional
            The ids of what is copied; everything if not given.
        """
        source = self.record(conversation)
        if source is None:
            raise LookupError(conversation)
        made = self.create(
            notebook=notebook,
            path=path,
            name=source.name if name is None else name,
            parent=conversation,
        )

        job = partial(copy, conversation=conversation, to=made.id, entries=entries)
        self._knows(made.id, self._writer.write_now(job))
        return self._listings("WHERE id = ?", made.id)[0]

    def load(self, conversation: str, *, keys_hold: bool = True) -> Loaded:
        """Return a conversation that from now on stores every change of itself.

        Replies that a process left unfinished when it died become turns with the finish
        reason `cut`; whoever loads them first is told of them, once.

        Parameters
        ----------
        conversation : str
            Which.
        keys_hold : bool
            Whether the cells of stored entries are today's; where not, an entry belongs
            to no cell, and none is replaced by mistake.

        Raises
        ------
        StoreError
            When it cannot be read.
        LookupError
            When it is not here.
        """
        self._writer.flush()
        cut: tuple[Entry, ...] = ()
        growing = self.read(
            "SELECT host, process, seen FROM running WHERE conversation = ?", conversation
        )
        if running.has_orphans(growing):
            # a file that can only be read is still read
            with suppress(StoreError):
                cut = self._writer.write_now(partial(adopt, conversation=conversation))
        with self._lock, errors_told(self.path):
            state = self._state(conversation)
            if state is None:
                raise LookupError(conversation)
            revision, anew = state
            entries = entries_where(self._database, "WHERE conversation = ?", conversation)
            self._known[conversation] = revision
        if not keys_hold:
            entries = tuple(replace(entry, cell=None) for entry in entries)
        return Loaded(
            Conversation(entries, begins_anew=anew, on_change=self.follow(conversation)), cut
        )

    def follow(self, conversation: str) -> partial[None]:
        """Return the listener that stores the changes of a conversation."""
        return partial(self.save, conversation)

    def save(self, conversation: str, change: Change) -> None:
        """Have a change written; returns at once."""
        for _, entry in change.entries:
            self._growing.end(entry.id)
        self._writer.write_if_open(
            partial(save, conversation=conversation, change=change),
            partial(self._saved, conversation),
        )

    def put(self, conversation: str, entries: Iterable[Entry], *, begins_anew: bool) -> None:
        """Store entries that no other process can know, as those of a fork; waits for it.

        Raises
        ------
        StoreError
            When that fails.
        """
        every = tuple(entries)

        def job(database: sqlite3.Connection) -> int:
            return put(database, conversation, every, begins_anew)

        self._knows(conversation, self._writer.write_now(job))

    def refresh(self, conversation_id: str, conversation: Conversation) -> bool:
        """Take over what other kernels have stored since; return whether there was anything.

        Call it before a question. While something of this process is still unwritten,
        nothing is taken over.

        Raises
        ------
        StoreError
            When the file cannot be read.
        """
        if not self._writer.flush():
            return False
        with self._lock, errors_told(self.path):
            state = self._state(conversation_id)
            known = self._known.get(conversation_id, 0)
            if state is not None and state[0] == known:
                return False
            conversation.forget(self._forgotten(conversation_id, conversation))
            if state is None:
                return False
            entries = entries_where(
                self._database,
                "WHERE conversation = ? AND revision > ?",
                conversation_id,
                known,
            )
            self._known[conversation_id] = state[0]
        conversation.merge(entries, begins_anew=state[1])
        return True

    def history(
        self, conversation: str, n: int = 20, *, before: tuple[int, int] | None = None
    ) -> tuple[Entry, ...]:
        """Return one page of history: the newest entries, all versions, newest place first.

        Parameters
        ----------
        conversation : str
            Which.
        n : int
            How many at most.
        before : tuple, optional
            The position after which the page before ended.
        """
        place, k = before or (2**62, 0)
        with self._lock, errors_told(self.path):
            return entries_where(
                self._database,
                "WHERE conversation = ? AND (place, k) < (?, ?)"
                " ORDER BY place DESC, k DESC, number DESC LIMIT ?",
                conversation,
                place,
                k,
                n,
            )

    def search(
        self, query: str, n: int = 20, *, conversation: str | None = None
    ) -> tuple[Found, ...]:
        """Return where something was asked or answered, newest first.

        Parameters
        ----------
        query : str
            Words that must all occur; any text is allowed. In quotes: a phrase.
        n : int
            How many at most.
        conversation : str, optional
            Look in this one only; else everywhere, and copies are left out.
        """
        return found_in(self.read, query, n, conversation)

    def tokens(self, conversation: str) -> tuple[int, int]:
        """Return what all versions of a conversation's turns took, input and output.

        Copies are left out: their tokens were paid for once.
        """
        ((taken, given),) = self.read(
            "SELECT total(input), total(output) FROM entries"
            " WHERE conversation = ? AND copy_of IS NULL",
            conversation,
        )
        return int(taken), int(given)

    def holds(self, entry_id: str) -> bool:
        """Return whether an entry with this id is here, or growing, or was forgotten."""
        found = self.read(
            "SELECT 1 FROM entries WHERE id = ?1 UNION SELECT 1 FROM running WHERE id = ?1"
            " UNION SELECT 1 FROM forgotten WHERE id = ?1",
            entry_id,
        )
        return bool(found)

    # -- what is taken out for good -------------------------------------------------------

    def forget(
        self,
        ids: Iterable[str],
        *,
        conversation: str | None = None,
        in_memory: Iterable[str] = (),
    ) -> Forgotten:
        """Take versions of turns out for good, or a conversation; waits for it.

        See `qwen_nb.store.forget`. What waits to be written is written before.

        Raises
        ------
        StoreError
            When that fails, as where another kernel holds the file: then nothing was
            forgotten.
        """
        job = partial(
            forget,
            path=self.path,
            ids=tuple(ids),
            in_memory=tuple(in_memory),
            conversation=conversation,
        )
        forgotten: Forgotten = self._writer.write_now(job, begins=False)
        return forgotten

    def reach(self, ids: Iterable[str]) -> dict[str, str]:
        """Return the versions that `forget` would take out, and the conversation of each."""
        with self._lock, errors_told(self.path):
            return reach(self._database, ids)

    def holding(self, holds: Callable[[str], bool]) -> dict[str, list[str]]:
        """Return the versions in which something is found, by conversation."""
        with self._lock, errors_told(self.path):
            return holding(self._database, holds)

    def forgotten(self, ids: Iterable[str]) -> frozenset[str]:
        """Return which of these ids were forgotten."""
        with self._lock, errors_told(self.path):
            return forgotten_among(self._database, ids)

    def read(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Return the rows of a query, for those who add up.

        Raises
        ------
        StoreError
            When the file cannot be read.
        """
        with self._lock, errors_told(self.path):
            return self._database.execute(query, values).fetchall()

    def summaries(self, conversation: str) -> list[dict[str, Any]]:
        """Return the summaries of a conversation, as `put_summary` took them."""
        rows = self.read("SELECT summary FROM summaries WHERE conversation = ?", conversation)
        return [json.loads(row[0]) for row in rows]

    def put_summary(self, conversation: str, digest: str, summary: Mapping[str, Any]) -> None:
        """Have a summary kept, by the digest of what it stands for; returns at once."""
        told = json.dumps(summary, ensure_ascii=True)
        self._writer.write_if_open(
            lambda database: database.execute(
                "INSERT OR REPLACE INTO summaries (conversation, digest, summary)"
                " VALUES (?, ?, ?)",
                (conversation, digest, told),
            )
        )

    # -- replies that are growing ----------------------------------------------------------

    def checkpoint(
        self,
        conversation: str,
        slot: Slot,
        turn: Turn,
        *,
        asked_at: float = 0.0,
        region: str = "",
    ) -> None:
        """Have kept what has come of a reply; returns at once.

        Only what is new since the last time is written. Before the first text or call
        nothing is. When the turn is settled, or with `discard`, it is dropped again.

        Parameters
        ----------
        conversation, slot
            Which conversation, and its place in it.
        turn : Turn
            The turn with its reply so far, which only grows.
        asked_at, region
            See `Entry`.
        """
        piece = self._growing.piece(conversation, slot, turn, asked_at, region)
        if piece is not None:
            self._writer.write_if_open(piece.write)

    def discard(self, slot: Slot) -> None:
        """Drop what was kept of a reply that is not to be stored."""
        if self._growing.end(slot.id):
            self._writer.write_if_open(partial(running.forget, entry_id=slot.id))

    # -- its own life ------------------------------------------------------------------------

    def take_problem(self) -> StoreError | None:
        """Return why writing fails, once for each new reason; None when it does not."""
        problem, told = self._writer.problem, self._told
        self._told = problem
        is_new = problem is not None and (told is None or told.key != problem.key)
        return problem if is_new else None

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until everything is written; return whether it is."""
        return self._writer.flush(timeout_s)

    def close(self) -> None:
        """Write what waits and close the file; more than once is once."""
        atexit.unregister(self.close)
        if os.getpid() != self._pid:
            return  # a forked child shares the file, not the thread
        self._writer.close(_CLOSE_S)
        with self._lock:
            self._database.close()

    # -- inside --------------------------------------------------------------------------------

    def _state(self, conversation: str) -> tuple[int, bool] | None:
        row = self._database.execute(
            "SELECT revision, anew FROM conversations WHERE id = ?", (conversation,)
        ).fetchone()
        return None if row is None else (row[0], bool(row[1]))

    def _forgotten(self, conversation_id: str, conversation: Conversation) -> frozenset[str]:
        ids = [entry.id for entry in conversation.entries]
        gone = forgotten_among(self._database, [conversation_id, *ids])
        return frozenset(ids) if conversation_id in gone else gone

    def _knows(self, conversation: str, revision: int) -> None:
        with self._lock:
            self._known[conversation] = revision

    def _saved(self, conversation: str, revision: int) -> None:
        # Where another kernel has written in between, the next refresh has to look at
        # everything since; it may have taken a place, and then ours was moved.
        with self._lock:
            if self._known.get(conversation, 0) == revision - 1:
                self._known[conversation] = revision
