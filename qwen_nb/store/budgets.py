"""Budgets in the store: one amount for each scope and currency."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3

    from qwen_nb.store.writer import Writer


class BudgetTable:
    """The budgets of a store, as plain values.

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

    def all(self) -> dict[tuple[str, str, str], Decimal]:
        """Return the amounts by scope, id of what they hold for, and currency.

        Raises
        ------
        StoreError
            When the file cannot be read.
        """
        rows = self._read("SELECT scope, of, currency, amount FROM budgets")
        return {(scope, of, currency): Decimal(amount) for scope, of, currency, amount in rows}

    def set(self, scope: str, of: str, currency: str, amount: Decimal | None) -> None:
        """Keep an amount, or none any more; waits for it.

        Raises
        ------
        StoreError
            When that fails.
        """

        def job(database: sqlite3.Connection) -> None:
            database.execute(
                "DELETE FROM budgets WHERE scope = ? AND of = ? AND currency = ?",
                (scope, of, currency),
            )
            if amount is not None:
                database.execute(
                    "INSERT INTO budgets (scope, of, currency, amount) VALUES (?, ?, ?, ?)",
                    (scope, of, currency, str(amount)),
                )

        self._writer.write_now(job)
