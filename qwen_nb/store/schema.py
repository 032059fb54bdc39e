"""The store's file: opened, brought up to date, and its errors put into words.

A rollback journal and no WAL, since home folders are often on a network, where WAL's
shared memory does not work. Every write begins with `BEGIN IMMEDIATE`: a deferred
transaction that reads and then writes fails at once beside another, whatever the busy
timeout says. A file that cannot be read is left exactly as it is.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qwen_nb.errors import StoreError

BUSY_S = 10.0
"""How long a write waits for another process."""

CALLS = (
    """
    CREATE TABLE calls (  -- every call that was made, also those of no turn
        number INTEGER PRIMARY KEY,
        id TEXT NOT NULL UNIQUE,
        at REAL NOT NULL,
        kind TEXT NOT NULL,
        conversation TEXT NOT NULL,  -- may be gone; what was paid stays paid
        notebook TEXT NOT NULL,
        chat TEXT NOT NULL,
        path TEXT NOT NULL,
        entry TEXT NOT NULL,
        turn INTEGER,
        model TEXT NOT NULL,
        server TEXT NOT NULL,
        region TEXT NOT NULL,
        scripted INTEGER NOT NULL,
        -- for sums: null is not known
        input INTEGER,
        cached INTEGER,
        cache_created INTEGER,
        output INTEGER,
        thinking INTEGER,
        estimated INTEGER NOT NULL,
        cost TEXT,  -- an exact decimal
        currency TEXT,
        rest TEXT NOT NULL
    )
    """,
    "CREATE INDEX calls_conversation ON calls (conversation, at)",
    "CREATE INDEX calls_notebook ON calls (notebook, at)",
    "CREATE INDEX calls_at ON calls (at)",
)
"""The table of calls and its indexes, as the second version of the store has made them and
as they are in memory; what a later version changes has to be changed in memory too."""

_MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """
        CREATE TABLE conversations (
            id TEXT PRIMARY KEY,
            notebook TEXT NOT NULL,  -- conversations of one notebook share it
            name TEXT NOT NULL,
            path TEXT,
            parent TEXT,  -- the conversation it was forked from
            created REAL NOT NULL,
            updated REAL NOT NULL,
            active INTEGER NOT NULL DEFAULT 0,
            anew INTEGER NOT NULL DEFAULT 0,
            revision INTEGER NOT NULL DEFAULT 0  -- raised by every write to its entries
        )
        """,
        "CREATE INDEX conversations_path ON conversations (path)",
        """
        CREATE TABLE marks (  -- cells a notebook is known by, beside those that asked
            conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            mark TEXT NOT NULL,
            PRIMARY KEY (conversation, mark)
        ) WITHOUT ROWID
        """,
        "CREATE INDEX conversations_notebook ON conversations (notebook)",
        """
        CREATE TABLE entries (
            number INTEGER PRIMARY KEY,  -- the row of the search index
            id TEXT NOT NULL UNIQUE,
            conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            place INTEGER NOT NULL,
            k INTEGER NOT NULL,
            cell TEXT,
            state TEXT NOT NULL,
            older INTEGER NOT NULL,
            asked_at REAL NOT NULL,
            left_as INTEGER NOT NULL,
            marked INTEGER NOT NULL,
            copy_of TEXT,
            revision INTEGER NOT NULL,
            -- for sums: as the server said them, null where it told nothing
            model TEXT NOT NULL,
            server TEXT NOT NULL,
            region TEXT NOT NULL,
            scripted INTEGER NOT NULL,
            input INTEGER,
            output INTEGER,
            thinking_tokens INTEGER,
            cached INTEGER,
            -- the turn; a text that is no valid Unicode is kept as bytes
            prompt TEXT NOT NULL,
            answer TEXT NOT NULL,
            thinking TEXT NOT NULL,
            rest TEXT NOT NULL
        )
        """,
        "CREATE INDEX entries_place ON entries (conversation, place, k)",
        "CREATE INDEX entries_cell ON entries (conversation, cell, place)",
        "CREATE INDEX entries_revision ON entries (conversation, revision)",
        "CREATE INDEX entries_asked ON entries (asked_at)",
        """
        CREATE TABLE running (  -- replies that are growing; their texts are in pieces
            id TEXT PRIMARY KEY,
            conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            slot TEXT NOT NULL,
            asked_at REAL NOT NULL,
            region TEXT NOT NULL,
            prompt TEXT NOT NULL,
            rest TEXT NOT NULL,
            host TEXT NOT NULL,
            process TEXT NOT NULL,
            seen REAL NOT NULL
        )
        """,
        "CREATE INDEX running_conversation ON running (conversation)",
        """
        CREATE TABLE pieces (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL REFERENCES running (id) ON DELETE CASCADE,
            thinking TEXT NOT NULL,
            answer TEXT NOT NULL
        )
        """,
        "CREATE INDEX pieces_id ON pieces (id)",
        """
        CREATE TABLE summaries (  -- what the model wrote of older parts
            conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            digest TEXT NOT NULL,  -- of the versions of turns it stands for
            summary TEXT NOT NULL,
            PRIMARY KEY (conversation, digest)
        ) WITHOUT ROWID
        """,
        # The texts are in `entries` already; the index alone is kept here.
        """
        CREATE VIRTUAL TABLE found USING fts5 (
            prompt, answer, content = '', tokenize = 'unicode61 remove_diacritics 2'
        )
        """,
    ),
    (
        *CALLS,
        """
        CREATE TABLE budgets (
            scope TEXT NOT NULL,  -- chat, notebook, month
            of TEXT NOT NULL,  -- the conversation's id, the notebook's, empty for a month
            currency TEXT NOT NULL,
            amount TEXT NOT NULL,  -- an exact decimal
            PRIMARY KEY (scope, of, currency)
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE notebook_settings (
            notebook TEXT NOT NULL,
            name TEXT NOT NULL,
            value TEXT NOT NULL,  -- as it was written; keys are no settings
            PRIMARY KEY (notebook, name)
        ) WITHOUT ROWID
        """,
        # Questions of before; what they cost was not looked up. A text of theirs may be
        # kept as bytes, of which only a cast makes JSON.
        """
        INSERT INTO calls (id, at, kind, conversation, notebook, chat, path, entry, turn,
            model, server, region, scripted, input, cached, output, thinking, estimated, rest)
        SELECT id, asked_at, 'answer', conversation, notebook, name, path, id,
            json_extract(told, '$.reply.turn'), model, server, region, scripted,
            CASE WHEN input <= 1000000000000 THEN input END,
            CASE WHEN cached <= 1000000000000 THEN cached END,
            CASE WHEN output <= 1000000000000 THEN output END,
            CASE WHEN thinking_tokens <= 1000000000000 THEN thinking_tokens END, 0,
            CASE WHEN json_type(told, '$.reply.usage') = 'object' THEN json_object('usage',
                json_remove(json_extract(told, '$.reply.usage'), '$.raw')) ELSE '{}' END
        FROM (
            SELECT e.*, c.notebook, c.name, coalesce(c.path, '') AS path,
                CASE WHEN json_valid(CAST(e.rest AS TEXT)) THEN CAST(e.rest AS TEXT)
                ELSE '{}' END AS told
            FROM entries e JOIN conversations c ON c.id = e.conversation
            WHERE e.copy_of IS NULL ORDER BY e.number
        )
        """,
    ),
    (
        # Sums are made of `calls` now. SQLite before 3.35 cannot drop a column.
        """
        CREATE TABLE read_entries (
            number INTEGER PRIMARY KEY,  -- the row of the search index
            id TEXT NOT NULL UNIQUE,
            conversation TEXT NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
            place INTEGER NOT NULL, k INTEGER NOT NULL, cell TEXT, state TEXT NOT NULL,
            older INTEGER NOT NULL, asked_at REAL NOT NULL, left_as INTEGER NOT NULL,
            marked INTEGER NOT NULL, copy_of TEXT, region TEXT NOT NULL,
            revision INTEGER NOT NULL,
            -- tokens as the server said them, null where it told nothing
            input INTEGER, output INTEGER,
            -- the turn; a text that is no valid Unicode is kept as bytes
            prompt TEXT NOT NULL, answer TEXT NOT NULL, thinking TEXT NOT NULL,
            rest TEXT NOT NULL
        )
        """,
        """
        INSERT INTO read_entries SELECT number, id, conversation, place, k, cell, state, older,
            asked_at, left_as, marked, copy_of, region, revision, input, output, prompt, answer,
            thinking, rest FROM entries
        """,
        "DROP TABLE entries",  # with its indexes
        "ALTER TABLE read_entries RENAME TO entries",
        "CREATE INDEX entries_place ON entries (conversation, place, k)",
        "CREATE INDEX entries_cell ON entries (conversation, cell, place)",
        "CREATE INDEX entries_revision ON entries (conversation, revision)",
    ),
    (
        """
        CREATE TABLE vectors (  -- embeddings of turns
            model TEXT NOT NULL,
            digest TEXT NOT NULL,  -- of what was embedded
            turn TEXT NOT NULL,  -- the version it was made for; empty where not known
            vector BLOB NOT NULL,  -- 32-bit floats
            PRIMARY KEY (model, digest)
        )
        """,
        # Another connection made this one in the same file, whenever turns were retrieved.
        """
        CREATE TABLE IF NOT EXISTS embedding (
            model TEXT, digest TEXT, vector BLOB, PRIMARY KEY (model, digest)
        )
        """,
        "INSERT INTO vectors SELECT model, digest, '', vector FROM embedding",
        "DROP TABLE embedding",
        """
        CREATE TABLE forgotten (  -- ids of versions and conversations that never come back
            id TEXT PRIMARY KEY
        ) WITHOUT ROWID
        """,
    ),
)

VERSION = len(_MIGRATIONS)


def connect(path: Path, *, busy_s: float = BUSY_S) -> sqlite3.Connection:
    """Open the file, which need not exist, for one thread at a time.

    Raises
    ------
    StoreError
        When it cannot be opened.
    """
    with errors_told(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.exists():  # what people ask is nobody else's business
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        database = sqlite3.connect(
            path, timeout=busy_s, isolation_level=None, check_same_thread=False
        )
        try:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("SELECT count(*) FROM sqlite_master")  # reads the first page
        except BaseException:
            database.close()
            raise
        return database


def migrate(database: sqlite3.Connection, path: Path) -> None:
    """Bring the tables up to this version.

    Raises
    ------
    StoreError
        When a newer version has written them, or they are not ours.
    """
    with errors_told(path):
        found = _version(database)
        if found == VERSION:
            return
        if found > VERSION:
            raise StoreError("error.store_newer", path=shown(path), found=found, known=VERSION)
        with transaction(database):
            found = _version(database)  # another process may have been faster
            tables = database.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
            if not found and tables:
                raise StoreError("error.store_foreign", path=shown(path))
            for statements in _MIGRATIONS[found:]:
                for statement in statements:
                    database.execute(statement)
            database.execute(f"PRAGMA user_version = {VERSION}")


def _version(database: sqlite3.Connection) -> int:
    version: int = database.execute("PRAGMA user_version").fetchone()[0]
    return version


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """Write all of it or nothing."""
    database.execute("BEGIN IMMEDIATE")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        # A full disk may have rolled it back already; what went wrong is what is told.
        with suppress(sqlite3.Error):
            database.execute("ROLLBACK")
        raise


@contextmanager
def rewritten(database: sqlite3.Connection, path: Path) -> Iterator[None]:
    """Change a file in one transaction that nobody sees halfway, and leave no old page.

    Raises
    ------
    StoreError
        When another process holds the file, or the disk has no room to rewrite it: then
        nothing was changed.
    """
    with errors_told(path):
        database.execute("PRAGMA secure_delete = ON")  # zeroed also where the last step fails
        database.execute("PRAGMA locking_mode = EXCLUSIVE")
        try:
            # What stops the rewriting below, a lock or a full disk, stops this one first;
            # the lock is then held until the end.
            database.execute("VACUUM")
            with transaction(database):
                yield
            database.execute("VACUUM")
        finally:
            database.execute("PRAGMA locking_mode = NORMAL")
            database.execute("SELECT count(*) FROM sqlite_master").fetchall()  # lets go of it


_KEYS = {
    "SQLITE_READONLY": "error.store_readonly",
    "SQLITE_PERM": "error.store_readonly",
    "SQLITE_AUTH": "error.store_readonly",
    "SQLITE_CANTOPEN": "error.store_readonly",
    "SQLITE_FULL": "error.store_full",
    "SQLITE_NOTADB": "error.store_damaged",
    "SQLITE_CORRUPT": "error.store_damaged",
    "SQLITE_BUSY": "error.store_busy",
    "SQLITE_LOCKED": "error.store_busy",
}


@contextmanager
def errors_told(path: Path) -> Iterator[None]:
    """Let what SQLite and the system report come out as `StoreError`."""
    try:
        yield
    except sqlite3.Error as error:
        name = "_".join(getattr(error, "sqlite_errorname", "").split("_")[:2])
        key = _KEYS.get(name, "error.store_failed")
        raise StoreError(key, path=shown(path), reason=str(error)) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise StoreError("error.store_readonly", path=shown(path), reason=reason) from error


def shown(path: Path) -> str:
    """Return a path as a message may show it: without the name of the person's folder."""
    with suppress(ValueError, RuntimeError):
        return str(Path("~") / path.relative_to(Path.home()))
    return str(path)
