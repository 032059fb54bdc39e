"""The same cells, whoever runs them: each shows the same answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.notebooks._tools import Tools, new_notebook
from tests.terminal._terminal import Terminal

pytestmark = [pytest.mark.kernel, pytest.mark.notebook]

RICH = r"""水的**密度**最大时是 4 °C。

| 温度 | 密度 |
|---|---:|
| 4 °C | 1.000 |

So $\rho = \frac{m}{V}$, or in code:

```python
rho = m / V  # <b>
```
"""
THINKING = "The user asks for a table.\n先想一想。"

SCRIPT = (
    "from qwen_nb.emulator import Script, embedded\n"
    f"embedded().script(Script(name='rich', asks='密度', answer={RICH!r}, "
    f"thinking={THINKING!r}, pace=0.001))"
)

CELLS = [
    "%load_ext qwen_nb",
    SCRIPT,
    "%qwen Which is larger, 9.9 or 9.11?",
    "%qwen What did I ask first?",
    "%qwen 水的密度？",
    "%qwen --hide-thinking 水的密度？",
    "reply = %qwen -q --new --no-think Hello",
    "print(reply.answer)",
]

# what can be read below each cell, in this order
SHOWN: list[list[str]] = [
    [],
    [],
    ["9.9 is larger", "turn 1 · in "],
    ["You began with: “Which is larger, 9.9 or 9.11?”", "turn 2 (1 before it sent) · in "],
    [*RICH.splitlines(), "turn 3 (2 before it sent) · in "],
    [*RICH.splitlines(), "turn 4 (3 before it sent) · in "],
    [],
    ["The emulator of qwen_nb is listening."],
]
THOUGHT = [
    ("Ninety hundredths are more than eleven hundredths.", 2),
    ("先想一想。", 4),
]
HIDDEN = ("先想一想。", 5)

RUNNERS = {"nbclient": Tools.client, "nbconvert": Tools.execute, "papermill": Tools.papermill}
SHELLS = {
    "ipython": ("IPython", "--no-banner", "--no-confirm-exit"),
    "jupyter console": ("jupyter_console", "--no-confirm-exit"),
}


def read_in_order(text: str, words: list[str]) -> None:
    at = 0
    for each in words:
        found = text.find(each, at)
        assert found >= 0, f"{each!r} is missing after {text[:at]!r}:\n{text}"
        at = found + len(each)


@pytest.mark.parametrize("runner", RUNNERS)
def test_nobody_watching(runner: str, tools: Tools, tmp_path: Path) -> None:
    done = RUNNERS[runner](tools, new_notebook(CELLS), tmp_path / "run.ipynb")
    pages = []
    for cell, shown in zip(done.cells, SHOWN, strict=True):
        texts = [out.get("text") or out.data.get("text/plain", "") for out in cell.outputs]
        assert any(texts) == bool(shown)
        read_in_order("".join(texts), shown)
        assert not any(out.get("name") == "stderr" for out in cell.outputs)
        assert not any("ename" in out for out in cell.outputs)
        pages.append("".join(out.get("data", {}).get("text/html", "") for out in cell.outputs))
    for words, index in THOUGHT:
        fold = pages[index].split("</details>")[0]
        assert "<details>" in fold and words in fold
    words, index = HIDDEN
    assert pages[index] and words not in pages[index]


@pytest.mark.parametrize("shell", SHELLS)
def test_in_a_terminal(shell: str, tmp_path: Path) -> None:
    said = []
    with Terminal(tmp_path, *SHELLS[shell]) as terminal:
        terminal.read_until(r"In \[1\]: ")
        for number, (cell, shown) in enumerate(zip(CELLS, SHOWN, strict=True), start=2):
            # one line for each cell, or the shell would wait for more
            terminal.type(cell.replace("\nembedded", "; embedded"))
            said.append(terminal.read_until(rf"In \[{number}\]: "))
            read_in_order(said[-1], shown)
            assert "Traceback" not in said[-1]
    for words, index in THOUGHT:
        assert words in said[index]
    words, index = HIDDEN
    assert words not in said[index]
