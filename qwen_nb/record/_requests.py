"""A request as a cassette keeps it, and whether two of them are the same.

Equal means: the same method, path and JSON, whatever the order of keys, once secrets are
out and large attachments stand there by their hash. Results of tools may differ, since tools
run again; and where the recording had a secret, anything may stand.
"""

from __future__ import annotations

import base64
import binascii
import difflib
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qwen_nb.record._secrets import MARK

__all__ = [
    "Attachment",
    "Difference",
    "canonical",
    "difference",
    "matches",
    "parted",
    "without_results",
]

LARGE = 4_096
"""Characters from which on an attachment is kept in a file of its own."""

_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.=+-]+)*);base64,(.*)", re.DOTALL)
_AROUND = 30
_LONGEST = 90


@dataclass(frozen=True, slots=True)
class Attachment:
    """What stands in a file of its own: its hash, its bytes, its media type."""

    sha256: str
    data: bytes
    media_type: str


def parted(body: Any) -> tuple[Any, list[Attachment]]:
    """Return a body with large attachments by their hash, and these attachments."""
    found: list[Attachment] = []

    def part(value: Any) -> Any:
        if isinstance(value, str):
            if len(value) < LARGE or (told := _DATA.fullmatch(value)) is None:
                return value
            try:
                data = base64.b64decode(told[3], validate=True)
            except binascii.Error:
                return value
            hash_ = hashlib.sha256(data).hexdigest()
            found.append(Attachment(hash_, data, told[1] or "application/octet-stream"))
            return f"data:{told[1] or ''}{told[2]};sha256,{hash_}"
        if isinstance(value, Mapping):
            return {key: part(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [part(each) for each in value]
        return value

    return part(body), found


def canonical(body: Any) -> str:
    """Return a body as one text that is the same for equal bodies."""
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def without_results(body: Any) -> Any:
    """Return a body without what tools gave; those run again, and may give something else."""
    if not isinstance(body, Mapping):
        return body
    kept = dict(body)
    for name in ("messages", "input"):
        told = body.get(name)
        if isinstance(told, list):
            kept[name] = [
                {**message, "content": ""}
                if isinstance(message, Mapping) and message.get("role") == "tool"
                else message
                for message in told
            ]
        elif name == "input" and isinstance(told, Mapping):
            kept[name] = without_results(told)
    return kept


def matches(recorded: Any, asked: Any) -> bool:
    """Tell whether two bodies are equal but for secrets that were taken out of one."""
    if isinstance(recorded, str) and isinstance(asked, str):
        if recorded == asked:
            return True
        if MARK not in recorded:
            return False
        pattern = ".*".join(map(re.escape, recorded.split(MARK)))
        return re.fullmatch(pattern, asked, re.DOTALL) is not None
    if isinstance(recorded, Mapping) and isinstance(asked, Mapping):
        return recorded.keys() == asked.keys() and all(
            matches(each, asked[key]) for key, each in recorded.items()
        )
    if isinstance(recorded, list) and isinstance(asked, list):
        return len(recorded) == len(asked) and all(map(matches, recorded, asked))
    return type(recorded) is type(asked) and bool(recorded == asked)


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
    shown = _shown(one, other)
    return Difference(field, *shown, sum(_distance(a, b) for _, a, b in found))


_NOTHING = object()


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


def _distance(one: Any, other: Any) -> float:
    if isinstance(one, str) and isinstance(other, str):
        # a word that was changed is near, another question is far
        return 1.05 - difflib.SequenceMatcher(None, one[:2_000], other[:2_000]).ratio()
    return 1.0


def _shown(one: Any, other: Any) -> tuple[str, str]:
    texts = [_told(each) for each in (one, other)]
    begins = next(
        (n for n, (a, b) in enumerate(zip(*texts, strict=False)) if a != b),
        min(map(len, texts)),
    )
    begins = max(0, begins - _AROUND)
    return _cut(texts[0], begins), _cut(texts[1], begins)


def _told(value: Any) -> str:
    if value is _NOTHING:
        return "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cut(text: str, begins: int) -> str:
    shown = " ".join(text[begins : begins + _LONGEST].split())
    return f"{'…' if begins else ''}{shown}{'…' if len(text) > begins + _LONGEST else ''}"
