"""The live card, looked at while it answers: what is drawn, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.browser._lab import App, Lab, Notebook
from tests.browser._measure import violations
from tests.browser._rich import ANSWER, ASK, SETUP, THINKING, answering
from tests.browser._seen import ARTIFACTS

pytestmark = pytest.mark.browser

CARD = "PANEL.content.widgets[1].outputArea.node.querySelector('.qn-card')"


@pytest.fixture(scope="module", params=["lab-light", "lab-dark", "notebook-light"])
def card(labs: Callable[[App], Lab], request: pytest.FixtureRequest) -> Iterator[Notebook]:
    app, theme = request.param.split("-")
    with answering(labs(app), theme) as notebook:
        notebook.screenshot(ARTIFACTS / f"card_{app}_{theme}.png")
        yield notebook


def texts(notebook: Notebook, selector: str) -> list[str]:
    """Return the texts of elements of the card."""
    script = f"s => [...{CARD}.querySelectorAll(s)].map(node => node.textContent)"
    found: list[str] = notebook.ask(script, selector)
    return found


def of(notebook: Notebook, selector: str, value: str) -> Any:
    """Return what JavaScript says of the first element of the card, called `node`."""
    return notebook.ask(f"s => (node => {value})({CARD}.querySelector(s))", selector)


# -- what is drawn -------------------------------------------------------------------------


def test_words_are_marked_up(card: Notebook) -> None:
    assert texts(card, "h1 strong") == ["bold"]
    assert texts(card, "p > code")[0] == "code"
    assert texts(card, "strong")[1] == "请注意"
    assert texts(card, "td") == ["decimals", "9.9"]
    assert texts(card, "blockquote") == ["\nA quote with <b>markup</b>.\n"]


def test_code_is_highlighted_in_lists_too(card: Notebook) -> None:
    first, second, diagram = texts(card, "pre")
    assert first.startswith("def greet(name: str) -> str:\n")
    assert second.strip() == 'echo "in a list"'
    assert diagram.strip() == "graph TD; A-->B"
    colours = card.ask(
        f"() => [...{CARD}.querySelectorAll('pre')].slice(0, 2).map(pre => new Set("
        "[...pre.querySelectorAll('span')].map(span => getComputedStyle(span).color)).size)"
    )
    assert all(count > 1 for count in colours), colours


def test_formulas_are_typeset_and_nothing_else_is(card: Notebook) -> None:
    assert len(texts(card, "mjx-container")) == 4
    assert "Money: $5 and $6." in texts(card, "p")[0]
    assert texts(card, "code")[-2] == r"$$\href{javascript:alert(1)}{x}$$"


def test_a_link_says_where_it_leads(card: Notebook) -> None:
    assert of(card, "a", "[node.href, node.rel, node.target]") == [
        "https://example.com/a",
        "noopener noreferrer nofollow",
        "_blank",
    ]
    assert texts(card, "a + .qn-place") == [" (example.com)"]


def test_right_to_left_text_runs_so(card: Notebook) -> None:
    script = (
        f"() => [...{CARD}.querySelectorAll('p')].map(p => [p.textContent, "
        "getComputedStyle(p).direction])"
    )
    directions = {text[:5]: direction for text, direction in card.ask(script)}
    assert directions["مرحبا"] == "rtl"
    assert directions["Prose"] == "ltr"


def test_the_thinking_is_folded_and_measured(card: Notebook) -> None:
    (heading,) = texts(card, "details:not([hidden]) > summary")
    thought, seconds, tokens = heading.split(" · ")
    assert thought == "Thought"
    assert seconds.endswith(" s") and float(seconds[:-2]) > 0
    assert tokens.startswith("~") and tokens.endswith(" tokens")
    assert not of(card, "details", "node.open")
    assert texts(card, "[role=region]") == [THINKING]


def test_the_clock_counts_tokens_and_their_rate(card: Notebook) -> None:
    (clock,) = texts(card, ".qn-clock")
    seconds, tokens, rate = clock.split(" · ")
    assert float(seconds.removesuffix(" s")) > 1
    assert int(tokens.strip("~").removesuffix(" tokens")) > 100
    assert int(rate.removesuffix(" tokens/s")) > 0


def test_nothing_widens_the_page(card: Notebook) -> None:
    card.resize(420)
    try:
        wide = f"() => {CARD}.scrollWidth - {CARD}.clientWidth"
        assert card.ask(wide) <= 0
        card.screenshot(ARTIFACTS / "card_narrow.png")
    finally:
        card.resize(1000)


# -- what can be done ------------------------------------------------------------------------


def test_the_answer_can_be_copied_as_it_came(card: Notebook) -> None:
    card.press_button(1, "Copy the answer")
    card.wait_for(f"() => {CARD}.querySelector('.qn-buttons').innerText.includes('Copied')")
    assert card.clipboard().startswith(ANSWER)


def test_a_code_block_can_be_copied(card: Notebook) -> None:
    buttons = card.output(1).get_by_role("button", name="Copy the code", exact=True)
    card.browser.do(buttons.first.focus)
    card.browser.do(buttons.first.click)
    code = ANSWER.split("```python\n")[1].split("\n```")[0]
    card.wait_for(f"() => {CARD}.querySelector('.qn-code').innerText.includes('Copied')")
    assert card.clipboard() == code


def test_keys_on_buttons_and_code_are_not_the_notebooks(card: Notebook) -> None:
    before = card.sources()
    for selector in ("button[aria-label='Copy the answer']", "pre", "summary", ".qn-wide"):
        card.press_keys(1, selector, "d", "d", "a", "x")
    assert card.sources() == before


def test_axe_finds_nothing_wrong(card: Notebook) -> None:
    assert violations(card, 1) == []


def test_nothing_was_asked_of_anybody(card: Notebook) -> None:
    assert card.remote == []
    assert card.complaints == []


def test_less_motion_is_respected(card: Notebook) -> None:
    moves = f"() => getComputedStyle({CARD}.querySelector('.qn-dot')).animationName"
    assert card.ask(moves) == "qn-pulse"
    card.reduce_motion()
    assert card.ask(moves) == "none"


# -- the thinking ------------------------------------------------------------------------------

BOX = ".qn-thinking"


def test_the_thinking_is_followed_until_the_person_scrolls_up(lab: Lab) -> None:
    with lab.open([SETUP.replace("pace=0.005)", "pace=0.03)"), ASK]) as notebook:
        notebook.run(0)
        notebook.watch(1)
        notebook.start(1)
        notebook.wait_for_card("Thinking", "thinking", 1000)
        at = notebook.scroll(1, BOX)
        assert at.end > 0 and at.end - at.top < 4
        notebook.turn_wheel(1, BOX, -60)
        notebook.wait_for(f"end => {CARD}.querySelector('{BOX}').scrollTop < end - 20", at.end)
        kept = notebook.scroll(1, BOX).top
        length = notebook.samples()[-1].thinking
        notebook.wait_for_card("Thinking", "thinking", len(length) + 300)
        assert notebook.scroll(1, BOX).top == pytest.approx(kept, abs=1)
        notebook.press_stop()
        notebook.wait()


def test_a_fold_that_the_person_closed_stays_closed(lab: Lab) -> None:
    with lab.open([SETUP.replace("pace=0.005)", "pace=0.02)"), ASK]) as notebook:
        notebook.run(0)
        notebook.watch(1)
        notebook.start(1)
        notebook.wait_for_card("Thinking", "thinking", 100)
        notebook.unfold(1)  # it is open: this closes it
        seen = len(notebook.samples())
        notebook.wait_for_card("Thinking", "thinking", 600)
        assert not any(sample.fold_open for sample in notebook.samples()[seen:])
        notebook.press_stop()
        notebook.wait()


# -- other views -------------------------------------------------------------------------------


def test_a_second_view_shows_everything(lab: Lab) -> None:
    with answering(lab) as notebook:
        notebook.open_second_view(1)
        notebook.wait_for(
            "() => document.querySelector('.jp-LinkedOutputView .qn-card strong')"
        )
        second = notebook.second_view()
        assert "A bold heading" in second and "Answering" in second
        assert "and so on" in second
        notebook.screenshot(ARTIFACTS / "card_second_view.png")


RELOADED = "() => document.querySelector('.qn-card [role=status]')?.textContent"


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_a_page_loaded_again_finds_the_whole_reply(
    labs: Callable[[App], Lab], app: App
) -> None:
    with labs(app).open(
        ["%load_ext qwen_nb", "%%qwen\nWhich is larger, 9.9 or 9.11?"]
    ) as notebook:
        notebook.run(0)
        notebook.watch(1)
        notebook.start(1)
        notebook.wait_for_card("Thinking", "thinking", 100)
        notebook.save()
        notebook.reload()
        notebook.wait_for(f"() => ({RELOADED})() === 'Done'")
        notebook.wait_for("() => document.querySelector('.qn-answer table td')")
        notebook.screenshot(ARTIFACTS / f"card_{app}_loaded_again.png")
        shown = notebook.text(1)
        assert "9.9 is larger." in shown
        assert "turn 1 · in 23 (cached 0) · out 449, of which thinking 291" in shown
        index = notebook.run_new("%qwen_nb last")
        assert set(notebook.outputs(index)[0]["data"]) == {
            "text/html",
            "text/markdown",
            "text/plain",
        }
        assert "9.9 is larger." in notebook.text(index)


def test_widget_state_that_is_saved_stays_small(lab: Lab) -> None:
    asks = ["%%qwen\nHello"] * 8
    with lab.open(["%load_ext qwen_nb", *asks]) as notebook, notebook.saving_widgets():
        notebook.run_all()
        saved = notebook.save()
    assert len(str(saved.metadata.get("widgets", ""))) < 200_000
    assert all("widget" not in str(cell.outputs) for cell in saved.cells)


# -- when something is missing -----------------------------------------------------------------


def test_a_kernel_that_dies_ends_the_card(lab: Lab) -> None:
    dies = "\nimport os, threading\nthreading.Timer(2, os._exit, [1]).start()"
    with lab.open([SETUP + dies, ASK]) as notebook:
        notebook.run(0)
        notebook.start(1)
        notebook.wait_for(f"() => {CARD}?.querySelector('[role=status]').textContent === 'Cut'")
        clock = texts(notebook, ".qn-clock")
        notebook.wait_for("() => new Promise(done => setTimeout(() => done(true), 500))")
        assert texts(notebook, ".qn-clock") == clock


NO_MARKDOWN = """() => {
  Object.defineProperty(PANEL.content.rendermime, "markdownParser", { value: null });
}"""


def test_without_a_renderer_the_answer_is_plain_text(lab: Lab) -> None:
    with answering(lab, prepare=NO_MARKDOWN) as notebook:
        assert texts(notebook, ".qn-answer strong, .qn-answer pre, .qn-answer a") == []
        assert "".join(texts(notebook, ".qn-answer")).startswith(ANSWER)
        assert notebook.complaints == []
