"""Values that a JSON schema allows, made up: the emulator's structured answers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

_DEEP = 12
_LONG = 1_000
_MANY = 20
_PLAIN = {  # by `format`
    "date": "2025-01-31",
    "date-time": "2025-01-31T12:00:00Z",
    "time": "12:00:00Z",
    "duration": "P1D",
    "email": "emulator@example.com",
    "uri": "https://example.com/emulator",
    "url": "https://example.com/emulator",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}


def example(schema: Any, say: Callable[[str], str]) -> Any:
    """Return a value that a JSON schema allows; the same schema gets the same value.

    Whatever is no schema allows nothing but null.

    Parameters
    ----------
    schema : object
        The schema, with `$defs` or without.
    say : callable
        Returns the text for a property of this name; empty for one without.
    """
    known: dict[str, Any] = {}
    for place in ("$defs", "definitions"):
        inner = schema.get(place) if isinstance(schema, dict) else None
        for name, each in (inner if isinstance(inner, dict) else {}).items():
            known[f"#/{place}/{name}"] = each
    return _Maker(known, say).value(schema, "", 0)


def schema_in(text: str) -> Mapping[str, Any] | None:
    """Return the JSON schema that a text ends with, as a model would read it there."""
    if not text.rstrip().endswith("}"):
        return None
    for found in re.finditer(r"^\{", text, re.MULTILINE):
        try:
            value = json.loads(text[found.start() :])
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict) and "properties" in value else None
    return None


class _Maker:
    def __init__(self, known: Mapping[str, Any], say: Callable[[str], str]) -> None:
        self._known = known
        self._say = say

    def value(self, schema: Any, name: str, depth: int) -> Any:
        if not isinstance(schema, dict) or depth > _DEEP:
            return None
        if isinstance(reference := schema.get("$ref"), str):
            return self.value(self._known.get(reference), name, depth + 1)
        if "const" in schema:
            return schema["const"]
        choices = schema.get("enum")
        if choices and isinstance(choices, list):
            return choices[0]
        for several in ("anyOf", "oneOf", "allOf"):
            ways = schema.get(several)
            if ways and isinstance(ways, list):
                return self.value(ways[0], name, depth + 1)
        kind = schema.get("type", "object" if "properties" in schema or not name else "string")
        if isinstance(kind, list):
            kind = next(iter(kind), None)
        if kind == "object":
            return self._object(schema, depth)
        if kind == "array":
            return self._array(schema, name, depth)
        if kind == "string":
            return self._string(schema, name)
        if kind in ("integer", "number"):
            return _number(schema, whole=kind == "integer")
        return True if kind == "boolean" else None

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        named = schema.get("properties")
        if isinstance(named, dict) and named:
            return {name: self.value(inner, name, depth + 1) for name, inner in named.items()}
        more = schema.get("additionalProperties")
        return {"key": self.value(more, "key", depth + 1)} if isinstance(more, dict) else {}

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        first = schema.get("prefixItems")
        if first and isinstance(first, list):
            return [self.value(each, name, depth + 1) for each in first]
        item = self.value(schema.get("items", {"type": "string"}), name, depth + 1)
        return [item] * min(max(_bound(schema, "minItems", 1), 1), _MANY)

    def _string(self, schema: Mapping[str, Any], name: str) -> str:
        kind = schema.get("format")
        if isinstance(kind, str) and kind in _PLAIN:
            return _PLAIN[kind]
        said = self._say(name)
        said += "." * (min(_bound(schema, "minLength", 0), _LONG) - len(said))
        return said[: max(_bound(schema, "maxLength", len(said)), 0)]


def _bound(schema: Mapping[str, Any], name: str, otherwise: int) -> int:
    value = schema.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else otherwise


def _number(schema: Mapping[str, Any], *, whole: bool) -> int | float:
    def told(name: str) -> float | None:
        value = schema.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        return value if math.isfinite(value) else None

    step = 1 if whole else 0.5
    low, above = told("minimum"), told("exclusiveMinimum")
    high, below = told("maximum"), told("exclusiveMaximum")
    value: float = 1 if whole else 1.5
    if low is not None:
        value = max(value, math.ceil(low) if whole else low)
    if above is not None and value <= above:
        value = math.floor(above) + 1 if whole else above + step
    if high is not None:
        value = min(value, math.floor(high) if whole else high)
    if below is not None and value >= below:
        value = math.ceil(below) - 1 if whole else below - step
    return int(value) if whole else value
