"""Conversations as text: a form of our own that loses nothing, and the API's list.

Only texts go in and come out. What is read comes from anybody: every value is checked
by the type of its field before anything is made of it.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from qwen_nb.conversation.conversation import Conversation
from qwen_nb.conversation.rounds import called, records_of
from qwen_nb.errors import ConfigError
from qwen_nb.store import rest_of, text_from, turn_from
from qwen_nb.values import (
    ChatOptions,
    Entry,
    FinishReason,
    Message,
    Reply,
    Turn,
    messages_from,
    one_line,
)

__all__ = ["VERSION", "Copied", "api_list", "from_api_list", "from_lines", "lines"]

VERSION = 1
"""The version of the form; a reader takes its own and older ones."""

_FORM = "conversation"
_MOST = 2**53
_SHOWN = 60
_TEXTS = ("prompt", "answer", "thinking")


@dataclass(frozen=True, slots=True)
class Copied:
    """A conversation that was read.

    Parameters
    ----------
    entries : tuple of Entry
        All versions of all turns.
    begins_anew : bool
        The next turn is to start anew.
    left_out : int
        How many things of it no turn can hold.
    """

    entries: tuple[Entry, ...]
    begins_anew: bool = False
    left_out: int = 0


def lines(conversation: Conversation, name: str = "") -> str:
    """Return everything of a conversation: a line about it, then one for each entry.

    Half a surrogate pair in a text stays what it is; a file takes it as `surrogatepass`.
    """
    entries = conversation.entries
    about = {
        "qwen_nb": _FORM,
        "version": VERSION,
        "name": name,
        "begins_anew": conversation.begins_anew,
        "entries": len(entries),
    }
    return "".join(f"{_json(told)}\n" for told in (about, *map(_told, entries)))


def from_lines(written: str) -> Copied:
    """Return the conversation of `lines`.

    Raises
    ------
    ConfigError
        When a line is none of ours; it names the line.
    """
    # not splitlines(): a text may hold other signs that end a line
    rows = written.removeprefix("\ufeff").split("\n")
    while rows and not rows[-1].strip():
        rows.pop()
    about = _object(rows[0] if rows else "", 1)
    if about.get("qwen_nb") != _FORM or not isinstance(about.get("version"), int):
        raise _bad(1, "qwen_nb", about.get("qwen_nb"))
    if about["version"] > VERSION:
        raise ConfigError("error.import_newer", version=about["version"])
    entries, ids, standing = [], set(), set()
    for number, row in enumerate(rows[1:], start=2):
        entry = _entry(_object(row, number), number)
        if entry.id in ids:
            raise _bad(number, "id", entry.id)
        if entry.state == "current" and entry.position in standing:
            raise _bad(number, "place", entry.place)
        ids.add(entry.id)
        if entry.state == "current":
            standing.add(entry.position)
        entries.append(entry)
    if about.get("entries") != len(entries):
        # a file that was cut at the end of a line
        raise _bad(len(rows), "entries", about.get("entries"))
    return Copied(tuple(entries), about.get("begins_anew") is True)


def api_list(conversation: Conversation) -> str:
    """Return what a new question would send before itself, as the API's own list."""
    return json.dumps(conversation.messages, ensure_ascii=False, indent=2) + "\n"


def from_api_list(written: str) -> Copied:
    """Return the turns of the API's own list, or of a request that holds one.

    A question and the answer that follows make a turn, with the rounds of tools between
    them. Texts in parts become one text; what no turn can hold (pictures, results without
    a call) is counted.

    Raises
    ------
    ConfigError
        When it is no such list; it names the line, or the entry.
    """
    try:
        found = json.loads(written.removeprefix("\ufeff"))
    except json.JSONDecodeError as error:
        raise ConfigError("error.import_line", line=error.lineno, reason=error.msg) from None
    except RecursionError as error:
        raise ConfigError("error.import_line", line=1, reason=str(error)) from None
    listed = found.get("messages") if isinstance(found, dict) else found
    pairs = _Pairs()
    for message in messages_from(listed if isinstance(listed, list) else found):
        pairs.add(message)
    pairs.end()
    return Copied(
        tuple(
            Entry(id="", place=place, k=0, cell=None, turn=turn)
            for place, turn in enumerate(pairs.turns, start=1)
        ),
        left_out=pairs.left_out,
    )


