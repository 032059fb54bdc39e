"""Tools in JupyterLab: what is seen while a model calls, what stays, and what may go wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import nbformat
import pytest
from nbformat import NotebookNode

from tests.browser._lab import Lab, Notebook, Theme
from tests.browser._measure import Violation, violations
from tests.browser._seen import ARTIFACTS
from tests.browser._stops import told
from tests.notebooks._tools import Tools, tampered

pytestmark = [pytest.mark.browser, pytest.mark.notebook]

SETUP = '''\
%load_ext qwen_nb
import time
from pathlib import Path

from qwen_nb import Chat
from qwen_nb.emulator import Script, embedded

emulator = embedded()
for asks, calls in {
    "so much": [("huge", {})],
    "be loud": [("divide", {"a": 1, "b": 0}), ("loud", {"lines": 3})],
    "slowly": [("slow", {"step": n}) for n in range(3)],
    "permission": [("loud", {"lines": 1})],
}.items():
    emulator.script(Script(
        name=asks, asks=asks, thinking="I had better call.", thinking_after_tools="Back.",
        pace=0, answer="This came back:\\n\\n{{results}}",
        calls=[{"name": name, "arguments": given} for name, given in calls]))


def get_current_weather(location: str) -> str:
    """Look up the weather of a place.

    Args:
        location: A city.
    """
    while location == "Chongqing" and Path("hold").exists():
        time.sleep(0.02)
    known = {"Beijing": "sunny, 21 °C", "Shanghai": "rain, 18 °C", "Tianjin": "sunny, 20 °C"}
    if location not in known:
        raise LookupError(f"no data for {location}")
    return known[location]


def divide(a: int, b: int) -> float:
    """Divide."""
    return a / b


def loud(lines: int) -> list[int]:
    """Print."""
    for n in range(lines):
        print("line", n, "<b>bold</b>")
    return list(range(lines))


def huge() -> str:
    """Return five megabytes."""
    return "All work and no play. " * 250_000


def slow(step: int) -> str:
    """Take a while."""
    if step:
        time.sleep(600)
    return f"step {step} done"'''

MUNICIPALITIES = "What is the weather of the four municipalities?"
CELLS = {
    "setup": SETUP,
    "openai": f"%%qwen --tools get_current_weather\n{MUNICIPALITIES}",
    "dashscope": f"%%qwen --dialect dashscope --tools get_current_weather\n{MUNICIPALITIES}",
    "odd": "%%qwen --tools divide,loud\nPlease be loud.",
    "huge": "%%qwen --tools huge --dialect dashscope\nPlease give me so much.",
    "after": "%%qwen --no-think\nWhat did I ask first?",
}
INDEX = {kind: index for index, kind in enumerate(CELLS)}
WEATHER = ("openai", "dashscope")
THEMES = get_args(Theme)

CALLED = [
    'get_current_weather(location="Beijing") → sunny, 21 °C',
    'get_current_weather(location="Shanghai") → rain, 18 °C',
    'get_current_weather(location="Tianjin") → sunny, 20 °C',
    'get_current_weather(location="Chongqing") → error: LookupError: no data for Chongqing',
]
STATUSES = "[record.status for record in emulator.journal]"


@dataclass
class Ran:
    """A notebook that was run, and what was seen while it ran."""

    notebook: Notebook
    calling: dict[str, str] = field(default_factory=dict)
    states: dict[str, list[str]] = field(default_factory=dict)
    bars: dict[tuple[str, Theme], list[Violation]] = field(default_factory=dict)
    saved: NotebookNode = field(default_factory=NotebookNode)


@pytest.fixture(scope="module")
def ran(lab: Lab) -> Iterator[Ran]:
    with lab.open(list(CELLS.values())) as notebook:
        ran = Ran(notebook)
        notebook.run(0)
        for kind in WEATHER:
            look_while_calling(ran, kind, lab.server.root / "hold")
        for kind in ("odd", "huge", "after"):
            notebook.run(INDEX[kind])
        ran.saved = notebook.save()
        yield ran


def look_while_calling(ran: Ran, kind: str, hold: Path) -> None:
    """Run one of the questions about the weather, and hold it in its last call."""
    notebook, index = ran.notebook, INDEX[kind]
    hold.touch()
    try:
        notebook.watch(index)
        notebook.start(index)
        notebook.wait_for_card("Calling get_current_weather", "thinking", 100)
        for theme in THEMES:
            notebook.use_theme(theme)
            unfold_all(notebook, index)
            picture(notebook, index, f"calling_{kind}_{theme}")
            ran.bars[kind, theme] = violations(notebook, index)
        ran.calling[kind] = notebook.text(index)
    finally:
        notebook.use_theme("light")
        hold.unlink()
    notebook.wait()
    ran.states[kind] = list(dict.fromkeys(sample.state for sample in notebook.samples()))


def unfold_all(notebook: Notebook, index: int) -> None:
    notebook.ask(
        "index => PANEL.content.widgets[index].outputArea.node"
        ".querySelectorAll('details').forEach(fold => { fold.open = true; })",
        index,
    )


def picture(notebook: Notebook, index: int, name: str) -> None:
    box = notebook.ask(
        """index => {
          const cell = PANEL.content.widgets[index].node;
          cell.scrollIntoView();
          const { x, y, width, height } = cell.getBoundingClientRect();
          return { x, y, width, height: Math.min(height, innerHeight - y) };
        }""",
        index,
    )
    notebook.screenshot(ARTIFACTS / f"tools_{name}.png", box)


def lines(notebook: Notebook, index: int) -> list[str]:
    return notebook.text(index).replace("\xa0", " ").splitlines()


# -- the weather of the four municipalities --------------------------------------------------


@pytest.mark.parametrize("kind", WEATHER)
def test_the_card_shows_each_call_as_it_ends(ran: Ran, kind: str) -> None:
    shown = ran.calling[kind]
    assert "Calling get_current_weather\n" in shown  # the one that is left
    assert "Called get_current_weather 3 times\n" in shown
    at = [shown.index(line) for line in CALLED[:3]]
    assert at == sorted(at)
    assert "Chongqing" not in shown.split("Called")[1]
    states = ran.states[kind]
    assert states.index("Thinking") < states.index("Calling get_current_weather")
    assert states.index("Calling get_current_weather") < states.index("Answering")
    assert states[-1] == "Done"


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", WEATHER)
def test_nothing_bars_anybody_while_it_calls(ran: Ran, kind: str, theme: Theme) -> None:
    assert ran.bars[kind, theme] == []


@pytest.mark.parametrize("kind", WEATHER)
def test_four_calls_stay_folded_between_thinking_and_answer(ran: Ran, kind: str) -> None:
    notebook, index = ran.notebook, INDEX[kind]
    folds = notebook.ask(
        "index => [...PANEL.content.widgets[index].outputArea.node"
        ".querySelectorAll('details')].map(fold => [fold.open, fold.firstChild.textContent])",
        index,
    )
    assert [is_open for is_open, _ in folds] == [False] * 3
    assert folds[1][1] == "Called get_current_weather 4 times, 1 failed"
    unfold_all(notebook, index)
    shown = lines(notebook, index)
    assert shown[0].startswith("Thought · ")
    begin = shown.index("Called get_current_weather 4 times, 1 failed")
    assert shown[begin + 1 : begin + 5] == CALLED
    assert shown[begin + 5] == "This is what the tools returned:"
    # the names stand under one another, and what goes on in the next line under them
    places = notebook.ask(
        "index => [...PANEL.content.widgets[index].outputArea.node"
        ".querySelectorAll('details code')].flatMap(({ firstChild, lastChild }) =>"
        " [firstChild, ...[...lastChild.getClientRects()].slice(1)]"
        ".map(box => (box.getBoundingClientRect?.() ?? box).left))",
        index,
    )
    assert len(places) == 5 and max(places) - min(places) < 1


@pytest.mark.parametrize("theme", THEMES)
def test_what_stays_reads_well(ran: Ran, theme: Theme) -> None:
    notebook = ran.notebook
    notebook.use_theme(theme)
    try:
        for kind, index in INDEX.items():
            if kind != "setup":
                unfold_all(notebook, index)
                picture(notebook, index, f"called_{kind}_{theme}")
                assert violations(notebook, index) == [], kind
    finally:
        notebook.use_theme("light")


# -- what may go wrong -----------------------------------------------------------------------


def test_what_a_tool_raises_and_prints_stands_with_its_call(ran: Ran) -> None:
    notebook, index = ran.notebook, INDEX["odd"]
    unfold_all(notebook, index)
    shown = lines(notebook, index)
    begin = shown.index("Called divide, loud, 1 failed")
    assert shown[begin + 1 : begin + 7] == [
        "divide(a=1, b=0) → error: ZeroDivisionError: division by zero",
        "loud(lines=3) → [0, 1, 2]",
        "Printed:",
        *(f"line {n} <b>bold</b>" for n in range(3)),
    ]
    (output,) = notebook.outputs(index)  # nothing of it is printed beside
    assert output["output_type"] == "display_data"


def test_five_megabytes_are_cut_and_the_cut_is_told(ran: Ran) -> None:
    notebook, index = ran.notebook, INDEX["huge"]
    unfold_all(notebook, index)
    shown = notebook.text(index)
    assert "… (2000 of 200" in shown
    assert "[cut here: 20000 of 5500000 characters]" in shown
    assert len(str(notebook.outputs(index))) < 100_000
    # words are not broken, and the box scrolls
    box = "PANEL.content.widgets[index].outputArea.node.querySelector('details pre')"
    assert notebook.ask(f"index => getComputedStyle({box}).wordBreak", index) == "normal"
    assert notebook.ask(f"index => {box}.scrollHeight > {box}.clientHeight + 100", index)
    assert notebook.ask(f"index => {box}.scrollWidth - {box}.clientWidth", index) <= 0


def test_every_history_was_accepted(ran: Ran) -> None:
    notebook = ran.notebook
    assert set(told(notebook, STATUSES)) == {200}
    assert "You began with: “What is the weather" in notebook.text(INDEX["after"])
    assert "turn 5 (4 before it sent)" in notebook.text(INDEX["after"])
    assert notebook.remote == notebook.complaints == []


# -- what is saved ---------------------------------------------------------------------------


def test_nbval_passes_twice_and_notices_a_change(
    ran: Ran, tools: Tools, tmp_path: Path
) -> None:
    for name in ("first", "second"):
        nbformat.write(ran.saved, tmp_path / f"{name}.ipynb")
    changed = tampered(ran.saved, "text/html", "21 °C", "22 °C")
    nbformat.write(changed, tmp_path / "changed.ipynb")
    assert tools.failures(tmp_path) == {"changed.ipynb": [INDEX["openai"]]}


# -- the person steps in: none of this is in the saved notebook --------------------------------


def test_a_slow_tool_is_stopped_in_the_card(ran: Ran) -> None:
    notebook = ran.notebook
    index = notebook.add("%%qwen --tools slow\nPlease go slowly.")
    notebook.watch(index)
    notebook.start(index)
    notebook.wait_for_card("Calling slow 2 times", "thinking", 1)
    notebook.press_button(index, "Stop")
    notebook.wait()
    picture(notebook, index, "stopped")
    unfold_all(notebook, index)
    shown = lines(notebook, index)
    assert shown[0] == "Thought · 5 tokens"
    begin = shown.index("Called slow 3 times, 2 stopped")
    assert shown[begin + 1 : begin + 5] == [
        "slow(step=0) → step 0 done",
        "slow(step=1) → stopped by you",
        "slow(step=2) → stopped by you",
        "No answer yet. Stopped by you; ask again to get one.",
    ]
    assert [output["output_type"] for output in notebook.outputs(index)] == ["display_data"]
    assert violations(notebook, index) == []
    index = notebook.run_new("%%qwen --no-think\nHello")
    assert "(6 before it sent)" in notebook.text(index)
    assert told(notebook, STATUSES)[-1] == 200


def test_the_person_is_asked_in_the_cell(ran: Ran) -> None:
    notebook = ran.notebook
    index = notebook.add(
        "chat = Chat(tools=[loud], confirm=True)\n"
        'reply = chat.ask("Please ask for permission.")\n'
        "[call.result for call in reply.calls]"
    )
    for answer, result in (("n", "The user did not allow this call."), ("y", "[0]")):
        notebook.start(index)
        notebook.browser.do(notebook.output(index).locator(".jp-Stdin-input").wait_for)
        if answer == "n":
            picture(notebook, index, "confirm")
            assert 'The model wants to call loud({"lines": 1}). Run it?' in notebook.text(index)
        notebook.press_keys(index, ".jp-Stdin-input", answer, "Enter")
        notebook.wait()
        picture(notebook, index, f"confirmed_{answer}")
        outputs: list[Any] = notebook.outputs(index)
        assert outputs[-1]["data"]["text/plain"] == repr([result])
        assert "widget" not in str(outputs)
        assert told(notebook, STATUSES)[-2:] == [200, 200]
