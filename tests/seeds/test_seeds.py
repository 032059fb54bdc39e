"""The guides' samples, run as printed against the emulator."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from qwen_nb.emulator.scripts import packaged
from qwen_nb.emulator.server import Emulator
from qwen_nb.emulator.tokens import split

from ._reading import SEEDS, pointed, python_text, shell_text
from ._samples import CURL, PYTHON, Met, Sample

pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason="the folder shared/seeds is missing")

_HANG_S = 60.0


@pytest.fixture(scope="session")
def service() -> Iterator[Emulator]:
    with Emulator(pace=0) as emulator:
        yield emulator


def run(command: list[str], emulator: Emulator) -> str:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().endswith("_PROXY") and not name.startswith("DASHSCOPE_")
    }
    environment |= {"DASHSCOPE_API_KEY": emulator.key, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, capture_output=True,
        timeout=_HANG_S, check=False, encoding="utf-8",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def thinking_of(met: Met) -> str:
    """Return what the emulator thinks there, up to the first fact that it fills in."""
    (script,) = [script for script in packaged() if script.name == met.script]
    if met.thinks is False:
        return ""
    budget = None if met.thinks is True else met.thinks
    return "".join(split(script.thinking.split("{{")[0])[:budget])


def answer_of(met: Met) -> str:
    (script,) = [script for script in packaged() if script.name == met.script]
    if met.tools:
        return ""
    bare = None if met.thinks is not False else script.answer_without_thinking
    return (bare or script.answer).split("{{")[0].rstrip()


@pytest.mark.parametrize("sample", PYTHON, ids=str)
def test_a_python_sample_runs_as_printed(
    sample: Sample, service: Emulator, tmp_path: Path
) -> None:
    script = tmp_path / "sample.py"
    script.write_text(pointed(python_text(sample), service), "utf-8")
    runner = str(Path(__file__).with_name("_run.py"))
    printed = run([sys.executable, runner, str(script), *sample.typed], service)
    for met in sample.met:
        assert thinking_of(met) in printed
        assert answer_of(met) in printed
        if met.thinks is False and not met.tools:
            (script_,) = [known for known in packaged() if known.name == met.script]
            assert script_.thinking.split("{{")[0] not in printed
    for words in sample.printed:
        assert words in printed


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")
@pytest.mark.parametrize("sample", CURL, ids=str)
def test_a_curl_sample_runs_as_printed(sample: Sample, service: Emulator) -> None:
    printed = run(["sh", "-c", pointed(shell_text(sample), service)], service)
    thinking, answer = heard(printed)
    (met,) = sample.met
    assert thinking.startswith(thinking_of(met))
    assert bool(thinking) is bool(met.thinks)
    assert answer.startswith(answer_of(met))
    assert bool(answer) is not met.tools
    for words in sample.printed:
        assert words in printed


def heard(printed: str) -> tuple[str, str]:
    """Return thinking and answer of a response in either dialect, streamed or not."""
    if printed.startswith("{"):
        events = [printed]
    else:
        lines = [line for line in printed.split("\n") if line.startswith("data:")]
        events = [line.removeprefix("data:") for line in lines if "[DONE]" not in line]
    thinking, answer = "", ""
    for event in map(json.loads, events):
        message = message_of(event)
        thinking += message.get("reasoning_content") or ""
        content = message.get("content") or ""
        answer += content if isinstance(content, str) else content[0]["text"]
    return thinking, answer


def message_of(event: dict[str, Any]) -> dict[str, Any]:
    output = event.get("output", event)
    if "text" in output:
        return {"content": output["text"]}
    message: dict[str, Any] = {}
    for choice in output["choices"]:
        message = choice.get("delta") or choice["message"]
    return message


def test_every_python_and_curl_sample_is_in_the_list() -> None:
    """Whatever the guides show that imports an SDK or calls curl, some row covers."""
    covered = {
        (row.file, line) for row in PYTHON + CURL for line in range(row.first, row.last + 1)
    }
    starts = ("from openai import", "import dashscope", "curl -X", "curl --location")
    for path in SEEDS.glob("*.txt"):
        for number, line in enumerate(path.read_text("utf-8").split("\n"), 1):
            if line.strip().startswith(starts):
                assert (path.name, number) in covered, f"{path.name}:{number}"
