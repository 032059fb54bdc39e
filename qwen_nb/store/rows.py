"""Entries as rows of the store, and back without loss.

Prompt, answer and thinking have columns of their own; everything else of a turn is one
JSON text, written and read by the types of its values, so that a field added to `Reply`
needs nothing here. Fields at their default are left out.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from qwen_nb.values import ChatOptions, Entry, Message, Reply, Slot, Turn

__all__ = [
    "COLUMNS",
    "entry_from",
    "plain_text",
    "reader",
    "reply_from",
    "rest_of",
    "row_of",
    "slot_from",
    "slot_text",
    "stored_text",
    "text_from",
    "turn_from",
]

_APART = {"answer", "thinking", "data"}

_STANDING = "id place k cell state older asked_at left_as marked copy_of region"
_SUMMED = "model server scripted input output thinking_tokens cached"
COLUMNS = (*_STANDING.split(), *_SUMMED.split(), "prompt", "answer", "thinking", "rest")
"""The columns of `entries`, in the order of `row_of` and `entry_from`."""

_HELD = len(_STANDING.split())
_MOST = 2**63 - 1


def row_of(entry: Entry) -> tuple[Any, ...]:
    """Return an entry as the values of `COLUMNS`."""
    reply, usage = entry.turn.reply, entry.turn.reply.usage
    return (
        entry.id,
        entry.place,
        entry.k,
        entry.cell,
        entry.state,
        entry.older,
        entry.asked_at,
        entry.left,
        entry.marked,
        entry.copy_of,
        entry.region,
        stored_text(reply.model),
        stored_text(reply.server),
        reply.scripted,
        _count(usage.input if usage else None),
        _count(usage.output if usage else None),
        _count(usage.thinking if usage else None),
        _count(usage.cached if usage else None),
        stored_text(entry.turn.prompt),
        stored_text(reply.answer),
        stored_text(reply.thinking),
        rest_of(entry.turn),
    )


def entry_from(row: tuple[Any, ...]) -> Entry:
    """Return the entry that `row_of` made a row of."""
    held = row[:_HELD]
    id_, place, k, cell, state, older, asked_at, left, marked, copy_of, region = held
    prompt, answer, thinking, rest = row[-4:]
    turn = turn_from(prompt, answer, thinking, rest)
    return Entry(
        id_, place, k, cell, turn, state, bool(older), asked_at, left, bool(marked),
        region, copy_of,
    )  # fmt: skip


def rest_of(turn: Turn) -> str | bytes:
    """Return all of a turn but its three texts."""
    told = {"reply": _plain(turn.reply, _APART), "options": _plain(turn.options)}
    if turn.starts_anew:
        told["starts_anew"] = True
    if turn.said:
        told["said"] = _plain(turn.said)
    return stored_text(_json(told))


def turn_from(prompt: Any, answer: Any, thinking: Any, rest: Any) -> Turn:
    """Return the turn of the four columns."""
    told = json.loads(text_from(rest))
    return Turn(
        text_from(prompt),
        reply_from(told["reply"], text_from(answer), text_from(thinking)),
        reader(ChatOptions)(told["options"]),
        told.get("starts_anew", False),
        reader(tuple[Message, ...])(told.get("said", ())),
    )


def reply_from(told: Mapping[str, Any], answer: str, thinking: str) -> Reply:
    """Return the reply of what `rest_of` told and its texts."""
    reply: Reply = reader(Reply)({**told, "answer": answer, "thinking": thinking})
    return reply


def slot_text(slot: Slot) -> str:
    """Return what of a slot another process needs to settle it."""
    return _json(
        {
            "id": slot.id,
            "place": slot.place,
            "k": slot.k,
            "cell": slot.cell,
            "replaces": slot.replaces,
            "anew": slot.anew,
        }
    )


def slot_from(told: str) -> Slot:
    """Return the slot of `slot_text`."""
    slot: Slot = reader(Slot)(json.loads(told))
    return slot


def stored_text(text: str) -> str | bytes:
    """Return a text as SQLite can hold it: half a surrogate pair only fits into bytes."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")
    return text


def text_from(stored: str | bytes) -> str:
    """Return the text of `stored_text`."""
    return stored if isinstance(stored, str) else stored.decode("utf-8", "surrogatepass")


def plain_text(values: Mapping[str, Any], without: set[str]) -> str | bytes:
    """Return values as JSON, as `reader` reads them; those that are None are left out."""
    told = {name: _plain(value, without) for name, value in values.items() if value is not None}
    return stored_text(_json(told))


def _count(value: int | None) -> int | None:
    # A server may say anything; the exact figure is in the JSON text.
    fits = isinstance(value, int) and 0 <= value <= _MOST
    return value if fits else None


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


def _plain(value: Any, without: frozenset[str] | set[str] = frozenset()) -> Any:
    """Return a value as JSON has it, without the fields that are at their default."""
    if is_dataclass(value) and not isinstance(value, type):
        told = {}
        for each in fields(value):
            held = getattr(value, each.name)
            if each.name not in without and not _is_default(each, held):
                told[each.name] = _plain(held)
        return told
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


def _is_default(field: Field[Any], value: Any) -> bool:
    if field.default is not MISSING:
        # 0 and False are equal and are not the same
        return value is field.default or (
            type(value) is type(field.default) and _same(value, field.default)
        )
    return field.default_factory is not MISSING and not value


def _same(value: Any, default: Any) -> bool:
    # `==` of a value may look over fields that are not compared, and -0.0 is not 0.0
    by_repr = is_dataclass(value) or isinstance(value, float)
    return repr(value) == repr(default) if by_repr else bool(value == default)


@cache
def reader(hint: Any) -> Callable[[Any], Any]:
    """Return what makes a value of a type from its JSON form."""
    if isinstance(hint, type) and is_dataclass(hint):
        hints = get_type_hints(hint)
        readers = {each.name: reader(hints[each.name]) for each in fields(hint)}

        def read(told: Any) -> Any:
            # A field that is not known here was written by a newer version.
            return hint(**{n: readers[n](v) for n, v in told.items() if n in readers})

        return read
    if hint is Decimal:
        return Decimal  # written as text: JSON's numbers are floats
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is tuple:
        each = reader(arguments[0])
        return lambda told: tuple(map(each, told))
    if origin in (Union, types.UnionType):
        arms = [arm for arm in arguments if is_dataclass(arm) or get_origin(arm) is tuple]
        if len(arms) == 1:
            kind, arm = (list if get_origin(arms[0]) is tuple else dict), reader(arms[0])
            return lambda told: arm(told) if isinstance(told, kind) else told
    return lambda told: told
