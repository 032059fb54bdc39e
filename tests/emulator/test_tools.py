import json
from typing import Any

import pytest

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator

from .conftest import Post

CITIES = ["Beijing", "Shanghai", "Tianjin", "Chongqing"]
QUESTION = "weather of the four municipalities"
NATIVE = {"result_format": "message", "incremental_output": True}


def tool(name: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties}
    return {"type": "function", "function": {"name": name, "parameters": schema}}


WEATHER = tool("get_current_weather", location={"type": "string"})
CLOCK = {"type": "function", "function": {"name": "get_current_time", "parameters": {}}}
BOTH = {"tools": [CLOCK, WEATHER]}


def message(post: Post, said: Any, **options: Any) -> dict[str, Any]:
    choice = post(said, **options).json["choices"][0]
    assert (choice["finish_reason"] == "tool_calls") is ("tool_calls" in choice["message"])
    found: dict[str, Any] = choice["message"]
    return found


def places(answered: dict[str, Any]) -> list[str]:
    calls = answered.get("tool_calls", [])
    return [json.loads(call["function"]["arguments"])["location"] for call in calls]


def results(answered: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        {"role": "tool", "tool_call_id": call["id"], "content": f"It rains, {at}."}
        for at, call in enumerate(answered["tool_calls"])
    ]


def test_several_calls_at_once_and_then_the_answer(post: Post) -> None:
    options = {**BOTH, "parallel_tool_calls": True, "enable_thinking": True}
    first = message(post, QUESTION, **options)
    assert places(first) == CITIES
    assert "four calls" in first["reasoning_content"]
    assert first["content"] == ""
    assert len({call["id"] for call in first["tool_calls"]}) == 4
    asked = {"role": "user", "content": QUESTION}
    second = message(post, [asked, first, *results(first)], **options)
    assert "- It rains, 3." in second["content"]
    assert "come back" in second["reasoning_content"]
    # the next question begins anew
    later = [asked, first, *results(first), {"role": "assistant", "content": "Wet."}, asked]
    again = message(post, later, **options)
    assert places(again) == CITIES
    assert again["tool_calls"][0]["id"] != first["tool_calls"][0]["id"]


def test_one_call_at_a_time_unless_several_are_allowed(post: Post) -> None:
    conversation: list[dict[str, Any]] = [{"role": "user", "content": QUESTION}]
    for city in CITIES:
        answered = message(post, conversation, **BOTH)
        assert places(answered) == [city]
        conversation += [answered, *results(answered)]
    assert "It rains" in message(post, conversation, **BOTH)["content"]


@pytest.mark.parametrize("options", [{}, {"tools": [CLOCK]}])
def test_without_the_tool_there_is_nothing_to_call(post: Post, options: dict[str, Any]) -> None:
    assert "No weather tool" in message(post, QUESTION, **options)["content"]


def test_tools_are_left_alone_if_the_request_says_so(post: Post) -> None:
    assert "tool_calls" not in message(post, QUESTION, **BOTH, tool_choice="none")


@pytest.mark.parametrize(
    "choice", ["required", {"type": "function", "function": {"name": "f"}}]
)
def test_a_forced_choice_calls_and_calls_again(post: Post, choice: Any) -> None:
    made = tool("f", text={"type": "string"}, many={"type": "integer"})
    options = {"tools": [made], "tool_choice": choice}
    first = message(post, "Tell me", **options)
    (call,) = first["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"text": "Tell me", "many": 1}
    asked = {"role": "user", "content": "Tell me"}
    assert "tool_calls" in message(post, [asked, first, *results(first)], **options)


def test_an_unscripted_question_mirrors_tools_and_results(post: Post) -> None:
    assert (
        "tools: `get_current_time`, `get_current_weather`"
        in message(post, "Hm", **BOTH)["content"]
    )
    call = {"id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
    conversation = [
        {"role": "user", "content": "嗯"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c", "content": "四十二"},
    ]
    assert "工具结果：“四十二”" in message(post, conversation)["content"]


def test_fragments_are_those_of_the_documents(post: Post, native: Post) -> None:
    said = "Weather in Hangzhou"
    chunks = post(said, stream=True, enable_thinking=True, **BOTH).chunks
    first, second, last = (chunk["choices"][0] for chunk in chunks[-3:])
    id_ = first["delta"]["tool_calls"][0]["id"]
    function = {"name": "get_current_weather", "arguments": '{"location": "Hangzhou'}
    assert first["delta"] == {
        "content": None,
        "tool_calls": [{"index": 0, "id": id_, "type": "function", "function": function}],
    }
    assert second["delta"]["tool_calls"] == [
        {"index": 0, "id": "", "type": "function", "function": {"arguments": '"}'}}
    ]
    assert (second["finish_reason"], last["finish_reason"]) == (None, "tool_calls")
    assert last["delta"] == {"content": "", "reasoning_content": None}
    frames = native(said, sse=True, enable_thinking=True, **NATIVE, **BOTH).frames
    choices = [frame["output"]["choices"][0] for frame in frames]
    assert choices[-2]["message"]["tool_calls"] == first["delta"]["tool_calls"]
    assert choices[-1]["message"]["tool_calls"] == second["delta"]["tool_calls"]
    assert (
        choices[-1]["message"]["content"] == choices[-1]["message"]["reasoning_content"] == ""
    )
    assert [choice["finish_reason"] for choice in choices[-2:]] == ["null", "tool_calls"]


def test_a_script_may_send_arguments_that_are_no_json(emulator: Emulator, post: Post) -> None:
    emulator.script(
        Script(name="b", asks="^broken$", answer="", calls=[{"name": "f", "arguments": '{"a'}])
    )
    answered = message(post, "broken", tools=[tool("f")])
    assert answered["tool_calls"][0]["function"] == {"name": "f", "arguments": '{"a'}


def test_a_script_may_set_the_usage(emulator: Emulator, post: Post, native: Post) -> None:
    usage = {"prompt": 3463, "completion": 2387, "thinking": 1347, "cached": 300}
    emulator.script(Script(name="u", asks="^usage$", answer="x", usage=usage))
    found = post("usage").json["usage"]
    assert (found["prompt_tokens"], found["completion_tokens"]) == (3463, 2387)
    assert found["completion_tokens_details"]["reasoning_tokens"] == 1347
    assert native("usage").json["usage"]["prompt_tokens_details"]["cached_tokens"] == 300
