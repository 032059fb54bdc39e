"""What is set for a notebook binds whatever is asked in it first, in a new kernel."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.files import HomeFile, write_object
from qwen_nb.settings.keys import place_of
from qwen_nb.texts import text
from tests.conversation._page import Page

pytestmark = pytest.mark.kernel

MODEL = "qwen-plus-latest"
TOOL = """ran = []
def weather(place: str) -> str:
    "Tell the weather."
    ran.append(place)
    return "rain"
"""
ASKS = "Which weather?"
WAYS = {
    "cell": f"%%qwen --tools weather\n{ASKS}",
    "chat": f"_ = Chat().ask('{ASKS}', tools=[weather])",
    "chat with tools": f"_ = Chat(tools=[weather]).ask('{ASKS}')",
    "stream": f"_ = list(Chat(tools=[weather]).stream('{ASKS}'))",
    "fork": f"_ = Chat.current().fork().ask('{ASKS}', tools=[weather])",
    "fork of a chat": f"_ = Chat(tools=[weather]).fork().ask('{ASKS}')",
    "retry": "_ = Chat.current().retry(tools=[weather])",
}
MAP = f"import qwen_nb\n_ = qwen_nb.map([1, 2], '{ASKS} {{item}}', progress=False, keep=False)"
OTHERS = {
    "map": MAP,
    "map with tools": MAP.replace("keep=False", "keep=False, tools=[weather]"),
    "doctor": "%qwen_nb doctor",
}


def shown(page: Page, line: str, cell: str) -> str:
    ran = page.run(cell, f"%qwen_nb {line}")
    assert not ran.error, ran
    return ran.text.strip()


def asked(emulator: Emulator) -> list[str]:
    """Return the models of the questions that a server was asked."""
    bodies = [each.body for each in emulator.journal]
    return [body["model"] for body in bodies if body and "messages" in body]


class Set:
    """A notebook with two servers: that of the environment, and its own."""

    def __init__(self, page: Page, of_person: Emulator, of_notebook: Emulator) -> None:
        self.page, self.of_person, self.of_notebook = page, of_person, of_notebook
        self.questions: list[str] = []
        page.on_question = self._refuses

    def _refuses(self, prompt: str) -> str:
        self.questions.append(prompt)
        return "n"

    def first(self, source: str) -> Any:
        """Run something as the first of a new kernel."""
        self.questions.clear()
        self.page.start()
        try:
            self.page.run("tool", TOOL)
            self.of_person.journal.clear()
            self.of_notebook.journal.clear()
            ran = self.page.run("first", source)
            self.ran = self.page.value("json.dumps(ran)")
        finally:
            self.page.shutdown()
        return ran


def a_notebook(folder: Path) -> Iterator[Set]:
    with Emulator(pace=0) as of_person, Emulator(pace=0) as of_notebook:
        calls = [{"name": "weather", "arguments": {"place": "Lhasa"}}]
        for each in (of_person, of_notebook):
            each.script(
                Script(name="weather", asks="^Which weather", answer="{{results}}", calls=calls)
            )
        page = Page(folder, of_person)
        page.home.mkdir()
        place = place_of(of_notebook.openai_base_url)  # a key is bound to its server
        write_object(page.home / HomeFile.KEYS, {place: of_notebook.key}, private=True)
        try:
            yield Set(page, of_person, of_notebook)
        finally:
            page.shutdown(now=True)


@pytest.fixture(scope="module")
def with_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Set]:
    """Server, model and consent are the notebook's own, and something was asked with them."""
    for made in a_notebook(tmp_path_factory.mktemp("settings")):
        page = made.page.start()
        shown(page, f"config server {made.of_notebook.openai_base_url} --notebook", "server")
        shown(page, f"config model {MODEL} --notebook", "model")
        shown(page, "config confirm_tools on --notebook", "confirm")
        page.run("tool", TOOL)
        assert not page.run("asks", WAYS["cell"]).error
        page.save()
        page.shutdown()
        yield made


