"""A notebook with a turn of every kind: run live, saved, held to it by nbval, read again."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.browser._lab import Lab, Notebook, Theme
from tests.browser._measure import violations
from tests.browser._seen import ARTIFACTS
from tests.notebooks._tools import Tools, new_notebook, tampered

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

RICH = r"""The **answer** in *every* form, with `code` and a [link](https://example.com/a).

## A heading

| substance | density |
|---|--:|
| water | 1.00 |
| 冰 | 0.92 |

So \(\rho = \frac{m}{V}\), and \[\int_0^1 x^2\,dx = \boxed{\frac{1}{3}}\]

```python
def density(mass: float, volume: float) -> float:
    return mass / volume  # <b>
```

1. first
   - inside
2. second

> 引文:水在 4 °C 时密度最大。

![a chart](https://example.com/chart.png)

Money: $5 and $6. מים.
"""

THINKING = "先想一想。\nThen write."

# A stop is where the person presses it, which nobody could run again: so the server falls
# silent in mid-answer, and the stop comes then, from a thread as from the toolbar.
SETUP = f"""\
import os, signal, threading, time

from qwen_nb.emulator import Script, embedded

rich = {RICH!r}
counting = dict(answer="one two three four five six", thinking="I count.", pace=0.003)
for script in (
    Script(name="rich", asks="every form", answer=rich, thinking={THINKING!r}, pace=0.003),
    Script(name="long", asks="too long", fault="silence=6", **counting),
    Script(name="cut", asks="cable", fault="cut-answer=3", **counting),
    Script(name="refused", asks="refuse", answer="", fault="status=400"),
):
    embedded().script(script)

def stop_when_silent():
    asked = len(embedded().journal)
    while len(embedded().journal) == asked:
        time.sleep(0.02)
    time.sleep(1)
    os.kill(os.getpid(), signal.SIGINT)"""

KINDS = {
    "load": "%load_ext qwen_nb",
    "setup": SETUP,
    "thinking": "%%qwen --think 2000\nWhich is larger, 9.9 or 9.11?",
    "no thinking": "%%qwen --no-think\nHello",
    "rich": "%%qwen\nPlease answer in every form.",
    "chinese": "%%qwen\n你好",
    "line": 'print("before the line")\n%qwen What did I ask first?\nprint("after the line")',
    "loop": (
        "from qwen_nb import Chat\n\nchat = Chat()\n"
        'for question in ("Hello", "Who are you?", "What did I ask first?"):\n'
        '    print("asking:", question)\n    reply = chat.ask(question)'
    ),
    "quiet": "quiet = %qwen -q Hello",
    "quiet, read": "print(quiet.answer)",
    "hidden": "%%qwen --hide-thinking --once\nPlease answer in every form.",
    "background": "job = %qwen --bg --once Please answer in every form.",
    "background, read": 'reply = job.wait()\nprint(job.state, "0.92" in reply.answer)',
    "stopped": "threading.Thread(target=stop_when_silent).start()\n%qwen This is too long.",
    "cut": "%%qwen\nMind the cable.",
    "failed": "%%qwen\nPlease refuse.",
    "after": "%%qwen\nWhat did I ask first?",
}
HIGH = 6000
INDEX = {kind: index for index, kind in enumerate(KINDS)}
RAISE = {"stopped": "Stopped", "cut": "BrokenStream", "failed": "BadRequest"}

LARGER, LISTENING = "9.9 is larger.", "The emulator of qwen_nb is listening."
FIRST = "You began with: “Which is larger, 9.9 or 9.11?”"
SHOWN = {
    "thinking": ["Thought · ", LARGER, "turn 1 · in "],
    "no thinking": [LISTENING, "turn 2 (1 before it sent) · "],
    "rich": [
        "Thought · ", "The answer in every form", "A heading", "density", "冰", "0.92",
        "def density(mass: float, volume: float) -> float:", "inside", "引文", "a chart",
        "(example.com)", "Money: $5 and $6. מים.", "turn 3 (2 before it sent) · ",
    ],
    "chinese": ["qwen_nb", "turn 4 (3 before it sent) · "],
    "line": ["before the line", FIRST, "turn 5 (4 before it sent) · ", "after the line"],
    "loop": [
        "asking: Hello", LISTENING, "turn 1 · ", "asking: Who are you?", "turn 2 (1 before",
        "asking: What did I ask first?", "You began with: “Hello”", "turn 3 (2 before",
    ],
    "quiet, read": [LISTENING],
    "hidden": ["The answer in every form", "0.92"],
    "background": ["Thought · ", "The answer in every form", "0.92"],
    "background, read": ["done True"],
    "stopped": ["Thought", "one two", "stopped by you"],
    "cut": ["Thought", "one two"],
    "after": [FIRST],
}  # fmt: skip
ANSWERED = [kind for kind in SHOWN if not kind.endswith("read")]


@pytest.fixture(scope="module")
def live(lab: Lab) -> Iterator[Notebook]:
    notebook = new_notebook(list(KINDS.values()))
    for kind in RAISE:
        notebook.cells[INDEX[kind]].metadata["tags"] = ["raises-exception"]
    with lab.open(notebook) as opened:
        show_all(opened)
        opened.start_all()
        # Lab calls it the end when a first cell has failed, while it runs the others
        opened.wait_for(
            "index => PANEL.content.model.cells.get(index).toJSON().execution_count",
            INDEX["after"],
        )
        yield opened


def show_all(notebook: Notebook) -> None:
    """Make the page so high that every cell is drawn, and wait until all are."""
    notebook.resize(1000, HIGH)
    notebook.wait_for(
        "count => document.querySelectorAll('.jp-Cell .jp-OutputArea').length === count"
        " && PANEL.content.widgets.every(cell => cell.isAttached && cell.isVisible)",
        len(KINDS),
    )


@pytest.fixture(scope="module")
def saved(live: Notebook) -> NotebookNode:
    return live.save()


def read_in_order(text: str, words: list[str]) -> None:
    at = 0
    for each in words:
        found = text.find(each, at)
        assert found >= 0, f"{each!r} is missing after {text[:at]!r}:\n{text}"
        at = found + len(each)


def reads_well(notebook: Notebook) -> None:
    for kind, words in SHOWN.items():
        read_in_order(notebook.text(INDEX[kind]), words)
    for kind in ("load", "setup", "quiet"):
        assert notebook.text(INDEX[kind]).strip() == ""
    assert "先想一想" in notebook.html(INDEX["background"])
    assert "先想一想" not in notebook.html(INDEX["hidden"])


def test_each_kind_reads_well_when_it_ends(live: Notebook) -> None:
    reads_well(live)
    assert live.remote == live.complaints == []


def test_what_failed_says_so(saved: NotebookNode) -> None:
    for kind, name in RAISE.items():
        last = saved.cells[INDEX[kind]].outputs[-1]
        assert (last.output_type, last.ename) == ("error", name), kind


def test_nothing_of_a_widget_is_saved(saved: NotebookNode) -> None:
    assert "widget" not in str([cell.outputs for cell in saved.cells])


@pytest.mark.parametrize("trusted", [True, False], ids=["own", "from somebody else"])
def test_reopened_without_a_kernel(lab: Lab, saved: NotebookNode, trusted: bool) -> None:
    if not trusted:
        saved = tampered(saved, "text/plain", "larger", "bigger")
    with lab.open(saved, kernel=None) as notebook:
        assert notebook.is_trusted(INDEX["rich"]) == trusted
        show_all(notebook)
        notebook.wait_for(
            "i => PANEL.content.widgets[i].node.querySelector('mjx-container')", INDEX["rich"]
        )
        reads_well(notebook)
        notebook.unfold(INDEX["rich"])
        assert "先想一想。" in notebook.text(INDEX["rich"])
        assert notebook.remote == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_bars_anybody(lab: Lab, saved: NotebookNode, theme: Theme) -> None:
    with lab.open(saved, kernel=None) as notebook:
        notebook.use_theme(theme)
        try:
            show_all(notebook)
            notebook.unfold(INDEX["rich"])
            notebook.screenshot(ARTIFACTS / f"every_kind_{theme}.png")
            found = {kind: violations(notebook, INDEX[kind]) for kind in ANSWERED}
            assert {kind: each for kind, each in found.items() if each} == {}
        finally:
            notebook.use_theme("light")


def test_nbval_passes_twice_and_notices_a_change(
    saved: NotebookNode, tools: Tools, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        nbformat.write(saved, tmp_path / f"{name}.ipynb")
    changed = tampered(saved, "text/html", "冰", "水")
    nbformat.write(changed, tmp_path / "changed.ipynb")
    assert tools.failures(tmp_path) == {"changed.ipynb": [INDEX["rich"]]}


@pytest.mark.parametrize("form", ["html", "markdown"])
def test_an_export_holds_every_answer(
    saved: NotebookNode, tools: Tools, tmp_path: Path, form: str
) -> None:
    nbformat.write(saved, tmp_path / "saved.ipynb")
    page = tools.convert(tmp_path / "saved.ipynb", form)
    assert page.count(">0.92<") == 3
    for words in (
        LARGER, LISTENING, FIRST, "mass / volume", "引文", "a chart", "example.com",
        "先想一想。",
        "You began with: “Hello”", "one two", "stopped by you", "before the line", "done True",
    ):  # fmt: skip
        assert words in page, words
