"""One test over every server of the catalogue: how it is asked to think, and how it answers."""

from pathlib import Path
from typing import Any

import pytest

from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.catalogue.rows import ServerRow
from qwen_nb.settings.servers import server_from
from qwen_nb.settings.settings import Settings
from qwen_nb.values import ChatOptions, ChatRequest, Message, ReplyBuilder, Server
from qwen_nb.wire.dialects.openai import OpenAIDialect
from qwen_nb.wire.sse import SseDecoder

ROWS = Catalogue.load().servers
NOWHERE = Path("no such folder")

# protocol.md §8: off, on, on with a budget of 50 tokens
SPELLED: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "top_level": (
        {"enable_thinking": False},
        {"enable_thinking": True},
        {"enable_thinking": True, "thinking_budget": 50},
    ),
    "chat_template_kwargs": (
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"chat_template_kwargs": {"enable_thinking": True}},
        {"chat_template_kwargs": {"enable_thinking": True}},
    ),
    "reasoning_effort": (
        {"reasoning_effort": "none"},
        {"reasoning_effort": "medium"},
        {"reasoning_effort": "low"},
    ),
    "reasoning_object": (
        {"reasoning": {"enabled": False}},
        {"reasoning": {"enabled": True}},
        {"reasoning": {"max_tokens": 50}},
    ),
    "thinking_object": (
        {"thinking": {"type": "disabled"}},
        {"thinking": {"type": "enabled"}},
        {"thinking": {"type": "enabled"}},
    ),
    "none": ({}, {}, {}),
}
PLAIN = {"model", "messages", "stream", "stream_options"}


def server_of(row: ServerRow) -> Server:
    environ = {"QWEN_NB_HOME": str(NOWHERE), "DASHSCOPE_WORKSPACE_ID": "ws-1"}
    if row.base_url or row.host or row.workspace_host:
        return server_from(Settings(environ, NOWHERE), Catalogue.load(), row.name)
    return Server(
        name=row.name,
        thinking_style=row.thinking,
        inline_think=row.inline_think,
        missing_opener=row.missing_opener,
    )


def sent(row: ServerRow, thinking: bool | int | None) -> tuple[dict[str, Any], int]:
    options = ChatOptions(thinking=thinking)
    request = ChatRequest("m", (Message("user", "q"),), options)
    call = OpenAIDialect().encode(request, server_of(row))
    body = dict(call.body or {})
    return {name: value for name, value in body.items() if name not in PLAIN}, len(call.notes)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_nothing_said_sends_nothing(row: ServerRow) -> None:
    assert sent(row, None) == ({}, 0)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("thinking", [False, True, 50])
def test_thinking_is_switched_as_the_server_spells_it(
    row: ServerRow, thinking: bool | int
) -> None:
    expected = dict(SPELLED[row.thinking][(False, True, 50).index(thinking)])
    if not row.thinking_budget:
        expected.pop("thinking_budget", None)
    body, notes = sent(row, thinking)
    assert body == expected
    said_all = row.thinking != "none" and (thinking in (False, True) or row.thinking_budget)
    assert bool(notes) is not said_all


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
@pytest.mark.parametrize("where", ["reasoning_content", "reasoning", "reasoning_details"])
def test_thinking_is_read_wherever_the_server_puts_it(row: ServerRow, where: str) -> None:
    value = '[{"text":"hm"}]' if where == "reasoning_details" else '"hm"'
    assert answered(row, [f'{{"{where}":{value}}}', '{"content":"yes"}']) == ("hm", "yes")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_tags_in_the_answer_are_thinking_only_where_the_server_needs_it(row: ServerRow) -> None:
    pieces = ['{"content":"<thi"}', '{"content":"nk>hm</think>\\n\\nyes"}']
    whole = ("hm", "yes") if row.inline_think else ("", "<think>hm</think>\n\nyes")
    assert answered(row, pieces) == whole


def answered(row: ServerRow, deltas: list[str]) -> tuple[str, str]:
    frames = [f'data: {{"choices":[{{"delta":{delta}}}]}}\n\n' for delta in deltas]
    frames.append('data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n')
    reader, builder, decoder = (
        OpenAIDialect().reader(server_of(row)),
        ReplyBuilder(),
        SseDecoder(),
    )
    for sse in decoder.feed("".join(frames).encode()):
        for event in reader.events(sse):
            builder.add(event)
    for event in reader.close():
        builder.add(event)
    reply = builder.reply()
    return reply.thinking, reply.answer
