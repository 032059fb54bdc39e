"""The order of entries, and what of a list of them follows from it: plain functions."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from qwen_nb.values import Entry, EntryState, Turn

ANSWERED = frozenset(("stop", "length", "tool_calls", "stopped", "cut"))
"""The finish reasons after which a turn is sent again."""

STANDING = ("current", "deleted")
"""The states of what a new version of its cell replaces."""


def position_of(entry: Entry) -> tuple[int, int]:
    """Where an entry stands, as a key to sort by."""
    return entry.position


def by_place(entry: Entry) -> tuple[int, int, bool, int, str]:
    """Return the key that sorts by place; at one place the newest version is last."""
    return entry.place, entry.k, entry.state == "current", entry.left, entry.id


def since_mark(entries: list[Entry]) -> list[Entry]:
    """Return the entries from the last one that starts anew."""
    for index in range(len(entries) - 1, -1, -1):
        if entries[index].turn.starts_anew:
            return entries[index:]
    return entries


def start_of(entries: list[Entry], beginnings: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """Return where a context starts: with its first entry, or a beginning on its way."""
    return max([*beginnings, entries[0].position if entries else (0, 0)])


def context_of(entries: list[Entry], beginnings: Iterable[tuple[int, int]]) -> list[Entry]:
    """Return the entries since the last beginning, one that is on its way included."""
    entries = since_mark(entries)
    start = start_of(entries, beginnings)
    return entries[bisect_left(entries, start, key=position_of) :]


def to_restore(
    entries: Mapping[str, Entry], which: int | str | None, there: Entry | None
) -> Entry | None:
    """Return the version that `Conversation.restore` brings back; `there` is at its number."""
    if isinstance(which, str):
        return entries.get(which)
    gone = [each for each in entries.values() if each.state in ("replaced", "undone")]
    if which is not None:
        gone = [each for each in gone if there and each.position == there.position]
    return max(gone, key=lambda entry: entry.left, default=None)


def answered(entries: Iterable[Entry]) -> tuple[Turn, ...]:
    """Return the turns that can be sent again: those with an answer or rounds of tools."""
    return tuple(
        entry.turn
        for entry in entries
        if (entry.turn.reply.answer or entry.turn.said)
        and entry.turn.reply.finish_reason in ANSWERED
    )


def leaving(entries: Iterable[Entry], state: EntryState, left: int) -> list[Entry]:
    """Return entries as they leave, numbered from `left`.

    The first of them leaves last, so that it is the first to come back.
    """
    ordered = sorted(
        entries,
        key=lambda each: (each.position, each.state != "current", -each.left),
        reverse=True,
    )
    return [
        replace(entry, state=state, left=left + index) for index, entry in enumerate(ordered)
    ]


def older_after(
    standing: Iterable[Entry], position: tuple[int, int], gone: Iterable[Entry]
) -> Iterator[Entry]:
    """Yield the entries whose context changed with a position, marked as older.

    Behind the next beginning nothing has changed.
    """
    ids = {entry.id for entry in gone}
    for entry in standing:
        if entry.position <= position or entry.id in ids:
            continue
        if entry.turn.starts_anew:
            return
        if not entry.older:
            yield replace(entry, older=True)
