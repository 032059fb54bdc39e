"""Settings of one notebook in the store, as they were written."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

    from qwen_nb.store.writer import Writer


class SettingTable:
    """The settings that notebooks keep for themselves.

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

    def of(self, notebook: str) -> dict[str, str]:
        """Return what a notebook has set, by name.

        Raises
        ------
        StoreError
            When the file cannot be read.
        """
        rows = self._read(
            "SELECT name, value FROM notebook_settings WHERE notebook = ?", notebook
        )
        return dict(rows)

    def set(self, notebook: str, name: str, value: str | None) -> None:
        """Keep a setting, or none any more; waits for it.

        Raises
        ------
        StoreError
            When that fails.
        """

        def job(database: sqlite3.Connection) -> None:
            if value is None:
                database.execute(
                    "DELETE FROM notebook_settings WHERE notebook = ? AND name = ?",
                    (notebook, name),
                )
                return
            database.execute(
                "INSERT OR REPLACE INTO notebook_settings (notebook, name, value)"
                " VALUES (?, ?, ?)",
                (notebook, name, value),
            )

        self._writer.write_now(job)

    def copy(self, of: str, to: str) -> None:
        """Let a copy of a notebook begin with the settings of its original; waits for it.

        Raises
        ------
        StoreError
            When that fails.
        """
        self._writer.write_now(
            lambda database: database.execute(
                "INSERT OR IGNORE INTO notebook_settings (notebook, name, value)"
                " SELECT ?, name, value FROM notebook_settings WHERE notebook = ?",
                (to, of),
            )
        )
