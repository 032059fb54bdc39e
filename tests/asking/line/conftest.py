from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from _servers import Misbehaving

from qwen_nb import Reply
from qwen_nb.asking.pump import Outcome, Pump
from qwen_nb.values import ChatRequest, Frame, Message, Opening, Server
from qwen_nb.wire import stream
from qwen_nb.wire.dialects.openai import OpenAIDialect
from qwen_nb.wire.http import HttpTransport

KEY = "sk-secret-0123456789"


@dataclass
class Watch:
    """A display that keeps what it was shown, and may act on it."""

    on_frame: Callable[[Frame], object] = lambda frame: None
    frames: list[Frame] = field(default_factory=list)

    def open(self, asking: Opening, stop: object = None) -> None: ...

    def frame(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.on_frame(frame)

    def settle(self, interrupts: Any) -> int:
        return 0

    def close(self, reply: Reply) -> None: ...


class Line:
    """Everything between a request and an outcome, to one server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.transport = HttpTransport(server)
        self.watch = Watch()
        self._others: list[Line] = []

    def pump(self, prompt: str = "Hi") -> Pump:
        exchange, dialect = self.transport.exchange(), OpenAIDialect()
        request = ChatRequest("m", (Message("user", prompt),))
        return Pump(
            exchange,
            lambda: stream.stream(request, exchange, dialect, self.server),
            self.watch,
        )

    def ask(self, prompt: str = "Hi") -> Outcome:
        return self.pump(prompt).run(Opening(model="m", server=self.server.name))

    def to(self, **changes: str | None) -> "Line":
        """Return a line to the same server under another address or key."""
        self._others.append(Line(replace(self.server, **changes)))  # type: ignore[arg-type]
        return self._others[-1]

    def close(self) -> None:
        for line in (self, *self._others):
            line.transport.close()


@pytest.fixture
def line(misbehaving: Misbehaving) -> Iterator[Line]:
    line = Line(Server(name="the server", base_url=misbehaving.base_url, key=KEY))
    yield line
    line.close()
