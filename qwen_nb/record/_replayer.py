"""Gives back what a cassette holds, and never asks anybody else.

Equal requests get their answers in the order in which they were recorded; when all were
given, they begin again, so that a notebook may be run twice.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from qwen_nb import _errors
from qwen_nb._errors import (
    BadCassette,
    BrokenStream,
    CassetteError,
    ConnectionFailed,
    NoMatch,
    QwenError,
)
from qwen_nb._messages import Server
from qwen_nb._transport import Exchange
from qwen_nb.catalogue import Catalogue
from qwen_nb.dialects import HttpCall
from qwen_nb.record._attachments import check
from qwen_nb.record._format import read
from qwen_nb.record._prices import RecordedPrices
from qwen_nb.record._report import Report
from qwen_nb.record._requests import canonical, difference, matches, parted, without_results
from qwen_nb.record._secrets import MARK, Redactor
from qwen_nb.record._values import Answer, Place, Recording

__all__ = ["Replayer"]

_FOR_A_STOP_S = 2.0
"""How long a recording that was stopped waits to be stopped again."""

_NEAR = 60
"""So many recordings are compared to find the nearest."""

_WORDS = 40

_BROKEN = ("ConnectionFailed", "TimedOut", "BrokenStream", "BadEvent", "StreamError")


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
        self._redactor = Redactor(environ)
        blocks = read(text := _text_of(path), path.name)
        check(path, text)
        self._places = [each for each in blocks if isinstance(each, Place)]
        self._recordings = [each for each in blocks if isinstance(each, Recording)]
        notes = [each for each in blocks if isinstance(each, tuple)]
        try:
            self._prices = RecordedPrices(dict(notes))
            self._servers = [_server(place, path.name) for place in self._places]
            self._of = [self._servers[each.place - 1] for each in self._recordings]
        except (TypeError, ValueError, ArithmeticError, LookupError) as error:
            raise BadCassette("error.cassette_damaged", name=path.name, line=1) from error
        self._same: dict[str, list[int]] = {}
        self._alike: dict[str, list[int]] = {}
        for index, each in enumerate(self._recordings):
            self._same.setdefault(_key(each.method, each.path, each.body), []).append(index)
            alike = _key(each.method, each.path, without_results(each.body))
            self._alike.setdefault(alike, []).append(index)
        self._marked = [
            index for index, each in enumerate(self._recordings) if MARK in canonical(each.body)
        ]
        for given in self._same.values():
            self._leave_refused_key(given)
        self._given: dict[int, int] = {}
        self._other_results: set[int] = set()

    def _leave_refused_key(self, given: list[int]) -> None:
        """Leave out a refusal after which another region took the key: only one holds now."""
        for index, following in zip(list(given), given[1:], strict=False):
            if self._recordings[index].answer.status == 401 and (
                self._of[index] != self._of[following]
            ):
                given.remove(index)

    def server(self, resolve: Callable[[], Server], *, is_default: bool) -> Server:
        """Return the server that was asked then; no key and no setting is needed for it."""
        if is_default and self._servers:
            by_default = [
                server
                for place, server in zip(self._places, self._servers, strict=True)
                if place.is_default
            ]
            # the last one took the key, if several regions were tried
            return (by_default or self._servers)[-1]
        server = resolve()
        return next((each for each in self._servers if each.name == server.name), server)

    def settings(self, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return what the settings of who recorded it added to requests, at the first one."""
        own = self._places[0].facts.get("settings") if self._places else None
        return own if isinstance(own, Mapping) else {}

    def catalogue(self, base: Catalogue) -> Catalogue:
        """Return the catalogue with the prices of then."""
        return self._prices.over(base)

    def exchange(self, server: Server, start: Callable[[], Exchange]) -> Exchange:
        """Return an exchange that is answered from the cassette."""
        return _Replayed(self, server)

    def report(self) -> Report:
        """Return what was asked for so far."""
        with self._lock:
            given, results = set(self._given), len(self._other_results)
        unused = [each for n, each in enumerate(self._recordings) if n not in given]
        return Report(
            "replay",
            self.path,
            len(given),
            len(self._recordings),
            tuple(map(_named, unused)),
            results,
        )

    def numbers(self) -> list[tuple[int, str]]:
        """Return the recordings: their numbers, and how a person knows each again."""
        return [(each.number, _named(each)) for each in self._recordings]

    def close(self) -> None:
        """Nothing is open."""

    def take(self, call: HttpCall) -> Answer:
        """Return the next answer to a request.

        Raises
        ------
        NoMatch
            When it was never asked; it names the nearest that was, and what differs.
        """
        body = self._redactor.value(parted(call.body)[0])
        path = self._redactor.text(call.path)
        with self._lock:
            found = self._same.get(_key(call.method, path, body), [])
            found = found or [
                n for n in self._marked if self._is_like(n, call.method, path, body)
            ]
            alike = not found
            if alike:
                found = self._alike.get(_key(call.method, path, without_results(body)), [])
            if not found:
                raise self._nothing_like(call.method, path, body)
            # the one that was given least often, the first of those
            index = min(found, key=lambda n: (self._given.get(n, 0), n))
            self._given[index] = self._given.get(index, 0) + 1
            if alike:
                self._other_results.add(index)
            recording = self._recordings[index]
            if self._journal is not None:
                with contextlib.suppress(OSError), self._journal.open("a") as file:
                    file.write(f"{recording.number}\n")
            return recording.answer

    def _is_like(self, index: int, method: str, path: str, body: Any) -> bool:
        each = self._recordings[index]
        return (each.method, each.path) == (method, path) and matches(each.body, body)

    def _nothing_like(self, method: str, path: str, body: Any) -> NoMatch:
        name = self.path.name
        unused_first = sorted(
            range(len(self._recordings)), key=lambda n: (self._given.get(n, 0), n)
        )
        asked = {"path": f"{method} {path}", "body": body}
        best, nearest = None, None
        for index in unused_first[:_NEAR]:
            each = self._recordings[index]
            there = {"path": f"{each.method} {each.path}", "body": each.body}
            found = difference(there, asked)
            if best is None or found.distance < best.distance:
                best, nearest = found, each
        if best is None or nearest is None:
            return NoMatch("error.cassette_empty", name=name)
        return NoMatch(
            "error.no_match",
            name=name,
            number=nearest.number,
            field=best.field.removeprefix("body."),
            recorded=best.recorded,
            asked=best.asked,
        )


