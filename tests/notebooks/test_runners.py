"""The same cells, whoever runs them: each shows the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notebooks._tools import Tools, new_notebook
from tests.terminal._terminal import Terminal

pytestmark = [pytest.mark.kernel, pytest.mark.notebook]

CELLS = [
    "%load_ext qwen_nb",
    "%qwen Which is larger, 9.9 or 9.11?",
    "%qwen What did I ask first?",
    "reply = %qwen -q --new --no-think Hello",
    "print(reply.answer)",
]

# what can be read below each cell
SHOWN = [
    "",
    "9.9 is larger",
    "You began with: “Which is larger, 9.9 or 9.11?”",
    "",
    "The emulator of qwen_nb is listening.",
]

RUNNERS = {"nbclient": Tools.client, "nbconvert": Tools.execute, "papermill": Tools.papermill}
SHELLS = {
    "ipython": ("IPython", "--no-banner", "--no-confirm-exit"),
    "jupyter console": ("jupyter_console", "--no-confirm-exit"),
}


@pytest.mark.parametrize("runner", RUNNERS)
def test_nobody_watching(runner: str, tools: Tools, tmp_path: Path) -> None:
    done = RUNNERS[runner](tools, new_notebook(CELLS), tmp_path / "run.ipynb")
    for cell, shown in zip(done.cells, SHOWN, strict=True):
        texts = [out.get("text") or out.data.get("text/plain", "") for out in cell.outputs]
        assert shown in "".join(texts) if shown else not any(texts)


@pytest.mark.parametrize("shell", SHELLS)
def test_in_a_terminal(shell: str, tmp_path: Path) -> None:
    with Terminal(tmp_path, *SHELLS[shell]) as terminal:
        terminal.read_until(r"In \[1\]: ")
        for number, (cell, shown) in enumerate(zip(CELLS, SHOWN, strict=True), start=2):
            terminal.type(cell)
            text = terminal.read_until(rf"In \[{number}\]: ")
            assert shown in text
            assert "Traceback" not in text
