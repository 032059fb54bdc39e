"""What a turn leaves in the notebook, so that the conversation can go on from the file alone.

It stands in the metadata of the turn's output (design: "data only, never settings or
tools"). A notebook comes from anybody: what is read back is checked field by field, and
anything that is not exactly a turn of ours is no turn.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from hashlib import sha256
from typing import Any, TypeVar, get_args

from qwen_nb.values.events import FinishReason
from qwen_nb.values.messages import CallRecord, Message, ToolCall
from qwen_nb.values.options import ChatOptions
from qwen_nb.values.reply import Reply
from qwen_nb.values.turn import Turn
from qwen_nb.values.usage import Usage

__all__ = ["BOUND", "VERSION", "carried", "turn_from"]

VERSION = 1
"""The version of the form; a reader takes its own and older ones."""

BOUND = 64 * 1024
"""Bytes of JSON above which only a hash and the first words are kept."""

_HEAD = 200  # characters
_DEEP = 20
_INTEGER = 2**64  # seeds are the longest numbers in a request
_FIGURES = ("input", "output", "total", "thinking", "cached", "cache_created")
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

_T = TypeVar("_T")


class _Malformed(Exception):
    """What was found is not a turn of ours."""


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
    reply, options = turn.reply, turn.options
    full: dict[str, Any] = {
        "version": VERSION,
        "prompt": turn.prompt,
        "answer": reply.answer,
        "tool_calls": [
            {"id": call.id, "name": call.name, "arguments": call.arguments}
            for call in reply.tool_calls
        ],
        "options": _given(
            model=options.model,
            thinking=options.thinking,
            system=options.system,
            temperature=options.temperature,
            max_tokens=options.max_tokens,
            params=_params(options.params) or None,
        ),
        "finish_reason": reply.finish_reason,
        "model": reply.model,
        "server": reply.server,
        "scripted": reply.scripted,
        "starts_anew": turn.starts_anew,
    }
    if reply.usage is not None:
        full["usage"] = _counts(reply.usage)
    if turn.said:
        full["said"] = list(_said(turn, keep_thinking=keep_thinking))
    if turn.said or reply.round_usage:  # of tools, or of bringing the answer into its form
        full["answer_from"] = reply.answer_from
        full["round_usage"] = [_counts(each) if each else None for each in reply.round_usage]
        if keep_thinking:
            full["thinking_from"] = reply.thinking_from
    if reply.structured:
        full["structured"] = True
    if keep_thinking and reply.thinking:
        full["thinking"] = reply.thinking
    full = _plain(full)
    written = _json(full)
    if len(written) <= BOUND:
        return full
    return {
        "version": VERSION,
        "complete": False,
        "sha256": sha256(written).hexdigest(),
        "head": {"prompt": full["prompt"][:_HEAD], "answer": full["answer"][:_HEAD]},
    }


def turn_from(carried: object) -> Turn | None:
    """Return the turn that was carried in a notebook, or None where there is none.

    Parameters
    ----------
    carried : object
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
    try:
        turn = _turn(_object(carried))
    except (_Malformed, RecursionError):
        return None
    return None if _is_too_long(turn) else turn


def _said(turn: Turn, *, keep_thinking: bool) -> Iterator[dict[str, Any]]:
    """Yield the rounds of tools as data; a result says what became of its call."""
    records = {record.id: record for record in turn.reply.calls}
    for message in turn.said:
        told: dict[str, Any] = {"content": message.content or ""}
        if message.role == "tool":
            record = records.get(message.tool_call_id, CallRecord(""))
            told["tool_call_id"] = message.tool_call_id
            told |= {name: True for name in _ENDS if getattr(record, name)}
        else:
            told["tool_calls"] = [
                {"id": call.id, "name": call.name, "arguments": call.arguments}
                for call in message.tool_calls
            ]
            if keep_thinking and message.thinking:
                told["thinking"] = message.thinking
        yield told


_ENDS = ("failed", "stopped")


def _counts(usage: Usage) -> dict[str, Any]:
    return _given(
        **{name: getattr(usage, name) for name in _FIGURES},
        input_parts=_known(usage.input_parts) or None,
        output_parts=_known(usage.output_parts) or None,
        estimated=usage.estimated or None,
    )


def _known(parts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: parts[name] for name in _MODALITIES if name in parts}


def _is_too_long(turn: Turn) -> bool:
    # Nobody pays for sending what we never wrote.
    return "head" in carried(turn, keep_thinking=True)


