"""Where there can be no live card: each way round it, forced.

(Without the page's Markdown renderer: test_card.py.)
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from tests.browser._lab import Lab
from tests.browser._server import HANG_S
from tests.notebooks._clean import environment

pytestmark = pytest.mark.kernel

VIEW = "application/vnd.jupyter.widget-view+json"
STATIC = {"text/html", "text/markdown", "text/plain"}
SENTENCE = "The emulator of qwen_nb is listening."
USAGE = "turn 1 · in "

ASK = "%%qwen --new\nHello"
LINE = "%qwen --new Hello"
JOB = "job = %qwen --bg --new Hello\nprint(job.done)"

IN_JUPYTER = "0a1b2c3d-aaaa-bbbb-cccc-000011112222"
IN_VS_CODE = "vscode-notebook-cell:/home/me/a%20b.ipynb#W0sZmlsZQ%3D%3D"
IN_VS_CODE_REMOTE = "vscode-notebook-cell://ssh-remote%2Bhost/home/me/a.ipynb#X12sdW50aXRsZWQ"


class Kernel:
    """A kernel, asked by a client that says whatever a front end might say of itself."""

    def __init__(self, folder: Path) -> None:
        self._manager = KernelManager(kernel_name="python3")
        self._manager.start_kernel(env=environment(folder), cwd=str(folder))
        self._client: BlockingKernelClient = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=HANG_S)

    def close(self) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)

    def run(self, code: str, cell_id: str | None, *, answers: bool = True) -> list[Any]:
        """Run a cell; return what was shown, each its kind and content.

        Parameters
        ----------
        code : str
            The cell.
        cell_id : str, optional
            What the front end calls it.
        answers : bool
            Whether the front end lets the kernel ask the person something.
        """
        session, client = self._client.session, self._client
        content = {"code": code, "silent": False, "allow_stdin": answers}
        metadata = {} if cell_id is None else {"cellId": cell_id}
        sent = session.msg("execute_request", content, metadata=metadata)
        client.shell_channel.send(sent)
        shown = []
        while True:
            message = client.get_iopub_msg(timeout=HANG_S)
            if message["parent_header"].get("msg_id") != sent["header"]["msg_id"]:
                continue
            kind, told = message["header"]["msg_type"], message["content"]
            if kind == "status" and told["execution_state"] == "idle":
                return shown
            if kind not in ("status", "execute_input"):
                shown.append((kind, told))


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    kernel = Kernel(tmp_path_factory.mktemp("kernel"))
    try:
        assert kernel.run("%load_ext qwen_nb", None) == []
        yield kernel
    finally:
        kernel.close()


@pytest.fixture
def wish(kernel: Kernel) -> Iterator[Any]:
    """Set `display` as a person does, for one test."""

    def wish(display: str) -> None:
        kernel.run(f"%qwen_nb config display {display}", None)

    yield wish
    wish("default")


def shows_a_card_then_static(shown: list[Any]) -> None:
    kinds = [kind for kind, _ in shown]
    views = [told for kind, told in shown if kind == "display_data" and VIEW in told["data"]]
    assert [set(view["data"]) for view in views] == [{VIEW}]
    assert kinds.count("comm_open") > 0 and "comm_msg" in kinds
    assert not {"error", "stream"} & set(kinds)
    shows_static(shown[-1:])


def shows_static(shown: list[Any]) -> None:
    ((kind, told),) = shown
    assert kind == "display_data"
    assert set(told["data"]) == STATIC
    assert SENTENCE in told["data"]["text/plain"] and USAGE in told["data"]["text/plain"]


def shows_text(shown: list[Any]) -> None:
    assert {kind for kind, _ in shown} == {"stream"}
    assert {told["name"] for _, told in shown} == {"stdout"}
    text = "".join(told["text"] for _, told in shown)
    assert SENTENCE in text and USAGE in text
    assert len(shown) > 1, "the text did not come piece by piece"


@pytest.mark.parametrize("cell_id", [IN_JUPYTER, IN_VS_CODE, IN_VS_CODE_REMOTE])
def test_a_cell_that_somebody_watches_has_a_card(kernel: Kernel, cell_id: str) -> None:
    shows_a_card_then_static(kernel.run(ASK, cell_id))


def test_a_client_without_cells_is_shown_text(kernel: Kernel) -> None:
    shows_text(kernel.run(ASK, None))
    shows_text(kernel.run(LINE, None))


@pytest.mark.parametrize("cell_id", [IN_JUPYTER, None])
def test_nobody_to_ask_is_nobody_who_watches(kernel: Kernel, cell_id: str | None) -> None:
    shows_static(kernel.run(ASK, cell_id, answers=False))
    answer, told = kernel.run(JOB, cell_id, answers=False)
    shows_static([answer])
    assert told[1]["text"] == "True\n"  # nobody would see it end, so the cell waited


# -- the setting `display` -------------------------------------------------------------------


def test_a_card_may_be_wished_for_where_none_is_expected(kernel: Kernel, wish: Any) -> None:
    wish("card")
    shows_a_card_then_static(kernel.run(ASK, None))


def test_text_may_be_wished_for(kernel: Kernel, wish: Any) -> None:
    wish("text")
    shows_text(kernel.run(ASK, IN_JUPYTER))
    shows_text(kernel.run(LINE, IN_JUPYTER))
    shows_text(kernel.run(JOB, IN_JUPYTER))


def test_the_static_output_alone_may_be_wished_for(kernel: Kernel, wish: Any) -> None:
    wish("static")
    shows_static(kernel.run(ASK, IN_JUPYTER))
    shows_static(kernel.run(ASK, None))
    answer, told = kernel.run(JOB, IN_JUPYTER)
    shows_static([answer])
    assert told[1]["text"] == "True\n"


def test_quiet_stays_quiet(kernel: Kernel, wish: Any) -> None:
    for display in ("card", "text", "static"):
        wish(display)
        for kind, told in kernel.run("%%qwen -q --new\nHello", IN_JUPYTER):
            assert (kind, told["data"]) == ("display_data", {})


def test_a_wish_that_cannot_be_understood_is_one_line(kernel: Kernel, wish: Any) -> None:
    ((kind, told),) = kernel.run("%qwen_nb config display widget", None)
    assert (kind, told["ename"]) == ("error", "ConfigError")
    assert "display takes card|text|static, not 'widget'" in told["evalue"]


# -- without the widget's library ------------------------------------------------------------

WITHOUT_ANYWIDGET = """\
import sys

