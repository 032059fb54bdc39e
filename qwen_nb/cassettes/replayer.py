"""Gives back what a cassette holds, and never asks a server."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from qwen_nb.cassettes.attachments import check
from qwen_nb.cassettes.choice import Choice
from qwen_nb.cassettes.format import read
from qwen_nb.cassettes.nearest import difference, nearest
from qwen_nb.cassettes.prices import RecordedPrices
from qwen_nb.cassettes.recordings import Answer, AskedServer, Recording
from qwen_nb.cassettes.replayed import Replayed
from qwen_nb.cassettes.reports import Report, called
from qwen_nb.cassettes.requests import canonical, parted
from qwen_nb.cassettes.secrets import MARK, SECRET, Redactor
from qwen_nb.cassettes.servers import name_of, server_of
from qwen_nb.catalogue import Catalogue
from qwen_nb.errors import BadCassette, CassetteError, ConfigError, NoMatch
from qwen_nb.values import Server, one_line
from qwen_nb.wire import Exchange
from qwen_nb.wire.dialects import HttpCall

_WORDS = 41

_AS_IF_SET = {"DASHSCOPE_API_KEY": MARK, "DASHSCOPE_WORKSPACE_ID": "workspace"}
"""With these set, the server that a notebook names can be found; no server is sent them."""


class Replayer:
    """Answers what every chat of this process asks from a cassette.

    Parameters
    ----------
    path : Path
        The cassette.
    environ : mapping
        The environment; its secrets are taken out of what is asked, as when it was recorded.
    journal : Path, optional
        A file that the number of each recording is added to when it is given.

    Raises
    ------
    CassetteError
        When it cannot be read; BadCassette when it is none, or damaged.
    """

    def __init__(
        self, path: Path, environ: Mapping[str, str], *, journal: Path | None = None
    ) -> None:
        self.path = path
        self._journal = journal
        self._lock = threading.Lock()
        self._redactor = Redactor(environ, SECRET)
        self._settings: Mapping[str, Any] = {}
        self._defaults: list[Server] = []
        self._servers: list[Server] = []
        self._prices = RecordedPrices()
        recordings: list[Recording] = []
        for line, block in read(_text_of(path), called(path)):
            try:
                if isinstance(block, Recording):
                    recordings.append(block)
                elif isinstance(block, AskedServer):
                    self._take_in(block)
                else:
                    self._prices.take_in(*block)
            except (AttributeError, TypeError, ValueError, ArithmeticError) as error:
                raise BadCassette(
                    "error.cassette_damaged", name=called(path), line=line
                ) from error
        check(path, [each.body for each in recordings])
        recordings.sort(key=lambda each: each.number)
        self._recordings = self._without_hunt(recordings)
        names = [name_of(self._asked(each)) for each in self._recordings]
        self._choice = Choice(self._recordings, names)
        self._other_results: set[int] = set()

    def _take_in(self, asked: AskedServer) -> None:
        server = server_of(asked, called(self.path))
        own = asked.facts.get("settings")
        if not self._servers and isinstance(own, Mapping):
            self._settings = own
        self._servers.append(server)
        if asked.is_default:
            self._defaults.append(server)

    def _without_hunt(self, recordings: list[Recording]) -> list[Recording]:
        """Leave out the refusals of a region whose key another region then took.

        A question that nobody gave a region goes to the region that answered it.
        """
        refused: dict[str, str] = {}
        took: dict[str, Server] = {}
        answered = set()
        for each in recordings:
            asked, server = canonical([each.method, each.path, each.body]), self._asked(each)
            if each.answer.status == 401:
                refused[asked] = name_of(server)
                continue
            answered.add(name_of(server))
            if asked in refused:
                took.setdefault(refused.pop(asked), server)
        for name in answered & took.keys():  # it took the key the next time
            del took[name]
        self._defaults = [took.get(name_of(each), each) for each in self._defaults]
        return [each for each in recordings if name_of(self._asked(each)) not in took]

    def _asked(self, recording: Recording) -> Server:
        return self._servers[recording.server - 1]

    # -- which server is asked ---------------------------------------------------------------

    def server(
        self, resolve: Callable[[Mapping[str, str]], Server], *, is_default: bool
    ) -> Server:
        """Return the server that was asked then; no key and no setting is needed for it.

        Parameters
        ----------
        resolve : callable
            Returns the one that the settings name, these variables being set as well.
        is_default : bool
            Nobody named one in this session.
        """
        if is_default and self._servers:
            return (self._defaults or self._servers)[-1]
        named, failed = [], None
        for variables in (_AS_IF_SET, {}):
            try:
                named.append(resolve(variables))
            except ConfigError as error:
                failed = error
        for server in named:
            for each in self._servers:
                if name_of(each) == name_of(server):
                    return each
        if not named and failed is not None:
            raise failed
        # nothing goes out to it either
        key = named[-1].key and MARK
        return replace(
            named[-1], key=key, key_origin=called(self.path), replayed=True, guessed=False
        )

    def settings(self, personal: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the settings of the person who recorded added to the first request."""
        return self._settings

    def catalogue(self, base: Catalogue) -> Catalogue:
        """Return the catalogue with the prices of then."""
        return self._prices.over(base)

    # -- what is answered --------------------------------------------------------------------

    def exchange(self, server: Server, start: Callable[[], Exchange]) -> Exchange:
        """Return an exchange that is answered from the cassette."""
        return Replayed(lambda call: self.take(call, server), server)

    def take(self, call: HttpCall, server: Server) -> Answer:
        """Return the next answer to a request.

        Raises
        ------
        NoMatch
            When it was never asked; it names the nearest that was, and what differs.
        """
        method, path = call.method, self._redactor.text(call.path)
        body, name = self._redactor.value(parted(call.body)[0]), name_of(server)
        with self._lock:
            found = self._choice.next(method, path, body, name)
            if found is None:
                raise self._nothing_like(method, path, body)
            number, has_other_results = found
            if has_other_results:
                self._other_results.add(number)
            recording = self._recordings[number]
            if self._journal is not None:
                with contextlib.suppress(OSError), self._journal.open("a") as file:
                    file.write(f"{recording.number}\n")
            return recording.answer

    def _nothing_like(self, method: str, path: str, body: Any) -> NoMatch:
        if not self._recordings:
            return NoMatch("error.cassette_empty", name=called(self.path))
        given = self._choice.given
        unused_first = sorted(range(len(given)), key=lambda number: given[number])
        recordings = [self._recordings[number] for number in unused_first]
        recorded = [
            {"path": f"{each.method} {each.path}", "body": each.body} for each in recordings
        ]
        asked = {"path": f"{method} {path}", "body": body}
        number = nearest(recorded, asked)
        field, then, now = difference(recorded[number], asked)
        return NoMatch(
            "error.no_match",
            name=called(self.path),
            number=recordings[number].number,
            field=field.removeprefix("body."),
            recorded=then,
            asked=now,
        )

    # -- what became of it -------------------------------------------------------------------

    def report(self) -> Report:
        """Return what was asked for so far."""
        with self._lock:
            given, results = list(self._choice.given), len(self._other_results)
        unused = [
            each for each, times in zip(self._recordings, given, strict=True) if not times
        ]
        return Report(
            "replay",
            self.path,
            sum(map(bool, given)),
            len(self._recordings),
            tuple(map(_named, unused)),
            results,
        )

    def numbers(self) -> list[tuple[int, str]]:
        """Return the recordings: their numbers, and how a person knows each again."""
        return [(each.number, _named(each)) for each in self._recordings]

    def close(self) -> None:
        """Nothing is open."""


