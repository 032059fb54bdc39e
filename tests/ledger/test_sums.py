import itertools
import tempfile
import time
from collections.abc import Iterator
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, get_args

import pytest
from _calls import NOON, call, calls, cost
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen_nb.ledger.ledger import Ledger
from qwen_nb.store.store import Store
from qwen_nb.values.usage import By, Call, LedgerRow, Usage

EVERY: tuple[By, ...] = get_args(By)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


_numbers = itertools.count()


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(made=st.lists(calls, max_size=12), stored=st.integers(0, 12))
def test_memory_and_store_tell_the_same(folder: Path, made: list[Call], stored: int) -> None:
    held: list[Store | None] = [Store(folder / f"{next(_numbers)}.sqlite")]
    memory, ledger = Ledger(), Ledger(lambda: held[0])
    store = held[0]
    assert store is not None
    for each in made[:stored]:
        memory.add(each)
        ledger.add(each)
    assert store.flush()
    held[0] = None  # the rest stays in memory, and counts beside what is stored
    for each in made[stored:]:
        memory.add(each)
        ledger.add(each)
    held[0] = store
    questions: list[dict[str, Any]] = [
        {}, {"conversation": "a"}, {"notebook": "b"}, {"since": NOON + 3 * 86_400},
    ]  # fmt: skip
    for by, which in itertools.product(EVERY, questions):
        assert ledger.rows(by, **which) == memory.rows(by, **which)
    for which in questions:
        assert sorted(ledger.calls(**which), key=repr) == sorted(
            memory.calls(**which), key=repr
        )
    store.close()


def known(told: int | None) -> int:
    return told if told is not None and 0 <= told <= 10**12 else 0


@settings(max_examples=100, deadline=None)
@given(st.lists(calls, max_size=12), st.sampled_from(EVERY))
def test_nothing_is_lost_or_counted_twice(made: list[Call], by: By) -> None:
    ledger = Ledger()
    for each in made:
        ledger.add(each)
    rows = ledger.rows(by)
    assert sum(row.calls for row in rows) == len(made)
    assert sum(row.unpriced for row in rows) == sum(each.cost is None for each in made)
    for name in ("input", "cached", "output", "thinking"):
        told = [known(getattr(each.usage, name)) for each in made if each.usage]
        assert sum(getattr(row, name) for row in rows) == sum(told)
    for currency, scripted in itertools.product(["USD", "CNY"], [True, False]):
        paid = [
            Fraction(part.tokens) * Fraction(part.price) / 1_000_000
            for each in made
            if each.cost and each.cost.currency == currency and each.scripted == scripted
            for part in each.cost.parts
        ]
        sums = [
            Fraction(row.cost)
            for row in rows
            if row.cost is not None and (row.currency, row.scripted) == (currency, scripted)
        ]
        assert sum(sums) == sum(paid)
    assert all((row.cost is None) == (row.currency == "") for row in rows)


def rows(by: By, *made: Call) -> list[LedgerRow]:
    ledger = Ledger()
    for each in made:
        ledger.add(each)
    return ledger.rows(by)


def test_what_has_no_price_is_counted_beside_what_has_one() -> None:
    (row,) = rows("model", call(amount="0.1"), call(amount=None), call(amount="0.2"))
    assert row == LedgerRow(
        by="model", key="qwen-plus", calls=3, input=30, output=15,
        cost=Decimal("0.3"), currency="USD", unpriced=1,
    )  # fmt: skip


def test_two_currencies_are_two_rows_and_the_unpriced_a_third() -> None:
    made = [call(amount="1"), call(amount="7", currency="CNY"), call(amount=None)]
    told = [(row.cost, row.currency, row.calls, row.unpriced) for row in rows("model", *made)]
    assert sorted(told, key=repr) == sorted(
        [(Decimal(1), "USD", 1, 0), (Decimal(7), "CNY", 1, 0), (None, "", 1, 1)], key=repr
    )


def test_unknown_is_no_zero() -> None:
    (unknown,) = rows("model", call(amount=None))
    assert (unknown.cost, unknown.currency, unknown.unpriced) == (None, "", 1)
    (free,) = rows("model", call(amount="0"))
    assert (free.cost, free.currency, free.unpriced) == (Decimal(0), "USD", 0)


def test_what_the_emulator_answered_stands_apart() -> None:
    told = rows("model", call(amount="1"), call(amount="2", scripted=True))
    assert [(row.scripted, row.cost) for row in told] == [
        (True, Decimal(2)),
        (False, Decimal(1)),
    ]


def test_what_is_estimated_and_what_is_untold_are_counted() -> None:
    guessed = Usage(input=3, output=4, estimated=True)
    (row,) = rows("model", call(usage=guessed), call(usage=None), call(usage=Usage()), call())
    assert (row.calls, row.input, row.output) == (4, 13, 9)
    assert (row.estimated, row.untold) == (1, 2)


