import sqlite3
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from _calls import NOON, call, calls, cost
from _turns import turn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen_nb.errors import StoreError
from qwen_nb.store.calls import row_of
from qwen_nb.store.own_calls import OwnCalls
from qwen_nb.store.rows import COLUMNS, entry_from
from qwen_nb.store.schema import VERSION
from qwen_nb.store.store import Store
from qwen_nb.values.entry import Entry, new_id
from qwen_nb.values.usage import Call, Usage, Which

Opens = Callable[..., Store]


def add(store: Store, *made: Call) -> None:
    store.calls.add([row_of(new_id(), each) for each in made], lambda: None)
    assert store.flush()


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(calls, max_size=4))
def test_calls_come_back_whole(store: Store, made: list[Call]) -> None:
    before = len(store.calls.those(Which()))
    named = [replace(each, at=each.at + before * 1e7) for each in made]
    add(store, *named)
    back = store.calls.those(Which())[before:]
    assert sorted(map(repr, back)) == sorted(map(repr, named))
    assert all(each.usage is None or not each.usage.raw for each in back)


def test_costs_are_kept_to_the_last_digit(store: Store) -> None:
    exact = "0.1234567890123456789"
    add(store, call(amount=exact))
    ((amount, currency),) = store.read("SELECT cost, currency FROM calls")
    assert (Decimal(amount), currency) == (Decimal(exact), "USD")
    (back,) = store.calls.those(Which())
    assert back.cost == cost(exact)


def test_a_call_that_is_written_again_is_one(store: Store) -> None:
    store.calls.add([row_of("x", call())], lambda: None)
    store.calls.add([row_of("x", call())], lambda: None)
    assert store.flush()
    assert len(store.calls.those(Which())) == 1


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        (Which(), "abc"),
        (Which(conversation="x"), "ab"),
        (Which(notebook="n"), "bc"),
        (Which(since=NOON + 1), "bc"),
        (Which(before=NOON + 1), "a"),
        (Which(scripted=True), "c"),
        (Which(scripted=False, conversation="x"), "ab"),
        (Which(without=("2",)), "ac"),
        (Which(among=("2", "3", "9")), "bc"),
        (Which(among=()), ""),
        (Which(conversation="nobody"), ""),
    ],
)
def test_calls_are_chosen(store: Store, which: Which, expected: str) -> None:
    made = [
        ("1", call(at=NOON, model="a", conversation="x")),
        ("3", call(at=NOON + 2, model="c", conversation="y", notebook="n", scripted=True)),
        ("2", call(at=NOON + 1, model="b", conversation="x", notebook="n")),
    ]
    store.calls.add([row_of(*each) for each in made], lambda: None)
    assert store.flush()
    own = OwnCalls()
    for each in made:
        assert own.add(*each)
        assert not own.add(*each)
    for kept in (store.calls, own):
        assert "".join(each.model for each in kept.those(which)) == expected
        assert {row[0] for row in kept.sums("model", which)} == set(expected)
    totals = own.totals("model", which, store.calls.sums("model", which))
    assert {each["key"]: each["calls"] for each in totals} == dict.fromkeys(expected, 2)


@pytest.mark.parametrize(
    "which", [Which(conversation="c"), Which(notebook="n"), Which(since=1.0)]
)
def test_what_is_asked_for_has_an_index(store: Store, which: Which) -> None:
    asked: list[str] = []
    store._database.set_trace_callback(asked.append)
    store.calls.sums("model", which)
    store._database.set_trace_callback(None)
    (plan,) = {row[3] for row in store.read(f"EXPLAIN QUERY PLAN {asked[0]}")} - {
        "USE TEMP B-TREE FOR GROUP BY"
    }
    assert "USING INDEX calls_" in plan


# -- a store of the version before -------------------------------------------------------------


def as_before(store: Store, path: Path) -> None:
    """Leave a store as the version without a ledger had it."""
    store.close()
    database = sqlite3.connect(path)
    with database:
        for table in ("calls", "budgets", "notebook_settings", "vectors", "forgotten"):
            database.execute(f"DROP TABLE {table}")
        database.execute("CREATE INDEX entries_asked ON entries (asked_at)")
        for column in ("model", "server", "scripted", "thinking_tokens", "cached"):
            database.execute(f"ALTER TABLE entries ADD COLUMN {column}")
        rows = database.execute(f"SELECT {', '.join(COLUMNS)} FROM entries").fetchall()
        for entry in map(entry_from, rows):
            reply, usage = entry.turn.reply, entry.turn.reply.usage or Usage()
            told = (reply.model, reply.server, reply.scripted, usage.thinking, usage.cached)
            database.execute(
                "UPDATE entries SET (model, server, scripted, thinking_tokens, cached)"
                " = (?, ?, ?, ?, ?) WHERE id = ?",
                (*told, entry.id),
            )
        database.execute("PRAGMA user_version = 1")
    database.close()


def test_questions_of_before_are_calls(open_store: Opens, path: Path) -> None:
    store = open_store()
    kept = store.create(path="a.ipynb", name="talk")
    parts = {"text": 4}
    usages = [
        Usage(10, 5, 15, 3, 2, cache_created=1, input_parts=parts, raw={"x": "\ud800"}),
        None,
        Usage(input=2**70, output=7),
        Usage(input=10**15, output=7),
    ]
    entries = []
    for at, usage in enumerate(usages):
        reply = replace(
            turn().reply, usage=usage, model="m", server="s", turn=at + 1, scripted=at == 1
        )
        asked = replace(turn("\ud83d" if at else "q"), reply=reply)
        state = "replaced" if at == 2 else "current"
        entries.append(
            Entry(f"e{at}", at, 0, None, asked, state, asked_at=100.0 + at, region="r")  # type: ignore[arg-type]
        )
    store.put(kept.id, entries, begins_anew=False)
    store.copy(kept.id)  # paid for once
    as_before(store, path)
    store = open_store()
    back = store.calls.those(Which())
    common = Call(
        at=0, model="m", server="s", region="r", conversation=kept.id, notebook=kept.notebook,
        chat="talk", path="a.ipynb",
    )  # fmt: skip
    assert back == [
        replace(
            common, at=100.0 + at, turn=at + 1, scripted=at == 1, entry=f"e{at}", usage=usage
        )
        for at, usage in enumerate(usages)
    ]
    assert back[0].usage is not None
    assert back[0].usage.raw == {}
    sums = store.calls.sums("model", Which())
    (told, scripted) = sorted(
        OwnCalls().totals("model", Which(), sums), key=lambda each: each["scripted"]
    )
    assert told | {"calls": 3, "input": 10, "output": 19, "thinking": 3, "cached": 2} == told
    assert (told["currency"], told["cost"], scripted["untold"]) == ("", None, 1)
    assert store.read("PRAGMA user_version") == [(VERSION,)]
    assert [each.id for each in store.load(kept.id).conversation.entries] == [
        f"e{at}" for at in range(4)
    ]
    store.close()
    store = open_store()
    assert len(store.calls.those(Which())) == 4  # and not once more
    store.settings.set(kept.notebook, "model", "m")
    assert store.settings.of(kept.notebook) == {"model": "m"}


def test_an_old_file_that_cannot_be_written_is_left_as_it_is(
    open_store: Opens, path: Path
) -> None:
    store = open_store()
    store.create()
    as_before(store, path)
    before = path.read_bytes()
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as caught:
        open_store(busy_s=0.1)
    assert caught.value.key == "error.store_busy"
    holder.execute("ROLLBACK")
    holder.close()
    assert path.read_bytes() == before
    assert open_store().read("PRAGMA user_version") == [(VERSION,)]
