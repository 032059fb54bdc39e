"""Questions that wait to be stopped, and clocks at both ends of a stop."""

from __future__ import annotations

import ast
from typing import Any

from tests.browser._lab import Notebook

THINKING = "Let me think about it, and about that too. " * 60
ANSWER = "A word, and one more, and another one still. " * 60

SETUP = f"""\
%load_ext qwen_nb
import threading
import time

from qwen_nb.emulator import Script, embedded

emulator = embedded()
for name, words in {{
    "waiting": {{"answer": "", "fault": "silence=0"}},
    "retrying": {{"answer": "", "fault": "status=503;retry-after=30"}},
    "thinking": {{"thinking": {THINKING!r}, "answer": "", "pace": 0.02}},
    "answering": {{"answer": {ANSWER!r}, "pace": 0.02}},
    "short": {{"thinking": "Well. " * 4, "answer": "So be it. " * 6, "pace": 0.02}},
    "end": {{"answer": "So be it.", "pace": 0.02}},
    "job": {{"thinking": "Well. " * 8, "answer": "So be it. " * 30, "pace": 0.03}},
}}.items():
    emulator.script(Script(name=name, asks=f"^{{name}}", **words))

closed, ended = {{}}, []  # by the clock that the page has too


def look():
    while True:
        for number, record in enumerate(emulator.journal):
            if record.closed_early:
                closed.setdefault(number, time.time())
        time.sleep(0.005)


threading.Thread(target=look, daemon=True).start()
get_ipython().events.register("post_run_cell", lambda result: ended.append(time.time()))
%qwen --once Hello"""

_CLICKS = """() => {
  window.qnClicks = [];
  // the toolbar acts when the button goes down
  const note = () => window.qnClicks.push(Date.now() / 1000);
  document.addEventListener("pointerdown", note, true);
}"""

_SHOWN = """([index, state, n]) => {
  const card = PANEL.content.widgets[index].outputArea.node.querySelector(".qn-card");
  if (!card || card.dataset.state !== state) return false;
  const texts = card.querySelectorAll(".qn-thinking, .qn-answer");
  return [...texts].reduce((sum, node) => sum + node.textContent.length, 0) >= n
    && parseFloat(card.querySelector(".qn-clock").textContent) >= 0.5;
}"""

_TOLD = """async expression => {
  const content = {code: "", silent: true, store_history: false,
                   user_expressions: {told: expression}};
  const future = PANEL.sessionContext.session.kernel.requestExecute(content);
  const told = (await future.done).content.user_expressions.told;
  return told.data ? told.data["text/plain"] : JSON.stringify(told);
}"""

_APPEND = """sources => {
  const model = PANEL.content.model.sharedModel, end = model.cells.length;
  model.insertCells(end, sources.map(source => ({cell_type: "code", source})));
  PANEL.content.activeCellIndex = end;
  PANEL.content.deselectAll();
  return end;
}"""

_RUN_BELOW = """() => {
  window.qnRunning = true;
  window.jupyterapp.commands.execute("notebook:run-all-below")
    .finally(() => { window.qnRunning = false; });
}"""


def prepare(notebook: Notebook) -> None:
    """Run the first cell, `SETUP`, and note from now on when something is clicked."""
    notebook.run(0)
    assert "is listening" in notebook.text(0), notebook.text(0)
    notebook.ask(_CLICKS)


def append(notebook: Notebook, *sources: str) -> int:
    """Add cells at the end, the first of them the active one; return its index."""
    index: int = notebook.ask(_APPEND, list(sources))
    return index


def run_below(notebook: Notebook) -> None:
    """Run the active cell and all below as Run All does, and do not wait."""
    notebook.ask(_RUN_BELOW)


def start(notebook: Notebook, *sources: str) -> int:
    """Add cells at the end and run them; return the first one's index."""
    index = append(notebook, *sources)
    run_below(notebook)
    return index


def until(notebook: Notebook, index: int, state: str, characters: int = 0) -> None:
    """Wait until a card is in a state, for a while already, and has so much text."""
    notebook.wait_for(_SHOWN, [index, state, characters])


def told(notebook: Notebook, expression: str) -> Any:
    """Return what an expression is in the kernel, without running a cell."""
    return ast.literal_eval(notebook.ask(_TOLD, expression))


def clicked(notebook: Notebook) -> float:
    """Return when the first click was since this was asked last."""
    times: list[float] = notebook.ask("() => window.qnClicks.splice(0)")
    return times[0]


def errors(notebook: Notebook, index: int) -> list[str]:
    """Return the names of the errors below a cell."""
    return [
        output["ename"]
        for output in notebook.outputs(index)
        if output["output_type"] == "error"
    ]


_PRESS_WHEN = """([index, text, wait, times, gap, toolbar]) => {
  const area = PANEL.content.widgets[index].outputArea.node;
  window.qnPressed = 0;
  const press = () => {
    const button = area.querySelector(".qn-card button[aria-label=Stop]");
    if (toolbar) window.jupyterapp.commands.execute("notebook:interrupt-kernel");
    else if (!button || button.hidden) return;
    else button.click();
    window.qnPressed += 1;
  };
  const look = () => {
    const card = area.querySelector(".qn-card");
    if (!card || !card.textContent.includes(text)) return requestAnimationFrame(look);
    for (let time = 0; time < times; time += 1) setTimeout(press, wait + gap * time);
  };
  look();
}"""


def press_when(
    notebook: Notebook,
    index: int,
    text: str,
    wait_ms: float,
    *,
    times: int = 1,
    gap_ms: float = 100,
    toolbar: bool = False,
) -> None:
    """Let the page press a stop so long after a card, of a cell to be started, has a text.

    A button that nobody sees any more is not pressed.
    """
    notebook.ask(_PRESS_WHEN, [index, text, wait_ms, times, gap_ms, toolbar])


def pressed(notebook: Notebook) -> int:
    """Return how often that was done."""
    times: int = notebook.ask("() => window.qnPressed")
    return times
