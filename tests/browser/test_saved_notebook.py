"""What stays of a live run: the file reopened, exported, run again by nbval."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.browser._lab import App, Lab, Theme
from tests.browser._seen import Seen
from tests.notebooks._tools import Tools, tampered

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

MIXED = [
    "%load_ext qwen_nb",
    'print("before the line")\n%qwen Hello\nprint("after the line")',
    'from qwen_nb import Chat\n\nprint("before the call")\nreply = Chat().ask("Hello")\n'
    'print("after the call")',
    "%qwen What did I ask first?",
]


@pytest.fixture(scope="session")
def saved(seen_in: Callable[[App, Theme], Seen]) -> NotebookNode:
    return seen_in("lab", "light").saved


@pytest.fixture(scope="module")
def mixed(lab: Lab) -> NotebookNode:
    with lab.open(MIXED) as notebook:
        notebook.run_all()
        return notebook.save()


@pytest.mark.parametrize("trusted", [True, False], ids=["own", "from somebody else"])
def test_reopened_without_a_kernel(lab: Lab, saved: NotebookNode, trusted: bool) -> None:
    if not trusted:  # an output that this Lab has not signed
        saved = tampered(saved, "text/plain", "larger", "bigger")
    with lab.open(saved, kernel=None) as notebook:
        assert not notebook.has_kernel()
        assert notebook.is_trusted(1) == trusted
        assert "9.9 is larger." in notebook.text(1)
        assert "turn 2 (1 before it sent)" in notebook.text(2)
        assert "Ninety hundredths" not in notebook.text(1)
        notebook.unfold(1)
        assert "Ninety hundredths are more than eleven hundredths." in notebook.text(1)


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_exported(saved: NotebookNode, tools: Tools, tmp_path: Path, form: str) -> None:
    path = tmp_path / "saved.ipynb"
    nbformat.write(saved, path)
    page = tools.convert(path, form)
    fold = page[page.index("<details") : page.index("</details>")]
    assert "Ninety hundredths are more than eleven hundredths." in fold
    assert "9.9 is larger." in page
    assert "of which thinking 291" in page
    assert "turn 2 (1 before it sent)" in page
    assert "widget-view" not in page


@pytest.mark.parametrize(("index", "what"), [(1, "line"), (2, "call")])
def test_prints_stay_around_a_live_answer(mixed: NotebookNode, index: int, what: str) -> None:
    outputs = mixed.cells[index].outputs
    told = [output.text for output in outputs if output.output_type == "stream"]
    assert told == [f"before the {what}\n", f"after the {what}\n"]
    answers = [output.data for output in outputs if output.get("data")]
    assert [set(data) for data in answers] == [{"text/html", "text/markdown", "text/plain"}]


def test_nbval_passes_and_notices_each_change(
    saved: NotebookNode, mixed: NotebookNode, tools: Tools, tmp_path: Path
) -> None:
    digit = tampered(saved, "text/html", r"out \d+", "out 8")
    word = tampered(mixed, "text/html", "listening", "sleeping")
    made = {"saved": saved, "mixed": mixed, "digit": digit, "word": word}
    for name, notebook in made.items():
        nbformat.write(notebook, tmp_path / f"{name}.ipynb")
    assert tools.failures(tmp_path) == {"digit.ipynb": [1], "word.ipynb": [1]}
