"""The emulator, asked in both dialects, is understood alike."""

from typing import Any

import pytest

from qwen_nb import AuthFailed
from qwen_nb.emulator.server import Emulator
from qwen_nb.values import ChatOptions, ChatRequest, Message, Reply, ReplyBuilder, Server
from qwen_nb.wire.dialects.dashscope import DashScopeDialect
from qwen_nb.wire.dialects.dialect import Dialect
from qwen_nb.wire.dialects.openai import OpenAIDialect
from qwen_nb.wire.http import HttpTransport
from qwen_nb.wire.stream import stream

TOOL = {
    "type": "function",
    "function": {
        "name": "get_current_weather",
        "parameters": {"type": "object", "properties": {"location": {"type": "string"}}},
    },
}
QUESTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "thinking": ("Who are you?", {"thinking": True}),
    "a budget": ("Which is larger, 9.9 or 9.11?", {"thinking": 50}),
    "no thinking": ("Hi", {"thinking": False}),
    "a call": ("Weather in Hangzhou", {"thinking": True, "params": {"tools": [TOOL]}}),
    "Chinese": ("9.9和9.11谁大?", {"thinking": True}),
}


def ask(dialect: Dialect, base_url: str, key: str, request: ChatRequest) -> Reply:
    server = Server(name="the emulator", base_url=base_url, key=key)
    transport = HttpTransport(server)
    exchange = transport.exchange()
    builder = ReplyBuilder()
    try:
        for event in stream(request, exchange, dialect, server):
            builder.add(event)
    finally:
        exchange.close()
        transport.close()
    return builder.reply()


def told(reply: Reply) -> tuple[Any, ...]:
    calls = [(call.name, call.arguments) for call in reply.tool_calls]
    return reply.thinking, reply.answer, calls, reply.finish_reason, reply.usage


@pytest.mark.parametrize("model", ["qwen-plus", "qwen3.5-plus"])
@pytest.mark.parametrize(("question", "options"), QUESTIONS.values(), ids=QUESTIONS)
def test_both_dialects_give_the_same_reply(
    question: str, options: dict[str, Any], model: str, emulator: Emulator
) -> None:
    request = ChatRequest(model, (Message("user", question),), ChatOptions(**options))
    native = ask(DashScopeDialect(), emulator.dashscope_base_url, emulator.key, request)
    compat = ask(OpenAIDialect(), emulator.openai_base_url, emulator.key, request)
    assert told(native) == told(compat)
    assert native.answer or native.tool_calls


def test_frames_that_repeat_everything_give_the_same_reply(emulator: Emulator) -> None:
    replies = []
    for incremental in (True, False):
        options = ChatOptions(thinking=False, params={"incremental_output": incremental})
        request = ChatRequest("qwen-plus", (Message("user", "Who are you?"),), options)
        base_url = emulator.dashscope_base_url
        replies.append(ask(DashScopeDialect(), base_url, emulator.key, request))
    assert told(replies[0]) == told(replies[1])


def test_the_wrong_route_is_left_for_the_other(emulator: Emulator) -> None:
    dialect = DashScopeDialect({"qwen3.5-plus": "text"})
    request = ChatRequest("qwen3.5-plus", (Message("user", "Hi"),))
    emulator.journal.clear()
    for _ in range(2):
        assert ask(dialect, emulator.dashscope_base_url, emulator.key, request).answer
    assert dialect.route("qwen3.5-plus") == "multimodal"
    assert [record.status for record in emulator.journal] == [400, 200, 200]


def test_a_wrong_key_is_an_error_in_either_dialect(emulator: Emulator) -> None:
    request = ChatRequest("qwen-plus", (Message("user", "Hi"),))
    for dialect, base_url in (
        (DashScopeDialect(), emulator.dashscope_base_url),
        (OpenAIDialect(), emulator.openai_base_url),
    ):
        with pytest.raises(AuthFailed):
            ask(dialect, base_url, "sk-wrong", request)
