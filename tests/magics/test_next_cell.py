"""`-f`: the answer as text, and its code in the next cell, unrun."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.front_end.into_next_cell import next_cell
from qwen_nb.values.code_blocks import CodeBlock, code_blocks
from tests.stop._pressing import Kernel

Notebook = Any
Following = Callable[[], str | None]

CASES = {
    "```python\nx = 1\n```": ("x = 1", 0),
    "```\nx = 1\n```": ("x = 1", 0),
    "```py\nx\n```\n```Python3\n\ny\n\n```": ("x\n\ny", 0),
    "```py\nx\n```\n```\n1\n```\n```json\n{}\n```": ("x", 1),
    "```bash\nls\n```": ("%%bash\nls", 0),
    "```shell\nls\n```\n```bash\npwd\n```": ("%%bash\nls\n\npwd", 0),
    "```sh\nls\n```\n```bash\npwd\n```": ("%%sh\nls", 1),
    "```bash\npip install x\n```\n```py\nimport x\n```": ("import x", 1),
    "```json\n{}\n```\n```sql\nselect 1\n```": ("", 1),
    "```pycon\n>>> for i in x:\n...     i\n...\n1\n>>>\n>>> y\n```": (
        "for i in x:\n    i\n\n\ny",
        0,
    ),
    "```python\n>>> 1\n1\n```": ("1", 0),
    "```python\n>>>1\n```": (">>>1", 0),
    "words": ("", 1),
    "```py\n\n```": ("", 1),
    "```py\nx = (": ("x = (", 1),
    "```py\nx = '\u202e'  # \x1b[8m\n```": ("x = '⟨U+202E⟩'  # ␛[8m", 1),
}


@pytest.mark.parametrize("answer", CASES)
def test_what_makes_the_next_cell(answer: str) -> None:
    code, notes = CASES[answer]
    cell = next_cell(code_blocks(answer))
    assert (cell.code, len(cell.notes)) == (code, notes)


def test_what_is_left_out_is_named_once() -> None:
    blocks = [CodeBlock(name, "x") for name in ("py", "json", "", "json", "sql")]
    (note,) = next_cell(blocks).notes
    assert note.endswith("left where it is: json, a block without a language, sql.")
    (note,) = next_cell(blocks[1:2], "zh").notes
    assert note == "回复中没有 Python 代码;未放入单元格的有:json。"


@pytest.fixture
def codes(settled: Emulator) -> None:
    settled.script(Script(name="code", asks="^code$", answer="So:\n\n```python\nran = 1\n```"))
    settled.script(Script(name="none", asks="^none$", answer="**No** code."))


@pytest.fixture
def following(notebook: Notebook) -> Iterator[Following]:
    """Return what stands in the next cell."""
    notebook.shell.rl_next_input = None
    yield lambda: notebook.shell.rl_next_input
    notebook.shell.rl_next_input = None


@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize("ask", ["%%qwen -f code\ncode", "%qwen --format=code code"])
def test_the_code_stands_in_the_next_cell_unrun(
    notebook: Notebook, following: Following, ask: str
) -> None:
    ran = notebook.run(ask)
    assert (ran.error, ran.err) == (None, "")
    assert following() == "ran = 1"
    assert "ran" not in notebook.names
    assert ran.out.count("ran = 1") == 1  # the answer itself
    assert notebook.names["_qwen"].code == [CodeBlock("python", "ran = 1")]


@pytest.mark.usefixtures("codes")
def test_without_code_one_note_says_so(notebook: Notebook, following: Following) -> None:
    ran = notebook.run("%%qwen -f code\nnone")
    assert ran.error is None and following() is None
    assert ran.out.count("holds no block of code") == 1
    assert notebook.run("%%qwen -q -f code\nnone").out == ""


@pytest.mark.usefixtures("codes")
@pytest.mark.parametrize("option", ["", "-f text", "-f markdown"])
def test_other_forms_touch_no_cell(
    notebook: Notebook, following: Following, option: str
) -> None:
    assert notebook.run(f"%%qwen {option}\ncode").error is None
    assert following() is None


@pytest.mark.usefixtures("codes")
def test_a_job_fills_no_cell(notebook: Notebook, settled: Emulator) -> None:
    error = notebook.run("%%qwen --bg -f code\ncode").error
    assert isinstance(error, UsageError) and "--bg" in str(error)
    assert not settled.journal


def test_a_form_that_is_none(notebook: Notebook, settled: Emulator) -> None:
    error = notebook.run("%%qwen -f html\nx").error
    assert isinstance(error, UsageError) and "markdown|text|code" in str(error)
    assert not settled.journal


@pytest.mark.usefixtures("codes")
def test_a_dry_run_fills_no_cell(notebook: Notebook, following: Following) -> None:
    assert notebook.run("%%qwen --dry-run -f code\ncode").error is None
    assert following() is None


@pytest.mark.usefixtures("codes")
def test_an_answer_as_text(notebook: Notebook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_NB_DISPLAY", "static")
    (as_text,) = notebook.run("%%qwen --once -f text\nnone").displayed
    (as_markdown,) = notebook.run("%%qwen --once\nnone").displayed
    assert "**No** code." in as_text["text/html"]
    assert "<strong>No</strong> code." in as_markdown["text/html"]
    assert as_text["text/plain"] == as_markdown["text/plain"]


@pytest.mark.kernel
@pytest.mark.parametrize("is_live", [True, False])
def test_a_kernel_hands_the_code_to_the_front_end(tmp_path: Path, is_live: bool) -> None:
    script = Script(
        name="code", asks="^code$", answer="```\nran = 1\n```\n\n~~~py\nran = 2\n~~~"
    )
    with Emulator(pace=0) as emulator:
        emulator.script(script)
        with Kernel(emulator, is_live=is_live, home=str(tmp_path)) as kernel:
            reply = kernel.run("%%qwen -f code\ncode", "a")
            assert reply["status"] == "ok"
            assert reply["payload"] == [
                {"source": "set_next_input", "text": "ran = 2", "replace": False}
            ]
            after = kernel.run("", "b", ran="'ran' in globals()")
            assert after["payload"] == []
            assert after["user_expressions"]["ran"]["data"]["text/plain"] == "False"