def test_turns_are_in_the_order_of_their_numbers() -> None:
    made = [call(at=NOON - turn, turn=turn, conversation="c") for turn in (10, 2, 1, 2)]
    told = rows("turn", *made, call(conversation="c"))
    assert [(row.key, row.calls) for row in told] == [("1", 1), ("2", 2), ("10", 1), ("", 1)]


def test_turns_of_two_conversations_are_two_turns() -> None:
    made = [
        call(at=NOON + at, turn=turn, conversation=talk)
        for at, (talk, turn) in enumerate([("x", 1), ("y", 1), ("x", 2), ("y", 2)])
    ]
    assert [row.key for row in rows("turn", *made)] == ["1", "2", "1", "2"]


def test_days_are_those_of_the_wall_and_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    midnight = 1_763_740_800.0  # 2025-11-21 16:00 UTC
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        made = [call(at=midnight), call(at=midnight - 1), call(at=midnight + 1)]
        told = [(row.key, row.calls) for row in rows("day", *made)]
    finally:
        monkeypatch.undo()
        time.tzset()
    assert told == [("2025-11-21", 1), ("2025-11-22", 2)]


def test_others_come_by_what_they_cost() -> None:
    made = [
        call(amount="1", model="cheap"),
        call(amount="2", model="dear"),
        call(amount=None, model="free", usage=Usage(input=1)),
        call(amount=None, model="local", usage=Usage(input=9)),
    ]
    assert [row.key for row in rows("model", *made)] == ["dear", "cheap", "local", "free"]


def test_a_renamed_notebook_has_its_latest_path() -> None:
    made = [
        call(at=NOON + 1, notebook="n", path="new.ipynb"),
        call(at=NOON, notebook="n", path="old.ipynb"),
        call(notebook="m", path="new.ipynb"),
    ]
    assert [(row.key, row.calls) for row in rows("notebook", *made)] == [
        ("new.ipynb", 2), ("new.ipynb", 1),
    ]  # fmt: skip


def test_conversations_with_one_name_are_two() -> None:
    made = [call(conversation="x", chat="talk"), call(conversation="y", chat="talk")]
    assert [row.key for row in rows("chat", *made)] == ["talk", "talk"]


def test_spent_is_exact_and_by_currency() -> None:
    ledger = Ledger()
    for _ in range(1000):
        ledger.add(call(amount="0.0001", conversation="c"))
    ledger.add(call(amount="3", currency="CNY", conversation="c"))
    ledger.add(call(amount=None, conversation="c"))
    ledger.add(call(amount="9", conversation="c", scripted=True))
    ledger.add(call(amount="9", conversation="other"))
    spent = ledger.spent("chat", "c", scripted=False)
    assert spent.amounts == {"USD": Decimal("0.1000"), "CNY": Decimal(3)}
    assert spent.unpriced == 1
    assert ledger.spent("chat", "c", scripted=True).amounts == {"USD": Decimal(9)}


def test_a_month_ends_at_midnight_of_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    try:
        year_ends = 1_767_196_800.0  # 2025-12-31 16:00 UTC
        ledger = Ledger()
        ledger.add(call(at=year_ends - 1, amount="1"))
        ledger.add(call(at=year_ends, amount="2"))
        last, first = (
            ledger.spent("month", scripted=False, now=now).of("USD")
            for now in (year_ends - 1, year_ends)
        )
    finally:
        monkeypatch.undo()
        time.tzset()
    assert [last, first] == [Decimal(1), Decimal(2)]


def test_the_servers_own_object_is_not_kept() -> None:
    ledger = Ledger()
    ledger.add(call(usage=Usage(input=1, raw={"a": "b"})))
    (kept,) = ledger.calls()
    assert kept.usage is not None
    assert (kept.usage.input, dict(kept.usage.raw)) == (1, {})


def test_reservations_are_by_scope_and_currency_and_server() -> None:
    ledger = Ledger()
    first = ledger.reserve(cost("1"), conversation="c", notebook="n")
    second = ledger.reserve(cost("2"), conversation="d", notebook="n")
    ledger.reserve(cost("4", "CNY"), conversation="c", notebook="n")
    ledger.reserve(cost("8"), conversation="c", notebook="n", scripted=True)
    ledger.reserve(None, conversation="c", notebook="n")
    assert ledger.reserved("chat", "c", scripted=False) == {"USD": 1, "CNY": 4}
    assert ledger.reserved("notebook", "n", scripted=False) == {"USD": 3, "CNY": 4}
    assert ledger.reserved("month", scripted=True) == {"USD": 8}
    second.release()
    second.release()
    assert ledger.reserved("month", scripted=False) == {"USD": 1, "CNY": 4}
    first.settle(call(amount="0.5", conversation="c", notebook="n"))
    assert ledger.reserved("month", scripted=False) == {"CNY": 4}
