"""Calls of tools in words, the same for every display.

Names and arguments are the model's, results and prints a tool's: somebody else's text,
made visible here; a page escapes it besides. Nothing here grows with what a tool returned:
a long text is cut before anything else is done with it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qwen_nb.texts import Language, text, visible
from qwen_nb.values import CallRecord, Reply, ToolCall, one_line

_NAME = 64
_VALUE = 60
_ARGUMENTS = 160
_RESULT = 120
_WHOLE_RESULT = 2_000
_WHOLE_ARGUMENTS = 20_000
_NAMES = 4


@dataclass(frozen=True, slots=True)
class Block:
    """A text of several lines with its caption."""

    caption: str
    body: str


@dataclass(frozen=True, slots=True)
class CallWords:
    """One call, in words that may be shown.

    Parameters
    ----------
    name : str
        The tool.
    rest : str
        What follows the name on the call's one line: arguments, and how it ended.
    folded : tuple of Block
        What the line had no room for; empty where it tells all.
    printed : Block, optional
        What the tool printed.
    """

    name: str
    rest: str
    folded: tuple[Block, ...] = ()
    printed: Block | None = None

    def __str__(self) -> str:
        return self.name + self.rest


@dataclass(frozen=True, slots=True)
class Wanted:
    """Calls that nobody ran: a line above them, the calls, and how to go on, if one can."""

    headline: str
    calls: tuple[CallWords, ...]
    hint: str = ""

    def __str__(self) -> str:
        lines = (self.headline, *map(str, self.calls), self.hint)
        return "\n".join(line for line in lines if line)


def call_words(call: CallRecord | ToolCall, language: Language) -> CallWords:
    """Return the words of one call, run or not."""
    arguments, whole = _arguments(call.arguments, language)
    folded = [Block(text("calls.arguments", language), whole)] if whole else []
    name = _name(call.name)
    if isinstance(call, ToolCall):
        return CallWords(name, arguments, tuple(folded))
    ended, whole = _ended(call, language)
    if whole:
        folded.append(Block(text("calls.result", language), whole))
    printed = _cut(_printed(call.outputs), _WHOLE_RESULT, language)
    return CallWords(
        name,
        f"{arguments} → {ended}",
        tuple(folded),
        Block(text("calls.printed", language), printed) if printed else None,
    )


def called(calls: Sequence[CallRecord], language: Language) -> str:
    """Return the line above the folded calls: "Called get_weather 4 times, 1 failed"."""
    line = text("calls.called", language, names=_names([call.name for call in calls], language))
    failed = sum(call.failed and not call.stopped for call in calls)
    stopped = sum(call.stopped for call in calls)
    for key, n in (("calls.failed", failed), ("calls.stopped", stopped)):
        if n:
            line += text("reply.comma", language) + text(key, language, n=n)
    return line


def newly_ended(calls: Sequence[CallRecord], shown: Counter[CallRecord]) -> list[CallRecord]:
    """Return the calls that were not shown yet, and count them as shown.

    Calls that run together do not end in their order, so an offset does not tell.
    """
    if len(calls) == shown.total():
        return []
    fresh = list((Counter(calls) - shown).elements())
    shown.update(fresh)
    return fresh


def calling(calls: Sequence[ToolCall], language: Language) -> str:
    """Return what is said while tools run."""
    if not calls:
        return text("state.calling", language)
    names = _names([call.name for call in calls], language)
    return text("calls.calling", language, names=names)


def wants_calls(reply: Reply) -> bool:
    """Whether a reply ended with calls that are the person's to answer."""
    return bool(reply.tool_calls) and reply.finish_reason in ("tool_calls", "stop")


def calls_wanted(reply: Reply, language: Language) -> Wanted | None:
    """Return what is said of calls that nobody ran; None without any."""
    if not reply.tool_calls:
        return None
    waits = wants_calls(reply)
    return Wanted(
        text("calls.wanted" if waits else "calls.was_to_call", language),
        tuple(call_words(call, language) for call in reply.tool_calls),
        text("calls.answer_them", language) if waits else "",
    )


