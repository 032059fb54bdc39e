"""Notebooks that run with nobody watching, and whether nbval holds them to their word."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat import NotebookNode

from tests.notebooks._tools import Tools, new_notebook, tampered

pytestmark = [pytest.mark.kernel, pytest.mark.notebook]

MIXED = [
    "%load_ext qwen_nb",
    "%%qwen\nWhich is larger, 9.9 or 9.11?",
    'print("before the line")\n%qwen What did I ask first?\nprint("after the line")',
    'from qwen_nb import Chat\n\nprint("before the call")\nreply = Chat().ask("Hello")\n'
    'print("after the call")',
    "%qwen -q Who are you?",
    "x = %qwen --no-think Hello",
    "x.usage.output, _qwen.answer == x.answer",
]
ASKING = (1, 2, 3, 4, 5)

FORMS = ("text/html", "text/markdown", "text/plain")
CHANGES = {
    "a digit of the usage line": (r"out \d+", "out 8"),
    "a word of the answer": ("larger", "smaller"),
}


@pytest.fixture(scope="module")
def mixed(tools: Tools, tmp_path_factory: pytest.TempPathFactory) -> NotebookNode:
    path = tmp_path_factory.mktemp("executed") / "mixed.ipynb"
    return tools.execute(new_notebook(MIXED), path)


def outputs(notebook: NotebookNode, kind: str) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for index, cell in enumerate(notebook.cells):
        for output in cell.outputs:
            if output.output_type == kind:
                found.setdefault(index, []).append(output)
    return found


def test_each_question_leaves_one_output(mixed: NotebookNode) -> None:
    displays = outputs(mixed, "display_data")
    assert {index: len(shown) for index, shown in displays.items()} == dict.fromkeys(ASKING, 1)


def test_a_shown_reply_is_no_result_too(mixed: NotebookNode) -> None:
    assert list(outputs(mixed, "execute_result")) == [6]


def test_no_stderr_and_no_error(mixed: NotebookNode) -> None:
    streams = [each for shown in outputs(mixed, "stream").values() for each in shown]
    assert {stream.name for stream in streams} == {"stdout"}
    assert not outputs(mixed, "error")


@pytest.mark.parametrize(("index", "what"), [(2, "line"), (3, "call")])
def test_prints_stay_around_the_answer(mixed: NotebookNode, index: int, what: str) -> None:
    before, answer, after = mixed.cells[index].outputs
    assert (before.text, after.text) == (f"before the {what}\n", f"after the {what}\n")
    assert set(answer.data) == set(FORMS)


def test_no_widget_is_left(mixed: NotebookNode) -> None:
    assert "widget" not in nbformat.writes(mixed)


def test_nbval_passes_and_notices_each_change(
    mixed: NotebookNode, tools: Tools, tmp_path: Path
) -> None:
    # one run for all: starting nbval takes longer than running these notebooks
    nbformat.write(mixed, tmp_path / "as saved.ipynb")
    wanted = {}
    for form in FORMS:
        for what, (pattern, new) in CHANGES.items():
            name = f"{what} in {form.partition('/')[2]}.ipynb"
            nbformat.write(tampered(mixed, form, pattern, new), tmp_path / name)
            wanted[name] = [1]
    assert tools.failures(tmp_path) == wanted


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_exports_can_be_read(
    mixed: NotebookNode, tools: Tools, tmp_path: Path, form: str
) -> None:
    path = tmp_path / "mixed.ipynb"
    nbformat.write(mixed, path)
    page = tools.convert(path, form)
    assert "<details" in page
    assert "Ninety hundredths are more than eleven hundredths." in page
    assert "9.9 is larger." in page
    assert "of which thinking 291" in page
    assert "turn 2 (1 before it sent)" in page
