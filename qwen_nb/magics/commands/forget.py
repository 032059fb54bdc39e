"""`%qwen_nb forget`: takes a turn or a conversation out of the store for good.

Nothing of what goes is quoted in what the command says: that would be one place more.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from qwen_nb.asking import Kept
from qwen_nb.chat import Chat
from qwen_nb.errors import StoreError
from qwen_nb.magics import LineError, nearest
from qwen_nb.magics.commands.conversations import called
from qwen_nb.magics.commands.history import numbers_of
from qwen_nb.magics.commands.traces import called_there, repeats, still_shown
from qwen_nb.store import finder
from qwen_nb.texts import text, visible
from qwen_nb.values import Entry

if TYPE_CHECKING:
    from qwen_nb.store import Store

_FEW = 200
"""Versions whose words are looked for in all other turns; 30 take a second in 75 MB."""


@dataclass(frozen=True, slots=True)
class _Target:
    """What a person wants forgotten: a turn of a conversation, or all of it."""

    kept: Kept
    entries: tuple[Entry, ...]
    turn: str = ""

    @property
    def ids(self) -> frozenset[str]:
        """The versions; of a turn that is a copy, the original with them."""
        ids = {entry.id for entry in self.entries}
        if self.turn:
            ids |= {entry.copy_of for entry in self.entries if entry.copy_of}
        return frozenset(ids)

    @property
    def prompts(self) -> list[str]:
        """What was asked."""
        return [entry.turn.prompt for entry in self.entries]

    def named(self, chat: Chat) -> str:
        """Return what it is called in a sentence."""
        key = "forget.turn" if self.turn else "forget.chat"
        return text(key, chat.language, turn=self.turn, name=called(self.kept.name))


def forget_for_good(chat: Chat, target: tuple[str, str], *, yes: bool = False) -> str:
    """Delete a turn or a conversation for good, and say which files still show it."""
    wanted = _wanted(chat, *target)
    places = {entry.position for entry in wanted.entries}
    pending = wanted.kept.conversation.pending
    if any(not wanted.turn or slot.position in places for slot in pending):
        raise LineError("forget.running")
    store = _store(chat)
    others, paths = _others(chat, store, wanted)
    n = len(wanted.entries)
    key = "forget.done" if yes else "forget.would"
    told = [text(key, chat.language, what=wanted.named(chat), n=n), *others]
    if yes:
        told += _done(chat, store, wanted)
    told[0] = told[0][:1].upper() + told[0][1:]
    replies = [entry.turn.reply.answer for entry in wanted.entries]
    holds = finder(wanted.prompts, replies)
    if holds is not None and n <= _FEW:
        told += [*repeats(chat, store, wanted.ids, holds)]
    if holds is not None:
        told += [*still_shown(chat, wanted.ids, paths, holds)]
    return "\n".join(told)


def _done(chat: Chat, store: Store | None, target: _Target) -> list[str]:
    ids, whole = target.ids, not target.turn
    answers = 0
    if store is not None:
        kept = target.kept
        of_store = kept.id if whole and kept.store is not None else None
        try:
            gone = store.forget(ids, conversation=of_store, in_memory=target.prompts)
        except StoreError as error:
            facts = {"reason": str(error), **error.facts}
            raise LineError("forget.failed", **facts) from None
        ids, answers = ids | gone.ids, gone.answers
    chat.now().notebook.forget(ids, target.kept.name if whole else "")
    return [text("forget.answers", chat.language, n=answers)] if answers else []


def _wanted(chat: Chat, kind: str, word: str) -> _Target:
    names = {"", *chat.now().notebook.names()}
    if not kind and word in names:
        raise LineError("forget.both", word=word)
    if kind != "chat":
        kept = chat.kept()
        kept.refresh()
        return _Target(kept, _versions(kept, word), word.strip("()"))
    if word not in names:
        known = sorted(map(called, names))
        near = nearest(word, known, 0.5)
        raise LineError("forget.unknown", name=visible(word), near=near, names=", ".join(known))
    kept = chat.now().notebook.kept(word)
    kept.refresh()
    return _Target(kept, kept.conversation.entries)


def _versions(kept: Kept, word: str) -> tuple[Entry, ...]:
    """Return all versions of the turn that `history` shows under a number."""
    entries = kept.conversation.entries
    there = kept.conversation.entry(int(word)) if word.isdecimal() else None
    if there is not None:
        found = [there.position]
    else:  # before the conversation began anew, or undone: then in brackets
        numbers = numbers_of(entries)
        found = [place for place, number in numbers.items() if number == word]
        found = found or [place for place, each in numbers.items() if each == f"({word})"]
    if len(found) != 1:
        key = "forget.several" if found else "error.no_turn"
        raise LineError(key, turn=word.strip("()"))
    return tuple(entry for entry in entries if entry.position == found[0])


def _store(chat: Chat) -> Store | None:
    notebook = chat.now().notebook
    if not notebook.store_path.is_file():
        return None
    store = notebook.store()
    if store is None:
        raise LineError("forget.unreadable", path=visible(str(notebook.store_path)))
    store.flush()
    return store


def _others(
    chat: Chat, store: Store | None, target: _Target
) -> tuple[list[str], tuple[str, ...]]:
    """Say which other conversations hold copies; return the notebooks these are in, too."""
    paths = [chat.now().notebook.path]
    if store is None:
        return [], tuple(paths)
    own = [entry.id for entry in target.entries if target.turn or entry.copy_of is None]
    lines = []
    copied = {entry.copy_of for entry in target.entries if entry.copy_of} - target.ids
    there = store.reach(own), store.reach(copied) if not target.turn else {}
    for key, reached in zip(("forget.copies", "forget.originals"), there, strict=True):
        records = [store.record(each) for each in sorted({*reached.values()})]
        others = [each for each in records if each and each.id != target.kept.id]
        if others:
            paths += [each.path for each in others if each.path]
            names = ", ".join(called_there(each, chat) for each in others)
            lines.append(text(key, chat.language, names=names))
    return lines, tuple(dict.fromkeys(path for path in paths if path))
