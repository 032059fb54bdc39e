"""Which recording is nearest to a request that is not there, and where the two differ."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from qwen_nb.cassettes.pieces import common_prefix
from qwen_nb.cassettes.requests import canonical, matches
from qwen_nb.values import excerpt

_AROUND = 30
_LONGEST = 90
_NOTHING = object()

_WORD = re.compile(r"\w+|[^\w\s]")


def nearest(recorded: Sequence[Any], asked: Any) -> int:
    """Return the number of the recorded body that has most words in common with one asked.

    The order of the words is not looked at: comparing it would take minutes for long
    conversations. Of equally near bodies the first is taken.
    """
    matcher = difflib.SequenceMatcher(None, "", _words(asked), autojunk=False)

    def common(number: int) -> float:
        matcher.set_seq1(_words(recorded[number]))
        return matcher.quick_ratio()

    return max(range(len(recorded)), key=common)


def difference(recorded: Any, asked: Any) -> tuple[str, str, str]:
    """Return where two bodies differ first, and what stands there in each.

    The field is named as a person would write it, `messages[1].content`; what stands there
    is cut to what differs, and empty where nothing does.
    """
    field, one, other = next(_differences(recorded, asked, ""), ("", "", ""))
    one, other = _text(one), _text(other)
    begins = max(0, common_prefix(one, other) - _AROUND)
    return field, excerpt(one, begins, _LONGEST), excerpt(other, begins, _LONGEST)


def _words(body: Any) -> list[str]:
    return _WORD.findall(canonical(body))


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


def _text(value: Any) -> str:
    if value is _NOTHING:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
