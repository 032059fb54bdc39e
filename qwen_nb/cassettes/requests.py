"""A request as a cassette keeps it, and whether two of them are the same.

Equal means: the same method, path and JSON, whatever the order of keys, once secrets are
out and large attachments stand there by their hash. Results of tools may differ, since tools
run again; and where the recording had a secret, anything may stand.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from qwen_nb.cassettes.secrets import SECRET

LARGE = 4_096
"""Characters from which on an attachment is kept in a file of its own."""

_DATA = re.compile(r"data:([\w.+-]+/[\w.+-]+)?((?:;[\w.=+-]+)*);base64,(.*)", re.DOTALL)
_BY_HASH = re.compile(r"data:[^,]*;sha256,([0-9a-f]{64})")


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
            if len(value) < LARGE or (parts := _DATA.fullmatch(value)) is None:
                return value
            try:
                data = base64.b64decode(parts[3], validate=True)
            except binascii.Error:
                return value
            hash_ = hashlib.sha256(data).hexdigest()
            found.append(Attachment(hash_, data, parts[1] or "application/octet-stream"))
            return f"data:{parts[1] or ''}{parts[2]};sha256,{hash_}"
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
        messages = body.get(name)
        if isinstance(messages, list):
            kept[name] = [
                {**message, "content": ""}
                if isinstance(message, Mapping) and message.get("role") == "tool"
                else message
                for message in messages
            ]
        elif name == "input" and isinstance(messages, Mapping):
            kept[name] = without_results(messages)
    return kept


def hashes_in(body: Any) -> Iterator[str]:
    """Yield the hashes of the attachments that stand in a body by them."""
    if isinstance(body, str):
        if found := _BY_HASH.fullmatch(body):
            yield found[1]
    elif isinstance(body, Mapping):
        for each in body.values():
            yield from hashes_in(each)
    elif isinstance(body, list):
        for each in body:
            yield from hashes_in(each)


def has_secret(body: Any) -> bool:
    """Tell whether a secret was taken out of a body."""
    return SECRET in canonical(body)


def matches(recorded: Any, asked: Any) -> bool:
    """Tell whether two bodies are equal but for secrets that were taken out of one."""
    if isinstance(recorded, str) and isinstance(asked, str):
        return recorded == asked or (SECRET in recorded and _fits(recorded, asked))
    if isinstance(recorded, Mapping) and isinstance(asked, Mapping):
        return recorded.keys() == asked.keys() and all(
            matches(each, asked[key]) for key, each in recorded.items()
        )
    if isinstance(recorded, list) and isinstance(asked, list):
        return len(recorded) == len(asked) and all(map(matches, recorded, asked))
    if recorded == SECRET:  # a number, as an account may be
        return isinstance(asked, int)
    return type(recorded) is type(asked) and bool(recorded == asked)


def _fits(recorded: str, asked: str) -> bool:
    first, *between, last = recorded.split(SECRET)
    begins, ends = len(first), len(asked) - len(last)
    if begins <= ends and asked.startswith(first) and asked.endswith(last):
        for part in between:  # the first place that does is as good as any
            begins = asked.find(part, begins, ends)
            if begins < 0:
                break
            begins += len(part)
        else:
            return True
    if recorded[:1] not in ("{", "[") or recorded[:1] != asked[:1]:
        return False
    try:  # the arguments of a call: the spaces in it are chance
        one, other = json.loads(recorded), json.loads(asked)
    except (ValueError, RecursionError):
        return False
    return matches(one, other)
