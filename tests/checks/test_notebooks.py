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
    ran = theirs.pytest("--nbval", "-n", "2", "--dist", "load", variables=own)
    assert (ran.code, set(ran.outcomes), ran.failed) == (0, CELLS, set()), ran.said
    assert counting.connections == 0


def test_it_passes_without_a_network(theirs: Project, own: dict[str, str]) -> None:
    # the second run in that folder; cells would also be dealt out one by one here
    ran = theirs.pytest(
        "--nbval", "-n", "2", "--dist", "loadgroup", variables=own, wrapped=alone()
    )
    assert (ran.code, set(ran.outcomes), ran.failed) == (0, CELLS, set()), ran.said


def test_a_file_beside_the_notebook_that_names_a_server(
    saved: Saved, counting: Counting, tmp_path: Path
) -> None:
    project = Project(tmp_path)
    project.put("asks.ipynb", ["%load_ext qwen_nb", "%qwen -q Hello\nprint(_qwen.answer)"])
    project.write("qwen_nb.toml", f'base_url = "{counting.base_url}"\n')
    ran = project.pytest("--nbval-lax")
    assert (ran.code, ran.failed) == (0, set()), ran.said
    assert counting.connections == 0