sys.modules["anywidget"] = None  # as if it were not installed
%load_ext qwen_nb"""


def test_without_anywidget(tmp_path: Path) -> None:
    kernel = Kernel(tmp_path)
    try:
        assert kernel.run(WITHOUT_ANYWIDGET, IN_JUPYTER) == []
        shows_static(kernel.run(ASK, IN_JUPYTER))
        shows_static(kernel.run(LINE, IN_JUPYTER))
        answer, told = kernel.run(JOB, IN_JUPYTER)
        shows_static([answer])
        assert told[1]["text"] == "True\n"
        kernel.run("%qwen_nb config display card", IN_JUPYTER)
        shows_static(kernel.run(ASK, IN_JUPYTER))
    finally:
        kernel.close()


@pytest.mark.browser
def test_in_jupyterlab(lab: Lab) -> None:
    text = "%qwen_nb config display text"
    with lab.open([WITHOUT_ANYWIDGET, ASK, LINE, JOB, text, ASK]) as notebook:
        notebook.run_all()
        for index in (1, 2, 3):
            assert SENTENCE in notebook.text(index)
            shows_static([("display_data", notebook.outputs(index)[0])])
        assert SENTENCE in notebook.text(5) and USAGE in notebook.text(5)
        assert [output["output_type"] for output in notebook.outputs(5)] == ["stream"]
        assert notebook.complaints == notebook.remote == []
