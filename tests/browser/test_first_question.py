"""A newcomer's first two questions in JupyterLab and Notebook 7, and the toolbar's stop."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import groupby, pairwise

import pytest

from tests.browser._lab import Lab, Notebook
from tests.browser._seen import ARTIFACTS, Seen

pytestmark = pytest.mark.browser

both_questions = pytest.mark.parametrize("question", [0, 1], ids=["first", "second"])


@both_questions
def test_states_are_said_in_words(seen: Seen, question: int) -> None:
    states = [state for state, _ in groupby(sample.state for sample in seen.samples[question])]
    # a page may be too slow to show the last one before the card gives way
    assert states in (
        ["Waiting", "Thinking", "Answering"],
        ["Waiting", "Thinking", "Answering", "Done"],
    )


@both_questions
def test_thinking_grows_in_an_open_fold(seen: Seen, question: int) -> None:
    thinking = [sample for sample in seen.samples[question] if sample.state == "Thinking"]
    assert all(sample.height > 0 and sample.fold_open for sample in thinking)
    assert all(
        after.thinking.startswith(before.thinking) for before, after in pairwise(thinking)
    )
    assert len({sample.thinking for sample in thinking}) > 10


@both_questions
def test_answer_grows_and_folds_the_thinking(seen: Seen, question: int) -> None:
    answering = [sample for sample in seen.samples[question] if sample.answer]
    assert not any(sample.fold_open for sample in answering)
    # signs of Markdown are there until they are drawn
    grown = [re.sub(r"[\W_]+", "", sample.answer) for sample in answering]
    assert all(after.startswith(before) for before, after in pairwise(grown))
    assert len(set(grown)) > 10


@both_questions
def test_a_static_output_takes_the_place_of_the_card(seen: Seen, question: int) -> None:
    (output,) = seen.saved.cells[1 + question].outputs
    assert set(output.data) == {"text/html", "text/markdown", "text/plain"}
    assert "aria-busy" not in seen.pages[question]
    assert "<details><summary>" in seen.pages[question]  # closed
    assert seen.texts[question].startswith("Thought · ")


def test_the_first_answer_and_its_usage_can_be_read(seen: Seen) -> None:
    assert "9.9 is larger." in seen.texts[0]
    usage = "turn 1 · in 23 (cached 0) · out 449, of which thinking 291 · qwen-plus"
    assert usage in seen.texts[0]


def test_the_second_answer_knows_the_first_question(seen: Seen) -> None:
    assert "You began with: “Which is larger, 9.9 or 9.11?”" in seen.texts[1]
    assert "turn 2 (1 before it sent) · " in seen.texts[1]


def test_no_widget_is_saved(seen: Seen) -> None:
    assert "widget" not in json.dumps(seen.saved)


def test_nothing_leaves_the_machine(seen: Seen) -> None:
    assert seen.remote == ()


def test_the_page_has_no_complaint(seen: Seen) -> None:
    assert seen.complaints == ()


# -- the toolbar's stop, in the thinking, while all cells are to run --------------------------

CLOSED = """\
import time

from qwen_nb.emulator import embedded

journal, deadline = embedded().journal, time.monotonic() + 10
while not journal[-1].closed_early and time.monotonic() < deadline:
    time.sleep(0.01)
journal[-1].closed_early"""


@pytest.fixture(scope="module")
def stopped(lab: Lab) -> Iterator[Notebook]:
    cells = ["%load_ext qwen_nb", "%%qwen\nWhich is larger, 9.9 or 9.11?", 'print("too far")']
    with lab.open(cells) as notebook:
        notebook.watch(1)
        notebook.start_all()
        notebook.wait_for_card("Thinking", "thinking", 100)
        notebook.press_stop()
        notebook.wait()
        notebook.screenshot(ARTIFACTS / "stopped.png")
        yield notebook


def test_stop_keeps_what_had_come_and_says_so(stopped: Notebook) -> None:
    reply, error = stopped.outputs(1)
    assert "The user compares 9.9 and 9.11. Read as decimals" in reply["data"]["text/html"]
    assert "stopped by you" in stopped.text(1)
    assert (error["ename"], error["traceback"]) == ("Stopped", [])


def test_stop_halts_run_all(stopped: Notebook) -> None:
    assert stopped.execution_count(2) is None
    assert stopped.outputs(2) == []


def test_stop_closes_the_stream(stopped: Notebook) -> None:
    (result,) = stopped.outputs(stopped.run_new(CLOSED))
    assert result["data"]["text/plain"] == "True"


def test_the_question_after_a_stop_works(stopped: Notebook) -> None:
    index = stopped.run_new("%%qwen\nHello")
    assert "The emulator of qwen_nb is listening." in stopped.text(index)
    assert [output["output_type"] for output in stopped.outputs(index)] == ["display_data"]
