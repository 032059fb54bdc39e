"""Embeddings of turns in the store, by model and content: what was embedded once is not again.

A vector is a blob of 32-bit floats, as `array("f")` reads and writes them.
"""

from __future__ import annotations

import json
from array import array
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from qwen_nb.errors import StoreError

if TYPE_CHECKING:
    import sqlite3

    from qwen_nb.store.writer import Writer

_KNOWN = (
    "SELECT digest, vector FROM vectors"
    " WHERE model = ? AND digest IN (SELECT value FROM json_each(?))"
)


class VectorTable:
    """The vectors of a store.

    Parameters
    ----------
    read : callable
        Returns the rows of a query.
    writer : Writer
        Writes.
    """

    def __init__(self, read: Callable[..., list[tuple[Any, ...]]], writer: Writer) -> None:
        self._read = read
        self._writer = writer

    def of(self, model: str, digests: Iterable[str]) -> dict[str, Sequence[float]]:
        """Return the vectors of a model that are here, by the digest of what was embedded.

        Where the file cannot be read there are none: a vector can be made again, and a
        question need not fail for it.
        """
        self._writer.flush()
        rows: list[tuple[str, bytes]] = []
        with suppress(StoreError):
            rows = self._read(_KNOWN, model, json.dumps(list(digests)))
        return {digest: array("f", blob) for digest, blob in rows}

    def put(self, model: str, vectors: Mapping[tuple[str, str], Sequence[float]]) -> None:
        """Have vectors kept, by turn and digest; returns at once.

        The turn is the id of a version; with it, `Store.forget` drops the vector.
        """
        rows = [
            (model, digest, turn, array("f", vector).tobytes())
            for (turn, digest), vector in vectors.items()
        ]

        def job(database: sqlite3.Connection) -> None:
            database.executemany(
                "INSERT OR REPLACE INTO vectors (model, digest, turn, vector)"
                " VALUES (?, ?, ?, ?)",
                rows,
            )

        self._writer.write_if_open(job)
