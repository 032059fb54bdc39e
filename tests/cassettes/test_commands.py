"""`%qwen_nb record`, `replay` and `live`, the variable, and `recording` in programs."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

import qwen_nb
from qwen_nb import CassetteError, Chat, cassettes, recording
from qwen_nb.emulator.server import Emulator
from qwen_nb.errors import NoMatch
from qwen_nb.texts import TEXTS
from tests.conftest import Notebook

pytestmark = pytest.mark.service


@pytest.fixture(autouse=True)
def here(settled: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(tmp_path)
    cassettes.leave()
    yield tmp_path
    cassettes.leave()


def asked(emulator: Emulator) -> int:
    return len(emulator.journal)


def answered(prompt: str) -> str:
    with closing(Chat("qwen-plus")) as chat:
        return chat.ask(prompt, quiet=True).answer


# -- in a notebook -----------------------------------------------------------------------------


def test_record_replay_and_live(notebook: Notebook, settled: Emulator, here: Path) -> None:
    ran = notebook.run("%qwen_nb record it")
    assert "it.cassette" in ran.out
    assert "recording into it.cassette" in notebook.run("%qwen_nb status").out
    notebook.run("%qwen Hello")
    first = notebook.names["_qwen"]
    notebook.run("%qwen And as versions?")
    assert "Recorded into it.cassette: 2." in notebook.run("%qwen_nb live").out
    assert "cassette" not in notebook.run("%qwen_nb status").out.replace("qwen_nb record", "")

    sent = asked(settled)
    notebook.run("%qwen_nb new")
    ran = notebook.run("%qwen_nb replay it.cassette")
    assert "it.cassette (2 recordings)" in ran.out
    status = notebook.run("%qwen_nb status").out
    assert "replaying it.cassette" in status
    assert "none needed: it.cassette is replayed" in status
    ran = notebook.run("%qwen Hello")
    assert ran.error is None
    assert notebook.names["_qwen"].answer == first.answer
    assert notebook.names["_qwen"].request_id == first.request_id
    ran = notebook.run("%qwen Something else")
    assert isinstance(ran.error, NoMatch)
    ran = notebook.run("%qwen_nb live")
    assert "1 of 2 recordings" in ran.out
    assert "2 (And as versions?)" in ran.out
    assert "127.0.0.1" in ran.out
    assert asked(settled) == sent
    notebook.run("%qwen Hello")
    assert asked(settled) == sent + 1


def test_in_chinese(notebook: Notebook) -> None:
    notebook.run("%qwen_nb config lang zh")
    assert "录制" in notebook.run("%qwen_nb record it").out
    notebook.run("%qwen 你好")
    assert "录制到 it.cassette" in notebook.run("%qwen_nb status").out
    assert "已录制到 it.cassette:1 条" in notebook.run("%qwen_nb live").out
    assert "正在回放" in notebook.run("%qwen_nb replay it").out
    ran = notebook.run("%qwen 你是谁?")
    assert isinstance(ran.error, NoMatch)
    assert "没有此请求" in str(ran.error)
    assert "正在回放 it.cassette" in notebook.run("%qwen_nb doctor").out
    assert "未被用到" in notebook.run("%qwen_nb live").out
    ran = notebook.run("%qwen_nb replay none")
    assert "找不到 none.cassette" in str(ran.error)


LINES = {
    "%qwen_nb record": "Name a file",
    "%qwen_nb replay": "Name a file",
    "%qwen_nb replay none": "There is no none.cassette",
    "%qwen_nb record none/it": "no such folder",
    "%qwen_nb replay it --speed x": "A speed is a number",
    "%qwen_nb replay it --speed 0": "A speed is a number",
    "%qwen_nb replay it --speed": "A speed is a number",
    "%qwen_nb replay it --fast": "it --fast",
}


@pytest.mark.parametrize("line", LINES)
def test_a_line_that_cannot_be(line: str, notebook: Notebook) -> None:
    ran = notebook.run(line)
    assert LINES[line] in str(ran.error)
    assert cassettes.current() is None


@pytest.mark.parametrize(
    "line",
    [
        "replay a b.cassette",
        'replay "a b.cassette"',
        "replay 'a b' --speed 2",
        "replay --speed=2 a b",
    ],
)
def test_names_and_speeds(line: str, notebook: Notebook, here: Path) -> None:
    notebook.run('%qwen_nb record "a b"')
    notebook.run("%qwen Hello")
    ran = notebook.run(f"%qwen_nb {line}")
    assert ran.error is None
    cassette = cassettes.current()
    assert cassette is not None
    assert cassette.path == here / "a b.cassette"
    assert cassette.speed == (2 if "speed" in line else None)


def test_help_and_doctor(notebook: Notebook, settled: Emulator) -> None:
    out = notebook.run("%qwen_nb help").out
    for name in ("record", "replay", "live"):
        assert f"%qwen_nb {name}: " in out
        assert name in notebook.run(f"%qwen_nb help {name}").out
    notebook.run("%qwen_nb record it")
    notebook.run("%qwen Hello")
    notebook.run("%qwen_nb doctor")  # asks the server, and is no part of the notebook
    notebook.run("%qwen_nb replay it")
    sent = asked(settled)
    assert "Replaying it.cassette" in notebook.run("%qwen_nb doctor").out
    assert asked(settled) == sent
    assert "(1 recordings)" not in notebook.run("%qwen_nb live").out


def test_what_the_doctor_asks_is_not_recorded(notebook: Notebook) -> None:
    notebook.run("%qwen_nb record it")
    notebook.run("%qwen Hello")
    assert "✓" in notebook.run("%qwen_nb doctor").out
    notebook.run("%qwen_nb live")
    assert [words for _, words in cassettes.Replayer(Path("it.cassette"), {}).numbers()] == [
        "1 (Hello)"
    ]


def test_unloading_forgets_it(notebook: Notebook, settled: Emulator) -> None:
    notebook.run("%qwen_nb record it")
    notebook.run("%qwen Hello")
    notebook.run("%qwen_nb replay it")
    notebook.shell.run_line_magic("unload_ext", "qwen_nb")
    assert cassettes.current() is None
    notebook.shell.run_line_magic("load_ext", "qwen_nb")


def test_a_job_that_still_runs_is_recorded(notebook: Notebook, settled: Emulator) -> None:
    settled.pace = 0.02
    notebook.run("%qwen_nb record it")
    job = notebook.run("job = %qwen --bg Which is larger, 9.9 or 9.11?")
    assert job.error is None
    notebook.run("%qwen --once Hello")
    notebook.run("job.wait(20)")
    assert "it.cassette: 2." in notebook.run("%qwen_nb live").out
    first = notebook.names["job"].reply
    notebook.run("%qwen_nb replay it")
    notebook.run("%qwen_nb new")
    notebook.run("%qwen --once Hello")
    notebook.run("job = %qwen --bg Which is larger, 9.9 or 9.11?")
    notebook.run("job.wait(20)")
    again = notebook.names["job"].reply
    assert (again.answer, again.usage) == (first.answer, first.usage)


def test_a_file_that_cannot_be_written_is_told(notebook: Notebook, here: Path) -> None:
    (here / "folder").mkdir()
    notebook.run("%qwen_nb record folder/it")
    (here / "folder").rmdir()
    ran = notebook.run("%qwen Hello")
    assert ran.error is None
    assert notebook.names["_qwen"].answer
    out = notebook.run("%qwen_nb live").out
    assert "it.cassette could not be written" in out
    assert "No such file" in out


# -- the variable ------------------------------------------------------------------------------


def test_the_variable(settled: Emulator, monkeypatch: pytest.MonkeyPatch, here: Path) -> None:
    monkeypatch.setenv("QWEN_NB_CASSETTE", "auto:it")
    first = answered("Hello")
    monkeypatch.setenv("QWEN_NB_CASSETTE", "replay:it.cassette")
    sent = asked(settled)
    assert answered("Hello") == first
    monkeypatch.setenv("QWEN_NB_CASSETTE", f"auto:{here / 'it.cassette'}")
    assert answered("Hello") == first
    with pytest.raises(NoMatch):  # one that is there is never added to
        answered("Who are you?")
    assert asked(settled) == sent
    monkeypatch.setenv("QWEN_NB_CASSETTE", "record: it.cassette ")
    answered("Who are you?")
    assert asked(settled) == sent + 1
    # what a `with` says is nearer, and so is what the session says
    with recording("other", "record") as cassette:
        answered("Hello")
        assert cassettes.current() is cassette
    cassettes.live()
    answered("Hello")
    assert len(cassettes.Replayer(here / "it.cassette", {}).numbers()) == 1
    cassettes.leave()
    answered("Hello")
    assert len(cassettes.Replayer(here / "it.cassette", {}).numbers()) == 2


@pytest.mark.parametrize("value", ["it.cassette", "play:it", "record:", ":it", "replay: "])
def test_a_variable_that_is_wrong(
    value: str, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_CASSETTE", value)
    for cell in ("%qwen Hello", "%qwen_nb status", "%qwen_nb replay none"):
        ran = notebook.run(cell)
        assert isinstance(ran.error, CassetteError), cell
    assert "QWEN_NB_CASSETTE" in str(notebook.run("%qwen Hello").error)
    ran = notebook.run("%qwen_nb doctor")
    assert ran.error is None
    assert "QWEN_NB_CASSETTE" in ran.out
    assert notebook.run("%qwen_nb live").error is None  # a way out
    assert notebook.run("%qwen Hello").error is None


def test_a_variable_with_a_file_that_is_not_there(
    notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_CASSETTE", "replay:none")
    ran = notebook.run("%qwen Hello")
    assert "There is no none.cassette" in str(ran.error)


# -- in programs -------------------------------------------------------------------------------


def test_auto_records_once_and_then_replays(settled: Emulator, here: Path) -> None:
    for _ in range(2):
        with recording(here / "it") as cassette:
            first = answered("Hello")
        assert cassette.report().used == 1
        assert first
    assert asked(settled) == 1


def test_one_within_another(settled: Emulator) -> None:
    with recording("outer", "record") as outer:
        answered("Hello")
        with recording("inner", "record") as inner:
            answered("Who are you?")
        answered("And as versions?")
    assert (outer.report().used, inner.report().used) == (2, 1)
    assert cassettes.current() is None


def test_one_that_ends_in_an_error_is_left(settled: Emulator) -> None:
    with pytest.raises(KeyError), recording("it", "record"):
        answered("Hello")
        raise KeyError
    assert cassettes.current() is None
    assert cassettes.Replayer(Path("it.cassette").absolute(), {}).numbers()


def test_it_holds_for_all_threads(settled: Emulator) -> None:
    said: dict[int, str] = {}

    def ask(n: int) -> None:
        said[n] = answered(f"Say {n}")

    def all_at_once() -> dict[int, str]:
        said.clear()
        threads = [threading.Thread(target=ask, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return dict(said)

    with recording("it", "record"):
        first = all_at_once()
    sent = asked(settled)
    with recording("it", "replay") as cassette:
        assert all_at_once() == first
        assert not cassette.report().unused
    assert asked(settled) == sent == 16


def test_two_threads_that_leave_in_any_order(settled: Emulator) -> None:
    entered, leave = threading.Event(), threading.Event()

    def other() -> None:
        with recording("other", "record"):
            entered.set()
            leave.wait(10)

    with recording("it", "record"):
        thread = threading.Thread(target=other)
        thread.start()
        entered.wait(10)
    leave.set()
    thread.join()
    assert cassettes.current() is None


@pytest.mark.parametrize("mode", ["play", "", None])
def test_a_mode_that_is_none(mode: Any) -> None:
    with (
        pytest.raises(CassetteError, match="record, to replay or as auto"),
        recording("x", mode),
    ):
        pass


def test_the_public_names() -> None:
    assert {"recording", "CassetteError"} <= set(qwen_nb.__all__)
    assert not {"record", "NoMatch", "WasStopped", "BadCassette"} & set(qwen_nb.__all__)


def test_an_answer_in_its_own_time(settled: Emulator) -> None:
    settled.pace = 0.02
    with recording("it", "record"):
        answered("Which is larger, 9.9 or 9.11?")

    def taking(speed: float | None) -> float:
        began = time.monotonic()
        with recording("it", "replay", speed=speed):
            answered("Which is larger, 9.9 or 9.11?")
        return time.monotonic() - began

    assert taking(1) > 3 * taking(None)


def test_what_has_ended_is_there_when_the_process_goes(settled: Emulator, here: Path) -> None:
    """Though an earlier answer was still coming."""
    settled.pace = 0.2
    program = """
