"""Turns that are taken out for good: afterwards no page of a file holds their text.

A DELETE leaves the text behind: in freed pages, and in the search index until its segments
are merged. So the file is held alone, its index merged, and all of it rewritten. What stays
is the ids, so that neither another kernel nor a notebook's outputs bring a turn back.
"""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from qwen_nb.files import HomeFile
from qwen_nb.store.answers import Answers
from qwen_nb.store.changes import raise_revision, remove
from qwen_nb.store.rows import text_from
from qwen_nb.store.schema import rewritten
from qwen_nb.store.words import finder

_IN = "IN (SELECT value FROM json_each(?))"


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was taken out.

    Parameters
    ----------
    ids : frozenset of str
        Every version, and its copies in other conversations.
    answers : int
        How many kept answers of `map` held their words.
    """

    ids: frozenset[str]
    answers: int


def reach(database: sqlite3.Connection, ids: Iterable[str]) -> dict[str, str]:
    """Return the versions that go with these, and the conversation of each.

    These are themselves, their copies in other conversations, and the same question asked
    again in the place of a copy.
    """
    links: dict[str, list[Any]] = {}
    linked, where = defaultdict[Any, list[str]](list), dict[str, str]()
    rows = database.execute(
        "SELECT id, coalesce(copy_of, id), conversation, place, k, prompt FROM entries"
    )
    for id_, root, conversation, place, k, prompt in rows:
        asked = blake2b(text_from(prompt).encode("utf-8", "surrogatepass"), digest_size=16)
        links[id_] = [root, (conversation, place, k, asked.digest())]
        where[id_] = conversation
        for link in links[id_]:
            linked[link].append(id_)
    found, new = set[str](), {id_ for id_ in ids if id_ in where}
    while new:
        found |= new
        new = {other for id_ in new for link in links[id_] for other in linked[link]} - found
    return {id_: where[id_] for id_ in found}


def forget(
    database: sqlite3.Connection,
    path: Path,
    ids: Collection[str],
    in_memory: Iterable[str],
    conversation: str | None,
) -> Forgotten:
    """Take versions out, all that was made of them, and kept answers that hold their words.

    Runs in the writer's thread, outside of a transaction; all of it is done or nothing.

    Parameters
    ----------
    database, path
        The writer's connection, and its file.
    ids : collection of str
        Which versions; `reach` tells which others go with them.
    in_memory : iterable of str
        Questions that are not in the file, whose words kept answers may hold as well.
    conversation : str, optional
        A whole conversation that goes: it too, unless it is the notebook's own.
    """
    with rewritten(database, path):
        gone = _gone(database, ids, conversation)
        told = json.dumps(list(gone))
        texts = database.execute(f"SELECT prompt, answer FROM entries WHERE id {_IN}", (told,))
        prompts, replies = [], []
        for prompt, answer in texts:
            prompts.append(text_from(prompt))
            replies.append(text_from(answer))
        growing = _growing(database, gone, conversation)
        for id_ in gone:
            remove(database, id_)
        database.execute("INSERT INTO found (found) VALUES ('optimize')")
        database.execute(f"DELETE FROM running WHERE id {_IN}", (json.dumps(growing),))
        database.execute(f"DELETE FROM vectors WHERE turn = '' OR turn {_IN}", (told,))
        marks = [*gone, *growing]
        for each in {*gone.values(), conversation or ""} - {""}:
            _drop_summaries(database, each, gone)
            raise_revision(database, each, None)
        if conversation is not None:
            database.execute("DELETE FROM summaries WHERE conversation = ?", (conversation,))
            database.execute("UPDATE conversations SET anew = 0 WHERE id = ?", (conversation,))
            named = "DELETE FROM conversations WHERE id = ? AND name <> ''"
            if database.execute(named, (conversation,)).rowcount:
                marks.append(conversation)
        database.executemany(
            "INSERT OR IGNORE INTO forgotten (id) VALUES (?)", [(mark,) for mark in marks]
        )
        holds = finder([*in_memory, *prompts], replies)
        # last: where it fails, nothing above holds
        answers = _forget_answers(path.parent / HomeFile.ANSWERS, holds)
    return Forgotten(frozenset(gone), answers)


def holding(database: sqlite3.Connection, holds: Callable[[str], bool]) -> dict[str, list[str]]:
    """Return the versions in which something is found, by conversation."""
    found = defaultdict[str, list[str]](list)
    rows = database.execute(
        "SELECT id, conversation, prompt, answer, thinking, rest FROM entries"
    )
    for id_, conversation, *texts in rows:
        if any(holds(text_from(each)) for each in texts):
            found[conversation].append(id_)
    return found


def forgotten_among(database: sqlite3.Connection, ids: Iterable[str]) -> frozenset[str]:
    """Return which of these ids are never to come back."""
    rows = database.execute(
        f"SELECT id FROM forgotten WHERE id {_IN}", (json.dumps(list(ids)),)
    ).fetchall()
    return frozenset(row[0] for row in rows)


def _gone(
    database: sqlite3.Connection, ids: Iterable[str], conversation: str | None
) -> dict[str, str]:
    """Return every version that goes, and the conversation of each."""
    if conversation is None:
        return dict.fromkeys(ids, "") | reach(database, ids)
    # What it has from another conversation stays there: only what was asked in this one
    # takes its copies along.
    inside = dict(
        database.execute(
            "SELECT id, copy_of FROM entries WHERE conversation = ?", (conversation,)
        ).fetchall()
    )
    own = [id_ for id_, copy_of in inside.items() if copy_of is None]
    return dict.fromkeys([*ids, *inside], conversation) | reach(database, own)


def _growing(
    database: sqlite3.Connection, gone: dict[str, str], conversation: str | None
) -> list[str]:
    """Return the replies that other kernels have begun in the place of one that goes."""
    places = set(
        database.execute(
            f"SELECT conversation, place, k FROM entries WHERE id {_IN}",
            (json.dumps(list(gone)),),
        ).fetchall()
    )
    rows = database.execute("SELECT id, conversation, slot FROM running").fetchall()
    found = []
    for id_, where, told in rows:
        slot = json.loads(told)
        if where == conversation or (where, slot["place"], slot["k"]) in places:
            found.append(id_)
    return found


def _drop_summaries(
    database: sqlite3.Connection, conversation: str, gone: Collection[str]
) -> None:
    rows = database.execute(
        "SELECT digest, summary FROM summaries WHERE conversation = ?", (conversation,)
    ).fetchall()
    told = {digest: json.loads(summary) for digest, summary in rows}
    dropped = {
        digest for digest, each in told.items() if any(id_ in gone for id_ in each["covers"])
    }
    more = dropped
    while more:  # what was made from one of them holds its words
        more = {
            digest
            for digest, each in told.items()
            if each.get("after") in more and digest not in dropped
        }
        dropped |= more
    database.executemany(
        "DELETE FROM summaries WHERE conversation = ? AND digest = ?",
        [(conversation, digest) for digest in dropped],
    )


def _forget_answers(path: Path, holds: Callable[[str], bool] | None) -> int:
    if holds is None or not path.is_file():
        return 0
    answers = Answers(path)
    try:
        return answers.forget_matching(holds)
    finally:
        answers.close()
