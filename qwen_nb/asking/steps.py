"""What the flow of a turn asks its driver to do: values, nothing is done here.

A flow yields one of these, and is sent what came of it, or is thrown the error that ended
it. What waits for a server is a `Fetch`: the driver has it read in another thread.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeAlias

from qwen_nb.context import EMBEDDING_MODEL, RetrievalNeed, Vectors, nearest
from qwen_nb.tools import Calling
from qwen_nb.values import (
    CallRecord,
    ChatRequest,
    Cost,
    Event,
    Reply,
    ReplyBuilder,
    Retrying,
    Server,
    Usage,
)
from qwen_nb.wire import Exchange, Retries, embed, stream
from qwen_nb.wire.dialects import Dialect


class Opens(Protocol):
    """Opens an exchange with a server."""

    def __call__(self, server: Server, *, native: bool) -> Exchange:
        """Return a fresh one; `native` for the address of the native protocol."""


class Fetch:
    """A step that waits for a server."""

    def read(self, opens: Opens) -> Generator[Event, None, Any]:
        """Ask, yield what comes, return the step's result; for the reading thread."""
        raise NotImplementedError


@dataclass(slots=True, eq=False, kw_only=True)
class Send(Fetch):
    """Send a request; its events go to the growing reply, or else to this step.

    Parameters
    ----------
    request, server, dialect, retries
        What is sent, to whom, in which protocol, and how often it is tried.
    is_native : bool
        It goes to the address of the native protocol.
    grows : bool
        It is part of the turn's reply; False for a summary.
    at : float
        Seconds since 1970 when it was sent; set by the driver.
    has_begun : bool
        Something has come; set by `take`.
    """

    request: ChatRequest
    server: Server
    dialect: Dialect
    retries: Retries
    is_native: bool
    grows: bool = True
    at: float = 0.0
    has_begun: bool = False
    _apart: ReplyBuilder = field(default_factory=ReplyBuilder)

    def read(self, opens: Opens) -> Generator[Event, None, Any]:
        """See `Fetch`."""
        exchange = opens(self.server, native=self.is_native)
        yield from stream.stream(
            self.request, exchange, self.dialect, self.server, self.retries
        )

    def take(self, event: Event) -> bool:
        """Take in an event; return whether it is the growing reply's as well."""
        self.has_begun = self.has_begun or not isinstance(event, Retrying)
        if not self.grows:
            self._apart.add(event)
        return self.grows

    def reply(self) -> Reply:
        """Return what came, where it is no part of the turn's reply."""
        return self._apart.reply(model=self.request.model, scripted=self.server.scripted)


@dataclass(slots=True, eq=False, kw_only=True)
class Embed(Fetch):
    """Find the rounds most similar to a question; the result is a tuple of their ids.

    Parameters
    ----------
    need : RetrievalNeed
        What is looked for.
    vectors : Vectors
        What was embedded before.
    server : Server
        Who embeds what is new.
    took : list of Usage
        What each call took; filled while it is read, also where a later one fails.
    """

    need: RetrievalNeed
    vectors: Vectors
    server: Server
    took: list[Usage] = field(default_factory=list)

    def read(self, opens: Opens) -> Generator[Event, None, Any]:
        """See `Fetch`."""
        yield from ()

        def fresh() -> Exchange:
            return opens(self.server, native=False)

        def embedded(texts: Sequence[str]) -> Sequence[Sequence[float]]:
            return embed(texts, EMBEDDING_MODEL, fresh, self.server, self.took.append)

        return nearest(self.need, embedded, self.vectors)


@dataclass(slots=True, eq=False)
class FindRegion(Fetch):
    """Find out where a refused key belongs; the result is a `Server`, or None.

    Parameters
    ----------
    find : callable
        Asks the other regions.
    """

    find: Callable[[], Server | None]

    def read(self, opens: Opens) -> Generator[Event, None, Any]:
        """See `Fetch`."""
        yield from ()
        return self.find()


@dataclass(slots=True, eq=False)
class Permit:
    """Let a further request of the turn be sent, or raise `BudgetReached`.

    Parameters
    ----------
    bound : callable
        Returns the most that it can cost; None where that is not known.
    server : Server
        Who will be asked.
    model : str
        Whose price holds.
    """

    bound: Callable[[], Cost | None]
    server: Server
    model: str


@dataclass(slots=True, eq=False)
class RunTools:
    """Run the calls of a round; what becomes of them stands in `calling`.

    Parameters
    ----------
    calling : Calling
        The calls.
    before : tuple of CallRecord
        Those of earlier rounds.
    """

    calling: Calling
    before: tuple[CallRecord, ...]


@dataclass(slots=True, eq=False)
class Tell:
    """Let whoever reads the events see one that no server sent."""

    event: Event


Step: TypeAlias = Fetch | Permit | RunTools | Tell
