"""`%qwen_nb forget`: takes a turn or a conversation out of the store for good.

Nothing of what goes is quoted in what the command says: that would be one place more.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from qwen_nb.asking import Kept, conversation_named
from qwen_nb.chat import Chat
from qwen_nb.errors import StoreError
from qwen_nb.magics.commands.conversations import archive_of, called, name_in
from qwen_nb.magics.commands.history import numbers_of
from qwen_nb.magics.commands.traces import called_there, repeats, still_shown
from qwen_nb.store import finder
from qwen_nb.texts import text, visible
from qwen_nb.values import Entry

if TYPE_CHECKING:
    from qwen_nb.store import Store

__all__ = ["forget_for_good"]

_YES = re.compile(r"(?:^|(?<=\s))--yes(?=\s|$)")
_TARGET = re.compile(r"(?:(?P<kind>turn|chat)\s+)?(?P<word>.+)", re.DOTALL)
_NUMBER = re.compile(r"\(?[1-9][0-9]{0,8}\)?", re.ASCII)

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


def forget_for_good(chat: Chat, rest: str) -> str:
    """Delete a turn or a conversation for good, and say which files still show it."""
    target = _target(chat, _YES.sub("", rest).strip())
    places = {entry.position for entry in target.entries}
    pending = target.kept.conversation.pending
    if any(not target.turn or slot.position in places for slot in pending):
        raise UsageError(text("forget.running", chat.language))
    store = _store(chat)
    others, paths = _others(chat, store, target)
    n = len(target.entries)
    if _YES.search(rest) is None:
        told = [text("forget.would", chat.language, what=target.named(chat), n=n), *others]
    else:
        told = [text("forget.done", chat.language, what=target.named(chat), n=n), *others]
        told += _done(chat, store, target)
    told[0] = told[0][:1].upper() + told[0][1:]
    replies = [entry.turn.reply.answer for entry in target.entries]
    holds = finder(target.prompts, replies)
    if holds is not None and n <= _FEW:
        told += [*repeats(chat, store, target.ids, holds)]
    if holds is not None:
        told += [*still_shown(chat, target.ids, paths, holds)]
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
            raise UsageError(text("forget.failed", chat.language, **facts)) from None
        ids, answers = ids | gone.ids, gone.answers
    archive_of(chat).forget(ids, target.kept.name if whole else "")
    return [text("forget.answers", chat.language, n=answers)] if answers else []


def _target(chat: Chat, words: str) -> _Target:
    match = _TARGET.fullmatch(words)
    if match is None:
        raise UsageError(text("forget.wanted", chat.language))
    kind, word = match["kind"], match["word"].strip()
    is_number = _NUMBER.fullmatch(word) is not None
    names = {"", *archive_of(chat).names()}
    if kind is None:
        is_name = conversation_named(word) in names
        if is_number and is_name:
            raise UsageError(text("forget.both", chat.language, word=visible(word)))
        kind = "turn" if is_number else "chat"
    if kind == "turn":
        if not is_number:
            raise UsageError(text("forget.wanted", chat.language))
        kept = chat.kept()
        kept.refresh()
        return _Target(kept, _versions(chat, kept, word), word.strip("()"))
    name = name_in(chat, word)
    if name not in names:
        known = sorted(map(called, names))
        found = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        near = text("command.near", chat.language, name=found[0]) if found else ""
        facts = {"name": visible(name), "near": near, "names": ", ".join(known)}
        raise UsageError(text("forget.unknown", chat.language, **facts))
    kept = archive_of(chat).kept(name)
    kept.refresh()
    return _Target(kept, kept.conversation.entries)


def _versions(chat: Chat, kept: Kept, word: str) -> tuple[Entry, ...]:
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
        raise UsageError(text(key, chat.language, turn=word.strip("()")))
    return tuple(entry for entry in entries if entry.position == found[0])


def _store(chat: Chat) -> Store | None:
    archive = archive_of(chat)
    if not archive.store_path.is_file():
        return None
    store = archive.store()
    if store is None:
        path = visible(str(archive.store_path))
        raise UsageError(text("forget.unreadable", chat.language, path=path))
    store.flush()
    return store


def _others(
    chat: Chat, store: Store | None, target: _Target
) -> tuple[list[str], tuple[str, ...]]:
    """Say which other conversations hold copies; return the notebooks these are in, too."""
    paths = [archive_of(chat).path]
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
