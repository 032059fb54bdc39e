"""Junk anywhere in a request is answered or refused, and never breaks the emulator."""

import json
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from qwen_nb.emulator import compatible, native
from qwen_nb.emulator.answers import compose
from qwen_nb.emulator.app import _said
from qwen_nb.emulator.question import Manner, Refused
from qwen_nb.emulator.rules import read
from qwen_nb.emulator.scripts import packaged

JUNK: list[Any] = [
    None, True, 0, -1, 1.5, 10**30, 1e308, "", "x", "\ud83d",
    [], [0], [[]], {}, {"a": 1}, ["a"],
]  # fmt: skip

CALL = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "array", "items": {"enum": ["x"]}}, "b": {"type": "string"}},
}
MESSAGES = [
    {"role": "system", "content": "json"},
    {"role": "user", "content": [{"type": "text", "text": "Hm"}, {"image": "https://x"}]},
    {"role": "assistant", "content": "", "reasoning_content": "x", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c", "content": "x"},
]
OPTIONS = {
    "enable_thinking": False, "thinking_budget": 5, "max_tokens": 50, "temperature": 1, "n": 1,
    "seed": 1, "tools": [{"type": "function", "function": {"name": "f", "parameters": SCHEMA}}],
    "tool_choice": {"type": "function", "function": {"name": "f"}}, "parallel_tool_calls": True,
    "preserve_thinking": True, "incremental_output": True, "result_format": "message",
    "response_format": {"type": "json_schema", "json_schema": {"schema": SCHEMA}},
}  # fmt: skip
COMPATIBLE = {
    "model": "qwen3.7-plus", "messages": MESSAGES, **OPTIONS, "stream": True,
    "stream_options": {"include_usage": True},
}  # fmt: skip
NATIVE = {"model": "qwen3.7-plus", "input": {"messages": MESSAGES}, "parameters": OPTIONS}


def with_junk(body: Any) -> Iterator[Any]:
    """Yield the body with junk in one place, for each place and each junk."""
    for path in places(body):
        for junk in JUNK:
            changed = deepcopy(body)
            inner = changed
            for key in path[:-1]:
                inner = inner[key]
            inner[path[-1]] = junk
            yield changed


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    keys = value.keys() if isinstance(value, dict) else range(len(value))
    for key in keys:
        yield (*path, key)
        if isinstance(value[key], dict | list):
            yield from places(value[key], (*path, key))


@pytest.mark.parametrize("manner", ["compatible", "text", "multimodal"])
def test_junk_is_answered_or_refused(manner: Manner) -> None:
    wire: Any = compatible if manner == "compatible" else native
    body = COMPATIBLE if manner == "compatible" else NATIVE
    answered = 0
    for changed in with_junk(body):
        raw = json.dumps(changed).encode()
        _said(raw)
        try:
            question = read(raw, manner, stream=True)
            answer = compose(question, packaged())
        except Refused as refused:
            assert str(refused)
            continue
        answered += 1
        for number, frame in enumerate(wire.frames(question, answer, "abc"), 1):
            assert wire.framed(frame, number)
        assert wire.completion(question, answer, "abc")
    assert answered > 100
