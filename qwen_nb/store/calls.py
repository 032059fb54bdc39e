"""Calls in the store: kept one by one, added up where they lie.

Tokens and cost have columns of their own for the sums; what else is known of the usage
and the summands of the cost is one JSON text, so that a call comes back whole. Amounts
are texts, and are added as decimals.
"""

from __future__ import annotations

import json
import sqlite3
from collections import deque
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from qwen_nb.store.rows import plain_text, reader, stored_text, text_from
from qwen_nb.values import EXACT, By, Call, Cost, Tally, Usage, Which, figures

if TYPE_CHECKING:
    from qwen_nb.store.writer import Writer

__all__ = ["Calls", "prepare"]

_TEXTS = "kind conversation notebook chat path entry model server region"
_COLUMNS = (
    "id", "at", *_TEXTS.split(), "turn", "scripted", "input", "cached", "cache_created",
    "output", "thinking", "estimated", "cost", "currency", "rest",
)  # fmt: skip
_INSERT = (
    # One that is tried again may be here already.
    f"INSERT INTO calls ({', '.join(_COLUMNS)})"
    f" VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT (id) DO NOTHING"
)

# by what the ledger adds up: the group's columns, and its name in words
_DAY = "strftime('%Y-%m-%d', at, 'unixepoch', 'localtime')"
_GROUPS: dict[By, tuple[tuple[str, str], str]] = {
    "turn": (("conversation", "turn"), "coalesce(turn, '')"),
    "model": (("model", "NULL"), "model"),
    "chat": (("conversation", "CASE conversation WHEN '' THEN chat ELSE '' END"), "chat"),
    "day": ((_DAY, "NULL"), _DAY),
    "notebook": (("notebook", "CASE notebook WHEN '' THEN path ELSE '' END"), "path"),
    "region": (("region", "NULL"), "region"),
}
_SINGLE = {"model", "day", "region"}


def _where(which: Which) -> tuple[str, list[Any]]:
    """Return a condition as SQL, and its values."""
    conditions = {
        "conversation = ?": which.conversation,
        "notebook = ?": which.notebook,
        "at >= ?": which.since,
        "at < ?": which.before,
        "scripted = ?": which.scripted,
        "id NOT IN (SELECT value FROM json_each(?))": (
            json.dumps(list(which.without)) if which.without else None
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


class Calls:
    """The calls of a store.

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
        self._pending: deque[tuple[list[tuple[Any, ...]], Callable[[], object]]] = deque()

    def add(self, calls: Iterable[tuple[str, Call]], then: Callable[[], object]) -> None:
        """Have calls written under their ids, and `then` called; returns at once."""
        self._pending.append(([_row(id_, call) for id_, call in calls], then))
        self._writer.write(self._write, self._written)

    def _write(self, database: sqlite3.Connection) -> int:
        # All that came meanwhile, in one transaction: many questions at once end faster
        # than a disk can be waited for. Later writes then find less to do, or nothing.
        count = len(self._pending)
        for number in range(count):
            try:
                database.executemany(_INSERT, self._pending[number][0])
            except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError):
                del self._pending[number]  # it would be in the way of all others
                raise
        return count

    def _written(self, count: int) -> None:
        for _ in range(count):
            _, then = self._pending.popleft()
            then()

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

    def tallies(self, by: By, which: Which) -> list[Tally]:
        """Return calls added up.

        Raises
        ------
        StoreError
            When the file cannot be read.
        """
        (one, other), key = _GROUPS[by]
        where, values = _where(which)
        rows = self._read(
            # beside `max(at)` the name is that of the row with the latest moment
            f"SELECT {one} AS one, {other} AS other, currency, scripted, {key}, max(at),"
            " count(*), coalesce(sum(input), 0), coalesce(sum(cached), 0),"
            " coalesce(sum(output), 0), coalesce(sum(thinking), 0), exact_sum(cost),"
            " sum(estimated), sum(input IS NULL AND output IS NULL)"
            f" FROM calls {where} GROUP BY 1, 2, 3, 4",
            *values,
        )
        return [_tally(by, row) for row in rows]


def _tally(by: By, row: tuple[Any, ...]) -> Tally:
    one, other, currency, scripted, key, last, calls, *sums, cost, estimated, untold = row
    given, cached, output, thinking = sums
    one, other = (text_from(each) if isinstance(each, bytes) else each for each in (one, other))
    return Tally(
        group=(one,) if by in _SINGLE else (one, other),
        key=text_from(key) if isinstance(key, bytes) else str(key),
        last=last,
        currency=currency,
        scripted=bool(scripted),
        calls=calls,
        input=given,
        cached=cached,
        output=output,
        thinking=thinking,
        cost=Decimal(cost),
        estimated=estimated,
        untold=untold,
    )


def _row(id_: str, call: Call) -> tuple[Any, ...]:
    usage, cost = call.usage, call.cost
    given, cached, output, thinking = figures(usage)
    created = figures(Usage(input=usage.cache_created))[0] if usage else None
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
        usage is not None and usage.estimated,
        None if cost is None else str(cost.amount),
        None if cost is None else cost.currency,
        plain_text({"usage": usage, "cost": cost}, without={"raw"}),
    )


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
