"""The commands that look back: what was asked in a conversation, and anywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import PurePath
from typing import TYPE_CHECKING

from IPython.core.error import UsageError

from qwen_nb.chat import Chat
from qwen_nb.conversation import Conversation
from qwen_nb.magics import LineError, Sheet, clipped, in_a_line
from qwen_nb.magics.commands.conversations import called, moment
from qwen_nb.render import html_table, usage_line
from qwen_nb.store import Found, around, match_of, spaced
from qwen_nb.texts import Language, markup, text, visible
from qwen_nb.values import Entry

if TYPE_CHECKING:
    from qwen_nb.store import Store

_TURNS = 20
_CELL = 8
_MODEL = 20
_WORDS = 160
_ALL = 1_000_000
_FOUND = 20
_WORD = re.compile(r"[^\W_]+")


def history(chat: Chat, number: int | None = None, *, thinking: bool = False) -> Sheet | str:
    """Show the last turns with all their versions, or one turn in full."""
    kept = chat.kept()
    kept.refresh()
    entries = kept.conversation.entries
    if not entries:
        raise LineError("history.none")
    if thinking:
        return _in_full(kept.conversation, number, chat.language)
    return _table(entries, number or _TURNS, chat.language)


def _table(entries: tuple[Entry, ...], n: int, language: Language) -> Sheet:
    numbers = numbers_of(entries)
    positions = list(dict.fromkeys(entry.position for entry in entries))
    shown = set(positions[-n:])
    rows = [
        [
            numbers[entry.position],
            visible(entry.cell or "")[:_CELL],
            clipped(entry.turn.reply.model, _MODEL),
            clipped(entry.turn.prompt, _WORDS),
            _tokens(entry),
            text("reply.comma", language).join(_marks(entry, language)),
        ]
        for entry in entries
        if entry.position in shown
    ]
    names = ("turn", "cell", "model", "words", "tokens", "marks")
    left_out = len(positions) - len(shown)
    more = [text("history.more", language, n=left_out, all=len(positions))] if left_out else []
    headings = [text(f"history.{name}", language) for name in names]
    return Sheet.of(headings, rows, *more, wide=3)


def numbers_of(entries: tuple[Entry, ...]) -> dict[tuple[int, int], str]:
    """Return the turns' numbers as `Conversation.number_of` counts, for all at once.

    A turn that is not there is given in brackets the number it takes when it comes back;
    `restore` brings those first that left last.
    """
    numbers: dict[tuple[int, int], str] = {}
    number, gone = 0, list[int]()
    for position, versions in groupby(entries, key=lambda entry: entry.position):
        last = max(versions, key=lambda entry: (entry.state == "current", entry.left))
        if last.state == "current":
            if last.turn.starts_anew:
                number, gone = 0, []
            number += 1
            numbers[position] = str(number)
        else:
            before = 0 if last.turn.starts_anew else number + sum(n > last.left for n in gone)
            numbers[position] = f"({before + 1})"
            gone.append(last.left)
    return numbers


def _tokens(entry: Entry) -> str:
    usage = entry.turn.reply.usage
    if usage is None:
        return ""
    return " / ".join("?" if n is None else str(n) for n in (usage.input, usage.output))


def _marks(entry: Entry, language: Language) -> Iterator[str]:
    if entry.state != "current":
        yield text(f"history.{entry.state}", language)
    if entry.turn.starts_anew:
        yield text("history.anew", language)
    if entry.older:
        yield text("history.older", language)
    if entry.turn.reply.finish_reason not in ("stop", "tool_calls"):
        yield text(f"history.{entry.turn.reply.finish_reason}", language)


def _in_full(conversation: Conversation, number: int | None, language: Language) -> str:
    number = len(conversation.current) if number is None else number
    entry = conversation.entry(number)
    if entry is None:
        raise LineError("error.no_turn", turn=number)
    versions = [each for each in conversation.entries if each.position == entry.position]
    return "\n\n".join(_told(each, number, language) for each in versions)


def _told(entry: Entry, number: int, language: Language) -> str:
    reply = entry.turn.reply
    facts = [text("usage.turn", language, turn=number), moment(entry.asked_at)]
    head = " · ".join(fact for fact in (*facts, *_marks(entry, language)) if fact)
    parts = [f"── {head}", visible(entry.turn.prompt)]
    if reply.thinking:
        parts += [f"── {text('reply.thinking', language)}", visible(reply.thinking).strip("\n")]
    parts += [f"── {text('reply.answer', language)}", visible(reply.answer).strip("\n")]
    parts += [*map(visible, reply.notes), usage_line(reply, language)]
    return "\n".join(part for part in parts if part)


def search(chat: Chat, wanted: str) -> Sheet:
    """Look for something in everything that was ever asked and answered."""
    if match_of(wanted) is None:
        raise LineError("search.wanted")
    rows, path = list(_in_memory(chat, wanted)), chat.now().notebook.store_path
    lines = []
    if path.is_file():
        store = chat.now().notebook.store()
        if store is None:
            lines = [text("search.unreadable", chat.language, path=visible(str(path)))]
        else:
            rows += _stored(store, wanted, chat.language)
    if not rows:
        none = text("search.none", chat.language, wanted=visible(wanted))
        raise UsageError(in_a_line(chat.language, none, *lines))
    found = (f"{' · '.join(filter(None, where))}\n    {words}" for *where, words in rows)
    names = ("notebook", "name", "turn", "when", "words")
    headings = [text(f"search.{name}", chat.language) for name in names]
    below = "".join(f"\n<div>{markup(line)}</div>" for line in lines)
    plain = "\n".join([*found, *lines])
    return Sheet(lambda width: plain, html_table(headings, rows) + below)


def _stored(store: Store, query: str, language: Language) -> Iterator[list[str]]:
    store.flush()
    loaded: dict[str, Conversation] = {}
    for found in store.search(query, _FOUND):
        if found.conversation not in loaded:
            entries = store.history(found.conversation, _ALL)
            loaded[found.conversation] = Conversation(entries)
        yield _row(found, loaded[found.conversation].number_of(found.id), language)


def _in_memory(chat: Chat, query: str) -> Iterator[list[str]]:
    notebook = chat.now().notebook
    for name in notebook.names():
        kept = notebook.kept(name)
        if kept.store is None:
            yield from _held(kept.conversation, name, query, chat.language)


def _held(
    conversation: Conversation, name: str, query: str, language: Language
) -> Iterator[list[str]]:
    phrases = re.findall('"([^"]*)"', (match_of(query) or "").casefold())
    for entry in reversed(conversation.entries):
        turn = entry.turn
        texts = (turn.prompt, turn.reply.answer)
        # one column may hold one word, the other the next
        said = " \n ".join(
            f" {' '.join(_WORD.findall(spaced(each).casefold()))} " for each in texts
        )
        # copies are left out, as the store does it
        if entry.copy_of is None and all(f" {phrase} " in said for phrase in phrases):
            yield _row(
                Found(
                    "", name, None, entry.id, *entry.position, entry.state, entry.asked_at,
                    around(query, *texts),
                ),
                conversation.number_of(entry.id),
                language,
            )  # fmt: skip


def _row(found: Found, number: int | None, language: Language) -> list[str]:
    turn = (
        text(f"history.{found.state}", language)
        if number is None
        else text("usage.turn", language, turn=number)
    )
    notebook = PurePath(found.path).name if found.path else text("search.memory", language)
    return [
        visible(notebook),
        called(found.name),
        turn,
        moment(found.asked_at),
        visible(found.excerpt),
    ]
