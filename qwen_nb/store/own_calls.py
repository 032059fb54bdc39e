"""The calls of this process, in an SQLite database of its memory.

They are added up like those of the store, by the same SQL; and here sums from both are
put together, so that it makes no difference where a call is kept.
"""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from qwen_nb.store.calls import INSERT, CallTable, Group, Row, prepare, row_of
from qwen_nb.store.rows import text_from
from qwen_nb.store.schema import CALLS
from qwen_nb.values import Call, Which

__all__ = ["OwnCalls"]

_PARTS = (
    "one", "other", "key", "currency", "scripted", "first", "last", "calls", "input",
    "cached", "output", "thinking", "cost", "estimated", "untold",
)  # fmt: skip
"""The columns of `CallTable.sums`."""

_TOTALS = """
WITH named AS (
    SELECT *,
        -- the latest name: a notebook may have been renamed
        first_value(key) OVER (PARTITION BY one, other ORDER BY last DESC, key DESC) AS name,
        min(first) OVER (PARTITION BY one) AS begun,
        min(currency) OVER (PARTITION BY one, other, scripted) AS lowest,
        max(currency) OVER (PARTITION BY one, other, scripted) AS highest
    FROM parts
)
SELECT name, sum(calls), sum(input), sum(cached), sum(output), sum(thinking), exact_sum(cost),
    -- calls without a price are counted in the row of their group's currency; where it
    -- has two currencies they have a row of their own
    CASE WHEN lowest = highest THEN lowest ELSE coalesce(currency, '') END AS paid_in,
    scripted, sum(estimated), sum(untold), sum(calls * (currency IS NULL))
FROM named GROUP BY one, other, scripted, paid_in ORDER BY
"""
_ORDERS = {
    # what belongs to no turn stands at the end
    "turn": "begun, one, other IS NULL, other, paid_in, scripted",
    "day": "name, paid_in, scripted",
}
# Amounts of two currencies are not compared: those of one stand together.
_BY_WEIGHT = (
    "paid_in DESC, CAST(exact_sum(cost) AS REAL) DESC, sum(input) + sum(output) DESC,"
    " sum(calls) DESC, name, scripted, one, other"
)
_FIELDS = (
    "key", "calls", "input", "cached", "output", "thinking", "cost", "currency", "scripted",
    "estimated", "untold", "unpriced",
)  # fmt: skip


class OwnCalls(CallTable):
    """The calls of this process. They may be used from any thread."""

    def __init__(self) -> None:
        super().__init__(self._run)
        self._lock = threading.RLock()
        self._database = sqlite3.connect(
            ":memory:", isolation_level=None, check_same_thread=False
        )
        for statement in CALLS:
            self._database.execute(statement)
        self._database.execute(f"CREATE TABLE parts ({', '.join(_PARTS)})")
        prepare(self._database)
        # From 3.13 on Python warns of a connection that nobody closed.
        weakref.finalize(self, self._database.close).atexit = False

    def add(self, id_: str, call: Call) -> bool:
        """Take in a call; return whether it was not there yet."""
        with self._lock:
            return self._database.execute(INSERT, row_of(id_, call)).rowcount > 0

    def totals(self, by: Group, which: Which, stored: Iterable[Row]) -> list[dict[str, Any]]:
        """Return calls added up, together with sums of others: the fields of `LedgerRow`.

        There is one row for each group, currency and kind of server. Turns come by
        conversation and number, days by date, all others by what they cost and took, most
        first. What is not known is counted apart and is no zero.

        Parameters
        ----------
        by : str
            What the calls of a row have in common.
        which : Which
            Which calls of this process.
        stored : iterable of tuple
            What `sums` of the store's table returned.
        """
        with self._lock:
            parts = [*stored, *self.sums(by, which)]
            self._run("DELETE FROM parts")
            places = ", ".join("?" * len(_PARTS))
            self._database.executemany(f"INSERT INTO parts VALUES ({places})", parts)
            rows = self._run(_TOTALS + _ORDERS.get(by, _BY_WEIGHT))
        return [_fields(row) for row in rows]

    def _run(self, statement: str, *values: Any) -> list[Row]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()


def _fields(row: Row) -> dict[str, Any]:
    told: dict[str, Any] = dict(zip(_FIELDS, row, strict=True))
    key = told["key"]
    return told | {
        "key": text_from(key) if isinstance(key, bytes) else str(key),
        "cost": Decimal(told["cost"]) if told["currency"] else None,
        "scripted": bool(told["scripted"]),
    }