def _turn(found: Mapping[str, Any]) -> Turn:
    version = _field(found, "version", int)
    if not 1 <= version <= VERSION or "head" in found:
        raise _Malformed
    reason = _field(found, "finish_reason", str)
    if reason not in get_args(FinishReason):
        raise _Malformed
    said, calls = _rounds(_field(found, "said", list, []))
    rounds = _field(found, "round_usage", list, [])
    reply = Reply(
        calls=calls,
        answer_from=_count(found, "answer_from") or 0,
        thinking_from=_count(found, "thinking_from") or 0,
        round_usage=tuple(each if each is None else _usage(_object(each)) for each in rounds),
        answer=_field(found, "answer", str),
        thinking=_field(found, "thinking", str, ""),
        tool_calls=tuple(
            _tool_call(_object(each)) for each in _field(found, "tool_calls", list)
        ),
        usage=_usage(_object(found["usage"])) if "usage" in found else None,
        finish_reason=reason,
        model=_field(found, "model", str),
        server=_field(found, "server", str),
        scripted=_field(found, "scripted", bool),
        structured=_field(found, "structured", bool, False),
    )
    return Turn(
        prompt=_field(found, "prompt", str),
        reply=reply,
        options=_options(_object(found.get("options"))),
        starts_anew=_field(found, "starts_anew", bool),
        said=said,
    )


def _rounds(found: list[Any]) -> tuple[tuple[Message, ...], tuple[CallRecord, ...]]:
    """Return the messages of the rounds of tools, and the records of their calls."""
    said: list[Message] = []
    calls: dict[str, ToolCall] = {}
    records: list[CallRecord] = []
    for each in map(_object, found):
        content = _field(each, "content", str)
        if "tool_call_id" in each:
            call = calls.get(_field(each, "tool_call_id", str))
            if call is None:
                raise _Malformed
            said.append(Message("tool", content, tool_call_id=call.id))
            ends = {name: _field(each, name, bool, False) for name in _ENDS}
            records.append(CallRecord(call.name, call.arguments, content, id=call.id, **ends))
            continue
        wanted = tuple(_tool_call(_object(call)) for call in _field(each, "tool_calls", list))
        calls |= {call.id: call for call in wanted}
        thinking = _field(each, "thinking", str, "")
        said.append(Message("assistant", content, wanted, thinking=thinking))
    return tuple(said), tuple(records)


def _options(found: Mapping[str, Any]) -> ChatOptions:
    thinking = found.get("thinking")
    if thinking is not None and not isinstance(thinking, bool):
        thinking = _count(found, "thinking", 1)
    temperature = found.get("temperature")
    if temperature is not None and (
        isinstance(temperature, bool)
        or not isinstance(temperature, int | float)
        or not 0 <= temperature < _INTEGER
    ):
        raise _Malformed
    return ChatOptions(
        model=_field(found, "model", str, None),
        thinking=thinking,
        system=_field(found, "system", str, None),
        temperature=temperature,
        max_tokens=_count(found, "max_tokens"),
        params=_params(_object(found.get("params", {}))),
    )


def _usage(found: Mapping[str, Any]) -> Usage:
    figures: dict[str, Any] = {name: _count(found, name) for name in _FIGURES}
    return Usage(
        **figures,
        input_parts=_parts(found, "input_parts"),
        output_parts=_parts(found, "output_parts"),
        estimated=_field(found, "estimated", bool, False),
    )


def _parts(found: Mapping[str, Any], name: str) -> dict[str, int]:
    parts = _object(found.get(name, {}))
    counts = {kind: _count(parts, kind) for kind in _MODALITIES}
    return {kind: count for kind, count in counts.items() if count is not None}


def _tool_call(found: Mapping[str, Any]) -> ToolCall:
    return ToolCall(*(_field(found, name, str) for name in ("id", "name", "arguments")))


def _params(params: Mapping[Any, Any]) -> dict[str, Any]:
    """Return the request fields that may be kept: data, and nothing but data."""
    return _kept(
        {
            name: value
            for name, value in params.items()
            if isinstance(name, str) and not _NOT_DATA.fullmatch(name)
        }
    )


_NEEDED: Any = object()


def _field(found: Mapping[str, Any], name: str, kind: type[_T], default: Any = _NEEDED) -> Any:
    value = found.get(name, default)
    if value is default and default is not _NEEDED:
        return default
    # in Python a bool is an int, in JSON it is not
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise _Malformed
    return _text(value) if isinstance(value, str) else value


def _count(found: Mapping[str, Any], name: str, least: int = 0) -> int | None:
    count: int | None = _field(found, name, int, None)
    if count is not None and not least <= count < _INTEGER:
        raise _Malformed
    return count


def _object(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _Malformed
    return value


def _plain(value: Any, depth: int = 0) -> Any:
    """Return plain JSON data as new values, all of which can be saved."""
    if depth > _DEEP:
        raise _Malformed
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
    raise _Malformed


def _text(text: str) -> str:
    # half a pair of surrogates can be neither saved nor sent
    return _SURROGATE.sub("\ufffd", str(text))


def _given(**values: Any) -> dict[str, Any]:
    """Return what is given and can be kept."""
    return {name: value for name, value in _kept(values).items() if value is not None}


def _kept(values: Mapping[str, Any]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for name, value in values.items():
        with suppress(_Malformed):
            kept[_text(name)] = _plain(value)
    return kept


def _json(value: Any) -> bytes:
    written = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return written.encode("utf-8")
