"""Keeps what goes out and comes back, as it comes, in a cassette.

The file takes the place of an older one when the first answer is there, not before; from
then on each answer is appended when it has ended, in the order in which they were asked.
A file that cannot be written never costs an answer: the report says so.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from qwen_nb.cassettes.file import CassetteFile
from qwen_nb.cassettes.format import HEADER, price_text, recording_text, server_text
from qwen_nb.cassettes.prices import NotedPrices, Rows
from qwen_nb.cassettes.recorded import Recorded, Ticket
from qwen_nb.cassettes.recordings import Answer, AskedServer, Recording
from qwen_nb.cassettes.reports import Report
from qwen_nb.cassettes.requests import Attachment, parted
from qwen_nb.cassettes.secrets import SECRET, Redactor
from qwen_nb.cassettes.servers import facts_of, know_server, name_of
from qwen_nb.catalogue import Catalogue
from qwen_nb.values import Server
from qwen_nb.wire import Exchange
from qwen_nb.wire.dialects import HttpCall

_END_S = 1.0
"""How long the end of an answer that nobody waits for may take."""


class Recorder:
    """Records what every chat of this process asks.

    Parameters
    ----------
    path : Path
        The cassette.
    environ : mapping
        The environment, which holds secrets.

    Raises
    ------
    CassetteError
        When no file can be made there.
    """

    def __init__(self, path: Path, environ: Mapping[str, str]) -> None:
        self.path = path
        self._redactor = Redactor(environ)
        self._redactor.know(environ.get("DASHSCOPE_WORKSPACE_ID"))
        self._file = CassetteFile(path, HEADER)
        self._lock = threading.RLock()
        self._ended = threading.Condition(self._lock)
        self._servers: list[AskedServer] = []
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
        """Return the server that questions go to, and note whether it is the default."""
        server = resolve({})
        if is_default:
            self._defaults.add(name_of(server))
        return server

    def settings(self, personal: Mapping[str, Any]) -> Mapping[str, Any]:
        """Keep what the person's own settings add to requests; return what is kept: nothing."""
        self._settings = self._redactor.value(personal)
        return {}

    def catalogue(self, base: Catalogue) -> Catalogue:
        """Return a catalogue whose prices are kept as they are looked up."""
        return self._prices.over(base)

    def exchange(self, server: Server, start: Callable[[], Exchange]) -> Exchange:
        """Return an exchange that is recorded."""
        know_server(self._redactor, server)
        return Recorded(start(), partial(self._begin, server), self._end)

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

    # -- called by the exchanges ----------------------------------------------------------

    def _begin(self, server: Server, call: HttpCall) -> Ticket:
        at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        with self._lock:
            self._begun += 1
            self._under_way.add(self._begun)
            return Ticket(self._begun, at, self._number_of(server), call)

    def _end(self, ticket: Ticket, answer: Answer | None) -> None:
        ready = None
        try:
            if answer is not None:
                ready = self._block(ticket, answer)
        except Exception as error:  # the answer itself is whole, and has to reach its reader
            self._lost = self._lost or f"{type(error).__name__}: {error}"
        with self._lock:
            self._under_way.discard(ticket.number)
            if ready is not None:
                self._ready[ticket.number] = ready
            self._write()
            self._ended.notify_all()

    def _block(self, ticket: Ticket, answer: Answer) -> tuple[str, list[Attachment]]:
        body, attachments = parted(ticket.call.body)
        redactor = self._redactor.marking(SECRET)
        recording = Recording(
            ticket.number,
            ticket.at,
            ticket.server,
            ticket.call.method,
            redactor.text(ticket.call.path),
            redactor.value(body),
            replace(
                answer,
                data=self._redactor.stream(answer.data),
                error=self._redactor.value(answer.error),
            ),
        )
        return recording_text(recording), attachments

    def _number_of(self, server: Server) -> int:
        own = {"settings": self._settings} if self._settings else {}
        facts = facts_of(server, self._redactor) | own
        asked = AskedServer(facts, name_of(server) in self._defaults)
        if asked not in self._servers:
            self._servers.append(asked)
            self._waiting.append(server_text(len(self._servers), asked))
        return self._servers.index(asked) + 1

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
        notes = [*self._waiting, *self._priced]
        if not numbers and not (notes and self._file.is_made):
            return
        ready = [self._ready[number][0] for number in numbers]
        texts = [*self._waiting, *ready, *self._priced]
        attachments = [each for number in numbers for each in self._ready[number][1]]
        try:
            self._file.add("".join(texts), attachments)
        except OSError as error:
            # the blocks stay ready: the next write may find room again
            self._problem = error.strerror or type(error).__name__
            return
        self._problem = ""
        self._waiting.clear()
        self._priced.clear()
        self._written += len(numbers)
        for number in numbers:
            del self._ready[number]
