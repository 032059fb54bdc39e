"""Answers of `map`, kept as they come, so that a run that was broken off goes on.

A file of its own beside the conversations: what is in it can be asked again and may be
thrown away at any time. A commit hands the rows to the system and does not wait for the
disk, or a fast server would wait for it: a process that is killed loses none of them, a
power cut may. `close` waits for the disk once.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwen_nb.errors import StoreError
from qwen_nb.store.rows import plain_text, stored_text, text_from
from qwen_nb.store.schema import connect, errors_told, rewritten, shown, transaction
from qwen_nb.values import Reply, reader

_VERSION = 1
_APPLICATION = 0x716E6221  # tells the file from any other database

_SCHEMA = """
    CREATE TABLE answers (
        name TEXT NOT NULL,  -- of the map
        digest TEXT NOT NULL,  -- of everything that was asked
        n INTEGER NOT NULL,  -- which one, among rows that ask the same
        at REAL NOT NULL,
        reply TEXT NOT NULL,
        PRIMARY KEY (name, digest, n)
    ) WITHOUT ROWID
"""


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """What an answer is found by again.

    Parameters
    ----------
    name : str
        The map's name.
    digest : str
        Of the prompt, the options and the server.
    n : int
        Which one among rows that ask the same, from 0.
    """

    name: str
    digest: str
    n: int


class Answers:
    """The file of kept answers, for one thread.

    Parameters
    ----------
    path : Path
        The file; made where there is none.

    Raises
    ------
    StoreError
        When it cannot be opened, as each method when it cannot be read or written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._database = connect(path)
        try:
            with errors_told(path):
                self._prepare()
        except BaseException:
            self._database.close()
            raise

    def find(self, key: AnswerKey) -> Reply | None:
        """Return a kept answer."""
        with errors_told(self._path):
            row = self._database.execute(
                "SELECT reply FROM answers WHERE name = ? AND digest = ? AND n = ?",
                (stored_text(key.name), key.digest, key.n),
            ).fetchone()
        if row is None:
            return None
        reply: Reply = reader(Reply)(json.loads(text_from(row[0]))["reply"])
        return reply

    def put(self, answers: Iterable[tuple[AnswerKey, Reply]]) -> None:
        """Keep answers, all of them or none."""
        now = time.time()
        rows = [
            (stored_text(key.name), key.digest, key.n, now, _told(reply))
            for key, reply in answers
        ]
        with errors_told(self._path), transaction(self._database):
            self._database.executemany(
                "INSERT OR REPLACE INTO answers (name, digest, n, at, reply)"
                " VALUES (?, ?, ?, ?, ?)",
                rows,
            )

    def forget(self, name: str | None = None) -> int:
        """Throw away the answers of one map, or of all; return how many there were."""
        with errors_told(self._path), transaction(self._database):
            if name is None:
                return self._database.execute("DELETE FROM answers").rowcount
            return self._database.execute(
                "DELETE FROM answers WHERE name = ?", (stored_text(name),)
            ).rowcount

    def forget_matching(self, holds: Callable[[str], bool]) -> int:
        """Throw away the answers that hold something, as JSON has it; leave no page of them.

        Returns how many there were.
        """
        with rewritten(self._database, self._path):
            rows = self._database.execute("SELECT name, digest, n, reply FROM answers")
            found = [row[:3] for row in rows if holds(text_from(row[3]))]
            self._database.executemany(
                "DELETE FROM answers WHERE name = ? AND digest = ? AND n = ?", found
            )
        return len(found)

    def close(self) -> None:
        """Wait until the disk has everything, and close the file."""
        self._database.close()
        with errors_told(self._path), self._path.open("rb+") as file:
            os.fsync(file.fileno())

    def _prepare(self) -> None:
        database = self._database
        database.execute("PRAGMA synchronous = OFF")
        with transaction(database):
            found, tables = _number(database, "user_version"), _tables(database)
            if not found and not tables:
                database.execute(_SCHEMA)
                database.execute(f"PRAGMA application_id = {_APPLICATION}")
                database.execute(f"PRAGMA user_version = {_VERSION}")
                return
            if _number(database, "application_id") != _APPLICATION:
                raise StoreError("error.store_foreign", path=shown(self._path))
            if found > _VERSION:
                raise StoreError(
                    "error.store_newer", path=shown(self._path), found=found, known=_VERSION
                )


def _number(database: sqlite3.Connection, pragma: str) -> int:
    number: int = database.execute(f"PRAGMA {pragma}").fetchone()[0]
    return number


def _tables(database: sqlite3.Connection) -> int:
    count: int = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    return count


def _told(reply: Reply) -> Any:
    # What the server's own words for the usage were, and how long it took, is of that day.
    return plain_text({"reply": reply}, without={"timing", "data"})