@pytest.fixture(scope="module")
def with_budget(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Set]:
    """Nothing more may be spent in the notebook."""
    for made in a_notebook(tmp_path_factory.mktemp("budget")):
        page = made.page.start()
        shown(page, "models --set-price qwen-plus 127.0.0.1 1 2 4 USD", "price")
        page.run("tool", TOOL)
        assert not page.run("asks", WAYS["cell"]).error
        shown(page, "budget 0.000001 USD notebook", "allows")
        page.save()
        page.shutdown()
        yield made


@pytest.mark.parametrize("way", WAYS)
def test_settings_bind(with_settings: Set, way: str) -> None:
    ran = with_settings.first(WAYS[way])
    assert not ran.error, ran
    assert asked(with_settings.of_person) == []
    assert asked(with_settings.of_notebook) == [MODEL, MODEL]  # the call, and its refusal
    assert len(with_settings.questions) == 1
    assert with_settings.ran == []  # no tool runs unasked


def test_settings_bind_map(with_settings: Set) -> None:
    ran = with_settings.first(OTHERS["map"])
    assert not ran.error, ran
    assert asked(with_settings.of_person) == []
    assert asked(with_settings.of_notebook) == [MODEL, MODEL]


def test_map_runs_no_tool_unasked(with_settings: Set) -> None:
    ran = with_settings.first(OTHERS["map with tools"])
    assert ran.error == f"ConfigError: {text('error.map_confirm', 'en')}"
    assert asked(with_settings.of_person) == asked(with_settings.of_notebook) == []
    assert with_settings.ran == []


def test_settings_bind_doctor(with_settings: Set) -> None:
    """The server whose models are listed is the one that has to think."""
    ran = with_settings.first(OTHERS["doctor"])
    assert not ran.error, ran
    assert len(with_settings.of_person.journal) == 0
    assert asked(with_settings.of_notebook) == [MODEL]
    assert with_settings.of_notebook.openai_base_url in ran.text


@pytest.mark.parametrize("way", WAYS)
def test_a_budget_binds(with_budget: Set, way: str) -> None:
    ran = with_budget.first(WAYS[way])
    assert ran.error.startswith("BudgetReached"), ran
    assert asked(with_budget.of_person) == []
    assert len(with_budget.questions) == 1  # whether to send it all the same


def test_a_budget_binds_map(with_budget: Set) -> None:
    assert with_budget.first(OTHERS["map"]).error.startswith("BudgetReached")
    assert asked(with_budget.of_person) == []
    assert with_budget.questions == []


def test_a_budget_binds_doctor(with_budget: Set) -> None:
    ran = with_budget.first(OTHERS["doctor"])
    assert "0.000001 USD" in ran.text, ran
    assert asked(with_budget.of_person) == []


def test_the_budget_of_a_conversation_is_no_budget_of_rows(notebook_page: Page) -> None:
    """What it covers is told where it is set; what a map spends is the notebook's."""
    page, emulator = notebook_page, notebook_page.emulator
    assert emulator is not None
    shown(page, "models --set-price qwen-plus 127.0.0.1 1 2 4 USD", "price")
    page.on_question = lambda prompt: "n"
    # asked before anything made this notebook known: it counts all the same
    assert not page.run("chat", "_ = Chat().ask('Hello', quiet=True)").error
    assert not page.run("rows", MAP).error
    told = shown(page, "budget 0.000001 USD", "allows")
    assert text("budget.of_chat", "en") in told
    before = len(asked(emulator))
    assert page.run("asks", "%%qwen\nHello").error.startswith("BudgetReached")
    assert len(asked(emulator)) == before == 3
    assert not page.run("rows").error
    assert len(asked(emulator)) == 5
    spent = shown(page, "budget 5 USD notebook", "allows more").splitlines()[1]
    assert spent.startswith("this notebook: $0.0"), spent
    costs = "[str(c.cost.amount) for c in Chat.current().ledger.calls()]"
    own = costs.replace("calls()", "calls(notebook=Chat.current().notebook)")
    assert len(page.value(f"json.dumps({own})")) == 5 == len(page.value(f"json.dumps({costs})"))
