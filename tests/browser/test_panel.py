"""The panel in JupyterLab and Notebook 7: what mouse and keys do in it is what is sent next."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator

from tests.browser._lab import App, Lab, Notebook
from tests.browser._measure import violations
from tests.browser._seen import ARTIFACTS
from tests.browser._stops import told

pytestmark = pytest.mark.browser

SETUP = """\
%load_ext qwen_nb
from qwen_nb.emulator import embedded
journal = embedded(pace=0).journal"""

FOCUSED = """() => {
  const node = document.activeElement, label = node.labels?.[0] ?? node;
  return label.textContent;
}"""
SHOWS = """([index, text]) =>
  PANEL.content.widgets[index].outputArea.node.innerText.includes(text)"""


@pytest.fixture
def notebook(labs: Callable[[App], Lab], request: pytest.FixtureRequest) -> Iterator[Notebook]:
    with labs(request.param).open([SETUP, "%qwen_nb panel", "%%qwen\nHello"]) as notebook:
        notebook.run(0)
        notebook.run(1)
        notebook.wait_for(SHOWS, [1, "Used so far"])
        notebook.wait_for("() => document.querySelector('.qn-panel')?.getAttribute('role')")
        yield notebook


def control(notebook: Notebook, name: str) -> Locator:
    """Return a control of the panel by its label."""
    return notebook.output(1).get_by_label(name, exact=True)


def sent(notebook: Notebook) -> tuple[Any, ...]:
    """Ask, and return what of the panel the request held, and how many messages."""
    notebook.run(2)
    names = ("model", "enable_thinking", "thinking_budget")
    return tuple(
        told(
            notebook,
            f"[journal[-1].body.get(n) for n in {names}] + [len(journal[-1].body['messages'])]",
        )
    )


def says(notebook: Notebook, message: str) -> None:
    """Wait until the panel says something."""
    notebook.wait_for(
        "text => document.querySelector('.qn-panel [role=status]').textContent.includes(text)",
        message,
    )


def type_into(notebook: Notebook, name: str, words: str) -> None:
    """Click into a field, put words in place of what is there, and leave it."""
    field, page = control(notebook, name), notebook.shown()

    def work() -> None:
        field.click(click_count=3)
        page.keyboard.type(words)
        page.keyboard.press("Tab")

    notebook.browser.do(work)


def picture(notebook: Notebook, name: str) -> None:
    app = notebook.browser.server.app
    notebook.screenshot(ARTIFACTS / f"panel_{app}_{name}.png")


@pytest.mark.parametrize("notebook", ["lab"], indirect=True)
def test_by_mouse(notebook: Notebook) -> None:
    assert sent(notebook) == ("qwen-plus", True, None, 1)
    type_into(notebook, "Model", "qwen3-max")
    says(notebook, "qwen3-max")
    thinking = control(notebook, "Thinking")
    notebook.browser.do(lambda: thinking.select_option("off"))
    says(notebook, ": off.")
    assert sent(notebook) == ("qwen3-max", False, None, 1)
    notebook.press_button(1, "New conversation")
    says(notebook, "chat-2")
    type_into(notebook, "Budget in tokens", "50")
    says(notebook, "up to 50 tokens")
    assert sent(notebook) == ("qwen3-max", True, 50, 1)
    notebook.wait_for(SHOWS, [1, "1 turn ·"])
    # what is refused is said, and the field shows again what holds
    type_into(notebook, "Budget in tokens", "<b>x</b>")
    says(notebook, "'<b>x</b>'; empty means none.")
    budget = control(notebook, "Budget in tokens")
    notebook.wait_for("node => node.value === '50'", notebook.browser.do(budget.element_handle))
    for theme in ("dark", "light"):
        notebook.use_theme(theme)
        assert violations(notebook, 1) == []
        picture(notebook, theme)
    # what a command changes arrives
    notebook.run_new("%qwen_nb config thinking off\n%qwen_nb config lang zh")
    notebook.wait_for(SHOWS, [1, "思考模式"])
    thinking, chosen = (
        control(notebook, "思考模式"),
        "node => node.selectedOptions[0].textContent",
    )
    assert notebook.browser.do(lambda: thinking.evaluate(chosen)) == "关闭"
    notebook.resize(480)
    picture(notebook, "narrow_zh")
    notebook.resize(1000)
    assert notebook.remote == []
    assert notebook.complaints == []
    # what is saved can be read without a kernel
    notebook.save()
    notebook.shutdown()
    notebook.load(kernel=True)
    notebook.wait_for(SHOWS, [1, "conversation: 0 turns in main"])
    picture(notebook, "reopened")


@pytest.mark.parametrize("notebook", ["lab", "notebook"], indirect=True)
def test_by_keyboard(notebook: Notebook) -> None:
    page, before = notebook.shown(), notebook.sources()
    model = control(notebook, "Model")
    focused = []

    def press(*keys: str) -> None:
        for key in keys:
            page.keyboard.press(key)
        focused.append(page.evaluate(FOCUSED))

    def work() -> None:
        model.focus()
        press("Control+a", "Backspace", *"qwen3-max", "Tab")
        press("ArrowDown", "Tab")
        press(*"20", "Enter", "Tab")
        press("d", "d", "a", "x", "Tab")
        press("d", "d", "a", "x", "Tab")
        press("d", "d", "a", "x", "Enter")

    notebook.browser.do(work)
    assert focused == [
        "Thinking", "Budget in tokens", "Server", "Conversation",
        "New conversation", "New conversation",
    ]  # fmt: skip
    says(notebook, "Conversation main is still empty")
    assert notebook.sources() == before
    assert sent(notebook) == ("qwen3-max", True, 20, 1)
