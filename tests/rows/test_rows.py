"""Items, prompts, errors, budgets and interrupts of `map`, and what is kept of it."""

from __future__ import annotations

import _thread
import sqlite3
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import qwen_nb
from qwen_nb import BadRequest, BudgetReached, Chat, ConfigError, RateLimited, Reply, Stopped
from qwen_nb.asking.notebook import Notebook
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.ledger.budgets import Budget
from qwen_nb.rows.many import forget
from qwen_nb.rows.rows import Rows

from ._limited import Limit, Limited

ASK = "Row {item}"
SHORT: dict[str, Any] = {"thinking": False, "max_tokens": 300}


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    with Emulator(pace=0) as emulator:
        monkeypatch.setenv("QWEN_NB_BASE_URL", emulator.openai_base_url)
        monkeypatch.setenv("QWEN_NB_API_KEY", emulator.key)
        monkeypatch.setenv("QWEN_NB_MODEL", "qwen-plus")
        emulator.script(Script(name="rows", asks="^Row", answer="Fine: {{first_words}}"))
        yield emulator


def asked(emulator: Emulator) -> list[str]:
    return [record.body["messages"][-1]["content"] for record in emulator.journal]


def run(items: Any, prompt: Any = ASK, **how: Any) -> Rows:
    return qwen_nb.map(items, prompt, **{"thinking": False, **how})


# -- items and prompts -------------------------------------------------------------------------


def test_answers_come_in_the_order_of_the_items(emulator: Emulator) -> None:
    rows = run(range(40))
    assert [row.answer for row in rows] == [f"Fine: Row {number}" for number in range(40)]
    assert all(isinstance(row, Reply) for row in rows)
    assert sorted(asked(emulator)) == sorted(f"Row {number}" for number in range(40))
    assert all(len(record.body["messages"]) == 1 for record in emulator.journal)


def test_no_items_are_no_questions(emulator: Emulator) -> None:
    rows = run([])
    assert rows == []
    assert (rows.replies, rows.errors, rows.cost) == ((), {}, {})
    assert len(emulator.journal) == 0


class Shop:
    city = "Řím"


@pytest.mark.parametrize(
    ("item", "template", "prompt"),
    [
        ({"name": "tea {item}"}, "Row {item[name]}", "Row tea {item}"),
        ({"a b": 1}, "Row {item[a b]}", "Row 1"),
        (Shop(), "Row {item.city}", "Row Řím"),
        (["x", "y"], "Row {item[1]}", "Row y"),
        (3.14159, "Row {item:.2f}", "Row 3.14"),
        ("x", "Row `{item}` ```\n{item}\n```", "Row `x` ```\nx\n```"),
        ("x", 'Row {item} as {"a": {}} and {{item}}', 'Row x as {"a": {}} and {item}'),
        ("x", lambda item: f"Row {item}{{item}}", "Row x{item}"),
    ],
)
def test_a_prompt_is_filled_once(
    emulator: Emulator, item: Any, template: Any, prompt: str
) -> None:
    run([item], template)
    assert asked(emulator) == [prompt]


@pytest.mark.parametrize(
    ("items", "how"),
    [
        ("a text", {}),
        (["x"], {"prompt": "Summarise: {review}"}),
        (["x"], {"concurrency": 0}),
        (["x"], {"on_error": "ignore"}),
        (["x"], {"max_tokens": 0}),
    ],
)
def test_what_cannot_be_meant_is_said_before_anything_is_sent(
    emulator: Emulator, items: Any, how: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError):
        run(items, how.pop("prompt", ASK), **how)
    assert len(emulator.journal) == 0


def test_a_generator_is_read_as_rows_are_asked(emulator: Emulator) -> None:
    emulator.script(Script(name="slow", asks="^Row", answer="word " * 30, pace=0.005))
    ahead = []

    def items() -> Iterator[int]:
        for number in range(24):
            # a request may be on its way that the emulator has not noted yet
            ended = sum(record.usage is not None for record in list(emulator.journal))
            ahead.append(number - ended)
            yield number

    assert len(run(items(), concurrency=4)) == 24
    assert max(ahead) <= 4


def test_an_iterator_that_raises_ends_the_run(emulator: Emulator) -> None:
    def items() -> Iterator[int]:
        yield from range(7)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone") as raised:
        run(items())
    assert "items[7]" in raised.value.__notes__
    assert len(emulator.journal) == 7
    assert run(range(7)).kept == 7


def test_a_column_and_a_frame(emulator: Emulator) -> None:
    class Frame:  # as much of a DataFrame as is looked at
        columns = ("name", "n")

        def to_dict(self, orient: str) -> list[dict[str, Any]]:
            assert orient == "records"
            return [{"name": "a", "n": 1}, {"name": "b", "n": 2}]

    run(Frame(), "Row {item[name]} {item[n]}", concurrency=1)
    assert asked(emulator) == ["Row a 1", "Row b 2"]