def _text_of(path: Path) -> str:
    data = b""
    try:
        data = path.read_bytes()
        return data.decode("utf-8-sig")
    except FileNotFoundError as error:
        raise CassetteError("error.cassette_missing", name=called(path)) from error
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise BadCassette("error.cassette_unread", name=called(path), reason=reason) from error
    except UnicodeDecodeError as error:
        if not data.startswith(b"qwen_nb cassette"):
            raise BadCassette("error.cassette_none", name=called(path)) from error
        line = data.count(b"\n", 0, error.start) + 1
        raise BadCassette("error.cassette_damaged", name=called(path), line=line) from error


def _named(recording: Recording) -> str:
    """Return how a person knows a request again: its number, how its last question begins."""
    body = recording.body if isinstance(recording.body, Mapping) else {}
    messages = body.get("messages") or body.get("input")
    if isinstance(messages, Mapping):
        messages = messages.get("messages")
    question = ""
    if isinstance(messages, list):
        for message in messages:
            is_message = isinstance(message, Mapping)
            if is_message and message.get("role") not in ("user", None):
                continue
            content = message.get("content") if is_message else message
            question = _text_in(content) or question
    return f"{recording.number} ({one_line(question, _WORDS) or recording.path})"


def _text_in(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # parts, pictures among them
        parts = (each.get("text") for each in content if isinstance(each, Mapping))
        return " ".join(each for each in parts if isinstance(each, str))
    return ""
