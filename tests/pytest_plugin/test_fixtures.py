"""The fixtures for tests of one's own."""

from pathlib import Path

import pytest

from qwen_nb.emulator.server import Emulator
from tests.pytest_plugin._counting import Counting
from tests.pytest_plugin._project import Project

pytestmark = pytest.mark.service

EMULATED = """
import os

import pytest

import qwen_nb
from qwen_nb.emulator import Script


def test_scripts_and_journal(qwen_emulator):
    qwen_emulator.script(Script(name="tea", asks="tea", answer="Green."))
    reply = qwen_nb.Chat().ask("Which tea?")
    assert reply.answer == "Green."
    assert [each.body["messages"][-1]["content"] for each in qwen_emulator.journal] == [
        "Which tea?"
    ]


def test_nothing_is_left_of_another_test(qwen_emulator):
    assert len(qwen_emulator.journal) == 0
    assert qwen_nb.Chat().ask("Which tea?").answer != "Green."
    assert len(qwen_emulator.journal) == 1


@pytest.mark.parametrize("n", [1, 2])
def test_each_has_a_ledger_of_its_own(qwen_emulator, n):
    chat = qwen_nb.Chat()
    chat.ask("Hello")
    assert len(list(chat.usage("day", everything=True))) == 1


def test_nothing_of_the_person_holds(qwen_emulator):
    reply = qwen_nb.Chat().ask("Hello")
    assert (reply.model, len(qwen_emulator.journal)) == ("qwen-plus", 1)
    assert "DASHSCOPE_API_KEY" not in os.environ


def test_afterwards_it_does_again():
    assert os.environ["DASHSCOPE_API_KEY"].startswith("sk-")
"""

RECORDED = """
import pytest

import qwen_nb


class TestOne:
    def test_ask(self, qwen_cassette):
        assert "9.9 is larger" in qwen_nb.Chat().ask("Which is larger, 9.9 or 9.11?").answer


class TestTwo:
    def test_ask(self, qwen_cassette):
        assert qwen_nb.Chat().ask("Hello").model == "qwen3-max"


@pytest.mark.parametrize("words", ["a b", "a/b", "a-b", "a", "你好？" * 60])
def test_many(qwen_cassette, words):
    chat = qwen_nb.Chat()
    chat.ask(words)
    assert words[:5] in chat.ask("What did I ask first?").answer
"""

MISSING = """
import qwen_nb


def test_new(qwen_cassette):
    qwen_nb.Chat().ask("Hello")
"""


@pytest.fixture
def theirs(tmp_path: Path, counting: Counting) -> Project:
    """Somebody's folder with an address and a key in every file that can hold them."""
    project = Project(tmp_path)
    project.write(".env", f"QWEN_NB_BASE_URL={counting.base_url}\nQWEN_NB_MODEL=m\n")
    project.write("qwen_nb.toml", f'base_url = "{counting.base_url}"\nlang = "zh"\n')
    return project


def test_an_emulator_for_each_test(
    theirs: Project, own: dict[str, str], counting: Counting
) -> None:
    theirs.write("test_emulated.py", EMULATED)
    before = counting.connections
    ran = theirs.pytest("-W", "error", variables=own)
    assert (ran.code, len(ran.outcomes)) == (0, 6), ran.said
    assert counting.connections == before


def test_cassettes_are_recorded_and_then_need_no_server(
    tmp_path: Path, own: dict[str, str], counting: Counting
) -> None:
    project = Project(tmp_path)
    project.write("tests/test_recorded.py", RECORDED)
    before = counting.connections
    with Emulator(pace=0) as server:
        variables = {
            "QWEN_NB_BASE_URL": server.openai_base_url,
            "QWEN_NB_API_KEY": server.key,
            "QWEN_NB_MODEL": "qwen3-max",
        }
        ran = project.pytest("--qwen-record", "-W", "error", variables=variables)
        assert (ran.code, len(ran.outcomes)) == (0, 7), ran.said
        asked = len(server.journal)
        assert asked == 12
    files = sorted(project.path("tests/cassettes").iterdir())
    assert len(files) == 7
    names = {file.name.removesuffix(".cassette") for file in files}
    assert {"test_recorded.TestOne.test_ask", "test_recorded.test_many-a"} <= names
    assert not any(server.key in file.read_text() for file in files)
    recorded = [file.read_bytes() for file in files]

    project.write(".env", f"QWEN_NB_BASE_URL={counting.base_url}\nQWEN_NB_MODEL=m\n")
    ran = project.pytest("-W", "error", variables=own)
    assert (ran.code, len(ran.outcomes)) == (0, 7), ran.said
    assert [file.read_bytes() for file in files] == recorded
    assert counting.connections == before


def test_a_missing_cassette_says_how_to_record_it(tmp_path: Path) -> None:
    project = Project(tmp_path)
    project.write("test_missing.py", MISSING)
    ran = project.pytest()
    assert ran.outcomes == {"test_missing.py::test_new": "ERROR"}
    assert "There is no cassettes/test_missing.test_new.cassette." in ran.said
    assert "pytest --qwen-record" in ran.said
    assert not project.path("cassettes").exists()
