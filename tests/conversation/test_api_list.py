"""The API's own list of messages, as people have it from elsewhere."""

import json
from typing import Any

import pytest

from qwen_nb import ConfigError
from qwen_nb.conversation.conversation import Conversation
from qwen_nb.conversation.exchange import Copied, api_list, from_api_list
from qwen_nb.values import ChatOptions, ToolCall
from qwen_nb.values.entry import Entry
from tests._turns import turn


def read(*messages: Any) -> Copied:
    return from_api_list(json.dumps(messages))


def pairs(copied: Copied) -> list[tuple[str, str]]:
    return [(entry.turn.prompt, entry.turn.reply.answer) for entry in copied.entries]


def user(content: Any) -> dict[str, Any]:
    return {"role": "user", "content": content}


def assistant(content: Any, **more: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": content, **more}


CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}


def test_the_pairs_become_turns() -> None:
    copied = read(
        {"role": "system", "content": "Be brief."},
        user("一"), assistant("1", reasoning_content="Hm"), user("二"), assistant("2"),
    )  # fmt: skip
    assert pairs(copied) == [("一", "1"), ("二", "2")]
    assert [entry.turn.options.system for entry in copied.entries] == ["Be brief."] * 2
    assert copied.entries[0].turn.reply.thinking == "Hm"
    assert [entry.place for entry in copied.entries] == [1, 2]
    assert copied.left_out == 0


def test_dumped_messages_of_an_sdk() -> None:
    nulls = {"refusal": None, "annotations": None, "audio": None, "function_call": None,
             "tool_calls": None, "reasoning_content": None}  # fmt: skip
    assert pairs(read(user("Hi"), assistant("Hello", **nulls))) == [("Hi", "Hello")]


def test_texts_in_parts_become_one_and_pictures_are_counted() -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:,"}}
    copied = read(user([{"type": "text", "text": "a"}, picture, "b"]), assistant("c"))
    assert pairs(copied) == [("a\n\nb", "c")]
    assert copied.left_out == 1


def test_the_last_answer_of_a_tool_round_is_the_turns() -> None:
    copied = read(
        user("Weather?"),
        assistant("Let me look.", tool_calls=[CALL]),
        {"role": "tool", "tool_call_id": "c1", "content": "rain"},
        assistant("It rains."),
    )
    (entry,) = copied.entries
    assert entry.turn.reply.final.answer == "It rains."
    assert pairs(copied) == [("Weather?", "Let me look.\n\nIt rains.")]
    assert [each.role for each in entry.turn.said] == ["assistant", "tool"]
    assert [call.result for call in entry.turn.reply.calls] == ["rain"]
    assert copied.left_out == 0


def test_a_call_at_the_end_stays_a_call() -> None:
    (entry,) = read(user("Weather?"), assistant(None, tool_calls=[CALL])).entries
    assert entry.turn.reply.tool_calls == (ToolCall("c1", "f", "{}"),)
    assert entry.turn.reply.finish_reason == "tool_calls"


def test_a_question_without_an_answer_is_kept_and_not_sent() -> None:
    copied = read(user("a"), assistant("1"), user("b"), user("c"))
    assert pairs(copied) == [("a", "1"), ("b\n\nc", "")]
    assert [each.prompt for each in Conversation(copied_ids(copied)).history_for()] == ["a"]


def copied_ids(copied: Copied) -> list[Entry]:
    return [Entry(str(each.place), each.place, 0, None, each.turn) for each in copied.entries]


def test_a_request_that_holds_the_list() -> None:
    body = {"model": "qwen-plus", "messages": [user("a"), assistant("1")]}
    assert pairs(from_api_list("\ufeff" + json.dumps(body))) == [("a", "1")]


def test_what_was_written_is_read_again() -> None:
    options = ChatOptions(system="Be brief.")
    turns = [turn("一", "1", options=options), turn("two", "2", options=options)]
    entries = [Entry(str(at), at, 0, None, each) for at, each in enumerate(turns)]
    written = api_list(Conversation(entries))
    assert json.loads(written)[0] == {"role": "system", "content": "Be brief."}
    assert pairs(from_api_list(written)) == [("一", "1"), ("two", "2")]
    assert from_api_list(written).entries[1].turn.options == options


BROKEN: dict[str, tuple[str, dict[str, Any]]] = {
    "cut": ('[\n{"role": "user",\n', {"line": 3}),
    "no JSON": ("hello", {"line": 1}),
    "too deep": ("[" * 100_000, {"line": 1}),
    "a text": ('"hello"', {"number": 1}),
    "an object without messages": ("{}", {"number": 1}),
    "a number": ("7", {"number": 1}),
    "no such role": (
        json.dumps([user("a"), {"role": "robot", "content": "b"}]), {"number": 2},
    ),
    "no content": (json.dumps([{"role": "user"}]), {"number": 1}),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_list_is_one_error_that_says_where(case: str) -> None:
    written, where = BROKEN[case]
    with pytest.raises(ConfigError) as caught:
        from_api_list(written)
    assert where.items() <= caught.value.facts.items()
    assert "\n" not in str(caught.value)
