"""Entries as rows of the store, and back without loss.

Prompt, answer and thinking have columns of their own; everything else of a turn is one
JSON text (`values.turn_json`).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from qwen_nb.values import (
    TURN_TEXTS,
    Entry,
    Slot,
    Turn,
    data_of,
    data_of_turn,
    json_of,
    reader,
    turn_of_data,
)

_STANDING = "id place k cell state older asked_at left_as marked copy_of region"
COLUMNS = (*_STANDING.split(), "input", "output", *TURN_TEXTS, "rest")
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
        _count(usage.input if usage else None),
        _count(usage.output if usage else None),
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
    data = data_of_turn(turn)
    return stored_text(json_of({name: data[name] for name in data if name not in TURN_TEXTS}))


def turn_from(prompt: Any, answer: Any, thinking: Any, rest: Any) -> Turn:
    """Return the turn of the four columns."""
    texts = zip(TURN_TEXTS, map(text_from, (prompt, answer, thinking)), strict=True)
    return turn_of_data({**json.loads(text_from(rest)), **dict(texts)})


def slot_text(slot: Slot) -> str:
    """Return what of a slot another process needs to settle it."""
    return json_of(
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


def plain_text(values: Mapping[str, Any], without: Collection[str]) -> str | bytes:
    """Return values as JSON, as `reader` reads them; those that are None are left out."""
    data = {name: data_of(each, without) for name, each in values.items() if each is not None}
    return stored_text(json_of(data))


def _count(value: int | None) -> int | None:
    # A server may say anything; the exact figure is in the JSON text.
    fits = isinstance(value, int) and 0 <= value <= _MOST
    return value if fits else None
