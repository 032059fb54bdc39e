"""The events of an answer: its bytes cut behind each, their JSON, and texts in pieces."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

Path: TypeAlias = tuple[Any, ...]
"""The names and numbers that lead to a value within JSON."""

_END = re.compile(rb"\n\r?\n")
_LINE = re.compile(rb"^data: ?(.*?)\r?$", re.MULTILINE)
_MOST_LINES = 4
"""So many lines an event's JSON may be cut into."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One event's JSON: where it begins and ends in the bytes, and what it says."""

    begins: int
    ends: int
    value: Any


def split(data: bytes) -> list[bytes]:
    """Cut an answer behind each of its events; how the network had cut it is chance."""
    ends = [0, *(match.end() for match in _END.finditer(data)), len(data)]
    return [data[begin:end] for begin, end in pairwise(ends) if begin < end]


def common_prefix(one: str, other: str) -> int:
    """Return how many characters two texts begin with alike, in logarithmic steps."""
    same, end = 0, min(len(one), len(other))
    while same < end:
        middle = (same + end + 1) // 2
        if other.startswith(one[same:middle], same):
            same = middle
        else:
            end = middle - 1
    return same


def events(data: bytes) -> Iterator[Piece]:
    """Yield what the data lines of a stream say, also JSON that was cut over several."""
    cut: list[re.Match[bytes]] = []
    for match in _LINE.finditer(data):
        if (not cut and match[1][:1] not in b"{[") or match[1] == b"[DONE]":
            cut = []
            continue
        cut = [*cut, match][-_MOST_LINES:]
        for first in range(len(cut) - 1, -1, -1):
            if cut[first][1][:1] not in (b"{", b"["):
                continue
            value = _json(b"\n".join(line[1] for line in cut[first:]))
            if value is None and first < len(cut) - 1:  # cut in the middle of a string
                value = _json(b"".join(line[1] for line in cut[first:]))
            if value is not None:
                yield Piece(cut[first].start(1), match.end(1), value)
                cut = []
                break


def _json(data: bytes) -> Any:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict | list) else None


def leaves(value: Any, path: Path = (), group: Path = ()) -> Iterator[tuple[Path, Path, str]]:
    """Yield the texts of an event: where each stands, and what it is a piece of."""
    if isinstance(value, str):
        yield path, group, value
    elif isinstance(value, Mapping):
        # the pieces of one call are known by the number they carry, not by their order
        number, inside = value.get("index"), group
        if isinstance(number, int):
            in_list = bool(group) and isinstance(group[-1], int)
            inside = (*(group[:-1] if in_list else group), "index", number)
        for key, each in value.items():
            yield from leaves(each, (*path, key), (*inside, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, (*path, number), (*group, number))


def replaced(value: Any, path: Path, leaf: str) -> Any:
    """Return JSON with another text at a place."""
    if not path:
        return leaf
    step, *rest = path
    if isinstance(value, list):
        return [
            replaced(each, tuple(rest), leaf) if number == step else each
            for number, each in enumerate(value)
        ]
    return {
        key: replaced(each, tuple(rest), leaf) if key == step else each
        for key, each in value.items()
    }


def cut_out(leaf: str, at: int, spans: Sequence[tuple[int, int]], mark: str) -> str:
    """Return a piece, which begins at `at` of the whole, without what lies in the spans.

    The mark stands where a span begins: of several pieces in the first one only.
    """
    kept, end = [], 0
    for begins, ends in sorted(spans):
        if begins - at >= len(leaf):
            break
        first, last = max(begins - at, end), min(ends - at, len(leaf))
        if first < last:
            kept += [leaf[end:first], mark if begins - at >= end else ""]
            end = last
    return "".join((*kept, leaf[end:]))


def dumped(value: Any, **how: Any) -> str:
    """Return JSON as text that can be written, whatever characters it has."""
    text = json.dumps(value, ensure_ascii=False, **how)
    try:
        text.encode()
    except UnicodeEncodeError:  # half a character
        return json.dumps(value, **how)
    return text
