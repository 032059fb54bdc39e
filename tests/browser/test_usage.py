"""What was used, as a person sees it: below an answer, as a table, as charts, exported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, get_args

import nbformat
import pytest

from tests.browser._lab import App, Lab, Notebook
from tests.browser._measure import violations
from tests.browser._page import Theme
from tests.browser._seen import ARTIFACTS
from tests.browser._stops import told
from tests.notebooks._tools import Tools

pytestmark = pytest.mark.browser

CELLS = [
    "%load_ext qwen_nb\n"
    "from qwen_nb.emulator import embedded\n"
    "journal = embedded(pace=0).journal",
    "for city in ('Beijing', 'Shanghai', '杭州', 'Chongqing'):\n"
    "    %qwen -q What is the weather in {city}?\n"
    "%qwen -q --no-think And tomorrow?",
    "%%qwen\nWhich is larger, 9.9 or 9.11?",
    "%qwen_nb usage --plot",
    "%qwen_nb usage --by model",
]
LINE, TABLE, BY_MODEL = 2, 3, 4


@pytest.fixture(scope="module")
def notebook(labs: Callable[[App], Lab]) -> Iterator[Notebook]:
    with labs("lab").open(CELLS) as notebook:
        for index in range(len(CELLS)):
            notebook.run(index)
        yield notebook


def recorded(notebook: Notebook) -> list[list[int]]:
    """Return input and output of each call, as the emulator told them."""
    usage = "[record.usage['prompt_tokens'], record.usage['completion_tokens']]"
    rows: list[list[int]] = told(notebook, f"[{usage} for record in journal]")
    return rows


def unfold_all(notebook: Notebook, index: int) -> None:
    notebook.ask(
        "index => PANEL.content.widgets[index].outputArea.node"
        ".querySelectorAll('details').forEach(fold => { fold.open = true; })",
        index,
    )


@pytest.mark.parametrize("theme", get_args(Theme))
def test_the_table_and_the_charts_read_well(notebook: Notebook, theme: Theme) -> None:
    notebook.use_theme(theme)
    unfold_all(notebook, LINE)
    for index, name in ((LINE, "line"), (TABLE, "table"), (BY_MODEL, "by_model")):
        output = notebook.output(index)
        notebook.browser.do(output.scroll_into_view_if_needed)
        box = notebook.browser.do(output.bounding_box)
        notebook.screenshot(ARTIFACTS / f"usage_{name}_{theme}.png", box)
        assert violations(notebook, index) == []
    shown = notebook.text(TABLE)
    for number, (taken, given) in enumerate(recorded(notebook), 1):
        assert re.search(rf"^{number}\s+1\s+{taken}\s+\d+\s+{given}\s", shown, re.M), shown
    charts = notebook.ask(
        "index => [...PANEL.content.widgets[index].outputArea.node"
        ".querySelectorAll('svg[role=img]')]"
        ".map(svg => [svg.getAttribute('role'), svg.querySelector('desc').textContent,"
        " svg.getBoundingClientRect().width])",
        TABLE,
    )
    assert [role for role, _, _ in charts] == ["img", "img"]
    tokens, cost = (words for _, words, _ in charts)
    most = max(recorded(notebook), key=sum)
    assert str(sum(most)) in tokens.replace(",", "")
    assert "USD" in cost
    assert all(width > 300 for *_, width in charts)


def test_the_line_unfolds_to_the_arithmetic(notebook: Notebook) -> None:
    unfold_all(notebook, LINE)
    taken, given = recorded(notebook)[-1]
    shown = notebook.text(LINE)
    assert re.search(rf"\b{given} × \$4/M\b", shown), shown
    assert re.search(rf"\b{taken}\b", shown)
    assert "would cost $" in shown


def test_what_is_saved_and_exported_has_it_all(
    notebook: Notebook, tools: Tools, tmp_path: Path
) -> None:
    saved: Any = notebook.save()
    path = tmp_path / "usage.ipynb"
    nbformat.write(saved, path)
    page = tools.convert(path, "html")
    table = saved.cells[TABLE].outputs[0].data["text/plain"]
    total = table.splitlines()[2 + len(recorded(notebook))].split()
    assert all(f">{word}<" in page for word in total if word.isdigit())
    assert page.count('role="img"') >= 2
    assert page.count("<desc") == 2
    plain = tools.convert(path, "markdown")
    assert "would cost" in plain
    # without any page: as text, with bars
    assert re.search(r"^1\s+1\s", table, re.M)
    assert "█" in table


def test_a_budget_asks_in_the_cell(notebook: Notebook) -> None:
    page = notebook.shown()

    def answer(word: str, index: int) -> None:
        box = notebook.output(index).locator(".jp-Stdin-input")

        def type_it() -> None:
            box.wait_for()
            box.fill(word)
            page.keyboard.press("Enter")

        notebook.browser.do(type_it)
        notebook.wait()

    notebook.run_new("%qwen_nb budget 0.0001 USD")
    refused = notebook.add("%%qwen\nHello")
    notebook.start(refused)
    answer("n", refused)
    assert "BudgetReached" in notebook.text(refused)
    before = len(recorded(notebook))
    notebook.start(refused)
    answer("y", refused)
    assert len(recorded(notebook)) == before + 1
    assert "The emulator of qwen_nb is listening" in notebook.text(refused)
    notebook.run_new("%qwen_nb budget off")
