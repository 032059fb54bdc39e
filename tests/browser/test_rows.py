"""Many rows, structured answers and code for the next cell, in JupyterLab."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import nbformat
import pytest
from nbformat import NotebookNode

from tests.browser._lab import Lab, Notebook, Theme
from tests.browser._measure import violations
from tests.browser._seen import ARTIFACTS
from tests.browser._stops import errors, told
from tests.notebooks._tools import Tools, tampered

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

SETUP = """\
%load_ext qwen_nb
import time
from typing import Literal

from pydantic import BaseModel

import qwen_nb
from qwen_nb.emulator import Script, embedded

emulator = embedded()
emulator.script(Script(name="bad", asks="broken", answer="", fault="status=400"))
emulator.script(Script(
    name="row", asks="^Sentiment of: (?!broken)", thinking="Let me see.",
    answer="Positive."))


class Sentiment(BaseModel):
    label: Literal["positive", "negative"]
    why: str


reviews = [f"review {number}" for number in range(48)]


def ask(review: str) -> str:
    time.sleep(0.05)
    return f"Sentiment of: {review}" """

WRITTEN = """\
%load_ext qwen_nb
from qwen_nb.emulator import Script, embedded

embedded().script(Script(
    name="code", asks="written", pace=0, thinking="Python it is.",
    answer="So it is written:\\n\\n```python\\n9.9 > 9.11\\n```\\n"))"""

CELLS = {
    "setup": SETUP,
    "map": "rows = qwen_nb.map(reviews, ask, concurrency=4)",
    "answers": "[row.answer for row in rows][:2]",
    "errors": (
        'some = qwen_nb.map(["a", "broken", "c"], "Sentiment of: {item}", on_error="keep",\n'
        '                   name="some")\nsome'
    ),
    "typed": (
        'typed = qwen_nb.map(reviews[:3], "Sentiment of: {item}", json=Sentiment)\ntyped[2]'
    ),
    "structured": "%%qwen --json=Sentiment\nSentiment of: I like it.",
    "data": "_qwen.data",
}
INDEX = {kind: index for index, kind in enumerate(CELLS)}
DONE = "48 rows: 48 answered · would cost $"
THEMES = get_args(Theme)

# Each change of the bar below a cell becomes one sample.
WATCH = """index => {
  const area = PANEL.content.widgets[index].outputArea.node;
  window.qnBars = [];
  new MutationObserver(() => {
    const told = [...area.querySelectorAll(".widget-html-content")].map(n => n.textContent);
    const bar = area.querySelector(".progress-bar");
    if (!bar || told.length < 2) return;
    const sample = [told.join(" ").replaceAll("\\u2007", " "), bar.style.width, bar.className,
                    bar.getBoundingClientRect().height];
    if (String(window.qnBars.at(-1)) !== String(sample)) window.qnBars.push(sample);
  }).observe(area, { subtree: true, childList: true, characterData: true, attributes: true });
}"""
MOVED = "() => window.qnBars.some(([words]) => / [1-3]\\d\\/48 /.test(words))"


def picture(notebook: Notebook, index: int, name: str) -> None:
    output = notebook.output(index)
    notebook.browser.do(output.scroll_into_view_if_needed)
    box = notebook.browser.do(output.bounding_box)
    notebook.screenshot(ARTIFACTS / f"rows_{name}.png", box)


class Ran:
    """A notebook that was run, and what was seen of the bar."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        notebook.run(0)
        index = INDEX["map"]
        notebook.ask(WATCH, index)
        notebook.start(index)
        notebook.wait_for(MOVED)
        picture(notebook, index, "bar")
        self.barred = violations(notebook, index)
        notebook.wait()
        self.bars: list[list[str]] = notebook.ask("() => window.qnBars")
        for kind in list(CELLS)[2:]:
            notebook.run(INDEX[kind])
        self.saved: NotebookNode = notebook.save()


@pytest.fixture(scope="module")
def ran(lab: Lab) -> Iterator[Ran]:
    with lab.open(list(CELLS.values())) as notebook:
        yield Ran(notebook)


