"""The API's own list of messages (protocol.md §2.3)."""

from typing import Any

import pytest

from qwen_nb import ConfigError
from qwen_nb.values import Message, ToolCall
from qwen_nb.values.api_messages import messages_from


class Dumped:
    """An object as an SDK gives it."""

    def __init__(self, **fields: Any) -> None:
        self.fields = fields

    def model_dump(self) -> dict[str, Any]:
        return self.fields


NULLS = {"refusal": None, "audio": None, "function_call": None, "tool_calls": None,
         "annotations": None}  # fmt: skip
CALL = {
    "id": "c-1",
    "type": "function",
    "index": 0,
    "function": {"name": "f", "arguments": "{}"},
}
PART = {"type": "text", "text": "a"}

TAKEN: dict[str, tuple[Any, Message]] = {
    "a text": ({"role": "user", "content": "Hi"}, Message("user", "Hi")),
    "parts": ({"role": "user", "content": [PART]}, Message("user", (PART,))),
    "parts that are texts": ({"role": "user", "content": ["a"]}, Message("user", (PART,))),
    "parts that are objects": ({"role": "user", "content": [Dumped(**PART)]},
                               Message("user", (PART,))),
    "a dumped message": ({"role": "assistant", "content": "I", **NULLS},
                         Message("assistant", "I")),
    "an SDK object": (Dumped(role="assistant", content="I", **NULLS),
                      Message("assistant", "I")),
    "calls": ({"role": "assistant", "content": None, "tool_calls": [CALL]},
              Message("assistant", None, (ToolCall("c-1", "f", "{}"),))),
    "calls as objects": (
        Dumped(role="assistant", content="", tool_calls=[
            Dumped(id="c-1", function=Dumped(name="f", arguments={"a": "杭"}))]),
        Message("assistant", "", (ToolCall("c-1", "f", '{"a": "杭"}'),))),
    "a call without arguments": (
        {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": None}}]},
        Message("assistant", None, (ToolCall("", "f", ""),))),
    "a result": ({"role": "tool", "tool_call_id": "c-1", "content": "sunny", "name": "f"},
                 Message("tool", "sunny", tool_call_id="c-1")),
    "thinking": ({"role": "assistant", "content": "I", "reasoning_content": "Hm"},
                 Message("assistant", "I", thinking="Hm")),
    "partial": ({"role": "assistant", "content": "def", "partial": True},
                Message("assistant", "def", partial=True)),
    "a message of ours": (Message("user", "Hi"), Message("user", "Hi")),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "message"), TAKEN.values(), ids=TAKEN)
def test_an_entry_is_taken(entry: Any, message: Message) -> None:
    assert messages_from([entry]) == (message,)


def test_messages_of_the_openai_sdk_are_taken() -> None:
    from openai.types.chat import ChatCompletionMessage

    told = {
        "role": "assistant",
        "content": None,
        "reasoning_content": "Hm",
        "tool_calls": [CALL],
    }
    expected = Message("assistant", None, (ToolCall("c-1", "f", "{}"),), thinking="Hm")
    message = ChatCompletionMessage.model_validate(told)
    assert messages_from([message, message.model_dump()]) == (expected, expected)


REFUSED: dict[str, tuple[Any, str]] = {
    "no mapping": (3, "3"),
    "a text": ("Hi", "'Hi'"),
    "no role": ({"content": "Hi"}, "role: None"),
    "another role": ({"role": "function", "content": "x"}, "role: 'function'"),
    "no content": ({"role": "user"}, "content: None"),
    "a number": ({"role": "user", "content": 3}, "content: 3"),
    "a part that is none": ({"role": "user", "content": [3]}, "content: 3"),
    "a result without its call": ({"role": "tool", "content": "x"}, "tool_call_id: None"),
    "a question with a call id": (
        {"role": "user", "content": "x", "tool_call_id": "c"}, "tool_call_id: 'c'"),
    "calls of a user": ({"role": "user", "content": "x", "tool_calls": [CALL]}, "'x'"),
    "a call without a name": (
        {"role": "assistant", "tool_calls": [{"function": {}}]}, "name: None"),
    "calls that are none": ({"role": "assistant", "tool_calls": "f"}, "tool_calls: 'f'"),
    "an old function call": (
        {"role": "assistant", "content": None, "function_call": {"name": "f"}},
        "function_call"),
}  # fmt: skip


@pytest.mark.parametrize(("entry", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_message_is_said(entry: Any, words: str) -> None:
    with pytest.raises(ConfigError) as caught:
        messages_from([{"role": "user", "content": "Hi"}, entry])
    assert "Entry 2" in str(caught.value)
    assert words in str(caught.value)
    assert words in caught.value.message("zh")


@pytest.mark.parametrize("value", ["Hi", {"role": "user", "content": "Hi"}, 3, None])
def test_what_is_no_list_is_said(value: Any) -> None:
    with pytest.raises(ConfigError):
        messages_from(value)


def test_a_long_value_is_quoted_in_short() -> None:
    with pytest.raises(ConfigError) as caught:
        messages_from([{"role": "x" * 10_000, "content": "line\nline"}])
    assert len(str(caught.value)) < 400
    assert "\n" not in str(caught.value)
