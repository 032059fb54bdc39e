"""A turn as JSON: whole in our store and our files, in short in a notebook's output.

What an output carries lets the conversation go on from the notebook alone (design: "data
only, never settings or tools"). A notebook and a file come from anybody: what is read
there is checked field by field, and anything that is not exactly a turn of ours is none.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from hashlib import sha256
from typing import Any

from qwen_nb.values.events import FinishReason
from qwen_nb.values.messages import CallRecord, Message, ToolCall
from qwen_nb.values.options import ChatOptions
from qwen_nb.values.reply import Reply
from qwen_nb.values.turn import Turn
from qwen_nb.values.typed_json import Malformed, data_of, reader
from qwen_nb.values.usage import Usage

VERSION = 1
"""The version of the form in an output; a reader takes its own and older ones."""

BOUND = 64 * 1024
"""Bytes of JSON above which an output carries only a hash and the first words."""

TURN_TEXTS = ("prompt", "answer", "thinking")
"""What stands beside the reply's other fields, so that a store can keep it in columns."""


# -- the whole turn ------------------------------------------------------------------------


def data_of_turn(turn: Turn) -> dict[str, Any]:
    """Return all of a turn but `Reply.data`, which is made of the answer's text."""
    reply = turn.reply
    data = {"prompt": turn.prompt, "answer": reply.answer, "thinking": reply.thinking}
    data["reply"] = data_of(reply, without=("answer", "thinking", "data"))
    data["options"] = data_of(turn.options)
    data |= data_of(turn, without=("prompt", "reply", "options"))
    return data


def turn_of_data(data: Any, *, checked: bool = False) -> Turn:
    """Return the turn of `data_of_turn`.

    Parameters
    ----------
    data : dict
        What was written.
    checked : bool
        It comes from a file, so that every field is checked.

    Raises
    ------
    Malformed
        When it is checked and is no turn; names the field.
    """
    if checked:
        _must_be_object("turn", data)
        for name in ("reply", "options"):
            _must_be_object(name, data.get(name))
    texts = {"answer": data.get("answer"), "thinking": data.get("thinking"), "data": None}
    whole = {**data, "reply": {**data["reply"], **texts}}
    turn: Turn = reader(Turn, checked=checked)(whole)
    return turn


def _must_be_object(name: str, found: object) -> None:
    if not isinstance(found, dict):
        raise Malformed(name, found)


# -- what an output carries ----------------------------------------------------------------

_HEAD = 200  # characters
_DEEP = 20
_PARAMS_AT = 3  # how deep a request field stands in the whole
_INTEGER = 2**64  # seeds are the longest numbers in a request
_FIGURES = ("input", "output", "total", "thinking", "cached", "cache_created")
_PARTS = ("input_parts", "output_parts")
_MODALITIES = ("text", "image", "audio", "video")
_SURROGATE = re.compile("[\ud800-\udfff]")

