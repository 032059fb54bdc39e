"""The commands that change or choose a conversation.

Each returns one line that says what happened and what the next question sends.
"""

from __future__ import annotations

import time
from collections.abc import Iterable

from qwen_nb.asking import MAIN
from qwen_nb.chat import Chat
from qwen_nb.magics import LineError, Sheet, first_words, in_a_line, nearest
from qwen_nb.texts import text, visible


def chats(chat: Chat) -> Sheet:
    """List the conversations of this notebook, its own first."""
    notebook = chat.now().notebook
    chat.kept()
    names = notebook.names() | (
        {} if notebook.name in notebook.names() else {notebook.name: None}
    )
    rows = []
    for name in sorted(names, key=bool):
        listing = names[name]
        if listing is None:
            kept = notebook.kept(name)
            entries = kept.conversation.entries
            turns = len(kept.conversation.turns)
            used = [
                entry.turn.reply.usage
                for entry in entries
                if entry.turn.reply.usage and entry.copy_of is None
            ]
            tokens = (
                sum(each.input or 0 for each in used),
                sum(each.output or 0 for each in used),
            )
            last = max((entry.asked_at for entry in entries), default=0.0)
        else:
            store = notebook.store()
            turns, last = listing.turns, listing.updated
            tokens = store.tokens(listing.id) if store is not None else (0, 0)
        rows.append(
            [
                "→" if name == notebook.name else "",
                called(name),
                str(turns),
                f"{tokens[0]} / {tokens[1]}",
                moment(last),
                "" if listing is not None else text("chats.memory", chat.language),
            ]
        )
    names_shown = ("active", "name", "turns", "tokens", "used", "kept")
    headings = [text(f"chats.{each}", chat.language) for each in names_shown]
    return Sheet.of(headings, rows, wide=1)


def new(chat: Chat, name: str | None = None, *, force: bool = False) -> str:
    """Begin anew at the next turn, or make a conversation and go over to it."""
    if name is None:
        chat.new()
        return text("command.new_done", chat.language)
    aside = _freed(chat, name, force=force)
    chat.now().notebook.switch(name)
    done = text("chats.new_done", chat.language, name=called(name))
    return in_a_line(chat.language, done, *aside, sends(chat))


def switch(chat: Chat, name: str) -> str:
    """Let another conversation of this notebook be the one that is asked."""
    notebook = chat.now().notebook
    known = {"", *notebook.names()}
    if name not in known:
        names = sorted(map(called, known))
        near = nearest(name, names, 0.5)
        raise LineError("chats.unknown", name=visible(name), near=near, names=", ".join(names))
    notebook.switch(name)
    return _and_sends(chat, text("chats.switched", chat.language, name=called(name)))


def fork(chat: Chat, name: str, *, at: int | None = None, force: bool = False) -> str:
    """Copy the turns up to one into a new conversation, and go over to it."""
    _free(chat, name, force=force)
    kept = chat.kept()
    kept.refresh()
    if not kept.conversation.turns:
        raise LineError("history.none")
    last = len(kept.conversation.current) if at is None else at
    if at is not None and kept.conversation.entry(at) is None:
        raise LineError("error.no_turn", turn=at)
    names = {"name": called(name), "of": called(kept.name)}
    aside = _freed(chat, name, force=force)
    chat.now().notebook.fork(name, of=kept, at=at)
    done = text("chats.forked", chat.language, turn=last, **names)
    return in_a_line(chat.language, done, *aside, sends(chat))


def undo(chat: Chat, n: int = 1) -> str:
    """Take the last turns back."""
    kept = chat.kept()
    kept.refresh()
    number = len(kept.conversation.current)
    taken = chat.undo(n)
    if not taken:
        raise LineError("undo.none")
    if len(taken) == 1:
        words = first_words(taken[0].prompt)
        key = "undo.one" if number else "undo.earlier"
        return _and_sends(chat, text(key, chat.language, turn=number, words=words))
    return _and_sends(chat, text("undo.done", chat.language, n=len(taken)))


def restore(chat: Chat, turn: int | None = None) -> str:
    """Bring back what left last, or the last other version of a turn."""
    kept = chat.kept()
    kept.refresh()
    conversation = kept.conversation
    if turn is not None and conversation.entry(turn) is None:
        raise LineError("error.no_turn", turn=turn)
    standing = {entry.position for entry in conversation.entries if entry.state == "current"}
    back = chat.restore(turn)
    if back is None or back.state != "current":
        key = "restore.none" if turn is None else "restore.no_version"
        raise LineError(key, turn=turn)
    key = "restore.version" if back.position in standing else "restore.done"
    number, words = conversation.number_of(back.id), first_words(back.turn.prompt)
    return _and_sends(chat, text(key, chat.language, turn=number, words=words))


def sends(chat: Chat) -> str:
    """Say how many earlier turns the next question sends along."""
    n = len(chat.conversation.history_for())
    key = {0: "chats.sends_none", 1: "chats.sends_one"}.get(n, "chats.sends")
    return text(key, chat.language, n=n)


def called(name: str) -> str:
    """Return the word for a conversation, as `switch` takes it."""
    return visible(name) or MAIN


def free_name(name: str, taken: Iterable[str]) -> str:
    """Return a name, numbered where it is taken."""
    names, free, number = {MAIN, *taken}, name, 1
    while free in names:
        number += 1
        free = f"{name}-{number}"
    return free


def moment(at: float) -> str:
    """Return a time as people here tell it; nothing where it is not known."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(at)) if at else ""


def _free(chat: Chat, name: str, *, force: bool) -> None:
    if not name:
        raise LineError("chats.taken_main", name=called(name))
    if name in chat.now().notebook.names() and not force:
        raise LineError("chats.taken", name=called(name))


def _freed(chat: Chat, name: str, *, force: bool) -> list[str]:
    """Let a name be free; say where the conversation is that had it."""
    _free(chat, name, force=force)
    notebook = chat.now().notebook
    if name not in notebook.names():
        return []
    aside = free_name(name, notebook.names())
    notebook.rename(name, aside)
    return [text("chats.aside", chat.language, name=called(aside))]


def _and_sends(chat: Chat, done: str) -> str:
    return in_a_line(chat.language, done, sends(chat))
