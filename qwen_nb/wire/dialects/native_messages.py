"""Messages in the shapes of the two native routes (docs/protocol.md §1.3, §2.3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from qwen_nb.values import Content, Message
from qwen_nb.wire.dialects.openai import spelled

Route: TypeAlias = Literal["text", "multimodal"]


def has_media(messages: tuple[Message, ...]) -> bool:
    """Whether any message holds more than text, which only the multimodal route takes."""
    return any(
        "text" not in part
        for message in messages
        if isinstance(message.content, tuple)
        for part in message.content
    )


def native_message(message: Message, route: Route) -> dict[str, Any]:
    """Return a message as the route wants it."""
    content = message.content
    native = spelled(message, _parts(content) if route == "multimodal" else _text(content))
    for at, call in enumerate(native.get("tool_calls", ())):
        call["index"] = at
    return native


def _text(content: Content) -> Any:
    if not isinstance(content, tuple):
        return content or ""
    if all(part.keys() <= {"type", "text"} for part in content):
        return "".join(str(part.get("text", "")) for part in content)
    return list(content)  # parts with a cache mark or an image go as the person wrote them


def _parts(content: Content) -> list[dict[str, Any]]:
    if not isinstance(content, tuple):
        return [{"text": content or ""}]
    return [_part(part) for part in content]


def _part(part: Mapping[str, Any]) -> dict[str, Any]:
    # The compatible spelling names its kind; the native one is the kind. What stands
    # beside it (min_pixels, fps, cache_control) stays, but for OpenAI's `detail`.
    kind = part.get("type")
    rest = {key: value for key, value in part.items() if key not in ("type", kind, "detail")}
    value = part.get(kind) if isinstance(kind, str) else None
    match kind:
        case "text" | "video":
            return {kind: value} | rest
        case "image_url":
            return {"image": _address(value, "url")} | rest
        case "video_url":
            return {"video": _address(value, "url")} | rest
        case "input_audio":
            return {"audio": _address(value, "data")} | rest
        case _:
            return dict(part)


def _address(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, Mapping) else value
