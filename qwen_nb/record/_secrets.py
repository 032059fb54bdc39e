"""Takes out of a recording what nobody else may have, while it is written.

What is secret: the keys that were used, what stands in the environment under a name that
says so, and whatever looks like a key. In an answer that comes in pieces a secret may be cut
anywhere, so the texts of its events are put together before they are looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

__all__ = ["MARK", "Redactor"]

MARK = "***"
"""What stands in a secret's place, here as in all our messages."""

_SHORTEST = 8
"""What is shorter is no key, and would blacken ordinary words."""

_NAMED = re.compile(
    r"(?:^|[_-])(?:key|token|secret|password|passwd|pwd|credentials?)(?:$|[_-])", re.IGNORECASE
)

_HOLDS_A_KEY = re.compile(
    r"(?:x[-_])?(?:api|access|secret|private|subscription)[-_]?keys?(?:[-_]?(?:id|secret))?"
    r"|(?:(?:access|auth|session|refresh|security|bearer|id)[-_])?token"
    r"|(?:client[-_])?secret|password|passwd|pwd|authorization|(?:set[-_])?cookie",
    re.IGNORECASE,
)

_HOLDS_AN_ACCOUNT = re.compile(
    r"(?:(?:main|sub|cloud)[-_]?)?account(?:[-_]?(?:id|uid))?|(?:owner|user|ali)[-_]?uid|uid"
    r"|(?:owner|workspace|tenant)[-_]?id",
    re.IGNORECASE,
)

_LOOKS_LIKE_ONE = re.compile(
    r"\bsk-[A-Za-z0-9_-]{12,}"
    r"|\bLTAI[0-9A-Za-z]{12,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\bhf_[A-Za-z0-9]{20,}|\bxox[abeoprs]-[\w-]{10,}|\bAIza[\w-]{30,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"
    r"|(?i:\bbearer\s+)(?P<bearer>[\w.~+/=-]{8,})"
    r"|(?i:\b(?:api[-_]?key|access[-_]?key(?:[-_]?(?:id|secret))?|access[-_]?token|secret"
    r"|password|account[-_]?id|uid)\b\\?[\"']?\s*[:=]\s*\\?[\"']?)(?P<named>(?=[^\s\"']*\d)[\w.~+/-]{8,})"
    r"|(?i:[?&](?:key|token|sig|signature|api[-_]?key|access[-_]?token)=)(?P<query>[^&\s\"']+)",
    re.DOTALL,
)

_Path: TypeAlias = tuple[Any, ...]

_DATA = re.compile(r"\s*data:[^,]{0,100},", re.ASCII)
_LINE = re.compile(rb"^(data: ?)(.*?)(\r?)$", re.MULTILINE)


