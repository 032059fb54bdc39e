"""What follows a refused key is sent where the key belongs, and costs what it costs there."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from qwen_nb import BudgetReached, Chat
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.ledger.budgets import Budget

LONG = "many words " * 250
MODEL = "qwen-plus"


def weather(place: str) -> str:
    """Tell the weather."""
    return "It rains. " + LONG


class Regions:
    """Two emulators as regions; the key is that of the second one."""

    def __init__(self, singapore: Emulator, beijing: Emulator, home: Path) -> None:
        self.singapore, self.beijing, self.home = singapore, beijing, home

    def price(self, **output: str) -> None:
        """Set the price of a million tokens by region."""
        columns = "id,region,currency,up_to_input_tokens,in,out,out_thinking,source,date\n"
        rows = (
            f"{MODEL},{name},USD,,0,{each},,user,2026-11\n" for name, each in output.items()
        )
        (self.home / "prices.csv").write_text(columns + "".join(rows))

    def asked(self) -> tuple[int, int]:
        return len(self.singapore.journal), len(self.beijing.journal)


@pytest.fixture
def regions(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Regions]:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(tmp_path)
    limits = {MODEL: 4096}
    with (
        Emulator(pace=0, max_input=limits) as singapore,
        Emulator(pace=0, max_input=limits) as beijing,
    ):
        calls = [{"name": "weather", "arguments": {"place": "Lhasa"}}]
        beijing.script(Script(name="w", asks="^Which weather", answer="Rain.", calls=calls))
        rows = [
            f'[[server]]\nname = "{name}"\nhost = ""\nworkspace_host = ""\n'
            f'base_url = "{each.openai_base_url}"\n'
            for name, each in (("singapore", singapore), ("beijing", beijing))
        ]
        rows += [
            f'[[server]]\nname = "{each}"\nhost = ""\n' for each in ("virginia", "hongkong")
        ]
        (home / "servers.toml").write_text("\n".join(rows), "utf-8")
        (home / "models.csv").write_text(f"id,max_input\n{MODEL},4096\n")
        monkeypatch.setenv("DASHSCOPE_API_KEY", beijing.key)
        monkeypatch.setenv("QWEN_NB_MODEL", MODEL)
        yield Regions(singapore, beijing, home)


def allow(chat: Chat, amount: str) -> None:
    chat.budgets.set(Budget(Decimal(amount), "USD", "chat", chat.kept().booked_as))


def test_rounds_and_summaries_go_where_the_key_belongs(
    chat: Chat, regions: Regions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_REGION", "beijing")
    for number in range(4):
        chat.ask(f"{number} {LONG}", thinking=False, max_tokens=300)
    monkeypatch.delenv("QWEN_NB_REGION")
    regions.singapore.journal.clear()
    regions.price(sg="1", bj="3")
    made = len(chat.ledger.calls())
    reply = chat.ask("Which weather?", tools=[weather], thinking=False, max_tokens=300)
    assert reply.server == "Model Studio (Beijing)"
    assert [call.failed for call in reply.calls] == [False]
    assert any("Beijing" in note for note in reply.notes)
    calls = chat.ledger.calls()[made:]
    assert {"summary", "answer"} <= {call.kind for call in calls}
    assert {call.region for call in calls} == {"bj"}
    for call in calls:
        assert call.cost is not None and call.usage is not None
        assert call.cost.amount == Decimal(call.usage.output or 0) * 3 / 1_000_000
    # the first request, or the key tried on the list of models, and nothing else
    asked = [each for each in regions.singapore.journal if each.body]
    assert len(asked) == 1


def test_the_bound_is_that_of_the_region(chat: Chat, regions: Regions) -> None:
    regions.price(sg="1", bj="1000")
    allow(chat, "0.01")
    with pytest.raises(BudgetReached, match="could cost"):
        chat.ask("Hello", thinking=False, max_tokens=300)
    assert [each for each in regions.beijing.journal if each.body] == []
    assert chat.turns == ()
    assert chat.ledger.reserved("chat", chat.kept().booked_as, scripted=False) == {}


def test_what_is_held_for_a_question_is_held_once(chat: Chat, regions: Regions) -> None:
    regions.price(sg="10", bj="10")
    allow(chat, "0.005")  # more than the most of one call, less than that of two
    reply = chat.ask("Which weather?", tools=[weather], thinking=False, max_tokens=300)
    assert reply.answer
    assert [call.failed for call in reply.calls] == [False]
