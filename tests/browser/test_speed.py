"""What a long stream costs the page, and that nothing of it is lost on the way.

Past a thousand messages a second the server drops what comes, the last output included;
and a page that draws all the text anew for each piece falls behind a model of ordinary
speed. So frames are few, and each draws only what is new.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from _stream import pieces, server

from tests.browser._lab import Lab, Notebook
from tests.browser._measure import Busy, Wire, busiest_second, busy, wire

pytestmark = [pytest.mark.browser, pytest.mark.perf]

FLOOD = "numbered32000"
PROSE = "prose2000at100"

MOST_A_SECOND = 30
MOST_OF_NAIVE = 0.3
HANG_S = 180

# what carries a card's text or takes its place
CARD = {"comm_msg", "comm_open", "display_data", "update_display_data", "clear_output"}

SETUP = """\
import os
os.environ["QWEN_NB_BASE_URL"] = {url!r}
%load_ext qwen_nb"""

ASK = "%%qwen -m {model}\ngo"

# what everybody writes first
NAIVE = """\
import openai
from IPython.display import Markdown, display, update_display

client, text = openai.OpenAI(base_url={url!r}, api_key="none"), ""
display(Markdown(text), display_id="answer")
for chunk in client.chat.completions.create(
    model={model!r}, messages=[{{"role": "user", "content": "go"}}], stream=True
):
    if chunk.choices and chunk.choices[0].delta.content:
        text += chunk.choices[0].delta.content
        update_display(Markdown(text), display_id="answer")"""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with server() as url:
        yield url


@pytest.fixture(scope="module")
def notebook(lab: Lab, url: str) -> Iterator[Notebook]:
    cells = [SETUP.format(url=url), ASK.format(model="20")]
    with lab.open(cells) as notebook:
        notebook.run_all()  # imports are not what is measured
        yield notebook


def letters(text: str) -> str:
    """Return what of a text, as Markdown or as read in the page, must be the same in both."""
    return re.sub(r"[\W_]+", "", re.sub(r"^```.*$", "", text, flags=re.M))


def shown(notebook: Notebook, index: int) -> str:
    script = "i => PANEL.content.widgets[i].outputArea.node.textContent"
    return letters(notebook.ask(script, index))


def run(notebook: Notebook, source: str, end: str) -> tuple[int, Busy, Wire]:
    """Run a new cell until the page shows the end of a text; return what that took."""
    # An empty cell first: what is asked of the page while it streams is next to nothing.
    index = notebook.run_new("")
    notebook.ask(
        "([i, source]) => PANEL.content.model.sharedModel.cells[i].setSource(source)",
        [index, source],
    )
    deadline = time.monotonic() + HANG_S
    with wire(notebook) as heard, busy(notebook) as worked:
        notebook.start(index)
        while notebook.ask("() => window.qnRunning") or end not in shown(notebook, index):
            assert time.monotonic() < deadline, f"{end!r} was never shown"
            time.sleep(0.5)
    return index, worked, heard


@pytest.fixture(scope="module")
def flood(notebook: Notebook) -> tuple[int, Busy, Wire]:
    return run(notebook, ASK.format(model=FLOOD), letters("".join(pieces(FLOOD)[1][-20:])))


@pytest.fixture(scope="module")
def prose(notebook: Notebook) -> tuple[int, Busy, Wire]:
    return run(notebook, ASK.format(model=PROSE), letters("".join(pieces(PROSE)[1])[-80:]))


def test_a_flood_arrives_whole(
    lab: Lab, notebook: Notebook, flood: tuple[int, Busy, Wire]
) -> None:
    index, _, _ = flood
    thinking, answer, _ = pieces(FLOOD)
    assert letters("".join(thinking)) in shown(notebook, index)
    assert shown(notebook, index).count(letters("".join(answer))) == 1
    (plain,) = [out["data"]["text/plain"] for out in notebook.outputs(index) if out["data"]]
    assert "".join(answer).strip() in "".join(plain)
    assert "rate exceeded" not in lab.server.log


def test_ordinary_prose_arrives_whole(
    lab: Lab, notebook: Notebook, prose: tuple[int, Busy, Wire]
) -> None:
    index, _, _ = prose
    assert shown(notebook, index).count(letters("".join(pieces(PROSE)[1]))) == 1
    assert "rate exceeded" not in lab.server.log


@pytest.mark.parametrize("stream", ["flood", "prose"])
def test_frames_are_few(stream: str, request: pytest.FixtureRequest) -> None:
    _, _, heard = request.getfixturevalue(stream)
    assert 1 < busiest_second(heard.shown(CARD)) <= MOST_A_SECOND


def test_the_page_works_far_less_than_with_an_update_for_each_piece(
    notebook: Notebook, url: str, prose: tuple[int, Busy, Wire]
) -> None:
    _, ours, _ = prose
    end = letters("".join(pieces(PROSE)[1])[-80:])
    _, naive, heard = run(notebook, NAIVE.format(url=url, model=PROSE), end)
    assert len(heard.shown({"update_display_data"})) == len(pieces(PROSE)[1])
    assert ours.task_s <= MOST_OF_NAIVE * naive.task_s, (ours, naive)
