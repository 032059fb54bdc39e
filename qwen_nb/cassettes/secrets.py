"""Takes out of a recording what nobody else may have, while it is written.

What is secret: the keys that were used, what stands in the environment under a name that
says so, and whatever looks like a key. In an answer that comes in pieces a secret may be cut
anywhere, so the texts of its events are put together before they are looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from qwen_nb.cassettes.pieces import cut_out, dumped, events, leaves, replaced
from qwen_nb.values import HAS_PASSWORD, is_secret, names_a_secret, secret_spans

__all__ = ["MARK", "SECRET", "Redactor"]

MARK = "***"
"""What stands in a secret's place in an answer, as in all our messages."""

SECRET = "<***>"
"""What stands there in a request, where anything may stand when it is asked again; three
asterisks alone mean something in Markdown."""

_SHORTEST = 8
"""What is shorter is no key, and would blacken ordinary words."""

_Path: TypeAlias = tuple[Any, ...]

_DATA = re.compile(r"\s*data:[^,]{0,100},", re.ASCII)


class Redactor:
    """Takes secrets out of JSON, text and streams. It may be used from any thread.

    Parameters
    ----------
    environ : mapping
        The environment.
    mark : str
        What is put in a secret's place.
    """

    def __init__(self, environ: Mapping[str, str], mark: str = MARK) -> None:
        self._mark = mark
        self._known: frozenset[str] = frozenset()
        self._pattern: re.Pattern[str] | None = None
        for name, value in environ.items():
            if names_a_secret(name):
                for each in {value, *value.split(",")}:
                    self.know(each)
            for found in HAS_PASSWORD.finditer(value):
                self.know(found[1])

    def marking(self, mark: str) -> Redactor:
        """Return one that knows the same, and marks it so."""
        other = Redactor({}, mark)
        other._known, other._pattern = self._known, self._pattern
        return other

    def know(self, secret: str | None) -> None:
        """Take a secret in; also as it stands inside JSON."""
        told = (secret or "").strip()
        if len(told) < _SHORTEST or self._mark in told or told in self._known:
            return
        self._known |= {
            told,
            json.dumps(told)[1:-1],
            json.dumps(told, ensure_ascii=False)[1:-1],
        }
        longest_first = sorted(self._known, key=lambda each: (-len(each), each))
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        return cut_out(text, 0, list(self._spans(text)), self._mark)

    def value(self, value: Any) -> Any:
        """Return JSON without secrets."""
        if isinstance(value, str):
            if _DATA.match(value):  # base64 may look like anything
                return value if self._pattern is None else self._pattern.sub(self._mark, value)
            return self._nested(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): self._mark
                if is_secret(key, each, value)
                else self.value(each)
                for key, each in value.items()
            }
        if isinstance(value, Sequence):
            return [self.value(each) for each in value]
        if isinstance(value, int) and str(value) in self._known:
            return self._mark
        return value

    def _nested(self, text: str) -> str:
        # the arguments of a call and many a tool's result are JSON within a string
        inner = text.strip()
        if inner[:1] in ("{", "[") and inner[-1:] in ("}", "]"):
            try:
                told = json.loads(inner)
            except (ValueError, RecursionError):
                return self.text(text)
            found = self.value(told)
            return text if found == told else dumped(found)
        return self.text(text)

    def stream(self, data: bytes) -> bytes:
        """Return the bytes of a whole answer without secrets; each event keeps its place."""
        found = list(events(data))
        values = self._redacted([each.value for each in found])
        parts, at = [], 0
        for event, after in zip(found, values, strict=True):
            parts.append(self._plain(data[at : event.begins]))
            if event.value == after:
                parts.append(data[event.begins : event.ends])
            else:
                parts.append(dumped(after, separators=(",", ":")).encode())
            at = event.ends
        # what is no event: an error, a page, a comment
        parts.append(self._plain(data[at:]))
        return b"".join(parts)

    def _plain(self, data: bytes) -> bytes:
        if len(data) < _SHORTEST:
            return data
        # any byte has a character in it and goes back to the same byte
        text = data.decode("utf-8", "surrogateescape")
        return self._nested(text).encode("utf-8", "surrogateescape")

    def _redacted(self, values: list[Any]) -> list[Any]:
        """Return the events' values, with what was cut into pieces looked at as one text."""
        texts: dict[_Path, list[tuple[int, _Path, str]]] = {}
        for number, value in enumerate(values):
            for path, group, leaf in leaves(value):
                texts.setdefault(group, []).append((number, path, leaf))
        found = list(values)
        for pieces in texts.values():
            if len({leaf for _, _, leaf in pieces}) == 1:
                continue  # an id that is said again is no text
            whole = "".join(leaf for _, _, leaf in pieces)
            if not (secret := sorted(self._spans(whole))):
                continue
            at = first = 0
            for number, path, leaf in pieces:
                end = at + len(leaf)
                while first < len(secret) and secret[first][1] <= at:
                    first += 1
                if first < len(secret) and secret[first][0] < end:
                    after = cut_out(leaf, at, secret[first:], self._mark)
                    found[number] = replaced(found[number], path, after)
                at = end
        return [self.value(value) for value in found]

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        if self._pattern is not None:
            yield from (match.span() for match in self._pattern.finditer(text))
        yield from secret_spans(text)
