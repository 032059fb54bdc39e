"""The conversation of a request: its messages read, and refused where they do not fit.

Shapes as in docs/protocol.md §2.3 and §7.8, wordings as in §5.2 and §5.3.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from qwen_nb.emulator.models import Model
from qwen_nb.emulator.question import Call, Refused, Said, refuse

_ROLES = ["system", "assistant", "user", "tool"]

# the part's key in either dialect, by what is attached
_KINDS = {
    "image_url": "images", "image": "images", "video_url": "others", "video": "others",
    "input_audio": "others", "audio": "others", "file": "others",
}  # fmt: skip
_UNKNOWN_IMAGE = (512, 512)  # whose size cannot be seen in the request
_OTHER_TOKENS = 500


def read_messages(given: Any, model: Model) -> tuple[Said, ...]:
    """Read and check a list of messages.

    Raises
    ------
    Refused
        Where the service would answer with an error.
    """
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        raise refuse("'messages' must be a list of objects with role and content")
    if not given:
        raise refuse("[] is too short - 'messages'")
    messages = tuple(_said(one, at, model) for at, one in enumerate(given))
    _check_calls(messages)
    last = messages[-1]
    if last.role not in ("user", "tool") and not last.partial:
        # the service's way of saying that nobody has asked anything (docs/protocol.md §5.2)
        raise Refused(500, "internal_error", "list index out of range")
    return messages


def _said(message: Mapping[str, Any], at: int, model: Model) -> Said:
    role = message.get("role")
    if role not in _ROLES:
        raise refuse(f"{role!r} is not one of {_ROLES} - 'messages.{at}.role'")
    thinking = message.get("reasoning_content")
    calls = _calls(message.get("tool_calls")) if role == "assistant" else ()
    content = message.get("content")
    if content is None and calls:
        content = ""
    text, attached = _content(content, model)
    return Said(
        role=role,
        text=text,
        thinking=thinking if isinstance(thinking, str) else "",
        calls=calls,
        answers=str(message.get("tool_call_id") or "") if role == "tool" else "",
        partial=role == "assistant" and bool(message.get("partial")),
        **attached,
    )


def _content(content: Any, model: Model) -> tuple[str, dict[str, int]]:
    if isinstance(content, str):
        return content, {}
    if not isinstance(content, list):
        raise refuse("The content field is a required field.")
    texts, attached = [], {"images": 0, "others": 0, "attached": 0}
    for part in content:
        kind = _kind(part)
        if kind == "text":
            texts.append(str(part["text"]))
        elif kind not in _KINDS:
            raise Refused(
                400,
                "invalid_parameter_error",
                "Unexpected item type in content.",
                native_code="InternalError.Algo.InvalidParameter",
            )
        elif not model.vision:
            raise refuse("input content must be a string.")
        else:
            attached[_KINDS[kind]] += 1
            attached["attached"] += _tokens(kind, part[kind], model)
    return "".join(texts), attached


def _kind(part: Any) -> str | None:
    """Return which key of a part holds what it brings: either dialect's."""
    if not isinstance(part, dict):
        return None
    if isinstance(part.get("text"), str):
        return "text"
    return next((key for key in _KINDS if part.get(key)), None)


def _tokens(kind: str, value: Any, model: Model) -> int:
    # about one token for each square of 32 pixels, 28 for QVQ (docs/protocol.md §7.8)
    if _KINDS[kind] == "others":
        return _OTHER_TOKENS
    side = 28 if model.id.startswith("qvq") else 32
    url = value.get("url") if isinstance(value, dict) else value
    width, height = _size(str(url))
    return math.ceil(width / side) * math.ceil(height / side) + 2


def _size(url: str) -> tuple[int, int]:
    """Return the sides of a PNG that came along; of others one takes them as given."""
    head, _, data = url.partition(";base64,")
    if head == "data:image/png":
        with suppress(ValueError):
            raw = base64.b64decode(data[:32])  # 24 bytes: signature, length, IHDR, sides
            if raw[12:16] == b"IHDR":
                return int.from_bytes(raw[16:20], "big"), int.from_bytes(raw[20:24], "big")
    return _UNKNOWN_IMAGE


def _calls(given: Any) -> tuple[Call, ...]:
    if not isinstance(given, list):
        return ()
    calls = []
    for call in given:
        function = call.get("function") if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise refuse("'tool_calls' must be a list of objects with id and function")
        arguments = function.get("arguments") or ""
        try:
            json.loads(arguments or "{}")
        except (TypeError, ValueError) as error:
            # a bad JSON text in the history ends in the service's own parser (§5.2)
            raise Refused(500, "internal_error", str(error)) from None
        calls.append(Call(str(call.get("id") or ""), function["name"], arguments))
    return tuple(calls)


def _check_calls(messages: tuple[Said, ...]) -> None:
    """Refuse a tool message without its call, and a call without its result."""
    open_calls: set[str] = set()
    for at, message in enumerate(messages):
        if message.role == "tool":
            if message.answers not in open_calls:
                raise refuse(
                    'Messages with role "tool" must be a response to a preceding message '
                    'with "tool_calls".'
                )
            open_calls.remove(message.answers)
        elif open_calls:
            raise _unanswered(open_calls, at)
        open_calls |= {call.id for call in message.calls}
    if open_calls:
        raise _unanswered(open_calls, len(messages))


def _unanswered(ids: set[str], at: int) -> Refused:
    return refuse(
        'An assistant message with "tool_calls" must be followed by tool messages '
        'responding to each "tool_call_id". The following tool_call_ids did not have '
        f"response messages: {', '.join(sorted(ids))} (before message {at})"
    )