class _Pairs:
    """Makes turns of messages as they come."""

    def __init__(self) -> None:
        self.turns: list[Turn] = []
        self.left_out = 0
        self._system: list[str] = []
        self._asked: list[str] = []
        self._said: list[Message] = []
        self._rounds: list[Message] = []

    def add(self, message: Message) -> None:
        """Take in one message."""
        match message.role:
            case "system":
                self.end()
                self._system.append(self._words(message))
            case "user":
                if self._said or self._rounds:
                    self.end()
                self._asked.append(self._words(message))
            case "assistant" if self._asked:
                self._said.append(message)
            case "tool" if self._takes(message):
                self._rounds += (*self._said, message)
                self._said = []
            case _:
                self.left_out += 1

    def end(self) -> None:
        """Make a turn of what was asked and said so far."""
        if not self._asked:
            return
        # calls without results belong to a round that no turn holds
        last = self._said[-1] if self._said else None
        inside = [each for each in self._said[:-1] if each.tool_calls]
        answers = [each for each in self._said if each not in inside]
        self.left_out += len(inside)
        rounds = tuple(called(self._rounds, keep_thinking=True))
        self.left_out += len(self._rounds) - len(rounds)
        before = [each for each in rounds if each.role == "assistant"]
        calls = last.tool_calls if last else ()
        whole: FinishReason = "tool_calls" if calls or (rounds and last is None) else "stop"
        answer_from, answer = _joined(map(self._words, before), map(self._words, answers))
        thinking_from, thinking = _joined(
            (each.thinking for each in before), (each.thinking for each in answers)
        )
        reply = Reply(
            answer=answer,
            thinking=thinking,
            answer_from=answer_from,
            thinking_from=thinking_from,
            tool_calls=calls,
            calls=records_of(rounds),
            round_usage=(None,) if rounds else (),
            finish_reason="failed" if last is None and not rounds else whole,
        )
        options = ChatOptions(system="\n\n".join(self._system) or None)
        self.turns.append(Turn("\n\n".join(self._asked), reply, options, said=rounds))
        self._asked, self._said, self._rounds = [], [], []

    def _takes(self, result: Message) -> bool:
        """Whether a result can belong to a call that was made."""
        known = self._said or self._rounds
        ids = {call.id for message in known for call in message.tool_calls}
        return bool(self._asked) and result.tool_call_id in ids

    def _words(self, message: Message) -> str:
        if message.content is None or isinstance(message.content, str):
            return message.content or ""
        texts = [part["text"] for part in message.content if isinstance(part.get("text"), str)]
        self.left_out += len(message.content) - len(texts)
        return "\n\n".join(texts)


def _joined(before: Iterable[str], last: Iterable[str]) -> tuple[int, str]:
    """Return where the last round's text begins, and all of it."""
    texts, final = "\n\n".join(filter(None, before)), "\n\n".join(filter(None, last))
    if texts and final:
        texts += "\n\n"
    return len(texts), texts + final


def _told(entry: Entry) -> dict[str, Any]:
    turn = entry.turn
    told = {each.name: getattr(entry, each.name) for each in fields(entry)}
    texts = {
        "prompt": turn.prompt, "answer": turn.reply.answer, "thinking": turn.reply.thinking,
    }  # fmt: skip
    return told | {"turn": texts | json.loads(text_from(rest_of(turn)))}


def _entry(told: Mapping[str, Any], number: int) -> Entry:
    turn, held = told.get("turn"), {n: v for n, v in told.items() if n in _FIELDS}
    if not isinstance(turn, dict):
        raise _bad(number, "turn", turn)
    for name in _TEXTS:
        if not isinstance(turn.get(name), str):
            raise _bad(number, name, turn.get(name))
    try:
        prompt, answer, thinking = turn["prompt"], turn["answer"], turn["thinking"]
        rest = _json({n: v for n, v in turn.items() if n not in _TEXTS})
        entry = Entry(**held | {"turn": turn_from(prompt, answer, thinking, rest)})
    except (TypeError, ValueError, LookupError, AttributeError, RecursionError) as error:
        raise _bad(number, "turn", str(error)) from None
    for where, value in _misfits(entry, Entry, "entry"):
        raise _bad(number, where, value)
    for name in ("place", "k", "left"):
        if not 0 <= getattr(entry, name) < _MOST:
            raise _bad(number, name, getattr(entry, name))
    for name in ("id", "cell", "region", "copy_of"):
        value = getattr(entry, name)
        if (name == "id" and not value) or (value and not _is_plain(value)):
            raise _bad(number, name, value)
    if not math.isfinite(entry.asked_at):
        raise _bad(number, "asked_at", entry.asked_at)
    return replace(entry, asked_at=float(entry.asked_at))


_FIELDS = frozenset(each.name for each in fields(Entry)) - {"turn"}


def _misfits(value: Any, hint: Any, where: str) -> Iterator[tuple[str, Any]]:
    """Yield what is not of the type of its field, by name."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return
    if origin is Literal:
        fits = value in arguments if isinstance(value, str) else False
    elif origin in (Union, types.UnionType):
        fits = any(not list(_misfits(value, each, where)) for each in arguments)
    elif origin is tuple:
        fits = isinstance(value, tuple)
        for each in value if fits else ():
            yield from _misfits(each, arguments[0], where)
    elif origin is not None:
        fits = isinstance(value, Mapping)
    elif is_dataclass(hint):
        fits = isinstance(value, hint)  # type: ignore[arg-type]
        hints = get_type_hints(hint)
        for each in fields(hint) if fits else ():
            yield from _misfits(getattr(value, each.name), hints[each.name], each.name)
    else:
        numbers = {float: (float, int)}
        # in Python a bool is an int, in JSON it is not
        fits = isinstance(value, numbers.get(hint, hint))
        fits = fits and (isinstance(value, bool) == (hint is bool))
    if not fits:
        yield where, value


def _object(row: str, number: int) -> dict[str, Any]:
    try:
        found = json.loads(row)
    except json.JSONDecodeError as error:
        raise ConfigError("error.import_line", line=number, reason=error.msg) from None
    except (RecursionError, ValueError) as error:
        raise ConfigError("error.import_line", line=number, reason=str(error)) from None
    if not isinstance(found, dict):
        raise ConfigError("error.import_line", line=number, reason=_shown(found))
    return found


def _is_plain(word: str) -> bool:
    # half a surrogate pair fits into no name of the store
    return word.isprintable() and not any("\ud800" <= sign <= "\udfff" for sign in word)


def _bad(line: int, name: str, value: Any) -> ConfigError:
    return ConfigError("error.import_line", line=line, reason=f"{name}: {_shown(value)}")


def _shown(value: Any) -> str:
    shown = ascii(value) if isinstance(value, str) and not _is_plain(value) else repr(value)
    return one_line(shown, _SHOWN)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