class Redactor:
    """Takes secrets out of JSON, text and streams.

    Parameters
    ----------
    environ : mapping
        The environment.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._known: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        for name, value in environ.items():
            if _NAMED.search(name):
                self.know(value)

    def know(self, secret: str | None) -> None:
        """Take a secret in; also as it stands inside JSON and addresses."""
        told = (secret or "").strip()
        if len(told) < _SHORTEST or MARK in told:
            return
        self._known |= {told, json.dumps(told)[1:-1]}
        longest_first = sorted(self._known, key=lambda each: (-len(each), each))
        self._pattern = re.compile("|".join(map(re.escape, longest_first)))

    def text(self, text: str) -> str:
        """Return a text without secrets."""
        if self._pattern is not None:
            text = self._pattern.sub(MARK, text)
        return _LOOKS_LIKE_ONE.sub(_blackened, text)

    def value(self, value: Any) -> Any:
        """Return JSON without secrets."""
        if isinstance(value, str):
            if _DATA.match(value):  # base64 may look like anything
                return value if self._pattern is None else self._pattern.sub(MARK, value)
            return self._nested(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): MARK if _is_secret(key, each) else self.value(each)
                for key, each in value.items()
            }
        if isinstance(value, Sequence):
            return [self.value(each) for each in value]
        if isinstance(value, int) and str(value) in self._known:
            return MARK
        return value

    def _nested(self, text: str) -> str:
        # the arguments of a call and many a tool's result are JSON within a string
        if text[:1] in ("{", "[") and text[-1:] in ("}", "]"):
            try:
                told = json.loads(text)
            except ValueError:
                return self.text(text)
            found = self.value(told)
            return text if found == told else json.dumps(found, ensure_ascii=False)
        return self.text(text)

    def stream(self, data: bytes) -> bytes:
        """Return the bytes of a whole answer without secrets; each event keeps its place."""
        events = list(_events(data))
        found = self._redacted(events)
        for (start, end, before), after in reversed(list(zip(events, found, strict=True))):
            if before != after:
                told = json.dumps(after, ensure_ascii=False, separators=(",", ":"))
                data = data[:start] + told.encode() + data[end:]
        # what is no event: an error, a page, a comment
        return b"".join(
            part if part.startswith(b"data:") and _is_json(part[5:]) else self._plain(part)
            for part in (re.split(rb"(?<=\n)", data) if events else [data])
        )

    def _plain(self, data: bytes) -> bytes:
        try:
            return self._nested(data.decode()).encode()
        except UnicodeDecodeError:
            return data if self._pattern is None else _in_bytes(self._known, data)

    def _redacted(self, events: Sequence[tuple[int, int, Any]]) -> list[Any]:
        """Return the events' values, with what was cut into pieces looked at as one text."""
        texts: dict[_Path, list[tuple[int, _Path, str]]] = {}
        for number, (_, _, value) in enumerate(events):
            for path, group, leaf in _leaves(value, (), ()):
                texts.setdefault(group, []).append((number, path, leaf))
        found = [value for _, _, value in events]
        for pieces in texts.values():
            whole = "".join(leaf for _, _, leaf in pieces)
            is_text = len({leaf for _, _, leaf in pieces}) > 1  # not an id said again
            if not is_text or not (spans := list(self._spans(whole))):
                continue
            at = 0
            for number, path, leaf in pieces:
                if (after := _cut_out(leaf, at, spans)) != leaf:
                    found[number] = _with(found[number], path, after)
                at += len(leaf)
        return [self.value(value) for value in found]

    def _spans(self, text: str) -> Iterator[tuple[int, int]]:
        if self._pattern is not None:
            yield from (match.span() for match in self._pattern.finditer(text))
        for match in _LOOKS_LIKE_ONE.finditer(text):
            yield match.span(match.lastgroup or 0)


def _blackened(match: re.Match[str]) -> str:
    secret = match.lastgroup
    if secret is None:
        return MARK
    begins, ends = (at - match.start() for at in match.span(secret))
    return f"{match[0][:begins]}{MARK}{match[0][ends:]}"


def _is_secret(name: Any, value: Any) -> bool:
    if isinstance(value, str):
        names = (_HOLDS_A_KEY, _HOLDS_AN_ACCOUNT)
        return bool(value) and any(each.fullmatch(str(name)) for each in names)
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return is_number and _HOLDS_AN_ACCOUNT.fullmatch(str(name)) is not None


def _is_json(data: bytes) -> bool:
    return data.strip()[:1] in (b"{", b"[")


def _in_bytes(known: Iterable[str], data: bytes) -> bytes:
    for secret in known:
        data = data.replace(secret.encode(), MARK.encode())
    return data


def _events(data: bytes) -> Iterator[tuple[int, int, Any]]:
    for match in _LINE.finditer(data):
        try:
            value = json.loads(match[2])
        except ValueError:
            continue
        if isinstance(value, dict):
            yield match.start(2), match.end(2), value


def _leaves(value: Any, path: _Path, group: _Path) -> Iterator[tuple[_Path, _Path, str]]:
    """Yield the texts of an event: where each stands, and what it is a piece of."""
    if isinstance(value, str):
        yield path, group, value
    elif isinstance(value, Mapping):
        # the pieces of one call are told by the number they carry, not by their place
        number = value.get("index")
        inside = (*group, "index", number) if isinstance(number, int) else group
        for key, each in value.items():
            yield from _leaves(each, (*path, key), (*inside, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from _leaves(each, (*path, number), (*group, number))


def _with(value: Any, path: _Path, leaf: str) -> Any:
    if not path:
        return leaf
    step, *rest = path
    if isinstance(value, list):
        return [
            _with(each, tuple(rest), leaf) if number == step else each
            for number, each in enumerate(value)
        ]
    return {
        key: _with(each, tuple(rest), leaf) if key == step else each
        for key, each in value.items()
    }


def _cut_out(leaf: str, at: int, spans: Sequence[tuple[int, int]]) -> str:
    """Return a piece, which begins at `at` of the whole, without what lies in the spans."""
    kept, end = [], 0
    for begins, ends in sorted(spans):
        first, last = max(begins - at, end), min(ends - at, len(leaf))
        if first < last:
            kept += [leaf[end:first], MARK]
            end = last
    return "".join((*kept, leaf[end:]))