from qwen_nb import Chat
from qwen_nb.render.html import SilentDisplay
first, second = Chat("qwen-plus"), Chat("qwen-plus")
events = first.stream("Which is larger, 9.9 or 9.11?")
next(events)
second.ask("Hello", max_tokens=1, display=SilentDisplay())
"""
    env = {**os.environ, "QWEN_NB_CASSETTE": "record:it"}
    ran = subprocess.run(
        [sys.executable, "-c", program], env=env, capture_output=True, text=True
    )
    assert ran.stderr == ""
    words = [words for _, words in cassettes.Replayer(here / "it.cassette", {}).numbers()]
    assert "2 (Hello)" in words


@pytest.mark.parametrize(
    "key", [key for key in TEXTS if "cassette" in key or key.startswith("cassettes.")]
)
def test_no_text_names_what_is_not_there(key: str) -> None:
    """A command or an option that a message names has to exist."""
    import re

    commands = set(re.findall(r"%qwen_nb (\w+)", " ".join(TEXTS[key])))
    assert commands <= {name.removeprefix("command.") for name in TEXTS}


def test_a_file_in_a_folder_is_named_as_it_can_be_typed(notebook: Notebook, here: Path) -> None:
    (here / "folder").mkdir()
    notebook.run("%qwen_nb record folder/it")
    notebook.run("%qwen Hello")
    notebook.run("%qwen_nb replay folder/it")
    error = notebook.run("%qwen Who are you?").error
    assert "%qwen_nb record folder/it.cassette" in str(error)
    assert str(here) not in str(error)
