"""Embeddings in the store: what was embedded once is found again."""

from __future__ import annotations

import sqlite3
from array import array
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from qwen_nb.store.schema import _MIGRATIONS, VERSION
from qwen_nb.store.store import Store

Opens = Callable[..., Store]


def test_vectors_outlive_the_process(open_store: Opens) -> None:
    store = open_store()
    vectors = {(f"v{n}", f"digest {n}"): [n + 0.5] * 1_024 for n in range(300)}
    store.vectors.put("text-embedding-v4", vectors)
    assert len(store.vectors.of("text-embedding-v4", ["digest 7", "digest 8"])) == 2
    store.close()
    again = open_store()
    found = again.vectors.of("text-embedding-v4", [f"digest {n}" for n in range(301)])
    assert len(found) == 300
    assert list(found["digest 7"]) == [7.5] * 1_024
    assert again.vectors.of("another model", ["digest 7"]) == {}
    assert again.vectors.of("text-embedding-v4", []) == {}


def test_a_vector_that_cannot_be_read_can_be_made_again(store: Store, path: Path) -> None:
    store.vectors.put("m", {("v1", "d"): [1.0]})
    store.flush()
    with closing(sqlite3.connect(path)) as database:
        database.execute("DROP TABLE vectors")
    assert store.vectors.of("m", ["d"]) == {}


@pytest.mark.parametrize("version", [2, 3])
def test_a_store_of_before_is_taken_over(open_store: Opens, path: Path, version: int) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as database:
        for statements in _MIGRATIONS[:version]:
            for statement in statements:
                database.execute(statement)
        database.execute(f"PRAGMA user_version = {version}")
        # retrieval made its table itself, in the same file
        database.execute("CREATE TABLE embedding (model TEXT, digest TEXT, vector BLOB)")
        row = ("m", "d", array("f", [0.25, -1.0]).tobytes())
        database.execute("INSERT INTO embedding VALUES (?, ?, ?)", row)
        database.commit()
    store = open_store()
    assert list(store.vectors.of("m", ["d"])["d"]) == [0.25, -1.0]
    assert store.read("PRAGMA user_version") == [(VERSION,)]
