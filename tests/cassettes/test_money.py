"""A replayed answer costs what it did, counts in this session, and in no month's ledger."""

import re
import time
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from qwen_nb import BudgetReached, Chat, recording
from qwen_nb.catalogue.own_prices import set_price
from qwen_nb.emulator.server import Emulator
from qwen_nb.ledger.budgets import Budget
from qwen_nb.ledger.ledger import Ledger

from ._twice import Twice, ask

pytestmark = pytest.mark.service


def test_it_costs_what_it_did(twice: Twice, dialect: str, monkeypatch: Any) -> None:
    twice.as_a_region()
    twice.settings["QWEN_NB_DIALECT"] = dialect

    def do() -> Any:
        return ask("Hello", "Who are you?", thinking=True)

    first = twice.record(do)
    assert all(reply.cost.amount > 0 for reply in first)

    def dearer() -> Any:
        home = twice.home()
        for region in ("sg", "bj"):
            set_price(home, "qwen-plus", region, 99, 99, today=date(2030, 1, 1))
        with closing(Chat("qwen-plus")) as chat:
            # the catalogue itself knows the price of today
            assert chat.catalogue().price("qwen-plus", "bj").input == 99
            told = chat.catalogue().price("qwen-plus", "sg")
        assert told.input != 99
        return do()

    again = twice.replay(dearer)
    assert [reply.cost for reply in again] == [reply.cost for reply in first]
    assert again == first


def test_what_had_no_price_has_none_now(twice: Twice) -> None:
    twice.as_a_region()
    twice.settings["QWEN_NB_MODEL"] = "deepseek-v3.1"
    (first,) = twice.record(lambda: ask("Hello", model="deepseek-v3.1", thinking=None))
    assert first.cost is None

    def do() -> Any:
        home = twice.home()
        set_price(home, "deepseek-v3.1", "sg", 99, 99, today=date(2030, 1, 1))
        return ask("Hello", model="deepseek-v3.1", thinking=None)

    assert twice.replay(do) == [first]


def test_the_session_shows_it_and_the_month_does_not(
    settled: Emulator,
    notebook: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    eventually: Any,
) -> None:
    monkeypatch.chdir(tmp_path)
    notebook.run("%qwen_nb record it")
    notebook.run("%qwen Hello")
    first = notebook.names["_qwen"]
    notebook.run("%qwen_nb live")
    chat = Chat.current()
    store = chat.ledger._store

    def kept() -> int:
        return len(Ledger(store).calls())  # as another session sees it

    assert eventually(lambda: kept() == 1)
    before = len(chat.ledger.calls())
    notebook.run("%qwen_nb new")
    notebook.run("%qwen_nb replay it")
    ran = notebook.run("%qwen Hello")
    assert ran.error is None
    assert notebook.names["_qwen"].usage == first.usage
    assert len(chat.ledger.calls()) == before + 1  # in this session
    rows = chat.usage("turn")
    assert sum(row["input"] for row in rows) == 2 * first.usage.input
    assert store().flush(30)  # it would be written by another thread
    assert kept() == 1


def test_where_a_price_stands_is_no_matter_of_time(twice: Twice) -> None:
    twice.as_a_region()
    twice.script("slowly", "one two three four five six seven eight nine ten")

    def recorded(pace: float) -> str:
        twice.emulator.pace = pace
        (reply,) = twice.record(lambda: ask("slowly"))
        assert reply.cost.amount > 0
        return re.sub(r"(?m)^\+[\d.]+\n|(?<= at )\S+$", "", twice.path.read_text())

    # an answer that takes longer than a second is kept, with its cost, while it comes
    slow, fast = recorded(0.1), recorded(0)
    assert slow == fast
    assert fast.index("=== request 1") < fast.index("=== price qwen-plus")


def test_budgets_hold_as_they_did(twice: Twice) -> None:
    twice.as_a_region()
    twice.script("write", "word " * 200)

    def do() -> Any:
        told = []
        with closing(Chat("qwen-plus", max_tokens=300, thinking=False)) as chat:
            chat.budgets.set(Budget("0.001", "USD", "chat", chat.kept().booked_as))
            for n in range(9):
                try:
                    told.append(chat.ask(f"Write {n}"))
                except BudgetReached as error:
                    told.append(str(error))
            return told

    first = twice.same(do)
    assert isinstance(first[-1], str)
    assert not isinstance(first[0], str)


def test_a_replayed_answer_is_never_booked(twice: Twice) -> None:
    """Nor where the cassette does not know the server that the notebook names."""
    twice.as_a_region()
    twice.record(lambda: ask("Hello"))

    def do() -> Any:
        with closing(Chat("qwen-plus")) as chat:
            chat.session["server"] = "ollama"
            assert chat.server().replayed
            reply = chat.ask("Hello")
            (call,) = chat.ledger.calls(conversation=chat.kept().booked_as)
            assert call.usage == reply.usage
            others = Ledger(chat.ledger._store)  # another session's
            assert others.calls(conversation=chat.kept().booked_as) == []
            return reply

    assert twice.replay(do).answer


def test_summaries_of_a_long_conversation(twice: Twice) -> None:
    twice.as_a_region()
    home = Path(twice._folder / f"home{twice._homes}")
    limits = "id,max_input\nqwen-plus,3000\n"
    (home / "models.csv").write_text(limits)

    def do() -> Any:
        (twice._folder / f"home{twice._homes}" / "models.csv").write_text(limits)
        return ask(
            *(f"Question {n}: " + "seven grey geese " * 60 for n in range(9)), thinking=False
        )

    first = twice.same(do)
    assert any("ummar" in note for reply in first for note in reply.notes)
    assert "summar" in twice.path.read_text().casefold()


def test_embeddings_for_what_is_retrieved(twice: Twice) -> None:
    twice.as_a_region()
    twice.settings["QWEN_NB_CONTEXT"] = "retrieve 1"
    first = twice.same(lambda: ask("Hello", "Who are you?", "Hello again", thinking=False))
    assert [reply.finish_reason for reply in first] == ["stop"] * 3
    assert "POST /embeddings" in twice.path.read_text()


def test_rows_wait_for_nobody_when_they_are_replayed(twice: Twice) -> None:
    import qwen_nb

    twice.as_any_server()
    twice.settings["QWEN_NB_RETRIES"] = "3"
    twice.script("row", fault="status=429;times=1;retry-after=2")

    def do() -> Any:
        began = time.monotonic()
        rows = qwen_nb.map(["row 1", "row 2"], "{item}", concurrency=2, progress=False)
        return [each.answer for each in rows], time.monotonic() - began

    (first, took), (again, took_again) = twice.record(do), twice.replay(do)
    assert again == first
    assert took_again < took / 2


def test_nothing_is_left_of_a_with(twice: Twice) -> None:
    twice.as_any_server()
    with recording(twice.path, "record"):
        ask("Hello")
    requests = len(twice.emulator.journal)
    ask("Hello")
    assert len(twice.emulator.journal) == requests + 1
