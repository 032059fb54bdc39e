"""Calls as rows of a table: kept one by one, added up where they lie.

The table is the same in the store and, for the calls of this process, in memory. Tokens
and cost have columns of their own for the sums; what else is known of the usage and the
summands of the cost is one JSON text, so that a call comes back whole. Amounts are texts,
and are added as decimals.
"""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from qwen_nb.store.rows import plain_text, reader, stored_text, text_from
from qwen_nb.values import EXACT, By, Call, Cost, Usage, Which

if TYPE_CHECKING:
    from qwen_nb.store.writer import Writer

__all__ = ["INSERT", "CallTable", "Calls", "Group", "Row", "prepare", "row_of"]

MOST_TOKENS = 10**12
"""A server that tells more in one call tells nothing. Sums stay far below 2**63."""

Row: TypeAlias = tuple[Any, ...]

_TEXTS = "kind conversation notebook chat path entry model server region"
_COLUMNS = (
    "id", "at", *_TEXTS.split(), "turn", "scripted", "input", "cached", "cache_created",
    "output", "thinking", "estimated", "cost", "currency", "rest",
)  # fmt: skip
INSERT = (
    # One that is tried again may be here already.
    f"INSERT INTO calls ({', '.join(_COLUMNS)})"
    f" VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT (id) DO NOTHING"
)

Group: TypeAlias = By | Literal["all"]
"""What calls have in common that are added up; `all`: no more than was asked for."""

_DAY = "strftime('%Y-%m-%d', at, 'unixepoch', 'localtime')"
_GROUPS: dict[Group, str] = {
    # two columns that tell the groups apart, and the group's name in words
    "turn": "conversation, turn, coalesce(turn, '')",
    "model": "model, NULL, model",
    "chat": "conversation, CASE conversation WHEN '' THEN chat END, chat",
    "day": f"{_DAY}, NULL, {_DAY}",
    "notebook": "notebook, CASE notebook WHEN '' THEN path END, path",
    "region": "region, NULL, region",
    "all": "NULL, NULL, ''",
}


def _where(which: Which) -> tuple[str, list[Any]]:
    """Return a condition as SQL, and its values."""
    among, without = which.among, which.without
    conditions = {
        "conversation = ?": which.conversation,
        "notebook = ?": which.notebook,
        "at >= ?": which.since,
        "at < ?": which.before,
        "scripted = ?": which.scripted,
        "id IN (SELECT value FROM json_each(?))": (
            None if among is None else json.dumps(list(among))
        ),
        "id NOT IN (SELECT value FROM json_each(?))": (
            json.dumps(list(without)) if without else None
        ),
    }
    held = {name: value for name, value in conditions.items() if value is not None}
    return (f"WHERE {' AND '.join(held)}" if held else ""), list(held.values())


class _ExactSum:
    """A sum of amounts that are texts, as SQLite calls it."""

    def __init__(self) -> None:
        self._sum = Decimal(0)

    def step(self, amount: str | None) -> None:
        if amount is not None:
            self._sum = EXACT.add(self._sum, Decimal(amount))

    def finalize(self) -> str:
        return str(self._sum)


def prepare(database: sqlite3.Connection) -> None:
    """Teach a connection to add amounts."""
    database.create_aggregate("exact_sum", 1, _ExactSum)  # type: ignore[arg-type]


class CallTable:
    """The table of calls of a database.

    Parameters
    ----------
    read : callable
        Returns the rows of a query.
    """

    def __init__(self, read: Callable[..., list[Row]]) -> None:
        self._read = read

    def those(self, which: Which) -> list[Call]:
        """Return calls in the order in which they were sent.

        Raises
        ------
        StoreError
            When the file cannot be read.
        """
        where, values = _where(which)
        names = ", ".join(_COLUMNS[1:])
        rows = self._read(f"SELECT {names} FROM calls {where} ORDER BY at, number", *values)
        return [_call(row) for row in rows]

    def rows(self, which: Which) -> list[Row]:
        """Return calls as `Calls.add` takes them, in the order in which they were added."""
        where, values = _where(which)
        names = ", ".join(_COLUMNS)
        return self._read(f"SELECT {names} FROM calls {where} ORDER BY number", *values)

    def sums(self, by: Group, which: Which) -> list[Row]:
        """Return calls added up: a row for each group, currency and kind of server.

        The sums of several tables are put together by `OwnCalls.totals`.

        Raises
        ------
        StoreError
            When the file cannot be read.
        """
        where, values = _where(which)
        return self._read(
            f"SELECT {_GROUPS[by]}, currency, scripted, min(at), max(at), count(*),"
            " coalesce(sum(input), 0), coalesce(sum(cached), 0), coalesce(sum(output), 0),"
            " coalesce(sum(thinking), 0), exact_sum(cost), sum(estimated),"
            f" sum(input IS NULL AND output IS NULL) FROM calls {where}"
            " GROUP BY 1, 2, 3, 4, 5",
            *values,
        )


class Calls(CallTable):
    """The calls of a store.

    Parameters
    ----------
    read : callable
        Returns the rows of a query.
    writer : Writer
        Writes.
    """

    def __init__(self, read: Callable[..., list[Row]], writer: Writer) -> None:
        super().__init__(read)
        self._writer = writer
        self._pending: deque[tuple[list[Row], Callable[[], object]]] = deque()

    def add(self, rows: Iterable[Row], then: Callable[[], object]) -> None:
        """Have calls written, as `row_of` makes them, and `then` called; returns at once."""
        self._pending.append((list(rows), then))
        self._writer.write(self._write, self._written)

    def _write(self, database: sqlite3.Connection) -> int:
        # All that came meanwhile, in one transaction: many questions at once end faster
        # than a disk can be waited for. Later writes then find less to do, or nothing.
        count = len(self._pending)
        for number in range(count):
            try:
                database.executemany(INSERT, self._pending[number][0])
            except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError):
                del self._pending[number]  # it would be in the way of all others
                raise
        return count

    def _written(self, count: int) -> None:
        for _ in range(count):
            _, then = self._pending.popleft()
            then()


def row_of(id_: str, call: Call) -> Row:
    """Return a call as a row of the table."""
    usage, cost = call.usage, call.cost
    told = usage or Usage()
    given, cached, created, output, thinking = map(
        _count, (told.input, told.cached, told.cache_created, told.output, told.thinking)
    )
    return (
        id_,
        call.at,
        *(stored_text(getattr(call, name)) for name in _TEXTS.split()),
        call.turn,
        call.scripted,
        given,
        cached,
        created,
        output,
        thinking,
        told.estimated,
        None if cost is None else str(cost.amount),
        None if cost is None else cost.currency,
        plain_text({"usage": usage, "cost": cost}, without={"raw"}),
    )


def _count(told: int | None) -> int | None:
    # A server may say anything.
    return told if isinstance(told, int) and 0 <= told <= MOST_TOKENS else None


def _call(row: tuple[Any, ...]) -> Call:
    told = dict(zip(_COLUMNS[1:], row, strict=True))
    rest = json.loads(text_from(told["rest"]))
    texts: dict[str, Any] = {name: text_from(told[name]) for name in _TEXTS.split()}
    usage, cost = rest.get("usage"), rest.get("cost")
    return Call(
        at=told["at"],
        turn=told["turn"],
        scripted=bool(told["scripted"]),
        usage=None if usage is None else reader(Usage)(usage),
        cost=None if cost is None else reader(Cost)(cost),
        **texts,
    )
