from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from _asking import Asked, to
from _servers import Misbehaving

from qwen_nb import Reply
from qwen_nb.asking.growing import Outcome
from qwen_nb.values import Frame, Opening, Server
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

    def close(self, reply: Reply, failure: str = "") -> None: ...


class Line:
    """Everything between a request and an outcome, to one server."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.transport = HttpTransport(server)
        self.watch = Watch()
        self._others: list[Line] = []

    def asked(self, prompt: str = "Hi") -> Asked:
        return to(self.watch, self.transport, self.server, prompt)

    def ask(self, prompt: str = "Hi") -> Outcome:
        return self.asked(prompt).run()

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
