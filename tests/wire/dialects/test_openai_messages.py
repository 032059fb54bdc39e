from qwen_nb.values import ChatRequest, Message
from qwen_nb.wire.dialects.openai import OpenAIDialect

from ._reading import SERVER
from .test_dashscope_calls import IMAGE, ROUND


def spelled(*messages: Message) -> list[dict[str, object]]:
    body = OpenAIDialect().encode(ChatRequest("m", messages), SERVER).body
    assert body is not None
    return body["messages"]  # type: ignore[no-any-return]


def test_a_tool_round() -> None:
    user, calls, *results = spelled(*ROUND)
    assert user == {"role": "user", "content": "Weather?"}
    assert (calls["content"], calls["reasoning_content"]) == ("", "Hm")
    assert calls["tool_calls"] == [
        {"id": "c-1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},
        {"id": "c-2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
    ]
    assert results == [
        {"role": "tool", "content": "sunny", "tool_call_id": "c-1"},
        {"role": "tool", "content": "rain", "tool_call_id": "c-2"},
    ]


def test_parts_are_sent_as_they_are() -> None:
    assert spelled(Message("user", (IMAGE,))) == [{"role": "user", "content": [IMAGE]}]


def test_the_beginning_of_the_answer_is_marked() -> None:
    assert spelled(Message("assistant", "def", partial=True))[0]["partial"] is True