_NOT_DATA = re.compile(
    # what a tool is, or the place and the key of a request, or the conversation itself
    r"tools?|tool_choice|parallel_tool_calls|functions?|function_call|plugins?|mcp.*"
    r"|model|messages|input|prompt|stream|stream_options"
    r"|base_url|url|host|endpoint|proxy|timeout|extra_.*|headers?|cookies?|workspace.*"
    r"|.*api_?key|key|.*token|.*secret|password|authorization",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class _Said:
    """A message between prompt and answer; a result says what became of its call."""

    content: str
    tool_call_id: str | None = None
    failed: bool = False
    stopped: bool = False
    tool_calls: tuple[ToolCall, ...] | None = None
    thinking: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Carried:
    """The form of a turn in an output, in the order in which it is written."""

    version: int
    prompt: str
    answer: str
    tool_calls: tuple[ToolCall, ...]
    options: ChatOptions
    finish_reason: FinishReason
    model: str
    server: str
    scripted: bool
    starts_anew: bool
    usage: Usage | None = None
    said: tuple[_Said, ...] = ()
    # only after rounds of tools, or of bringing the answer into its form
    answer_from: int | None = None
    round_usage: tuple[Usage | None, ...] | None = None
    thinking_from: int | None = None
    structured: bool = False
    thinking: str = ""


_KNOWN = tuple(each.name for each in fields(_Carried))
_OF_REPLY = tuple(each.name for each in fields(Reply) if each.name in _KNOWN)


def carried(turn: Turn, *, keep_thinking: bool = False) -> dict[str, Any]:
    """Return what of a turn is kept with its output, as plain JSON data.

    Parameters
    ----------
    turn : Turn
        The turn.
    keep_thinking : bool
        Keep the thinking too: where it is sent back to the model.

    Returns
    -------
    dict
        The turn; or, where its JSON in UTF-8 would be longer than `BOUND`, its version,
        `complete: False`, the `sha256` of that JSON, and as `head` the first words of
        prompt and answer.
    """
    reply = turn.reply
    found = {name: getattr(reply, name) for name in _OF_REPLY}
    found["usage"] = _countable(reply.usage)
    found["round_usage"] = tuple(map(_countable, reply.round_usage))
    if not (turn.said or reply.round_usage):
        found["answer_from"] = found["round_usage"] = found["thinking_from"] = None
    if not keep_thinking:
        found |= {"thinking": "", "thinking_from": None}
    form = _Carried(
        version=VERSION,
        prompt=turn.prompt,
        options=_data_only(turn.options),
        starts_anew=turn.starts_anew,
        said=tuple(_said(turn, keep_thinking=keep_thinking)),
        **found,
    )
    full: dict[str, Any] = _plain(data_of(form))
    written = json.dumps(full, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if len(in_bytes := written.encode("utf-8")) <= BOUND:
        return full
    return {
        "version": VERSION,
        "complete": False,
        "sha256": sha256(in_bytes).hexdigest(),
        "head": {"prompt": full["prompt"][:_HEAD], "answer": full["answer"][:_HEAD]},
    }


def turn_from(found: object) -> Turn | None:
    """Return the turn that was carried in a notebook, or None where there is none.

    Parameters
    ----------
    found : object
        What was found in a file of unknown origin. Keys that are not known are passed
        over; so are request fields that name tools, addresses or keys, and those that
        are no JSON data.

    Returns
    -------
    Turn or None
        None for anything malformed, of a newer version, longer than we write, or kept
        only as hash and head. Its reply has no times, ids, notes, cost or place in the
        conversation.
    """
    if not isinstance(found, dict) or "head" in found:
        return None
    try:
        turn = _turn(_form({name: found[name] for name in _KNOWN if name in found}))
    except Malformed:
        return None
    # Nobody pays for sending what we never wrote.
    return None if "head" in carried(turn, keep_thinking=True) else turn


def _said(turn: Turn, *, keep_thinking: bool) -> Iterator[_Said]:
    records = {record.id: record for record in turn.reply.calls}
    for message in turn.said:
        content: Any = message.content or ""
        if message.role == "tool":
            record = records.get(message.tool_call_id, CallRecord(""))
            yield _Said(content, message.tool_call_id, record.failed, record.stopped)
        else:
            thinking = message.thinking if keep_thinking else ""
            yield _Said(content, tool_calls=message.tool_calls, thinking=thinking)


def _form(found: dict[str, Any]) -> _Carried:
    """Return what was found where it is of our form."""
    options = found.get("options")
    if isinstance(options, dict) and isinstance(options.get("params"), dict):
        found["options"] = {**options, "params": _params(options["params"])}
    form: _Carried = reader(_Carried, checked=True)(_plain(found))
    thinking = form.options.thinking
    if (
        not 1 <= form.version <= VERSION
        or ("usage" in found and form.usage is None)
        or (thinking is not False and thinking == 0)
        or any(number < 0 for number in _numbers(data_of(form)))
    ):
        raise Malformed("turn", found)
    return form


def _numbers(data: Any) -> Iterator[float]:
    """Yield the figures of a form; request fields are not its own."""
    if isinstance(data, dict):
        data = [value for name, value in data.items() if name != "params"]
    if isinstance(data, list):
        for each in data:
            yield from _numbers(each)
    elif isinstance(data, int | float):
        yield data


def _turn(form: _Carried) -> Turn:
    said, calls = _rounds(form.said)
    held = {name: value for name in _OF_REPLY if (value := getattr(form, name)) is not None}
    held["round_usage"] = tuple(map(_countable, form.round_usage or ()))
    held["usage"] = _countable(form.usage)
    reply = Reply(**held, calls=calls)
    return Turn(form.prompt, reply, form.options, form.starts_anew, said)


def _rounds(said: Iterable[_Said]) -> tuple[tuple[Message, ...], tuple[CallRecord, ...]]:
    """Return the messages of the rounds of tools, and the records of their calls."""
    messages: list[Message] = []
    calls: dict[str, ToolCall] = {}
    records: list[CallRecord] = []
    for each in said:
        if each.tool_call_id is not None:
            call = calls.get(each.tool_call_id)
            if call is None:
                raise Malformed("tool_call_id", each.tool_call_id)
            messages.append(Message("tool", each.content, tool_call_id=call.id))
            records.append(
                CallRecord(
                    call.name, call.arguments, each.content, each.failed, each.stopped, call.id
                )
            )
        elif each.tool_calls is None:
            raise Malformed("tool_calls", None)
        else:
            calls |= {call.id: call for call in each.tool_calls}
            messages.append(
                Message("assistant", each.content, each.tool_calls, thinking=each.thinking)
            )
    return tuple(messages), tuple(records)


def _countable(usage: Usage | None) -> Usage | None:
    """Return the figures that may be kept, without the server's own object."""
    if usage is None:
        return None
    held = {name: getattr(usage, name) for name in (*_FIGURES, "estimated")}
    for name in _PARTS:
        parts = getattr(usage, name)
        held[name] = {kind: parts[kind] for kind in _MODALITIES if kind in parts}
    return Usage(**_kept(held))


def _data_only(options: ChatOptions) -> ChatOptions:
    """Return the options that may be kept: data, and nothing but data."""
    held = {each.name: getattr(options, each.name) for each in fields(ChatOptions)}
    del held["params"]
    return ChatOptions(**_kept(held), params=_params(options.params))


def _params(params: Mapping[Any, Any]) -> dict[str, Any]:
    return _kept(
        {
            name: value
            for name, value in params.items()
            if isinstance(name, str) and not _NOT_DATA.fullmatch(name)
        },
        _PARAMS_AT,
    )


def _kept(values: Mapping[str, Any], depth: int = 0) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in values.items():
        with suppress(Malformed):
            kept[_text(name)] = _plain(value, depth)
    return kept


def _plain(value: Any, depth: int = 0) -> Any:
    """Return plain JSON data as new values, all of which can be saved."""
    if depth > _DEEP:
        raise Malformed("depth", depth)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int) and -_INTEGER < value < _INTEGER:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, list | tuple):
        return [_plain(each, depth + 1) for each in value]
    if isinstance(value, Mapping) and all(isinstance(name, str) for name in value):
        return {_text(name): _plain(each, depth + 1) for name, each in value.items()}
    raise Malformed("data", value)


def _text(text: str) -> str:
    # half a pair of surrogates can be neither saved nor sent
    return _SURROGATE.sub("\ufffd", str(text))
