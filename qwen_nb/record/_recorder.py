"""Keeps what goes out and comes back, as it comes, in a cassette.

The file takes the place of an older one when the first answer is there, not before; from
then on each answer is appended when it has ended, in the order in which they were asked.
That it cannot be written never costs an answer: it is told with the report.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from qwen_nb._errors import CassetteError, QwenError
from qwen_nb._messages import Server
from qwen_nb._transport import Exchange, is_loopback
from qwen_nb.catalogue import Catalogue
from qwen_nb.dialects import HttpCall
from qwen_nb.record._attachments import keep, prune
from qwen_nb.record._format import HEADER, place_text, price_text, recording_text
from qwen_nb.record._prices import NotedPrices, Rows
from qwen_nb.record._report import Report
from qwen_nb.record._requests import parted
from qwen_nb.record._secrets import Redactor
from qwen_nb.record._values import Answer, Chunk, Ending, Place, Recording

__all__ = ["Recorder"]

_END_S = 1.0
"""How long the end of an answer that nobody waits for may take."""

_HEADERS = ("content-type", "retry-after", "retry-after-ms")
_EVENT_ENDS = re.compile(rb"\n\r?\n")
_OWN_HOST = re.compile(r"(?<=://)[^./]+(?=\.[a-z0-9-]+\.maas\.aliyuncs\.com)")
_PORT = re.compile(r"(?<=://)([^/]*):\d+")
_KEYS = ("key", "key_origin", "guessed", "replayed")


@dataclass(eq=False)
class _Ticket:
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
        _refuse_unwritable(path)
        self.clock = clock
        self.redactor = Redactor(environ)
        self.redactor.know(environ.get("DASHSCOPE_WORKSPACE_ID"))
        self._lock = threading.RLock()
        self._ended = threading.Condition(self._lock)
        self._places: list[Place] = []
        self._defaults: set[str] = set()
        self._settings: Mapping[str, Any] = {}
        self._ready: dict[int, str | None] = {}
        self._waiting: list[str] = []
        self._begun = self._written = 0
        self._is_made = False
        self._error: OSError | None = None
        self._prices = NotedPrices(self._note_price)

    def server(self, resolve: Callable[[], Server], *, is_default: bool) -> Server:
        """Return the server that questions go to, and note whether anybody named it."""
        server = resolve()
        if is_default:
            self._defaults.add(_name(server))
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
        self.redactor.know(server.key)
        return _Recorded(start(), self, server)

    def report(self) -> Report:
        """Return what was recorded so far."""
        with self._lock:
            return Report(
                "record",
                self.path,
                self._written,
                problem="" if self._error is None else _reason(self._error),
            )

    def close(self) -> None:
        """Wait a moment for answers whose end is still on its way here."""
        with self._ended:
            self._ended.wait_for(lambda: not self._ready, _END_S)

    # -- told by the exchanges ------------------------------------------------------------

    def begin(self, server: Server, call: HttpCall) -> _Ticket:
        """Note that a request is sent."""
        at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        with self._lock:
            self._begun += 1
            self._ready[self._begun] = None
            return _Ticket(self._begun, at, self._place(server), call, self.clock())

    def end(self, ticket: _Ticket, answer: Answer) -> None:
        """Keep a request with its answer."""
        body, attachments = parted(ticket.call.body)
        recording = Recording(
            ticket.number,
            ticket.at,
            ticket.place,
            ticket.call.method,
            self.redactor.text(ticket.call.path),
            self.redactor.value(body),
            answer,
        )
        told = recording_text(recording)
        with self._lock:
            self._ready[ticket.number] = told
            try:
                for attachment in attachments:
                    keep(attachment, self.path)
                self._write()
            except OSError as error:
                self._error = self._error or error

    def _place(self, server: Server) -> int:
        own = {"settings": self._settings} if self._settings else {}
        place = Place(_facts(server) | own, _name(server) in self._defaults)
        if place not in self._places:
            self._places.append(place)
            self._waiting.append(place_text(len(self._places), place))
        return self._places.index(place) + 1

    def _note_price(self, asked: str, rows: Rows) -> None:
        with self._lock:
            self._waiting.append(price_text(asked, rows))

    def _write(self) -> None:
        """Write what is ready, up to the first request that is still under way."""
        while (told := self._ready.get(self._written + 1)) is not None:
            text = "".join((*self._waiting, told))
            if self._is_made:
                with self.path.open("a", encoding="utf-8", newline="") as file:
                    file.write(text)
            else:
                _put(self.path, HEADER + text)
                self._is_made = True
                prune(self.path, text)
            self._waiting.clear()
            self._written += 1
            del self._ready[self._written]
        self._ended.notify_all()


class _Recorded:
    """An exchange that is recorded; see `Exchange`."""

    def __init__(self, inner: Exchange, recorder: Recorder, server: Server) -> None:
        self._inner = inner
        self._recorder = recorder
        self._server = server
        self._ticket: _Ticket | None = None
        self._is_whole = self._is_stopped = False

    @property
    def status(self) -> int:
        """HTTP status."""
        return self._inner.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the answer."""
        return self._inner.headers

    def send(self, call: HttpCall) -> None:
        """Send the call, and wait for status and headers."""
        self._end()
        self._is_whole = False
        self._ticket = self._recorder.begin(self._server, call)
        try:
            self._inner.send(call)
        except QwenError as error:
            self._end("failed", error)
            raise

    def chunks(self) -> Iterator[bytes]:
        """Yield the answer's bytes as they come.

        It is kept when its reader has heard enough, which is before anybody hears the end.
        """
        try:
            for chunk in self._inner.chunks():
                self._note(chunk)
                yield chunk
        except QwenError as error:
            self._end("broken", error)
            raise
        except GeneratorExit:
            self._end()
            raise
        self._is_whole = True
        self._end()

    def read(self) -> bytes:
        """Return the whole rest of the answer."""
        data = self._inner.read()
        self._note(data)
        self._is_whole = True
        self._end()
        return data

    def wait(self, seconds: float) -> bool:
        """Wait; return True at once when the exchange is stopped."""
        return self._inner.wait(seconds)

    def stop(self) -> None:
        """Break the connection now."""
        self._is_stopped = True
        self._inner.stop()

    def close(self) -> None:
        """Give everything back, and keep what came."""
        self._end()
        self._inner.close()

    def _note(self, data: bytes) -> None:
        if self._ticket is not None and data:
            self._ticket.chunks.append((self._recorder.clock(), data))

    def _end(self, ending: Ending = "end", error: QwenError | None = None) -> None:
        ticket, self._ticket = self._ticket, None
        if ticket is None:
            return
        if self._is_stopped and not self._is_whole:
            ending, error = "stopped", None
        redactor, answer = self._recorder.redactor, self._inner
        status = 0 if ending == "failed" else answer.status
        self._recorder.end(
            ticket,
            Answer(
                status,
                _headers(answer.headers) if status else {},
                tuple(_events(ticket, redactor)),
                ending,
                {} if error is None else redactor.value(_said(error)),
            ),
        )


