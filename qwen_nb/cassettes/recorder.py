"""Keeps what goes out and comes back, as it comes, in a cassette.

The file takes the place of an older one when the first answer is there, not before; from
then on each answer is appended when it has ended, in the order in which they were asked.
That it cannot be written never costs an answer: it is told with the report.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qwen_nb.cassettes.file import CassetteFile
from qwen_nb.cassettes.format import HEADER, place_text, price_text, recording_text
from qwen_nb.cassettes.places import facts_of, know_server, name_of
from qwen_nb.cassettes.prices import NotedPrices, Rows
from qwen_nb.cassettes.recorded import Recorded
from qwen_nb.cassettes.reports import Report
from qwen_nb.cassettes.requests import Attachment, parted
from qwen_nb.cassettes.secrets import SECRET, Redactor
from qwen_nb.cassettes.values import Answer, Place, Recording
from qwen_nb.catalogue import Catalogue
from qwen_nb.values import Server
from qwen_nb.wire import Exchange
from qwen_nb.wire.dialects import HttpCall

__all__ = ["Recorder", "Ticket"]

_END_S = 1.0
"""How long the end of an answer that nobody waits for may take."""


@dataclass(eq=False, slots=True)
class Ticket:
    """A request that is under way."""

    number: int
    at: str
    place: int
    call: HttpCall
    began: float
    chunks: list[tuple[float, bytes]] = field(default_factory=list)


class Recorder:
    """Records what every chat of this process asks.

    Parameters
    ----------
    path : Path
        The cassette.
    environ : mapping
        The environment, which holds secrets.
    clock : callable
        Monotonic seconds.

    Raises
    ------
    CassetteError
        When no file can be made there.
    """

    speed: float | None = None

    def __init__(
        self,
        path: Path,
        environ: Mapping[str, str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.clock = clock
        self.redactor = Redactor(environ)
        self.redactor.know(environ.get("DASHSCOPE_WORKSPACE_ID"))
        self._file = CassetteFile(path, HEADER)
        self._lock = threading.RLock()
        self._ended = threading.Condition(self._lock)
        self._places: list[Place] = []
        self._defaults: set[str] = set()
        self._settings: Mapping[str, Any] = {}
        self._begun = self._written = 0
        self._under_way: set[int] = set()
        self._ready: dict[int, tuple[str, list[Attachment]]] = {}
        self._waiting: list[str] = []
        self._priced: list[str] = []
        self._is_closed = False
        self._problem = self._lost = ""
        self._prices = NotedPrices(self._note_price)

    def server(
        self, resolve: Callable[[Mapping[str, str]], Server], *, is_default: bool
    ) -> Server:
        """Return the server that questions go to, and note whether anybody named it."""
        server = resolve({})
        if is_default:
            self._defaults.add(name_of(server))
        return server

    def settings(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep what the person's own settings add to requests; return what is kept: nothing."""
        self._settings = self.redactor.value(told)
        return {}

    def catalogue(self, base: Catalogue) -> Catalogue:
        """Return a catalogue whose prices are kept as they are looked up."""
        return self._prices.over(base)

    def exchange(self, server: Server, start: Callable[[], Exchange]) -> Exchange:
        """Return an exchange that is recorded."""
        know_server(self.redactor, server)
        return Recorded(start(), self, server)

    def report(self) -> Report:
        """Return what was recorded so far."""
        with self._lock:
            problem = self._problem or self._lost
            return Report("record", self.path, self._written, problem=problem)

    def close(self) -> None:
        """Wait a moment for answers whose end is still on its way here.

        What ends later is kept as well, but no other waits for it any more.
        """
        with self._ended:
            self._ended.wait_for(lambda: not self._under_way, _END_S)
            self._is_closed = True
            self._write()

    # -- told by the exchanges ------------------------------------------------------------

    def begin(self, server: Server, call: HttpCall) -> Ticket:
        """Note that a request is sent."""
        at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        with self._lock:
            self._begun += 1
            self._under_way.add(self._begun)
            return Ticket(self._begun, at, self._place(server), call, self.clock())

    def end(self, ticket: Ticket, answer: Callable[[], Answer] | None) -> None:
        """Keep a request with its answer.

        Parameters
        ----------
        ticket : Ticket
            The request.
        answer : callable, optional
            Returns what came; None where the request was never sent.
        """
        told = None
        try:
            if answer is not None:
                told = self._told(ticket, answer())
        except Exception as error:  # the answer itself is whole, and has to reach its reader
            self._lost = self._lost or f"{type(error).__name__}: {error}"
        with self._lock:
            self._under_way.discard(ticket.number)
            if told is not None:
                self._ready[ticket.number] = told
            self._write()
            self._ended.notify_all()

    def _told(self, ticket: Ticket, answer: Answer) -> tuple[str, list[Attachment]]:
        body, attachments = parted(ticket.call.body)
        redactor = self.redactor.marking(SECRET)
        recording = Recording(
            ticket.number,
            ticket.at,
            ticket.place,
            ticket.call.method,
            redactor.text(ticket.call.path),
            redactor.value(body),
            answer,
        )
        return recording_text(recording), attachments

    def _place(self, server: Server) -> int:
        own = {"settings": self._settings} if self._settings else {}
        facts = facts_of(server, self.redactor) | own
        place = Place(facts, name_of(server) in self._defaults)
        if place not in self._places:
            self._places.append(place)
            self._waiting.append(place_text(len(self._places), place))
        return self._places.index(place) + 1

    def _note_price(self, asked: str, rows: Rows) -> None:
        with self._lock:
            self._priced.append(price_text(asked, rows))
            # an answer that takes long is priced before its end; in the file it is after it
            if not self._under_way:
                self._write()

    def _write(self) -> None:
        """Write what is ready, up to the first request that is still under way."""
        first = min(self._under_way, default=self._begun + 1)
        numbers = [n for n in sorted(self._ready) if n < first or self._is_closed]
        told = [*self._waiting, *self._priced]
        if not numbers and not (told and self._file.is_made):
            return
        ready = [self._ready[number][0] for number in numbers]
        texts = [*self._waiting, *ready, *self._priced]
        attachments = [each for number in numbers for each in self._ready[number][1]]
        try:
            self._file.add("".join(texts), attachments)
        except OSError as error:
            # it stays ready: what comes next may find a place again
            self._problem = error.strerror or type(error).__name__
            return
        self._problem = ""
        self._waiting.clear()
        self._priced.clear()
        self._written += len(numbers)
        for number in numbers:
            del self._ready[number]
