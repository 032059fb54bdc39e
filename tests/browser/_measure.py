"""What instruments say about a page: axe-core, the main thread's clock, the wire."""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1
from playwright.sync_api import CDPSession

from tests.browser._page import NotebookPage


@dataclass(frozen=True)
class Violation:
    """A rule of axe-core that a page breaks, and the HTML of what breaks it."""

    rule: str
    what: str
    nodes: tuple[str, ...]


def violations(notebook: NotebookPage, index: int | None = None) -> list[Violation]:
    """Let axe-core judge the output of a cell; the whole page where none is given."""
    page = notebook.shown()
    where = page.locator("html") if index is None else notebook.output(index)
    axe = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")

    def judge() -> list[Violation]:
        page.evaluate(axe)
        found = where.evaluate("node => axe.run(node).then(result => result.violations)")
        return [
            Violation(each["id"], each["help"], tuple(node["html"] for node in each["nodes"]))
            for each in found
        ]

    return notebook.browser.do(judge)


@dataclass
class Busy:
    """How long the page's main thread worked, once the time is over."""

    task_s: float = 0.0


@contextmanager
def busy(notebook: NotebookPage) -> Iterator[Busy]:
    """Measure the work of the page's main thread (`TaskDuration` of Chromium)."""
    result = Busy()
    with _devtools(notebook) as devtools:
        do = notebook.browser.do
        do(lambda: devtools.send("Performance.enable"))
        before = do(lambda: _task_duration(devtools))
        yield result
        result.task_s = do(lambda: _task_duration(devtools)) - before


def _task_duration(devtools: CDPSession) -> float:
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return next(float(m["value"]) for m in metrics if m["name"] == "TaskDuration")


@dataclass(frozen=True)
class Message:
    """A message that the page got from a kernel: when, on which channel, of which type."""

    at_s: float
    channel: str
    kind: str


@dataclass
class Wire:
    """What the page got from kernels, in order."""

    messages: list[Message] = field(default_factory=list)

    def shown(self, kinds: Collection[str] = ()) -> list[Message]:
        """Return the messages on iopub of these types; of all types where none is given."""
        iopub = (message for message in self.messages if message.channel == "iopub")
        return [message for message in iopub if not kinds or message.kind in kinds]


@contextmanager
def wire(notebook: NotebookPage) -> Iterator[Wire]:
    """Listen to the kernels' websockets; the browser notes the time of each message."""
    result = Wire()

    def received(event: dict[str, Any]) -> None:
        frame = event["response"]
        if frame["opcode"] == 2:  # binary: the protocol v1.kernel.websocket.jupyter.org
            data = base64.b64decode(frame["payloadData"])
            channel, (header, *_) = deserialize_msg_from_ws_v1(data)
            kind = json.loads(header)["msg_type"]
            result.messages.append(Message(event["timestamp"], channel, kind))

    with _devtools(notebook) as devtools:
        devtools.on("Network.webSocketFrameReceived", received)
        notebook.browser.do(lambda: devtools.send("Network.enable"))
        yield result
        # the answer comes after all events before it
        notebook.browser.do(lambda: devtools.send("Network.disable"))


def busiest_second(messages: Sequence[Message]) -> int:
    """Return how many messages came in the second in which most came."""
    most = first = 0
    for last, message in enumerate(messages):
        while message.at_s - messages[first].at_s >= 1.0:
            first += 1
        most = max(most, last - first + 1)
    return most


@contextmanager
def _devtools(notebook: NotebookPage) -> Iterator[CDPSession]:
    page = notebook.shown()
    devtools = notebook.browser.do(lambda: page.context.new_cdp_session(page))
    try:
        yield devtools
    finally:
        notebook.browser.do(devtools.detach)
