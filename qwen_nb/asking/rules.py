"""What Model Studio would certainly refuse is refused before it is sent.

Three degrees. A rule of *kind* (JSON mode while thinking) is refused here, with the reason
and the way out. A *limit* of the table only gives a note and is sent: tables age. A
parameter the model is known to ignore is *left out* with a note. A model nothing is known
about passes untouched, and so does everything with `force`.

The rules are those of Model Studio and its emulator (docs/protocol.md §2, §5.3, §6.1, §7.4
to §7.6); other servers have their own, so their requests do not come here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from qwen_nb.catalogue import Model
from qwen_nb.errors import ConfigError
from qwen_nb.values import ChatRequest, Note


@dataclass(frozen=True, slots=True)
class Checked:
    """A request that may be sent, and what there is to say about it."""

    request: ChatRequest
    notes: tuple[Note, ...] = ()


def check(request: ChatRequest, model: Model, *, force: bool = False) -> Checked:
    """Check a request for Model Studio.

    Parameters
    ----------
    request : ChatRequest
        What would be sent.
    model : Model
        What is known about its model.
    force : bool
        Send it as it is.

    Returns
    -------
    Checked
        The request to send, without the parameters its model ignores, and notes.

    Raises
    ------
    ConfigError
        When the service would certainly refuse it; the text says why and what to do.
    """
    if force or not model.known:
        return Checked(request)
    asked = _Asked(request, model)
    notes = tuple(note for rule in _RULES for note in rule(asked))
    return Checked(asked.request, notes)


class _Asked:
    """A request under examination: its fields as the body will have them.

    `options.params` stand at the top level of the body and win over the named options.
    """

    def __init__(self, request: ChatRequest, model: Model) -> None:
        self.request = request
        self.model = model
        self.name = request.model

    def get(self, name: str) -> Any:
        options = self.request.options
        if name in options.params:
            return options.params[name]
        if name == "enable_thinking":
            return None if options.thinking is None else options.thinking is not False
        if name == "thinking_budget":
            return None if isinstance(options.thinking, bool) else options.thinking
        if name in ("temperature", "max_tokens"):
            return getattr(options, name)
        return None

    def drop(self, *names: str) -> None:
        """Leave fields out of the request, however they were given."""
        options = self.request.options
        thinking = options.thinking
        if "enable_thinking" in names:
            thinking = None
        elif "thinking_budget" in names and not isinstance(thinking, bool | None):
            thinking = True
        params = {key: value for key, value in options.params.items() if key not in names}
        self.request = replace(
            self.request, options=replace(options, thinking=thinking, params=params)
        )

    @property
    def thinks(self) -> bool | None:
        return self.model.thinks(self.request.options)

    @property
    def messages(self) -> list[tuple[str, str, bool]]:
        """Role, text and whether it is a beginning to go on from, of each message."""
        given = self.request.options.params.get("messages")
        return list(map(_message, given if isinstance(given, list) else self.request.messages))

    @property
    def tools(self) -> list[Any]:
        tools = self.get("tools")
        return tools if isinstance(tools, list) else []

    @property
    def answer_form(self) -> Any:
        wanted = self.get("response_format")
        return wanted.get("type") if isinstance(wanted, Mapping) else None

    def refuse(self, key: str, **facts: Any) -> ConfigError:
        return ConfigError(key, model=self.name, **facts)

    def refuse_thinking(self, key: str, **facts: Any) -> ConfigError:
        """Refuse what only a model that is not thinking takes."""
        always = ".always" if self.model.mode == "thinking_only" else ""
        return self.refuse(key + always, **facts)

    def note(self, key: str, **facts: Any) -> Note:
        return Note(key, {"model": self.name, **facts})


def _message(given: Any) -> tuple[str, str, bool]:
    def of(name: str) -> Any:
        return given.get(name) if isinstance(given, Mapping) else getattr(given, name, None)

    return str(of("role")), _text_of(of("content")), of("partial") is True


def _text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list | tuple):
        return ""
    parts = (
        part.get("text") if isinstance(part, Mapping) else getattr(part, "text", None)
        for part in content
    )
    return " ".join(part for part in parts if isinstance(part, str))


# -- thinking -----------------------------------------------------------------------------


def _ignored_switch(asked: _Asked) -> Iterator[Note]:
    # docs/protocol.md §10.11: QwQ ignores both keys; others are sent none (§2.1)
    if asked.model.takes_thinking_keys is not False:
        return
    names = [
        key for key in ("enable_thinking", "thinking_budget") if asked.get(key) is not None
    ]
    is_off = asked.get("enable_thinking") is False
    mode = asked.model.mode
    asked.drop("enable_thinking", "thinking_budget")
    if names and not (mode == "none" and is_off):
        kind = {"thinking_only": "always_thinks", "none": "never_thinks"}.get(mode or "")
        yield asked.note(f"rule.note.{kind or 'no_switch'}", names=", ".join(names))


def _switch(asked: _Asked) -> Iterable[Note]:
    if asked.model.mode == "thinking_only" and asked.get("enable_thinking") is False:
        raise asked.refuse("rule.always_thinks")
    return ()


def _budget(asked: _Asked) -> Iterator[Note]:
    value, limit = asked.get("thinking_budget"), asked.model.max_cot
    if value is None:
        return
    if not _is_whole(value) or value < 1:
        raise asked.refuse("rule.budget", value=value)
    if asked.model.thinking_budget is False:
        asked.drop("thinking_budget")
        yield asked.note("rule.note.no_budget", value=value)
    elif limit is not None and value > limit:
        yield asked.note(
            "rule.note.above_limit", name="thinking_budget", value=value, limit=limit
        )


def _preserved(asked: _Asked) -> Iterator[Note]:
    wanted = asked.get("preserve_thinking")
    if wanted is not None and asked.model.preserve_thinking is False:
        asked.drop("preserve_thinking")
        if wanted:
            yield asked.note("rule.note.no_preserve")


def _only_without_thinking(asked: _Asked) -> Iterable[Note]:
    if asked.thinks:
        if asked.get("tool_choice") not in (None, "auto", "none"):
            raise asked.refuse_thinking("rule.forced_tool")
        if asked.answer_form in ("json_object", "json_schema"):
            raise asked.refuse_thinking("rule.json")
        if any(is_partial for *_, is_partial in asked.messages[-1:]):
            raise asked.refuse_thinking("rule.partial")
        if _is_whole(n := asked.get("n")) and n > 1:
            raise asked.refuse_thinking("rule.n_thinking", value=n)
    return ()


# -- other fields ---------------------------------------------------------------------------


class _Range:
    """The numbers between two ends, written as in mathematics: `[0, 2)`."""

    def __init__(self, notation: str, *, whole: bool = False) -> None:
        self.notation = notation
        self.whole = whole
        low, high = notation[1:-1].split(", ")
        self._low, self._high = (math.inf if e == "∞" else float(e) for e in (low, high))

    def holds(self, value: Any) -> bool:
        kind = int if self.whole else int | float
        if isinstance(value, bool) or not isinstance(value, kind):
            return False
        at_low, at_high = value == self._low, value == self._high
        fits = (at_low and self.notation[0] == "[") or (at_high and self.notation[-1] == "]")
        return fits or self._low < value < self._high


_RANGES = {  # docs/protocol.md §2, §5.3
    "temperature": _Range("[0, 2)"),
    "top_p": _Range("(0, 1]"),
    "presence_penalty": _Range("[-2, 2]"),
    "repetition_penalty": _Range("(0, ∞)"),
    "n": _Range("[1, 4]", whole=True),
    # the native protocol's bound, 2⁶³; the compatible one's is lower and only noted
    "seed": _Range("[0, 9223372036854775808)", whole=True),
    "max_tokens": _Range("[1, ∞)", whole=True),
}


def _ranges(asked: _Asked) -> Iterator[Note]:
    for name, range_ in _RANGES.items():
        value = asked.get(name)
        if value is not None and not range_.holds(value):
            key = "rule.whole" if range_.whole else "rule.range"
            raise asked.refuse(key, name=name, range=range_.notation, value=value)
    limits = {"max_tokens": asked.model.max_output, "seed": 2**31 - 1}
    for name, limit in limits.items():
        value = asked.get(name)
        if value is not None and limit is not None and value > limit:
            yield asked.note("rule.note.above_limit", name=name, value=value, limit=limit)


def _json(asked: _Asked) -> Iterator[Note]:
    if asked.answer_form == "json_object" and not any(
        "json" in said.casefold() for _, said, _ in asked.messages
    ):
        raise asked.refuse("rule.json_word")
    if asked.answer_form in ("json_object", "json_schema") and asked.get("max_tokens"):
        yield asked.note("rule.note.json_max_tokens")


_TOOL_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


def _tools(asked: _Asked) -> Iterable[Note]:
    for tool in asked.tools:
        function = tool.get("function") if isinstance(tool, Mapping) else None
        name = function.get("name") if isinstance(function, Mapping) else None
        if name == "search":
            raise asked.refuse("rule.tool_reserved", name=name)
        if not isinstance(name, str) or not _TOOL_NAME.fullmatch(name):
            raise asked.refuse("rule.tool_name", name=name)
    if asked.tools and _is_whole(n := asked.get("n")) and n > 1:
        raise asked.refuse("rule.n_tools", value=n)
    return ()


def _streamed(asked: _Asked) -> Iterable[Note]:
    if asked.model.stream_required and asked.get("stream") is False:
        raise asked.refuse("rule.stream_only")
    return ()


def _conversation(asked: _Asked) -> Iterator[Note]:
    messages = asked.messages
    if asked.model.single_turn and len(messages) > 1:
        yield asked.note("rule.note.single_turn")
    if (
        asked.model.system_discouraged
        and asked.thinks
        and any(role == "system" for role, *_ in messages)
    ):
        yield asked.note("rule.note.system_discouraged")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# in their order: what is left out first is not looked at again
_RULES: tuple[Callable[[_Asked], Iterable[Note]], ...] = (
    _ignored_switch,
    _switch,
    _budget,
    _preserved,
    _only_without_thinking,
    _ranges,
    _json,
    _tools,
    _streamed,
    _conversation,
)
