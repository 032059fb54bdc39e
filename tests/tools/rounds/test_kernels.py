"""Tools in a kernel: one that is killed or started anew, and one that asks the person."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from qwen_nb.emulator.server import Emulator
from qwen_nb.values import estimate_tokens
from tests.conversation._page import KernelGone, Page
from tests.notebooks._tools import Tools, new_notebook
from tests.tools.rounds._asked import Asked
from tests.tools.rounds.conftest import REGION
from tests.tools.rounds.test_rounds import CITIES, MUNICIPALITIES

pytestmark = pytest.mark.kernel

DEFINED = """\
import time
from pathlib import Path


def get_current_weather(location: str) -> str:
    \"\"\"Look up the weather of a place.\"\"\"
    if location == "Shanghai" and Path("hang").exists():
        Path("hanging").touch()
        time.sleep(600)
    return f"It rains in {location}." """

ASKED = f"%%qwen --think --tools get_current_weather\n{MUNICIPALITIES}"
DIED = "No result: the program that ran it ended before it did."
LAST = """json.dumps([
    [[call.name, call.result, call.stopped, call.failed] for call in e.turn.reply.calls]
    + [e.turn.reply.finish_reason, len(e.turn.said)]
    for e in Chat.current().conversation.current_entries][-1])"""
BOOKED = """json.dumps([
    [call.usage.input, call.usage.output, call.usage.estimated]
    for call in Chat.current().ledger.calls()])"""
TURNS = """json.dumps([
    [turn.prompt, turn.reply.answer, turn.reply.finish_reason]
    for turn in Chat.current().conversation.current])"""


@pytest.fixture(scope="module")
def service() -> Iterator[Emulator]:
    with Emulator(pace=0) as emulator:
        yield emulator


@pytest.fixture
def asked(service: Emulator) -> Asked:
    service.journal.clear()
    return Asked(service)


def at_studio(folder: Path, service: Emulator) -> Page:
    """Return a page whose kernel takes the emulator for a region of Model Studio."""
    page = Page(folder)
    page.home.mkdir()
    servers = REGION.format(url=service.openai_base_url)
    (page.home / "servers.toml").write_text(servers, "utf-8")
    settings = f"DASHSCOPE_API_KEY={service.key}\nQWEN_NB_REGION=singapore\n"
    (folder / ".env").write_text(settings, "utf-8")
    return page


@pytest.fixture(scope="module")
def page(service: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with at_studio(tmp_path_factory.mktemp("tools"), service) as page:
        yield page


def ran(page: Page, cell: str, source: str) -> str:
    done = page.run(cell, source)
    assert not done.error, done
    return done.text


def told(asked: Asked) -> list[list[int]]:
    """Return input and output of each call that ended, as the server told them."""
    usage = [record.usage for record in asked.emulator.journal]
    return [[each["prompt_tokens"], each["completion_tokens"]] for each in usage if each]


@pytest.mark.parametrize("dialect", ["openai", "dashscope"])
def test_a_restart_with_rounds_of_tools_in_the_history(
    page: Page, asked: Asked, dialect: str
) -> None:
    page.run("c1", DEFINED)
    ran(page, "c2", f"%%qwen --new\n{MUNICIPALITIES[:-1]}, please?")
    again = ASKED.replace("--tools", f"--dialect {dialect} --tools")
    assert ran(page, "c3", again).count("It rains in") == 8  # four calls, four results
    ran(page, "c4", f"%%qwen --dialect {dialect}\nWho are you?")
    page.save()
    page.restart()
    ran(page, "c5", f"%%qwen --dialect {dialect}\nAnd who else?")
    assert asked.statuses == [200] * 5
    before, after = asked.messages(-2), asked.messages(-1)
    assert after[: len(before)] == before
    assert asked.results(-1) == [f"It rains in {city}." for city in CITIES]
    page.restart_kernel()
    ran(page, "c6", f"%%qwen --dialect {dialect}\nAnd now?")
    assert asked.messages(-1)[: len(after)] == after
    assert asked.statuses[-1] == 200


def test_killed_while_a_tool_runs(service: Emulator, asked: Asked, tmp_path: Path) -> None:
    with at_studio(tmp_path, service) as page:
        page.run("c1", DEFINED)
        ran(page, "c2", "%%qwen\nHello")
        page.save()
        before = page.value(TURNS)
        (tmp_path / "hang").touch()

        def kill() -> None:
            while not (tmp_path / "hanging").exists():
                time.sleep(0.02)
            time.sleep(0.5)  # what was to be written in the background is written
            page.kill()

        killer = threading.Thread(target=kill)
        killer.start()
        with suppress(KernelGone):
            page.run("c3", ASKED)
            raise AssertionError("the cell had ended")
        killer.join()
        (tmp_path / "hang").unlink()
        page.shutdown(now=True)
        page.start()

        assert page.value(TURNS)[:-1] == before
        *calls, finish, said = page.value(LAST)
        assert [call[1] for call in calls] == ["It rains in Beijing.", *[DIED] * 3]
        assert [call[2:] for call in calls] == [[False, False], *[[False, True]] * 3]
        assert (finish, said) == ("cut", 5)
        # both answers that came were paid for, and nothing else was
        assert page.value(BOOKED) == [[*each, False] for each in told(asked)]
        assert len(asked.bodies) == 2

        shown = ran(page, "c4", "%%qwen\nWho are you?")
        assert "the kernel ended while turn 2" in shown
        assert asked.statuses == [200] * 3
        assert asked.results(-1) == ["It rains in Beijing.", *[DIED] * 3]
        assert page.value(BOOKED) == [[*each, False] for each in told(asked)]

        # what was called is not called again, in a kernel that has no function at all
        shown = ran(page, "c5", "%qwen_nb resume")
        assert shown.count(DIED) == 6
        assert asked.results(-1) == ["It rains in Beijing.", *[DIED] * 3]
        assert asked.statuses[-1] == 200
        assert page.value(BOOKED) == [[*each, False] for each in told(asked)]


FINAL = """json.dumps([
    [e.turn.reply.final.thinking, e.turn.reply.final.answer, len(e.turn.reply.calls)]
    for e in Chat.current().conversation.current_entries][-1])"""


def test_killed_in_the_round_after_the_calls(
    service: Emulator, asked: Asked, tmp_path: Path
) -> None:
    with at_studio(tmp_path, service) as page:
        page.run("c1", DEFINED)
        ran(page, "c2", "%%qwen\nHello")
        page.save()

        def kill() -> None:
            while len(asked.bodies) < 3:
                time.sleep(0.02)
            time.sleep(2)
            page.kill()

        killer = threading.Thread(target=kill)
        service.pace = 0.05
        killer.start()
        try:
            with suppress(KernelGone):
                page.run("c3", ASKED)
                raise AssertionError("the cell had ended")
        finally:
            service.pace = 0
        killer.join()
        page.shutdown(now=True)
        page.start()
        thinking, answer, calls = page.value(FINAL)
        assert thinking.startswith("All four results") and calls == 4
        # the first round as it was told, the second as far as it came
        _, first, second = page.value(BOOKED)
        assert first == [*told(asked)[1], False]
        assert second[1:] == [estimate_tokens(thinking) + estimate_tokens(answer), True]
        assert second[0] > 0
        ran(page, "c4", "%%qwen\nWho are you?")
        assert asked.statuses == [200] * 4
        assert asked.results(-1) == [f"It rains in {city}." for city in CITIES]
        assert len(page.value(BOOKED)) == 4


def test_asked_again_after_a_restart(page: Page, asked: Asked) -> None:
    page.run("c1", DEFINED)
    ran(page, "c10", ASKED.replace("--tools", "--new --tools"))
    page.save()
    page.restart()
    shown = ran(page, "c11", "%qwen_nb retry")
    assert "The model wants to call:\nget_current_weather(" in shown
    assert "Of get_current_weather only the schema was kept" in shown
    assert "%qwen_nb retry --tools get_current_weather" in shown
    assert page.run("c12", ASKED).error == (
        "UsageError: --tools get_current_weather: there is no such name in this notebook. "
        "Run the cell that defines it first."
    )
    page.run("c1", DEFINED)
    shown = ran(page, "c13", "%qwen_nb retry --tools get_current_weather")
    assert "It rains in Beijing." in shown and "--tools" not in shown
    ran(page, "c14", "%%qwen\nWho are you?")
    assert set(asked.statuses) == {200}
    assert asked.results(-1) == [f"It rains in {city}." for city in CITIES]


CONFIRMED = """\
chat = Chat(tools=[get_current_weather], confirm=True)
reply = chat.ask("Weather in Hangzhou?", quiet=True)
print(json.dumps([[call.result, call.failed] for call in reply.calls]), reply.finish_reason)
chat.ask("Who are you?", quiet=True).finish_reason"""


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ("y", ["It rains in Hangzhou.", False]),
        ("n", ["The user did not allow this call.", True]),
    ],
)
def test_the_person_is_asked(
    page: Page, asked: Asked, answer: str, outcome: list[object]
) -> None:
    page.run("c1", DEFINED)
    prompts: list[str] = []

    def reply_with(prompt: str) -> str:
        prompts.append(prompt)
        return answer

    page.on_question = reply_with
    try:
        shown = ran(page, "c20", CONFIRMED)
    finally:
        page.on_question = None
    assert prompts == [
        'The model wants to call get_current_weather({"location": "Hangzhou"}). Run it? [y/N] '
    ]
    assert f"{json.dumps([outcome])} stop" in shown
    assert asked.statuses == [200] * 3
    assert asked.results(-1) == [outcome[0]]


def test_where_nobody_can_answer_nothing_is_run(tmp_path: Path) -> None:
    notebook = new_notebook(
        [
            "%load_ext qwen_nb\nimport json\nfrom qwen_nb import Chat",
            DEFINED,
            CONFIRMED.replace("quiet=True", "quiet=False"),
        ]
    )
    executed = Tools(tmp_path).client(notebook, tmp_path / "confirm.ipynb")
    shown = str(executed.cells[2].outputs)
    refusal = "Not run: it has to be confirmed, and nobody can answer here."
    assert json.dumps([[refusal, True]])[1:-1] in shown.replace("\\'", "'")
    assert "It rains" not in shown and "Traceback" not in shown
