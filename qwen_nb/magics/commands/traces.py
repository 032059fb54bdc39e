"""Where words of a turn still stand when it is forgotten: other turns, cells, files."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qwen_nb.chat import Chat
from qwen_nb.conversation import Conversation
from qwen_nb.front_end import running_shell
from qwen_nb.magics.commands.conversations import called
from qwen_nb.magics.commands.history import numbers_of
from qwen_nb.texts import text, visible
from qwen_nb.values import Entry

if TYPE_CHECKING:
    from qwen_nb.store import Listing, Store

_TOLD_IN = {".cassette", ".ipynb", ".json", ".jsonl", ".md", ".txt"}
"""Beside a notebook: recordings, exports, and other notebooks."""

_FILE_BYTES = 256_000_000
_ALL = 1_000_000


def called_there(record: Listing, chat: Chat) -> str:
    """Return the word for a conversation, with its notebook where that is another."""
    name, path = called(record.name), record.path or ""
    is_here = path == chat.now().notebook.path
    return name if is_here else f"{name} ({visible(Path(path).name) or '–'})"


def repeats(
    chat: Chat, store: Store | None, ids: Collection[str], holds: Callable[[str], bool]
) -> Iterator[str]:
    """Say which turns that stay have the same words, as an answer that quotes a question."""
    found = list[tuple[str, tuple[Entry, ...], set[str]]]()
    going = set(ids)
    if store is not None:
        going |= store.reach(going).keys()
        for conversation, these in store.holding(holds).items():
            record = store.record(conversation)
            entries = Conversation(store.history(conversation, _ALL)).entries
            if record is not None:
                found.append((called_there(record, chat), entries, set(these) - going))
    for kept in chat.now().notebook.in_memory():
        entries = kept.conversation.entries
        holding = {each.id for each in entries if holds(_all_of(each))}
        found.append((called(kept.name), entries, holding - going))
    turns = (f"{name} {_turns(entries, these)}" for name, entries, these in found if these)
    if told := "; ".join(turns):
        yield text("forget.repeats", chat.language, turns=told)


def _turns(entries: tuple[Entry, ...], ids: Collection[str]) -> str:
    numbers = numbers_of(entries)
    places = (entry.position for entry in entries if entry.id in ids)
    return ", ".join(dict.fromkeys(numbers[place] for place in places))


def _all_of(entry: Entry) -> str:
    reply, messages = entry.turn.reply, entry.turn.said
    return "\n".join([entry.turn.prompt, reply.answer, reply.thinking, *map(str, messages)])


def still_shown(
    chat: Chat, ids: Collection[str], paths: Iterable[str], holds: Callable[[str], bool]
) -> Iterator[str]:
    """Say which notebooks and files beside them hold it."""
    files = dict[Path, None]()
    for path in map(Path, paths):
        if cells := _cells(path, ids, holds):
            shown = ", ".join(map(str, cells))
            facts = {"path": visible(path.name), "cells": shown}
            yield text("forget.cells", chat.language, **facts)
        for folder in (path.parent, path.parent / ".ipynb_checkpoints"):
            files |= dict.fromkeys(_beside(folder, path))
    files |= dict.fromkeys(_typed())
    found = [visible(str(file)) for file in files if holds(_read(file))]
    if found:
        yield text("forget.files", chat.language, files=", ".join(found))


def _cells(path: Path, ids: Collection[str], holds: Callable[[str], bool]) -> list[int]:
    """Return the numbers of a notebook's cells that show one of these turns, from 1."""
    try:
        cells = json.loads(_read(path))["cells"]
        return [at for at, cell in enumerate(cells, 1) if _shows(cell, ids, holds)]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        return []


def _shows(cell: dict[str, Any], ids: Collection[str], holds: Callable[[str], bool]) -> bool:
    source = "".join(cell.get("source", ()))
    outputs = json.dumps(cell.get("outputs", ()), ensure_ascii=False)
    return bool(holds(source) or holds(outputs) or any(id_ in outputs for id_ in ids))


def _beside(folder: Path, notebook: Path) -> list[Path]:
    try:
        return sorted(
            each
            for each in folder.iterdir()
            if each.suffix.casefold() in _TOLD_IN and each != notebook
        )
    except OSError:
        return []


def _typed() -> list[Path]:
    """Return the file where IPython keeps what was typed, if it does."""
    history = getattr(running_shell(), "history_manager", None)
    file = str(getattr(history, "hist_file", "") or "")
    is_kept = getattr(history, "enabled", False) and file not in ("", ":memory:")
    return [Path(file)] if is_kept else []


def _read(path: Path) -> str:
    try:
        status = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(status.st_mode) or status.st_size > _FILE_BYTES:
            return ""
        return path.read_bytes().decode("utf-8", "replace")
    except OSError:
        return ""
