"""The budget of a notebook holds there after a restart, whatever the notebook asked with."""

from __future__ import annotations

import pytest

from qwen_nb.texts import text
from tests.conversation._page import Page

pytestmark = pytest.mark.kernel

MAP = "import qwen_nb\nqwen_nb.map({}, 'Say {{item}}', progress=False)"


def shown(page: Page, line: str, cell: str) -> str:
    ran = page.run(cell, f"%qwen_nb {line}")
    assert not ran.error, ran
    return ran.text.strip()


def maps(page: Page, *items: str) -> str:
    return page.run("maps", MAP.format([*items])).error


def test_a_notebook_that_only_maps_keeps_its_budget(notebook_page: Page) -> None:
    page = notebook_page
    shown(page, "models --set-price qwen-plus 127.0.0.1 1 2 4 USD", "price")
    assert not maps(page, "a", "b")
    told = shown(page, "budget 5 USD notebook", "allows")
    assert "of 5 USD spent" in told
    assert text("budget.here_only", "en") not in told
    page.save()
    page.restart()
    assert "of 5 USD spent" in shown(page, "budget", "looks")
    before = shown(page, "budget", "looks")
    assert not maps(page, "c")
    assert shown(page, "budget", "looks") != before  # what map spends is the notebook's
    page.restart()
    shown(page, "budget 0.000001 USD notebook", "allows")
    page.save()
    page.restart()
    assert "of 0.000001 USD spent" in shown(page, "budget", "looks")
    assert "BudgetReached" in maps(page, "d")
