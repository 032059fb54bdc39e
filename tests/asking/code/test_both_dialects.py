"""The same question through the compatible and the native dialect: equal replies."""

from dataclasses import replace
from typing import Any

import pytest

from qwen_nb import Chat, Reply
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from tests.emulator.test_both import ASKED, rules_of, tool

SCRIPTS = Emulator().scripts
ASKINGS = [("qwen-plus", True), ("qwen3-vl-plus", False)]


def answers(chat: Chat, script: Script, model: str, thinking: bool) -> list[Reply]:
    names = dict.fromkeys(call["name"] for call in script.calls)
    params: dict[str, Any] = {"tools": [tool(name) for name in names]} if names else {}
    system = rules_of(script)
    chat.new()
    return [
        chat.ask(prompt, model=model, thinking=thinking, system=system, params=params)
        for prompt in ASKED[script.name]
    ]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.name)
def test_equal_replies(studio: Emulator, script: Script) -> None:
    compatible, native = Chat(), Chat()
    compatible.session["dialect"], native.session["dialect"] = "openai", "dashscope"
    try:
        for model, thinking in ASKINGS:
            studio.journal.clear()
            ones = answers(compatible, script, model, thinking)
            assert {record.path.partition("/v1/")[0] for record in studio.journal} == {
                "/compatible-mode"
            }
            studio.journal.clear()
            others = answers(native, script, model, thinking)
            assert {record.path.partition("/v1/")[0] for record in studio.journal} == {"/api"}
            assert list(map(told, ones)) == list(map(told, others))
            assert all(bool(reply.thinking) is thinking for reply in ones)
            assert bool(ones[-1].tool_calls) is bool(script.calls)
    finally:
        compatible.close()
        native.close()


def told(reply: Reply) -> Reply:
    """Leave out what names the one request that was made."""
    assert reply.usage is not None and reply.usage.total
    assert reply.answer or reply.tool_calls
    calls = tuple(replace(call, id="") for call in reply.tool_calls)
    return replace(reply, request_id="", tool_calls=calls)
