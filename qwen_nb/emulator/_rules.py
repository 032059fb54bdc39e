"""What the service accepts, and in which words it refuses the rest.

A request body goes in, a `Question` or a `Refused` comes out; no I/O, no clock. The
wordings are those of protocol.md §5.2 and §5.3.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

from qwen_nb.emulator._models import Model, models

__all__ = ["Question", "Refused", "Said", "read"]

# /think and /no_think, glued to a word or not (protocol.md §6.1)
_SOFT_SWITCH = re.compile(r"\s*/(no_)?think(?![\w/])")


class Refused(Exception):
    """The request is answered with an error.

    Attributes
    ----------
    status : int
        HTTP status.
    code : str
        The service's code, in the spelling of the compatible dialect.
    """

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class Said:
    """One message of the conversation, its text parts joined."""

    role: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A request that has passed the rules.

    Parameters
    ----------
    model : Model
        Who is asked.
    messages : tuple of Said
        The whole conversation.
    thinking : bool
        Whether the model thinks this time.
    silenced : bool
        True when it would have thought but for `/no_think`: its empty thinking block
        still costs tokens (protocol.md §4.2).
    budget : int, optional
        Tokens of thinking at most.
    max_tokens : int, optional
        Tokens of the answer at most; thinking does not count (protocol.md §2).
    stream, include_usage : bool
        How it is to be answered.
    """

    model: Model
    messages: tuple[Said, ...]
    thinking: bool
    silenced: bool
    budget: int | None
    max_tokens: int | None
    stream: bool
    include_usage: bool

    @property
    def said(self) -> list[str]:
        """The user's texts, without soft switches where the model understands them."""
        texts = [message.text for message in self.messages if message.role == "user"]
        if self.model.soft_switch:
            texts = [_SOFT_SWITCH.sub("", text) for text in texts]
        return texts


def read(raw: bytes) -> Question:
    """Read the body of a chat request.

    Raises
    ------
    Refused
        Where the service would answer with an error.
    """
    body = _object(raw)
    model = _model(body)
    messages = _messages(body.get("messages"))
    _check_temperature(body.get("temperature"))
    switched_on = _switched_on(model, body.get("enable_thinking"))
    silenced = switched_on and model.soft_switch and _asked_for_silence(messages)
    if model.stream_required and not body.get("stream"):
        _refuse(
            "This model only support stream mode, "
            "please enable the stream parameter to access the model."
        )
    return Question(
        model=model,
        messages=messages,
        thinking=switched_on and not silenced,
        silenced=silenced,
        budget=_budget(model, body.get("thinking_budget")),
        max_tokens=_max_tokens(model, body.get("max_tokens")),
        stream=bool(body.get("stream")),
        include_usage=_wants_usage(body.get("stream_options")),
    )


def _refuse(message: str) -> NoReturn:
    raise Refused(400, "invalid_parameter_error", message)


def _object(raw: bytes) -> Mapping[str, Any]:
    try:
        body = json.loads(raw)
    except ValueError:
        body = None
    if not isinstance(body, dict):
        _refuse("Required body invalid, please check the request body format.")
    return body


def _model(body: Mapping[str, Any]) -> Model:
    name = body.get("model")
    if not isinstance(name, str) or not name:
        _refuse("you must provide a model parameter")
    if name not in models():
        raise Refused(
            404,
            "model_not_found",
            f"The model {name} does not exist or you do not have access to it.",
        )
    return models()[name]


def _messages(given: Any) -> tuple[Said, ...]:
    if given is None:
        _refuse("'messages' is a required property")
    if not isinstance(given, list) or not all(isinstance(one, dict) for one in given):
        _refuse("'messages' must be a list of objects with role and content")
    if not given:
        _refuse("[] is too short - 'messages'")
    return tuple(Said(str(one.get("role")), _text(one)) for one in given)


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        # text parts (protocol.md §2.3); parts of other kinds have no text to add
        parts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(part for part in parts if isinstance(part, str))
    if content is None and message.get("tool_calls"):
        return ""
    _refuse("The content field is a required field.")


def _check_temperature(value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < 2:
        _refuse("Temperature should be in [0.0, 2.0)")


def _switched_on(model: Model, switch: Any) -> bool:
    # protocol.md §2.1; models that never think ignore the key
    if model.mode == "none":
        return False
    if model.ignores_thinking_keys:
        return True
    if model.mode == "thinking_only":
        if switch is False:
            _refuse("The value of the enable_thinking parameter is restricted to True.")
        return True
    return model.mode == "hybrid_on" if switch is None else bool(switch)


def _asked_for_silence(messages: tuple[Said, ...]) -> bool:
    found = [
        switch
        for message in messages
        if message.role in ("system", "user")
        for switch in _SOFT_SWITCH.finditer(message.text)
    ]
    return bool(found) and found[-1][1] is not None  # the latest wins


def _budget(model: Model, value: Any) -> int | None:
    if value is None or not model.thinking_budget:
        return None
    if not _is_count(value, model.max_thinking):
        _refuse(
            "The thinking_budget parameter must be a positive integer and not greater than "
            f"{model.max_thinking or 'the maximum of the model'}"
        )
    return int(value)


def _max_tokens(model: Model, value: Any) -> int | None:
    if value is None:
        return None
    if not _is_count(value, model.max_answer):
        _refuse(f"Range of max_tokens should be [1, {model.max_answer or 'maximum'}]")
    return int(value)


def _wants_usage(stream_options: Any) -> bool:
    return isinstance(stream_options, dict) and bool(stream_options.get("include_usage"))


def _is_count(value: Any, most: int | None) -> bool:
    if isinstance(value, bool) or not isinstance(value, int):
        return False
    return value >= 1 and (most is None or value <= most)
