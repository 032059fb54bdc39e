"""Which tools are called for a question, and with what."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

from qwen_nb.emulator.examples import example
from qwen_nb.emulator.question import Call, Question
from qwen_nb.emulator.scripts import Script


def calls_for(question: Question, script: Script) -> tuple[Call, ...]:
    """Return the calls to make now: none once every scripted one has its result."""
    choice = question.tool_choice
    if not question.tools or choice == "none":
        return ()
    wanted = [call for call in script.calls if call["name"] in question.tools]
    if choice != "auto":
        # a forced choice is made again and again, results or not (docs/protocol.md §2)
        name = next(iter(question.tools)) if choice == "required" else choice
        wanted = [call for call in wanted if call["name"] == name or choice == "required"]
        wanted = wanted or [{"name": name, "arguments": _made_up(question, name)}]
    else:
        wanted = wanted[len(question.results) :]
    if not question.parallel_calls:
        wanted = wanted[:1]
    return tuple(
        Call(_id(question, at), call["name"], _text(call.get("arguments")))
        for at, call in enumerate(wanted)
    )


def _id(question: Question, at: int) -> str:
    # from what was said, not from the bytes: the same in both dialects
    said = [question.model.id, len(question.messages), at, *question.said]
    return "call_" + sha256(json.dumps(said).encode()).hexdigest()[:22]


def _text(arguments: Any) -> str:
    if isinstance(arguments, str):
        return arguments
    return json.dumps(arguments or {}, ensure_ascii=False)


def pieces(arguments: str) -> list[str]:
    """Cut arguments as they are streamed: the end comes on its own (docs/protocol.md §4.4)."""
    return [arguments[:-2], arguments[-2:]] if len(arguments) > 2 else [arguments]


def _made_up(question: Question, name: str) -> Any:
    parameters = question.tools[name]["function"].get("parameters")
    words = question.said[-1] if question.said else ""
    return example(parameters, lambda _: words) or {}