def _names(names: Sequence[str], language: Language) -> str:
    counts = Counter(map(_name, names))
    key = "calls.times" if len(counts) == 1 else "calls.times_among"
    told = [
        name if n == 1 else text(key, language, name=name, n=n)
        for name, n in list(counts.items())[:_NAMES]
    ]
    line = text("calls.and", language).join(told)
    more = len(counts) - len(told)
    return text("calls.more", language, names=line, n=more) if more else line


def _name(name: str) -> str:
    return _short(name, _NAME) or "?"


def _arguments(written: str, language: Language) -> tuple[str, str]:
    """Return the arguments in parentheses, and all of them where they were cut."""
    named = _object(written)
    if named is None:
        short = _short(written, _ARGUMENTS)
        whole = "" if _is_all(short, written) else written
    else:
        pairs = [(_key(key), _json(value)) for key, value in named.items()]
        full = ", ".join(f"{key}={value}" for key, value in pairs)
        told = ", ".join(f"{key}={_short(value, _VALUE)}" for key, value in pairs)
        short = _short(told, _ARGUMENTS)
        pretty = [f"{_key(key)} = {_json(value, indent=2)}" for key, value in named.items()]
        whole = "" if _is_all(short, full) else "\n".join(pretty)
    return f"({short})", _cut(whole, _WHOLE_ARGUMENTS, language)


def _ended(call: CallRecord, language: Language) -> tuple[str, str]:
    """Return how a call ended on one line, and the whole result where that was cut."""
    if call.stopped:
        return text("reply.stopped_by_you", language), ""
    found = _structure(call.result)
    # what the model is told names the tool; beside its name that would be said twice
    raised = text("tools.raised", language, name=call.name, error="")
    line = call.result.removeprefix(raised) if found is None else _json(found)
    short = _short(line, _RESULT)
    whole = line if found is None else _json(found, indent=2)
    whole = "" if _is_all(short, line) else _cut(whole, _WHOLE_RESULT, language)
    if not short:
        return text("calls.nothing", language), ""
    return text("calls.error", language, words=short) if call.failed else short, whole


def _printed(outputs: Sequence[Mapping[str, Any]]) -> str:
    parts: list[str] = []
    for bundle in outputs:
        told = bundle.get("text/plain")
        if isinstance(told, list | tuple):
            told = "".join(map(str, told))
        if not isinstance(told, str):
            told = f"[{', '.join(map(str, bundle))}]" if bundle else ""
        ends = not told or told.endswith("\n")
        parts.append(told if ends else f"{told}\n")
    return "".join(parts).rstrip("\n")


def _key(key: str) -> str:
    return key if key.isidentifier() else _json(key)


def _json(value: Any, indent: int | None = None) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _object(written: str) -> dict[str, Any] | None:
    """Return arguments as they would be passed; None for what is no JSON object."""
    if not written.strip():
        return {}
    found = _structure(written)
    return found if isinstance(found, dict) else None


def _structure(written: str) -> Any:
    """Return an object or array of JSON; None for anything else, or anything long."""
    if len(written) > _WHOLE_ARGUMENTS or written.lstrip()[:1] not in ("{", "["):
        return None
    try:
        found = json.loads(written)
        _json(found, indent=2)  # reads deeper than it writes
    except (ValueError, RecursionError):
        return None
    return found


def _short(words: str, most: int) -> str:
    """Return words on one line, cut with a mark; the signs for what is hidden count too."""
    return one_line(visible(one_line(words, most)), most)


def _is_all(short: str, words: str) -> bool:
    """Whether one line shows all of a text; signs for what is hidden count as shown."""
    return len(words) <= _WHOLE_RESULT and short == visible(words.strip())


def _cut(words: str, most: int, language: Language) -> str:
    if len(words) <= most:
        return visible(words)
    # the end goes along: it may say that this was cut before, and so reached the model
    end = most // 10
    mark = text("calls.cut", language, n=most, total=len(words))
    return f"{visible(words[: most - end])}\n{mark}\n{visible(words[-end:])}"
