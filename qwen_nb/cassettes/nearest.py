"""Which recording is nearest to a request that is not there, and where the two differ."""

from __future__ import annotations

import difflib
import heapq
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from qwen_nb.cassettes.requests import matches
from qwen_nb.values import excerpt

__all__ = ["Difference", "difference", "nearest"]

_AROUND = 30
_LONGEST = 90
_NOTHING = object()

_WORD = re.compile(r"[a-zA-Z0-9_]+|\S|\s+")
_WORDS = 1_000
"""So many of each text are compared, from where they begin to differ."""

_Parts: TypeAlias = Sequence[tuple[str, Any, Any]]


@dataclass(frozen=True, slots=True)
class Difference:
    """Where two requests differ first.

    Parameters
    ----------
    field : str
        As a person would write it: `messages[1].content`.
    recorded, asked : str
        What stands there, cut to what differs; empty where nothing does.
    distance : float
        How different the two are altogether; 0: not at all.
    """

    field: str
    recorded: str
    asked: str
    distance: float


def difference(recorded: Any, asked: Any) -> Difference:
    """Return where two bodies differ first, and how much they do."""
    found = list(_differences(recorded, asked, ""))
    if not found:
        return Difference("", "", "", 0.0)
    field, one, other = found[0]
    return Difference(field, *_shown(one, other), _distance(found))


def nearest(recorded: Sequence[Any], asked: Any) -> tuple[int, Difference] | None:
    """Return the number of the recorded body that is nearest, and where it differs.

    Parameters
    ----------
    recorded : sequence of object
        All bodies; of equally near ones the first is taken.
    asked : object
        The body that is asked.
    """
    # what is least different at best is compared first; once what was found is nearer than
    # the others can be, nothing more need be looked at
    at_best = []
    for number, body in enumerate(recorded):
        found = list(_differences(body, asked, ""))
        at_best.append((_distance(found, at_best=True), number, found))
    heapq.heapify(at_best)
    best: tuple[float, int] | None = None
    while at_best and (best is None or at_best[0][0] <= best[0]):
        _, number, found = heapq.heappop(at_best)
        distance = _distance(found)
        best = min(best or (distance, number), (distance, number))
    return None if best is None else (best[1], difference(recorded[best[1]], asked))


def _differences(one: Any, other: Any, field: str) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for key in dict.fromkeys((*one, *other)):
            where = f"{field}.{key}" if field else str(key)
            yield from _differences(one.get(key, _NOTHING), other.get(key, _NOTHING), where)
    elif isinstance(one, list) and isinstance(other, list):
        for number in range(max(len(one), len(other))):
            parts = [each[number] if number < len(each) else _NOTHING for each in (one, other)]
            yield from _differences(parts[0], parts[1], f"{field}[{number}]")
    elif one is _NOTHING or other is _NOTHING or not matches(one, other):
        yield field, one, other


def _distance(parts: _Parts, *, at_best: bool = False) -> float:
    """Return how much differs: a word that was changed is little, another question is a lot."""
    return sum(
        1.05 - _alike(one, other, at_best=at_best)
        if isinstance(one, str) and isinstance(other, str)
        else 1.0
        for _, one, other in parts
    )


def _alike(one: str, other: str, *, at_best: bool) -> float:
    """Return which part of two texts is alike, from 0 to 1, counted in words.

    By characters it would take far too long; and `at_best` only counts the words.
    """
    words, others = _words(one), _words(other)
    shorter = min(len(words), len(others))
    same = next((n for n in range(shorter) if words[n] != others[n]), shorter)
    some = words[same : same + _WORDS], others[same : same + _WORDS]
    if at_best:
        counted = Counter(some[0]) & Counter(some[1])
        alike = float(counted.total())
    else:
        matcher = difflib.SequenceMatcher(None, *some, autojunk=False)
        alike = float(sum(block.size for block in matcher.get_matching_blocks()))
    whole = 2 * same + len(some[0]) + len(some[1])
    return 2 * (same + alike) / whole if whole else 1.0


@lru_cache(maxsize=64)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text))


def _shown(one: Any, other: Any) -> tuple[str, str]:
    texts = [_told(each) for each in (one, other)]
    begins = next(
        (n for n, (a, b) in enumerate(zip(*texts, strict=False)) if a != b),
        min(map(len, texts)),
    )
    begins = max(0, begins - _AROUND)
    return excerpt(texts[0], begins, _LONGEST), excerpt(texts[1], begins, _LONGEST)


def _told(value: Any) -> str:
    if value is _NOTHING:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
