"""Questions in the background: each keeps to its own card, whatever else the kernel does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests.browser import _kernels
from tests.browser._lab import Lab, Notebook
from tests.browser._seen import ARTIFACTS
from tests.browser._stops import (
    SETUP,
    append,
    errors,
    prepare,
    run_below,
    told,
    until,
)
from tests.notebooks._tools import Tools

pytestmark = pytest.mark.browser

WHOLE = ("So be it. " * 30).strip()
STATIC = {"text/html", "text/markdown", "text/plain"}

COUNT = "for number in range(8):\n    print(number)\n    time.sleep(0.1)"
COUNTED = "".join(f"{number}\n" for number in range(8))

_GROWS = """index => {
  if (!window.qnRunning) throw new Error("the other cell has ended");
  const [card, other] = [0, 1].map(n => PANEL.content.widgets[index + n].outputArea.node);
  const length = card.querySelector(".qn-card")?.textContent.length;
  if (!length || !other.innerText.trim()) return false;
  window.qnLength ??= length;
  return length > window.qnLength + 20;
}"""

_IS_LIVE = """index => PANEL.content.widgets[index].outputArea.node
  .querySelector(".qn-card[aria-busy=true]") !== null"""

_HAS_ENDED = """index => {
  const area = PANEL.content.widgets[index].outputArea.node;
  return !area.querySelector(".qn-card") && area.innerText.trim();
}"""


@pytest.fixture(scope="module", params=[_kernels.CURRENT, "ipykernel-6.31"])
def kernel(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def notebook(lab: Lab, kernel: str) -> Iterator[Notebook]:
    with lab.open([SETUP], kernel=kernel) as notebook:
        prepare(notebook)
        yield notebook


def ask(notebook: Notebook, prompt: str) -> int:
    """Start a job in a cell of its own, which ends at once; return its index."""
    index = notebook.run_new(f"%%qwen --bg --once\n{prompt}")
    notebook.wait_for(_IS_LIVE, index)
    return index


def is_live(notebook: Notebook, index: int) -> bool:
    live: bool = notebook.ask(_IS_LIVE, index)
    return live


def wait_for_end(notebook: Notebook, index: int) -> str:
    """Wait until a static output stands in the card's place; return what is read there."""
    notebook.wait_for(_HAS_ENDED, index)
    (output,) = notebook.outputs(index)
    assert output["output_type"] == "display_data"
    return notebook.text(index)


def jobs(notebook: Notebook) -> dict[str, tuple[int, str]]:
    """Return the number and the state of each job by its question, as the person reads it."""
    lines = notebook.text(notebook.run_new("%qwen_nb jobs")).splitlines()
    rows = [re.split(r"\s{2,}", line.strip()) for line in lines]
    return {row[3]: (int(row[0]), row[1]) for row in rows if row[0].isdecimal()}


def test_a_card_goes_on_while_another_cell_runs(notebook: Notebook, kernel: str) -> None:
    index = append(notebook, "%%qwen --bg --once\njob", COUNT)
    run_below(notebook)
    notebook.wait_for(_GROWS, index)
    notebook.screenshot(ARTIFACTS / f"job_{kernel}_1_beside_another_cell.png")
    notebook.wait()
    assert WHOLE in wait_for_end(notebook, index)
    notebook.screenshot(ARTIFACTS / f"job_{kernel}_2_after.png")
    assert notebook.text(index + 1).split() == COUNTED.split()
    saved = notebook.save()
    (output,) = saved.cells[index].outputs
    assert set(output.data) == STATIC
    assert WHOLE in output.data["text/markdown"]
    (printed,) = saved.cells[index + 1].outputs
    assert printed.text == COUNTED
    assert "widget" not in json.dumps(saved.cells)


def test_each_of_two_jobs_is_stopped_alone(notebook: Notebook, kernel: str) -> None:
    first, second = ask(notebook, "answering one"), ask(notebook, "answering two")
    for index in (first, second):
        until(notebook, index, "answering", 60)
    listed = jobs(notebook)
    notebook.screenshot(ARTIFACTS / f"job_{kernel}_3_two.png")
    number, state = listed["answering one"]
    assert (state, listed["answering two"][1]) == ("Running", "Running")
    said = notebook.text(notebook.run_new(f"%qwen_nb stop {number}"))
    assert said.strip() == f"Job {number}: stopped"
    assert "stopped by you" in wait_for_end(notebook, first)
    assert is_live(notebook, second)
    notebook.press_button(second, "Stop")
    assert "stopped by you" in wait_for_end(notebook, second)
    assert [jobs(notebook)[f"answering {which}"][1] for which in ("one", "two")] == [
        "Stopped",
        "Stopped",
    ]


def test_an_interrupt_of_another_cell_leaves_a_job_alone(notebook: Notebook) -> None:
    index = ask(notebook, "job 2")
    other = append(notebook, 'print("asleep")\ntime.sleep(60)')
    run_below(notebook)
    notebook.wait_for(
        "i => PANEL.content.widgets[i].outputArea.node.innerText.includes('asleep')", other
    )
    notebook.press_stop()
    notebook.wait()
    assert errors(notebook, other) == ["KeyboardInterrupt"]
    assert is_live(notebook, index)
    assert WHOLE in wait_for_end(notebook, index)


def test_running_the_cell_again_stops_its_job(notebook: Notebook) -> None:
    index = ask(notebook, "answering again")
    until(notebook, index, "answering", 60)
    notebook.run(index)
    states = "[job.state for job in __import__('qwen_nb.asking.job', fromlist=['_job']).JOBS]"
    assert told(notebook, states)[-2:] == ["stopped", "running"]
    until(notebook, index, "answering", 60)
    notebook.press_button(index, "Stop")
    assert "stopped by you" in wait_for_end(notebook, index)


def test_a_job_that_fails_says_so_in_its_own_output(notebook: Notebook, kernel: str) -> None:
    index = append(notebook, "%%qwen --bg --once -m no-such-model\nHello", COUNT)
    run_below(notebook)
    notebook.wait()
    assert "no-such-model" in wait_for_end(notebook, index)
    assert errors(notebook, index) == []
    assert notebook.text(index + 1).split() == COUNTED.split()
    notebook.screenshot(ARTIFACTS / f"job_{kernel}_4_failed.png")


def test_the_page_has_no_complaint(notebook: Notebook) -> None:
    assert notebook.complaints == []


def test_a_page_loaded_again_finds_the_whole_reply(lab: Lab) -> None:
    with lab.open([SETUP]) as notebook:
        prepare(notebook)
        index = ask(notebook, "job")
        until(notebook, index, "answering", 60)
        notebook.save()
        notebook.reload()
        notebook.wait_for(
            "() => document.querySelector('.qn-card [role=status]')?.textContent === 'Done'"
        )
        notebook.screenshot(ARTIFACTS / "job_loaded_again.png")
        assert WHOLE in notebook.text(index)


def test_the_saved_notebook_passes_nbval(lab: Lab, tools: Tools, tmp_path: Path) -> None:
    cells = ["%load_ext qwen_nb", "%%qwen --bg\nHello", 'print("meanwhile")']
    with lab.open(cells) as notebook:
        notebook.run_all()
        assert "is listening" in wait_for_end(notebook, 1)
        nbformat.write(notebook.save(), tmp_path / "job.ipynb")
    assert tools.failures(tmp_path / "job.ipynb") == {}
