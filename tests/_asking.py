"""One question driven as a person's is, with a step or a connection of the test's own."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from qwen_nb.asking.asking import Asking
from qwen_nb.asking.drivers import wait
from qwen_nb.asking.growing import Outcome
from qwen_nb.asking.kept import Kept
from qwen_nb.asking.line import Line
from qwen_nb.asking.notebook import Notebook
from qwen_nb.asking.preparing import prepare
from qwen_nb.asking.session import Session
from qwen_nb.asking.steps import Fetch, Opens
from qwen_nb.errors import QwenError
from qwen_nb.values import ChatOptions, ChatRequest, Display, Event, Message, Question, Server
from qwen_nb.wire import Exchange, Retries
from qwen_nb.wire.http import HttpTransport

NOWHERE = Server(name="s", base_url="http://127.0.0.1:9/v1", key="sk-secret-0123456789")


class Given(Fetch):
    """A step whose events the test makes."""

    def __init__(self, events: Callable[[], Iterator[Event]]) -> None:
        self.events = events

    def read(self, opens: Opens) -> Any:
        opens(NOWHERE, native=False)
        yield from self.events()


class OwnLine(Line):
    """A line whose exchanges the test makes."""

    def __init__(self, exchange: Callable[[], Exchange]) -> None:
        super().__init__()
        self.opened = exchange

    def exchange(self, server: Server, idle_s: float, *, native: bool) -> Exchange:
        return self.opened()


class Asked:
    """A question on its way: to be waited for, and to be stopped."""

    def __init__(
        self, display: Display, exchange: Callable[[], Exchange], step: Fetch | None = None,
        server: Server = NOWHERE,
    ) -> None:  # fmt: skip
        session = Session(notebook=Notebook(None), own=Kept(), line=OwnLine(exchange))
        for watched in (True, False):  # another test may have left a shell
            session._servers[None, True, watched] = server
        question = Question(prompt="Hi", options=ChatOptions(model="m"))
        self.display = display
        self.asking: Asking = prepare(question, session, display)
        if step is not None:

            def flow() -> Any:
                yield step

            self.asking.flow = flow  # type: ignore[method-assign]

    def stop(self) -> None:
        self.asking.stop()

    def run(self) -> Outcome:
        try:
            return Outcome(wait(self.asking, self.display))
        except (QwenError, RuntimeError) as error:
            return replace(self.asking.end(), error=error)


def to(
    display: Display,
    transport: HttpTransport,
    server: Server,
    prompt: str = "Hi",
    tries: int = 1,
) -> Asked:
    """Ask a server over a connection of the test's own, by a request of nothing else."""
    asked = Asked(display, transport.exchange, server=server)
    asking = asked.asking
    request = ChatRequest("m", (Message("user", prompt),))
    asking.ready = replace(asking.ready, request=request)
    asking.retries = Retries(tries=tries)
    return asked