class _Replayed:
    """An exchange that is answered from a cassette; see `Exchange`."""

    def __init__(self, replayer: Replayer, server: Server) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._replayer = replayer
        self._server = server
        self._answer = Answer()
        self._bytes: Iterator[bytes] = iter(())
        self._stopped = threading.Event()

    def send(self, call: HttpCall) -> None:
        """Look the answer up."""
        answer = self._answer = self._replayer.take(call)
        if self._stopped.is_set():
            raise ConnectionFailed("error.hung_up", server=self._server.name, reason="stopped")
        if answer.ending == "failed":
            raise self._error(answer)
        self.status, self.headers = answer.status, answer.headers
        self._bytes = self._given(answer)

    def chunks(self) -> Iterator[bytes]:
        """Yield the answer's bytes, with their pauses where those are wanted."""
        yield from self._bytes

    def _given(self, answer: Answer) -> Iterator[bytes]:
        for chunk in answer.chunks:
            if self._stopped.is_set() or self.wait(chunk.pause_s):
                raise self._broken("stopped")
            yield chunk.data
        if answer.ending == "stopped":
            self._stopped.wait(_FOR_A_STOP_S)
            raise self._broken("stopped")
        if answer.ending == "broken":
            raise self._error(answer)

    def read(self) -> bytes:
        """Return the whole rest of the answer."""
        with contextlib.suppress(QwenError):
            return b"".join(self.chunks())
        return b""

    def wait(self, seconds: float) -> bool:
        """Wait as long as it is wanted; return True when the exchange is stopped."""
        speed = self._replayer.speed
        return self._stopped.wait(seconds / speed if speed else 0.0)

    def stop(self) -> None:
        """End it now."""
        self._stopped.set()

    def close(self) -> None:
        """Nothing is open."""

    def _broken(self, reason: str) -> BrokenStream:
        return BrokenStream("error.broken", server=self._server.name, reason=reason)

    def _error(self, answer: Answer) -> QwenError:
        told = answer.error
        name = told.get("type") if told.get("type") in _BROKEN else "ConnectionFailed"
        kind: type[QwenError] = getattr(_errors, str(name))
        facts = told.get("facts")
        known = facts if isinstance(facts, Mapping) else {}
        key = str(told.get("key", "error.broken"))
        return kind(key, **{**known, "server": self._server.name})


def _text_of(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError as error:
        raise CassetteError("error.cassette_missing", name=path.name) from error
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "UTF-8"
        raise BadCassette("error.cassette_unread", name=path.name, reason=reason) from error


_FIELDS = frozenset(field.name for field in fields(Server))


def _server(place: Place, name: str) -> Server:
    facts = {key: value for key, value in place.facts.items() if key in _FIELDS}
    key = MARK if place.facts.get("has_key") else None
    return Server(**{**facts, "key": key, "key_origin": name, "replayed": True})


def _key(method: str, path: str, body: Any) -> str:
    return f"{method} {path} {canonical(body)}"


def _named(recording: Recording) -> str:
    """Return how a person knows a request again: its number, how its last question begins."""
    body = recording.body if isinstance(recording.body, Mapping) else {}
    told = body.get("messages") or body.get("input")
    if isinstance(told, Mapping):
        told = told.get("messages")
    said = ""
    if isinstance(told, list):
        for message in told:
            content = message.get("content") if isinstance(message, Mapping) else message
            if isinstance(content, str) and content:
                said = content
    shown = " ".join(said.split()) or recording.path
    return f"{recording.number} ({shown[:_WORDS]}{'…' if len(shown) > _WORDS else ''})"
