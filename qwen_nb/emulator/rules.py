"""What the service accepts, and in which words it refuses the rest.

A request body goes in, a `Question` or a `Refused` comes out; no I/O, no clock. The
wordings are those of docs/protocol.md §5.2 and §5.3; where the two dialects differ, both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from qwen_nb.emulator.history import read_messages
from qwen_nb.emulator.models import Model, models
from qwen_nb.emulator.question import (
    SOFT_SWITCH,
    Manner,
    Question,
    Refused,
    Said,
    no_model,
    refuse,
)
from qwen_nb.emulator.ranges import check_ranges, read_budget, read_max_tokens

_TOOL_NAME = r"^[a-zA-Z0-9_-]{1,64}$"


def read(raw: bytes, manner: Manner = "compatible", *, stream: bool = False) -> Question:
    """Read the body of a chat request.

    Parameters
    ----------
    raw : bytes
        The body.
    manner : str
        The dialect and route it came by.
    stream : bool
        Whether a header asks for a stream; in the compatible dialect the body says it.

    Raises
    ------
    Refused
        Where the service would answer with an error.
    """
    body = object_in(raw)
    native = manner != "compatible"
    parameters = _part(body, "parameters") if native else body
    model = _model(body)
    _check_route(model, manner)
    messages = read_messages(_given_messages(body, native), model)
    check_ranges(parameters, native=native)
    stream = stream if native else bool(body.get("stream"))
    switched_on = _switched_on(model, parameters.get("enable_thinking"))
    if model.stream_required and not stream:
        raise _stream_only(model, switched_on)
    silenced = switched_on and model.soft_switch and _asked_for_silence(messages)
    thinking = switched_on and not silenced
    if thinking and messages[-1].partial:
        raise refuse("partial is not supported when enable_thinking is true")
    tools = _tools(parameters.get("tools"))
    return Question(
        model=model,
        messages=messages,
        thinking=thinking,
        silenced=silenced,
        budget=read_budget(model, parameters.get("thinking_budget")),
        max_tokens=read_max_tokens(model, parameters.get("max_tokens")),
        stream=stream,
        include_usage=bool(_part(body, "stream_options").get("include_usage")),
        manner=manner,
        incremental=not native or _incremental(model, parameters, switched_on and stream),
        message_format=not native or _message_format(model, parameters, manner),
        tools=tools,
        tool_choice=_tool_choice(parameters.get("tool_choice"), tools, switched_on),
        parallel_calls=bool(parameters.get("parallel_tool_calls")),
        json_schema=_json_schema(parameters.get("response_format"), messages, switched_on),
        preserved=bool(parameters.get("preserve_thinking")) and model.preserve_thinking,
    )


def object_in(raw: bytes) -> dict[str, Any]:
    """Return the object that a body holds; refuse any other body."""
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise refuse("Required body invalid, please check the request body format.")
    return body


def _part(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = body.get(name)
    return part if isinstance(part, dict) else {}


def _model(body: Mapping[str, Any]) -> Model:
    name = body.get("model")
    if not isinstance(name, str) or not name:
        raise refuse("you must provide a model parameter")
    if name not in models():
        raise no_model(
            name,
            native="Model not exist.",
            native_code="InvalidParameter",
            native_status=400,
        )
    return models()[name]


def _check_route(model: Model, manner: Manner) -> None:
    # each model has one native path, and the other answers so (docs/protocol.md §1.3)
    if manner == "compatible" or model.either_route:
        return
    if model.multimodal_route != (manner == "multimodal"):
        raise refuse("url error, please check url！")


def _given_messages(body: Mapping[str, Any], native: bool) -> Any:
    if not native:
        if body.get("messages") is None:
            raise refuse("'messages' is a required property")
        return body["messages"]
    given = _part(body, "input")
    if given.get("messages") is not None:
        return given["messages"]
    if given.get("prompt"):
        return [{"role": "user", "content": given["prompt"]}]
    raise refuse('Either "prompt" or "messages" must exist and cannot both be none')


def _switched_on(model: Model, switch: Any) -> bool:
    # docs/protocol.md §2.1; models that never think ignore the key
    if model.mode == "none":
        return False
    if model.ignores_thinking_keys:
        return True
    if model.mode == "thinking_only":
        if switch is False:
            raise refuse("The value of the enable_thinking parameter is restricted to True.")
        return True
    return model.mode == "hybrid_on" if switch is None else bool(switch)


def _stream_only(model: Model, switched_on: bool) -> Refused:
    if switched_on and model.mode != "thinking_only":
        return refuse(
            "parameter.enable_thinking must be set to false for non-streaming calls",
            native="parameter.enable_thinking only support stream call",
        )
    return refuse(
        "This model only support stream mode, "
        "please enable the stream parameter to access the model.",
        native="current user api does not support http call.",
    )


def _asked_for_silence(messages: tuple[Said, ...]) -> bool:
    found = [
        switch
        for message in messages
        if message.role in ("system", "user")
        for switch in SOFT_SWITCH.finditer(message.text)
    ]
    return bool(found) and found[-1][1] is not None  # the latest wins


def _incremental(model: Model, parameters: Mapping[str, Any], thinking: bool) -> bool:
    """Read whether a native stream brings pieces; thinking ones always do (§2, §4.3)."""
    given = parameters.get("incremental_output")
    if given is not False:
        return bool(given) or thinking
    if model.ignores_thinking_keys:
        raise refuse("The incremental_output parameter of this model cannot be set to False.")
    if thinking:
        raise refuse(
            'The incremental_output parameter must be "true" when enable_thinking is true'
        )
    return False


def _message_format(model: Model, parameters: Mapping[str, Any], manner: Manner) -> bool:
    given = parameters.get("result_format")
    text = manner == "text" and (given == "text" or (given is None and model.text_format))
    if text and model.mode != "none" and parameters.get("enable_thinking") is True:
        raise refuse(
            'The result_format parameter must be "message" when enable_thinking is true'
        )
    return not text or bool(parameters.get("tools"))


def _tools(given: Any) -> dict[str, Any]:
    if not given:
        return {}
    if not isinstance(given, list):
        raise refuse("'tools' must be a list")
    tools = {}
    for at, tool in enumerate(given):
        function = tool.get("function") if isinstance(tool, dict) else None
        name = function.get("name") if isinstance(function, dict) else None
        if not isinstance(name, str):
            raise refuse(f"'name' is a required property - 'tools.{at}.function'")
        if name == "search":
            raise refuse("Tool names are not allowed to be [search]")
        if not re.match(_TOOL_NAME, name):
            raise refuse(f"{name!r} does not match '{_TOOL_NAME}' - 'tools.{at}.function.name'")
        tools[name] = tool
    return tools


def _tool_choice(given: Any, tools: Mapping[str, Any], thinking: bool) -> str:
    if given is None or not tools:
        return "auto"
    if given in ("auto", "none"):
        return str(given)
    if thinking:
        raise refuse('tool_choice is one of the strings that should be ["none", "auto"]')
    if given == "required":
        return "required"
    function = given.get("function") if isinstance(given, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if not isinstance(name, str) or name not in tools:
        raise refuse(f"tool_choice names a tool that is not in tools: {name!r}")
    return name


def _json_schema(
    given: Any, messages: tuple[Said, ...], thinking: bool
) -> Mapping[str, Any] | None:
    # docs/protocol.md §7.6
    kind = given.get("type") if isinstance(given, dict) else None
    if kind not in ("json_object", "json_schema"):
        return None
    if thinking:
        raise refuse("Json mode response is not supported when enable_thinking is true")
    if kind == "json_schema":
        return _part(_part(given, "json_schema"), "schema")
    if "json" not in "\n".join(message.text for message in messages).lower():
        raise refuse(
            "'messages' must contain the word 'json' in some form, to use "
            "'response_format' of type 'json_object'."
        )
    return {}
