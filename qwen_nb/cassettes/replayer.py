"""Gives back what a cassette holds, and never asks anybody else."""

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
from qwen_nb.cassettes.nearest import nearest
from qwen_nb.cassettes.places import name_of, server_of
from qwen_nb.cassettes.prices import RecordedPrices
from qwen_nb.cassettes.replayed import Replayed
from qwen_nb.cassettes.reports import Report, called
from qwen_nb.cassettes.requests import canonical, parted
from qwen_nb.cassettes.secrets import MARK, SECRET, Redactor
from qwen_nb.cassettes.values import Answer, Place, Recording
from qwen_nb.catalogue import Catalogue
from qwen_nb.errors import BadCassette, CassetteError, ConfigError, NoMatch
from qwen_nb.values import Server, one_line
from qwen_nb.wire import Exchange
from qwen_nb.wire.dialects import HttpCall

__all__ = ["Replayer"]

_WORDS = 41

_AS_IF_SET = {"DASHSCOPE_API_KEY": MARK, "DASHSCOPE_WORKSPACE_ID": "workspace"}
"""With these a server that the notebook names can be told; nobody is asked with them."""


class Replayer:
    """Answers what every chat of this process asks from a cassette.

    Parameters
    ----------
    path : Path
        The cassette.
    environ : mapping
        The environment; its secrets are taken out of what is asked, as when it was recorded.
    speed : float, optional
        How fast: 1 with the pauses as they were, 2 with half of them; None: at once.
    journal : Path, optional
        A file that is told the number of each recording that was given.

    Raises
    ------
    CassetteError
        When it cannot be read; BadCassette when it is none, or damaged.
    """

    def __init__(
        self,
        path: Path,
        environ: Mapping[str, str],
        *,
        speed: float | None = None,
        journal: Path | None = None,
    ) -> None:
        self.path = path
        self.speed = speed
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
                elif isinstance(block, Place):
                    self._take_in(block)
                else:
                    self._prices.take_in(*block)
            except (AttributeError, TypeError, ValueError, ArithmeticError) as error:
                raise BadCassette(
                    "error.cassette_damaged", name=called(path), line=line
                ) from error
        self._recordings = sorted(recordings, key=lambda each: each.number)
        check(path, [each.body for each in self._recordings])
        self._of = [self._servers[each.place - 1] for each in self._recordings]
        names = [name_of(server) for server in self._of]
        self._choice = Choice(self._recordings, names)
        self._moved = dict(self._moves())
        self._other_results: set[int] = set()

    def _take_in(self, place: Place) -> None:
        server = server_of(place, called(self.path))
        own = place.facts.get("settings")
        if not self._servers and isinstance(own, Mapping):
            self._settings = own
        self._servers.append(server)
        if place.is_default:
            self._defaults.append(server)

    # -- who is asked ------------------------------------------------------------------------

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
            for server in self._defaults:
                if name_of(server) in self._moved and not self._was_asked(server):
                    return replace(server, guessed=True)  # and its refusal tells where to go
            # the last one took the key, if several regions were tried
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
        return replace(named[-1], key=key, key_origin=called(self.path), replayed=True)

    def moved(self, server: Server) -> Server | None:
        """Return the other region that took the key then, after this one had refused it."""
        there = self._moved.get(name_of(server))
        return None if there is None else there[1]

    def _moves(self) -> dict[str, tuple[int, Server]]:
        """Find the servers that refused the key, and where the same was asked next."""
        moves: dict[str, tuple[int, Server]] = {}
        refused: dict[str, int] = {}
        for number, (each, server) in enumerate(zip(self._recordings, self._of, strict=True)):
            asked = canonical([each.method, each.path, each.body])
            before = refused.pop(asked, None)
            if each.answer.status == 401:
                refused[asked] = number
            elif before is not None and (name := name_of(self._of[before])) != name_of(server):
                moves.setdefault(name, (before, server))
        taken = {
            name_of(server)
            for each, server in zip(self._recordings, self._of, strict=True)
            if each.answer.status != 401
        }
        return {name: there for name, there in moves.items() if name not in taken}

    def _was_asked(self, server: Server) -> bool:
        return any(
            given and name_of(each) == name_of(server)
            for given, each in zip(self._choice.given, self._of, strict=True)
        )

    def settings(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the settings of who recorded it added to requests, at the first one."""
        return self._settings

    def catalogue(self, base: Catalogue) -> Catalogue:
        """Return the catalogue with the prices of then."""
        return self._prices.over(base)

    # -- what is answered --------------------------------------------------------------------

    def exchange(self, server: Server, start: Callable[[], Exchange]) -> Exchange:
        """Return an exchange that is answered from the cassette."""
        return Replayed(lambda call: self.take(call, server), server, self.speed)

    def take(self, call: HttpCall, server: Server) -> Answer:
        """Return the next answer to a request.

        Raises
        ------
        NoMatch
            When it was never asked; it names the nearest that was, and what differs.
        """
        method, path = call.method, self._redactor.text(call.path)
        body, who = self._redactor.value(parted(call.body)[0]), name_of(server)
        with self._lock:
            choice, alike = self._choice, False
            number = choice.equal(method, path, body, who)
            if number is None and who in self._moved:
                number = self._moved[who][0]
                choice.given[number] += 1
            if number is None:
                number = choice.equal(method, path, body, None)
            if number is None:
                alike = True
                number = choice.alike(method, path, body, who)
            if number is None:
                number = choice.alike(method, path, body, None)
            if number is None:
                raise self._nothing_like(method, path, body)
            if alike:
                self._other_results.add(number)
            recording = self._recordings[number]
            if self._journal is not None:
                with contextlib.suppress(OSError), self._journal.open("a") as file:
                    file.write(f"{recording.number}\n")
            return recording.answer

    def _nothing_like(self, method: str, path: str, body: Any) -> NoMatch:
        given = self._choice.given
        unused_first = sorted(range(len(given)), key=lambda number: given[number])
        there = [
            {"path": f"{each.method} {each.path}", "body": each.body}
            for each in (self._recordings[number] for number in unused_first)
        ]
        found = nearest(there, {"path": f"{method} {path}", "body": body})
        if found is None:
            return NoMatch("error.cassette_empty", name=called(self.path))
        number, differs = found
        return NoMatch(
            "error.no_match",
            name=called(self.path),
            number=self._recordings[unused_first[number]].number,
            field=differs.field.removeprefix("body."),
            recorded=differs.recorded,
            asked=differs.asked,
        )

    # -- what became of it -------------------------------------------------------------------

    def report(self) -> Report:
        """Return what was asked for so far."""
        with self._lock:
            given, results = list(self._choice.given), len(self._other_results)
        unused = [
            each
            for each, times, server in zip(self._recordings, given, self._of, strict=True)
            # how many were refused before the right region was found is chance
            if not times and not (name_of(server) in self._moved and any(given))
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
    told = body.get("messages") or body.get("input")
    if isinstance(told, Mapping):
        told = told.get("messages")
    said = ""
    if isinstance(told, list):
        for message in told:
            is_message = isinstance(message, Mapping)
            if is_message and message.get("role") not in ("user", None):
                continue
            said = _text_in(message.get("content") if is_message else message) or said
    return f"{recording.number} ({one_line(said, _WORDS) or recording.path})"


def _text_in(content: Any) -> str:
    if isinstance(content, str):
        return content
    if isinstance(content, list):  # parts, pictures among them
        parts = (each.get("text") for each in content if isinstance(each, Mapping))
        return " ".join(each for each in parts if isinstance(each, str))
    return ""
