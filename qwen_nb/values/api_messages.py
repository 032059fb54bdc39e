"""The API's own list of messages becomes `Message` values.

What people have at hand is the list they sent elsewhere: dicts, or objects of an SDK,
dumped with every key it knows and most of them null (docs/protocol.md §2.3).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from qwen_nb.errors import ConfigError
from qwen_nb.values.lines import one_line
from qwen_nb.values.messages import Content, Message, Role, ToolCall

_ROLES: tuple[str, ...] = get_args(Role)


def messages_from(api_list: Iterable[Any]) -> tuple[Message, ...]:
    """Return the messages of the API's own list.

    Parameters
    ----------
    api_list : iterable
        Dicts, objects with `model_dump()`, or `Message` values; contents are texts or
        lists of parts. Keys that are null or that no request uses are left out.

    Raises
    ------
    ConfigError
        When an entry is no message; it names the entry and what is wrong with it.

    Examples
    --------
    >>> messages_from([{"role": "user", "content": "Hi", "audio": None}])[0].content
    'Hi'
    """
    if isinstance(api_list, str | bytes | Mapping) or not isinstance(api_list, Iterable):
        raise ConfigError("error.messages", number=1, reason=_shown(api_list))
    messages = []
    for number, entry in enumerate(api_list, start=1):
        try:
            messages.append(entry if isinstance(entry, Message) else _message(entry))
        except _NoMessage as problem:
            raise ConfigError("error.messages", number=number, reason=str(problem)) from None
    return tuple(messages)


def tool_call_list(message: Message) -> list[dict[str, Any]]:
    """Return an assistant's calls as the API spells them; arguments are a JSON text."""
    return [
        {
            "id": call.id,
            "type": "function",
            "function": {"name": call.name, "arguments": call.arguments or "{}"},
        }
        for call in message.tool_calls
    ]


class _NoMessage(Exception):
    """What is wrong, as the key and its value: the same in every language."""


def _message(entry: Any) -> Message:
    told = _mapping(entry, "")
    role = told.get("role")
    if role not in _ROLES:
        raise _NoMessage(_pair("role", role))
    if told.get("function_call"):
        # Its result would need the role `function`, which this API does not have.
        raise _NoMessage(_pair("function_call", told["function_call"]))
    content = _content(told.get("content"))
    calls = tuple(_call(call) for call in _list(told.get("tool_calls"), "tool_calls"))
    call_id = told.get("tool_call_id") or ""
    if (content is None and role != "assistant") or (calls and role != "assistant"):
        raise _NoMessage(_pair("content", told.get("content")))
    if not isinstance(call_id, str) or (role == "tool") != bool(call_id):
        raise _NoMessage(_pair("tool_call_id", told.get("tool_call_id")))
    thinking = told.get("reasoning_content") or told.get("reasoning") or ""
    return Message(
        role,
        content,
        calls,
        call_id,
        thinking if isinstance(thinking, str) else "",
        told.get("partial") is True,
    )


def _content(value: Any) -> Content:
    if value is None or isinstance(value, str):
        return value
    return tuple(
        {"type": "text", "text": part} if isinstance(part, str) else _mapping(part, "content")
        for part in _list(value, "content")
    )


def _call(value: Any) -> ToolCall:
    call = _mapping(value, "tool_calls")
    function = _mapping(call.get("function"), "function")
    name, arguments = function.get("name"), function.get("arguments")
    if not name or not isinstance(name, str):
        raise _NoMessage(_pair("name", name))
    if arguments is not None and not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    return ToolCall(str(call.get("id") or ""), name, arguments or "")


def _list(value: Any, key: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list | tuple):
        raise _NoMessage(_pair(key, value))
    return list(value)


def _mapping(value: Any, key: str) -> dict[str, Any]:
    if isinstance(value, Mapping):
        return dict(value)
    dump = getattr(value, "model_dump", None)
    told = dump() if callable(dump) and not isinstance(value, type) else None
    if not isinstance(told, Mapping):
        raise _NoMessage(_pair(key, value) if key else _shown(value))
    return dict(told)


def _pair(key: str, value: Any) -> str:
    return f"{key}: {_shown(value)}"


def _shown(value: Any) -> str:
    return one_line(repr(value), 80)