def _events(ticket: _Ticket, redactor: Redactor) -> Iterator[Chunk]:
    """Yield the answer event by event, each with how long it was waited for.

    How the network cut it is chance; so two recordings of one answer differ in nothing but
    their pauses.
    """
    whole = b"".join(data for _, data in ticket.chunks)
    ends = [match.end() for match in _EVENT_ENDS.finditer(whole)]
    if not ends or ends[-1] < len(whole):
        ends.append(len(whole))
    arrived, came = [], 0
    for at, data in ticket.chunks:
        came += len(data)
        arrived.append((came, at))
    clean = redactor.stream(whole)
    cuts = [match.end() for match in _EVENT_ENDS.finditer(clean)]
    if not cuts or cuts[-1] < len(clean):
        cuts.append(len(clean))
    if len(cuts) != len(ends):  # a secret of several lines was one piece with what follows
        ends, cuts = ends[-1:], cuts[-1:]
    before, number, since = ticket.began, 0, 0
    for end, cut in zip(ends, cuts, strict=True):
        while arrived and number < len(arrived) - 1 and arrived[number][0] < end:
            number += 1
        at = arrived[number][1] if arrived else before
        if cut > since:
            yield Chunk(max(0.0, round(at - before, 2)), clean[since:cut])
        before, since = at, cut


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: told for name in _HEADERS if (told := headers.get(name))}


def _said(error: QwenError) -> dict[str, Any]:
    facts = {name: value for name, value in error.facts.items() if name != "server"}
    return {"type": type(error).__name__, "key": error.key, "facts": facts}


def _name(server: Server) -> str:
    return "" if server.scripted else server.name  # which has one in each language


def _facts(server: Server) -> dict[str, Any]:
    facts = asdict(replace(server, name=_name(server)))
    if server.scripted:  # its address is another one each time
        facts |= {"base_url": "", "native_url": ""}
    for name in ("base_url", "native_url"):
        facts[name] = _OWN_HOST.sub("{WorkspaceId}", facts[name])
        if is_loopback(facts[name]):
            facts[name] = _PORT.sub(r"\1", facts[name])
    usual = asdict(Server(name=""))
    told = {
        key: value
        for key, value in facts.items()
        if key not in _KEYS and (key == "name" or value != usual[key])
    }
    return told | ({"has_key": True} if server.key and not server.scripted else {})


def _refuse_unwritable(path: Path) -> None:
    folder = path.parent
    if path.is_dir() or not folder.is_dir():
        raise CassetteError("error.cassette_no_folder", name=path.name)
    if not os.access(path if path.exists() else folder, os.W_OK):
        raise CassetteError("error.cassette_unwritable", name=path.name)


def _put(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(name).unlink()
        raise


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