def test_pandas(emulator: Emulator) -> None:
    import pandas

    table = pandas.DataFrame({"name": ["a", "b"]})
    assert [row.answer for row in run(table, "Row {item[name]}")] == [
        row.answer for row in run(table["name"])
    ]
    assert list(run(table["name"]).frame()["answer"]) == ["Fine: Row a", "Fine: Row b"]


def test_without_pandas_a_frame_is_refused_in_one_line(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)  # as if it were not installed
    with pytest.raises(ConfigError, match="pip install pandas"):
        run(range(1)).frame()


# -- errors ------------------------------------------------------------------------------------


def fail(emulator: Emulator, asks: str, fault: str) -> None:
    emulator.script(Script(name="fails", asks=asks, answer="", fault=fault))


def test_the_first_error_ends_the_run(emulator: Emulator) -> None:
    fail(emulator, "^Row 9$", "status=400")
    with pytest.raises(BadRequest) as raised:
        run(range(500), concurrency=4)
    error = raised.value
    assert error.facts["row"] == 9
    assert "Row 9 " in "\n".join(error._render_traceback_())
    sent = len(emulator.journal)
    assert sent < 30
    assert error.rows is not None
    assert sum(row is not None for row in error.rows) == sent  # those under way have ended
    assert [row.answer for row in error.rows[:9]] == [f"Fine: Row {n}" for n in range(9)]
    emulator.journal.clear()
    with pytest.raises(BadRequest):
        run(range(500), concurrency=4)
    assert not {f"Row {number}" for number in range(9)} & set(asked(emulator))


def test_errors_stand_in_their_places(emulator: Emulator) -> None:
    fail(emulator, "^Row [37]$", "status=400")

    def prompt(item: int) -> Any:
        if item == 1:
            raise ZeroDivisionError
        return None if item == 2 else f"Row {item}"

    rows = run(range(9), prompt, on_error="keep")
    assert {number: type(error) for number, error in rows.errors.items()} == {
        1: ZeroDivisionError, 2: ConfigError, 3: BadRequest, 7: BadRequest,
    }  # fmt: skip
    assert all(rows[number] is error for number, error in rows.errors.items())
    assert rows.replies[3] is None
    assert rows[8].answer == "Fine: Row 8"
    assert "9 rows: 5 answered, 4 failed" in repr(rows)
    emulator.journal.clear()
    assert run(range(9), prompt, on_error="keep").kept == 5
    assert sorted(asked(emulator)) == ["Row 3", "Row 7"]


def test_a_quota_that_is_gone_ends_the_run_whatever_is_wished(emulator: Emulator) -> None:
    fail(emulator, "^Row", "status=429")  # one try: conftest
    with pytest.raises(RateLimited):
        run(range(500), on_error="keep", concurrency=4)
    assert len(emulator.journal) < 20


def test_all_rows_wait_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_NB_RETRIES", "2")
    # many more are refused than one row has tries
    with Limited(Limit(a_second=40, at_once=2)) as emulator:
        monkeypatch.setenv("QWEN_NB_BASE_URL", emulator.openai_base_url)
        monkeypatch.setenv("QWEN_NB_API_KEY", emulator.key)
        monkeypatch.setenv("QWEN_NB_MODEL", "qwen-plus")
        rows = run(range(60), concurrency=16)
        status = Counter(record.status for record in emulator.journal)
    assert rows.answered == 60
    assert status[200] == 60
    assert 0 < status[429] < 40


# -- stopping ----------------------------------------------------------------------------------


def test_an_interrupt_stops_and_keeps_what_is_there(emulator: Emulator) -> None:
    emulator.script(Script(name="slow", asks="^Row", answer="word " * 10, pace=0.01))

    def press() -> None:
        while sum(record.usage is not None for record in list(emulator.journal)) < 20:
            time.sleep(0.005)
        _thread.interrupt_main()

    threading.Thread(target=press, daemon=True).start()
    with pytest.raises(Stopped) as raised:
        run(range(500), concurrency=4)
    rows = raised.value.rows
    assert rows is not None
    answered = sum(row is not None for row in rows)
    assert 16 <= answered < 60
    assert len(emulator.journal) <= answered + 4
    emulator.script(Script(name="fast", asks="^Row", answer="word", pace=0))
    emulator.journal.clear()
    assert run(range(60)).kept == answered
    assert not [each for each in threading.enumerate() if each.name == "qwen_nb-map"]


# -- money -------------------------------------------------------------------------------------


