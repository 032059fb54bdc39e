"""Notebooks that pass strictly, wherever and by whomever they are checked."""

from pathlib import Path
from typing import Any

import nbformat
import pytest

from tests.checks._counting import Counting
from tests.checks._project import Project, alone
from tests.checks.conftest import EMULATED, RECORDED, Saved, copied

pytestmark = [pytest.mark.kernel, pytest.mark.notebook]

FILES = ("asked.ipynb", "asked.cassette", "emulated.ipynb")
CELLS = {f"asked {n}" for n in range(len(RECORDED))}
CELLS |= {f"emulated {n}" for n in range(len(EMULATED))}


def outputs(notebook: nbformat.NotebookNode) -> list[list[Any]]:
    """Return what is shown; metadata hold times."""
    return [[{**each, "metadata": None} for each in cell.outputs] for cell in notebook.cells]


@pytest.fixture(scope="module")
def theirs(saved: Saved, counting: Counting, tmp_path_factory: Any) -> Project:
    """Somebody else's copy, with a key and an address in files beside the notebooks."""
    project = copied(saved.project, tmp_path_factory.mktemp("theirs"), *FILES)
    project.write(
        ".env",
        f"QWEN_NB_BASE_URL={counting.base_url}\nQWEN_NB_API_KEY=sk-beside-0123456789abcdef\n"
        "DASHSCOPE_API_KEY=sk-beside-0123456789abcdef\nQWEN_NB_LANG=zh\nQWEN_NB_MODEL=m\n",
    )
    return project


def test_it_is_recorded_with_the_key_that_is_there(saved: Saved) -> None:
    assert saved.recording.code == 0, saved.recording.said
    told = saved.project.path("asked.cassette").read_text()
    assert told.count("=== request") == 3
    assert "qwen3-max" in told and "sk-emulator" not in told


def test_replaying_gives_the_very_outputs_of_the_live_run(saved: Saved) -> None:
    assert outputs(saved.replayed) == outputs(saved.live)
    assert "9.9 is larger" in str(saved.live.cells[1].outputs)


def test_it_passes_where_nothing_is_set(saved: Saved) -> None:
    ran = saved.project.pytest("--nbval", "-W", "error", "--strict-config")
    assert (ran.code, set(ran.outcomes), ran.failed) == (0, CELLS, set()), ran.said
    assert "= qwen_nb =" not in ran.said  # everything was asked for


def test_it_passes_again_where_everything_is_set(
    theirs: Project, own: dict[str, str], counting: Counting
) -> None:
    before = counting.connections
    ran = theirs.pytest("--nbval", "-n", "2", "--dist", "load", variables=own)
    assert (ran.code, set(ran.outcomes), ran.failed) == (0, CELLS, set()), ran.said
    assert counting.connections == before


def test_it_passes_without_a_network(theirs: Project, own: dict[str, str]) -> None:
    # the second run in that folder; cells would also be dealt out one by one here
    ran = theirs.pytest(
        "--nbval", "-n", "2", "--dist", "loadgroup", variables=own, wrapped=alone()
    )
    assert (ran.code, set(ran.outcomes), ran.failed) == (0, CELLS, set()), ran.said


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