def test_the_bar_moves_and_tells_what_it_cost_so_far(ran: Ran) -> None:
    done, widths, costs = [], [], []
    for words, width, classes, height in ran.bars:
        assert height > 4
        found = re.search(r"^rows: +(\d+)% +(\d+)/48 \[.*?(?:, \$([\d.]+))?\]$", words)
        assert found, words
        done.append(int(found[2]))
        widths.append(float(width.removesuffix("%")))
        assert "danger" not in classes
        if found[3]:
            costs.append(float(found[3]))
    assert done == sorted(done) and len(set(done)) >= 4
    assert widths == sorted(widths)
    assert {round(each * 48 / 100) for each in widths} <= {0, *done}
    assert costs == sorted(costs) and len(set(costs)) >= 3
    assert ran.barred == []


@pytest.mark.parametrize("kind", ["map", "errors", "typed"])
def test_one_line_stays_and_no_bar(ran: Ran, kind: str) -> None:
    notebook, index = ran.notebook, INDEX[kind]
    shown = notebook.text(index)
    said = {
        "map": DONE,
        "errors": "3 rows: 2 answered, 1 failed",
        "typed": "3 rows: 3 answered",
    }
    assert shown.count(said[kind]) == (2 if kind == "errors" else 1)  # its repr says it too
    assert "%" not in shown
    outputs: list[Any] = notebook.outputs(index)
    assert "widget" not in str(outputs)
    assert outputs[0]["data"] == {}
    assert outputs[1]["name"] == "stdout"
    if kind == "typed":
        assert outputs[2]["data"]["text/plain"].startswith("Sentiment(label='positive'")


@pytest.mark.parametrize("theme", THEMES)
def test_a_structured_answer_reads_well(ran: Ran, theme: Theme) -> None:
    notebook, index = ran.notebook, INDEX["structured"]
    notebook.use_theme(theme)
    try:
        picture(notebook, index, f"structured_{theme}")
        assert violations(notebook, index) == []
    finally:
        notebook.use_theme("light")
    assert '{\n  "label": "positive",\n  "why": ' in notebook.text(index)
    assert "Sentiment(label='positive'" in notebook.text(INDEX["data"])


def test_nbval_passes_twice_and_notices_a_change(
    ran: Ran, tools: Tools, tmp_path: Path
) -> None:
    for name in ("first", "second"):  # the second finds the answers that the first kept
        nbformat.write(ran.saved, tmp_path / f"{name}.ipynb")
    changed = tampered(ran.saved, "text/plain", "2 answered", "3 answered")
    nbformat.write(changed, tmp_path / "third.ipynb")
    assert tools.failures(tmp_path) == {"third.ipynb": [INDEX["errors"]]}


def test_stopped_it_keeps_what_came_and_goes_on(ran: Ran) -> None:
    notebook = ran.notebook
    source = 'again = qwen_nb.map(reviews, ask, concurrency=4, name="again")'
    index = notebook.add(source)
    notebook.ask(WATCH, index)
    notebook.use_theme("dark")
    notebook.start(index)
    notebook.wait_for(MOVED)
    picture(notebook, index, "bar_dark")
    notebook.press_stop()
    notebook.wait()
    notebook.use_theme("light")
    picture(notebook, index, "stopped")
    assert errors(notebook, index) == ["Stopped"]
    shown = notebook.text(index)
    found = re.search(r" rows: (\d+) answered, \d+ not asked", shown)
    assert found, shown
    answered = int(found[1])
    assert 0 < answered < 48
    assert "widget" not in str(notebook.outputs(index))
    before = told(notebook, "len(emulator.journal)")
    notebook.run(index)
    assert DONE in notebook.text(index)
    assert told(notebook, "again.kept") == answered
    assert told(notebook, "len(emulator.journal)") - before == 48 - answered
    assert notebook.complaints == []


def test_code_stands_in_the_next_cell_unrun(lab: Lab) -> None:
    asks = "%%qwen -f code\nHow is that written?"
    with lab.open([WRITTEN, asks, "print('mine')"]) as notebook:
        notebook.run(0)
        notebook.run(1)
        notebook.wait_for("() => PANEL.content.widgets.length === 4")
        assert notebook.sources()[1:] == [asks, "9.9 > 9.11", "print('mine')"]
        assert notebook.execution_count(2) is None
        assert notebook.outputs(2) == []
        notebook.screenshot(ARTIFACTS / "code_in_the_next_cell.png")
        assert "So it is written:" in notebook.text(1)
        notebook.run(2)
        assert notebook.outputs(2)[0]["data"]["text/plain"] == "True"
