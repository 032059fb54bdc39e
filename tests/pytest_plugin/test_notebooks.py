"""Notebooks that pass strictly, wherever and by whomever they are checked."""

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.pytest_plugin._counting import Counting
from tests.pytest_plugin._project import Project, alone
from tests.pytest_plugin.conftest import EMULATED, RECORDED, Saved

pytestmark = [pytest.mark.kernel, pytest.mark.notebook]

CELLS = {f"asked {n}" for n in range(len(RECORDED))}
CELLS |= {f"emulated {n}" for n in range(len(EMULATED))}


def outputs(notebook: nbformat.NotebookNode) -> list[list[Any]]:
    """Return what is shown; metadata hold times."""
    return [[{**each, "metadata": None} for each in cell.outputs] for cell in notebook.cells]


def test_it_is_recorded_with_the_key_that_is_there(saved: Saved) -> None:
    assert saved.recording.code == 0, saved.recording.said
    told = saved.project.path("asked.cassette").read_text()
    assert told.count("=== request") == 3
    assert "qwen3-max" in told and "sk-emulator" not in told


def test_two_recordings_differ_in_their_times_only(saved: Saved) -> None:
    # the second was made with the same home: nothing of the first conversation is in it
    files = [saved.project.path(f"{name}.cassette") for name in ("asked", "again")]
    times = re.compile(r"^\+[\d.]+\n|(?<= at )\S+$", re.MULTILINE)
    first, second = (times.sub("", file.read_text()) for file in files)
    assert first == second


def test_replaying_gives_the_very_outputs_of_the_live_run(saved: Saved) -> None:
    assert outputs(saved.replayed) == outputs(saved.live)
    assert "9.9 is larger" in str(saved.live.cells[1].outputs)


def test_it_passes_where_nothing_is_set_and_nobody_can_be_reached(saved: Saved) -> None:
    ran = saved.project.pytest("--nbval", "-W", "error", "--strict-config", wrapped=alone())
    assert (ran.code, set(ran.outcomes), ran.failed) == (0, CELLS, set()), ran.said
    assert "= qwen_nb =" not in ran.said  # everything was asked for


def test_it_passes_again_where_everything_is_set(
    saved: Saved, own: dict[str, str], counting: Counting
) -> None:
    # the second run in that folder; xdist would deal the cells out one by one
    saved.project.write(
        ".env",
        f"""
        QWEN_NB_BASE_URL={counting.base_url}
        QWEN_NB_API_KEY=sk-beside-0123456789abcdef
        DASHSCOPE_API_KEY=sk-beside-0123456789abcdef
        QWEN_NB_LANG=zh
        QWEN_NB_MODEL=m
    """,
    )
    before = counting.connections
    ran = saved.project.pytest("--nbval", "-n", "2", "--dist", "load", variables=own)
    assert (ran.code, set(ran.outcomes), ran.failed) == (0, CELLS, set()), ran.said
    assert counting.connections == before


LOADS_KEYS = """
from dotenv import load_dotenv

load_dotenv("keys.env")
%load_ext qwen_nb
%qwen -q Hello
print(_qwen.answer)
"""

NOT_OURS = """
import os

assert os.environ["DASHSCOPE_API_KEY"] == "sk-theirs-0123456789"
assert os.environ["LC_ALL"] == "zh_CN.UTF-8"
assert "QWEN_NB_DOTENV" not in os.environ
model = "qwen-plus"  # asked with another library
"""


def test_files_that_name_a_server_and_notebooks_that_are_not_ours(
    counting: Counting, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    project.put("named.ipynb", ["%load_ext qwen_nb", "%qwen -q Hello\nprint(_qwen.answer)"])
    project.put("loads.ipynb", [LOADS_KEYS])
    project.put("other.ipynb", [NOT_OURS])
    project.write("qwen_nb.toml", f'base_url = "{counting.base_url}"\n')
    project.write("keys.env", f"QWEN_NB_BASE_URL={counting.base_url}\n")
    theirs = {"DASHSCOPE_API_KEY": "sk-theirs-0123456789", "LC_ALL": "zh_CN.UTF-8"}
    before = counting.connections
    ran = project.pytest("--nbval-lax", variables=theirs)
    assert (ran.code, len(ran.outcomes), ran.failed) == (0, 4, set()), ran.said
    assert counting.connections == before
