"""JSON as a person reads it: indented and in a fence, each of its tokens as it was written."""

from __future__ import annotations

import re

_TOKEN = re.compile(r'"(?:\\.|[^"\\])*"?|[{}\[\],:]|[^\s{}\[\],:"]+', re.DOTALL)
_STEP = "  "
_DEEP = 50  # indents no deeper, so that a hostile text cannot grow without bound


def fenced_json(answer: str) -> str:
    """Return an answer of JSON as Markdown; one that has a fence stays as it is."""
    said = answer.strip()
    if not said or said.startswith(("```", "~~~")) or said[0] not in "{[":
        return answer
    ticks = max((len(run) for run in re.findall("`+", said)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}json\n{said if chr(10) in said else indented(said)}\n{fence}"


def indented(said: str) -> str:
    """Return JSON text with a line for each entry; an empty object or list stays on one."""
    parts: list[str] = []
    depth, before = 0, ""
    for token in _TOKEN.findall(said):
        if token in "}]":
            depth = max(depth - 1, 0)
            if before not in ("{", "["):
                parts.append(_line(depth))
        elif before in ("{", "[", ","):
            parts.append(_line(depth))
        parts.append(f"{token} " if token == ":" else token)
        if token in ("{", "["):
            depth += 1
        before = token
    return "".join(parts)


def _line(depth: int) -> str:
    return "\n" + _STEP * min(depth, _DEEP)