@pytest.fixture
def priced(emulator: Emulator) -> Emulator:
    home = Chat().settings().home
    home.mkdir(exist_ok=True)
    columns = "id,region,currency,up_to_input_tokens,in,out,out_thinking,source,date\n"
    row = "qwen-plus,127.0.0.1,USD,,0.4,1.2,,user,2026-11\n"
    (home / "prices.csv").write_text(columns + row)
    return emulator


def test_a_budget_is_not_passed(priced: Emulator) -> None:
    of_calls = Notebook.current()
    limit = Decimal("0.002")
    of_calls.budgets.set(Budget(limit, "USD", "notebook", of_calls.id))
    try:
        with pytest.raises(BudgetReached) as raised:
            run(range(500), concurrency=8, on_error="keep", max_tokens=300)
    finally:
        of_calls.budgets.off("notebook", notebook=of_calls.id)
    rows = raised.value.rows
    assert isinstance(rows, Rows)
    assert rows.answered == len(priced.journal) > 20
    spent = rows.cost["USD"]
    # used up as far as it can be: what was held for rows under way has come back
    assert limit - Decimal("0.0004") < spent <= limit
    assert run(range(rows.answered), max_tokens=300).kept == rows.answered


def test_calls_are_in_the_ledger_and_kept_ones_are_not_again(priced: Emulator) -> None:
    first = run(range(5), name="reviews")
    (row,) = first.usage()
    assert (row["calls"], row["cost"]) == (5, first.cost["USD"])
    again = run(range(5), name="reviews")
    assert (again.kept, again.cost, list(again.usage())) == (5, first.cost, [])
    chats = {call.chat for call in first._ledger.calls(conversation=first._conversation)}
    assert chats == {"reviews"}
    with pytest.raises(ConfigError):
        first.usage("turn")


# -- what is kept ------------------------------------------------------------------------------


def kept_file() -> Path:
    return Path(Chat().settings().home) / "answers.sqlite"


def test_what_changes_is_asked_again(emulator: Emulator) -> None:
    run(range(4))
    for change in (
        {"temperature": 0.5},
        {"model": "qwen-flash"},
        {"system": "Be short"},
        {"params": {"top_p": 0.5}},
        {"name": "another"},
        {"chat": Chat("qwen-max")},
    ):
        emulator.journal.clear()
        assert run(range(4), **change).kept == 0
        assert len(emulator.journal) == 4
    emulator.journal.clear()
    rows = run(range(6))
    assert (rows.kept, sorted(asked(emulator))) == (4, ["Row 4", "Row 5"])
    assert rows[0] == run(range(6))[0]


def test_rows_that_ask_the_same_are_samples_of_their_own(emulator: Emulator) -> None:
    run(["x", "x", "y"])
    assert len(emulator.journal) == 3
    assert run(["x", "y", "x", "x"]).kept == 3
    assert len(emulator.journal) == 4


def test_keeping_can_be_left_off_and_undone(emulator: Emulator) -> None:
    run(range(3), keep=False)
    assert not kept_file().exists()
    assert forget() == 0
    run(range(3)), run(range(2), name="b")
    assert (forget("b"), forget("b"), forget()) == (2, 0, 3)
    assert run(range(3)).kept == 0


def test_no_key_is_kept(emulator: Emulator) -> None:
    run(range(3))
    assert emulator.key.encode() not in kept_file().read_bytes()
    assert kept_file().stat().st_mode & 0o077 == 0


def test_a_file_of_somebody_else_is_left_alone(
    emulator: Emulator, capsys: pytest.CaptureFixture[str]
) -> None:
    kept_file().parent.mkdir(exist_ok=True)
    database = sqlite3.connect(kept_file())
    database.execute("CREATE TABLE theirs (x)")
    database.close()
    before = kept_file().read_bytes()
    rows = run(range(3))
    assert rows.answered == 3
    assert "not kept" in rows.notes[0]
    assert kept_file().read_bytes() == before


def test_a_plain_program_prints_nothing(
    emulator: Emulator,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # whichever shell another test has started
    monkeypatch.setattr("qwen_nb.front_end.place.running_shell", lambda: None)
    run(range(3))
    assert capsys.readouterr() == ("", "")


def test_in_a_notebook_one_line_stays(emulator: Emulator, notebook: Any) -> None:
    notebook.names.pop("_qwen", None)
    cell = "import qwen_nb\nrows = qwen_nb.map(range(3), 'Row {item}', thinking=False)"
    first, again = notebook.run(cell), notebook.run(cell)
    assert (first.error, again.error) == (None, None)
    assert first.out == again.out
    assert "3 rows: 3 answered" in first.out
    # a row is no last reply, and shows itself when it is looked at
    assert "_qwen" not in notebook.names
    assert notebook.run("rows[1]").displayed
    assert notebook.run("rows").out.count("\n") <= 2
