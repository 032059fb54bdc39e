"""Keys pressed inside a live reply are not the notebook's: `D` `D` there deletes no cell.

A finished reply is an output like any other, and keys there are the notebook's.
"""

from __future__ import annotations

import pytest

from tests.browser._lab import Lab, Notebook

pytestmark = pytest.mark.browser

CELLS = ["%load_ext qwen_nb", "%%qwen\nWhich is larger, 9.9 or 9.11?", "last = 1"]

# delete a cell, insert one above, cut one
COMMANDS = ("d", "d", "a", "x")


def test_keys_on_the_fold_of_a_live_reply_are_not_the_notebooks(either: Lab) -> None:
    with either.open(CELLS) as notebook:
        notebook.run(0)
        notebook.watch(1)
        notebook.start(1)
        notebook.wait_for_card("Thinking", "thinking", 100)
        notebook.press_keys(1, "summary", *COMMANDS)
        assert notebook.samples()[-1].state == "Thinking", "the reply was not live any more"
        assert notebook.sources() == CELLS
        notebook.wait()
        delete_a_cell(notebook)


def delete_a_cell(notebook: Notebook) -> None:
    """Press `D` `D` beside a cell: there it must do what it always does."""
    page = notebook.shown()

    def press() -> None:
        page.locator(".jp-Notebook .jp-InputPrompt").nth(1).click()
        page.keyboard.press("d")
        page.keyboard.press("d")

    notebook.browser.do(press)
    notebook.wait_for("count => PANEL.content.widgets.length < count", len(CELLS))
    assert notebook.sources() != CELLS
