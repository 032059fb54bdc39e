"""The same question in both dialects: the same reply."""

import json
from typing import Any

import pytest

from qwen_nb.emulator.scripts import Script, packaged

from ._asked_at_work import ASKED_AT_WORK
from ._asked_in_modes import ASKED_IN_MODES
from ._asked_in_tasks import ASKED_IN_TASKS
from ._asked_in_trouble import ASKED_IN_TROUBLE
from .conftest import Answered, Post

ASKED = {
    "phone store, all known": ["I want one of 6.1 inches, 4K"],
    "phone store, size known": ["6.1"],
    "phone store, resolution known": ["4K"],
    "summary": ["Summarise this conversation: <conversation>User: Hi</conversation>"],
    "summary, Chinese": ["请总结这段对话:<conversation>用户:你好</conversation>"],
    "what did I ask first": ["One", "What did I ask first?"],
    "我最先问了什么": ["一", "我最先问了什么"],
    "9.9 和 9.11": ["9.9和9.11谁大"],
    "9.9 and 9.11": ["9.9 or 9.11?"],
    "当作版本号呢": ["9.9和9.11谁大", "版本号呢"],
    "and as version numbers?": ["9.9 or 9.11?", "and as versions?"],
    "Who are you, after Hello": ["Hello", "Who are you?"],
    "Who are you": ["Who are you?"],
    "你是谁": ["你是谁"],
    "Hello": ["Hello"],
    "你好": ["你好"],
    "直辖市的天气": ["直辖市的天气"],
    "weather of the four municipalities": ["weather of the four municipalities"],
    "杭州天气": ["杭州天气"],
    "weather in Hangzhou": ["Weather in Hangzhou"],
    "a film about space": ["A film about space?"],
    "who directed it": ["A film?", "Who is its director?"],
    "消息队列": ["推荐消息队列"],
    "为什么排除 Kafka": ["推荐消息队列", "为什么不用Kafka"],
    "the products in a picture": ["Which products are in the picture?"],
    "their style": ["Which products are in the picture?", "Their style?"],
    "一元二次方程": ["求根公式"],
    "quadratic formula": ["quadratic formula?"],
    **ASKED_AT_WORK,
    **ASKED_IN_MODES,
    **ASKED_IN_TASKS,
    **ASKED_IN_TROUBLE,
    "镜子": ["讲个笑话"],
    "phone store, nothing known": ["Hi"],
    "mirror": ["Tell a joke"],
}


def tool(name: str) -> dict[str, Any]:
    parameters = {"type": "object", "properties": {"location": {"type": "string"}}}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


def rules_of(script: Script) -> str | None:
    """Return a system message that the script answers to."""
    if script.system is None:
        return None
    if "手机店" in script.system:
        return "你在手机店工作。最后请说:我已了解您的购买意向"
    return "You work at a phone store. Say: I have understood your purchase intention"


def conversation(script: Script) -> list[dict[str, str]]:
    messages = []
    if rules := rules_of(script):
        messages.append({"role": "system", "content": rules})
    for text in ASKED[script.name]:
        messages += [{"role": "user", "content": text}, {"role": "assistant", "content": "Ah."}]
    return messages[:-1]


Reply = tuple[str, str, list[Any], str, tuple[int, ...]]


def compatible_reply(answered: Answered) -> Reply:
    thinking, text, finish = "", "", ""
    calls: dict[int, Any] = {}
    *chunks, last = answered.chunks
    for chunk in chunks:
        choice = chunk["choices"][0]
        delta = choice["delta"]
        thinking += delta.get("reasoning_content") or ""
        text += delta.get("content") or ""
        merge(calls, delta.get("tool_calls") or [])
        finish = choice["finish_reason"] or finish
    usage = last["usage"]
    counts = (
        usage["prompt_tokens"],
        usage["prompt_tokens_details"]["cached_tokens"],
        usage["completion_tokens"],
        usage["completion_tokens_details"]["reasoning_tokens"],
        usage["total_tokens"],
    )
    return thinking, text, [*calls.values()], finish, counts


def native_reply(answered: Answered, *, is_incremental: bool) -> Reply:
    thinking, text = "", ""
    calls: dict[int, Any] = {}
    frames = answered.frames
    for frame in frames:
        message = frame["output"]["choices"][0]["message"]
        if not is_incremental:
            thinking, text, calls = "", "", {}
        thinking += message.get("reasoning_content", "")
        text += message["content"]
        merge(calls, message.get("tool_calls", []))
    usage = frames[-1]["usage"]
    counts = (
        usage["input_tokens"],
        usage["prompt_tokens_details"]["cached_tokens"],
        usage["output_tokens"],
        usage["output_tokens_details"]["reasoning_tokens"],
        usage["total_tokens"],
    )
    return thinking, text, [*calls.values()], choice_of(frames[-1])["finish_reason"], counts


def choice_of(frame: Any) -> Any:
    return frame["output"]["choices"][0]


def merge(calls: dict[int, Any], fragments: list[Any]) -> None:
    for fragment in fragments:
        function = fragment["function"]
        known = calls.setdefault(fragment["index"], {"id": "", "name": "", "arguments": ""})
        known["id"] += fragment["id"]
        known["name"] += function.get("name", "")
        known["arguments"] += function["arguments"]


def test_every_script_has_a_question_here() -> None:
    assert ASKED.keys() == {script.name for script in packaged()}


@pytest.mark.parametrize("thinks", [True, False])
@pytest.mark.parametrize("script", packaged(), ids=lambda script: script.name)
def test_both_dialects_give_the_same_reply(
    post: Post, native: Post, script: Script, thinks: bool
) -> None:
    messages = conversation(script)
    options: dict[str, Any] = {"enable_thinking": thinks}
    if script.calls:
        names = dict.fromkeys(call["name"] for call in script.calls)
        options |= {"tools": [tool(name) for name in names], "parallel_tool_calls": True}
    streamed = {"stream": True, "stream_options": {"include_usage": True}}
    expected = compatible_reply(post(messages, **streamed, **options))
    assert bool(expected[0]) is thinks
    assert bool(expected[2]) is bool(script.calls)
    as_messages = {**options, "result_format": "message"}
    pieces = native(messages, sse=True, incremental_output=True, **as_messages)
    assert native_reply(pieces, is_incremental=True) == expected
    if not thinks:
        whole = native(messages, sse=True, **as_messages)
        assert native_reply(whole, is_incremental=False) == expected
    once = post(messages, **options).json["choices"][0]
    calls = [
        {"id": call["id"], **call["function"]} for call in once["message"].get("tool_calls", [])
    ]
    thinking = once["message"].get("reasoning_content", "")
    assert (thinking, once["message"]["content"], calls) == expected[:3]
    output = native(messages, **as_messages).json["output"]["choices"][0]
    assert output["message"]["content"] == expected[1]
    assert output["finish_reason"] == once["finish_reason"] == expected[3]


def test_parts_and_texts_are_the_same_to_both(post: Post, native: Post) -> None:
    url = "https://example.com/x.png"
    compatible = [
        {"type": "image_url", "image_url": {"url": url}},
        {"type": "text", "text": "Hm"},
    ]
    usage = post([{"role": "user", "content": compatible}], model="qwen3-vl-plus").json["usage"]
    parts = [{"image": url}, {"text": "Hm"}]
    body = native(
        [{"role": "user", "content": parts}], model="qwen3-vl-plus", route="multimodal"
    )
    assert body.json["usage"]["input_tokens"] == usage["prompt_tokens"]
    assert body.json["usage"]["input_tokens_details"]["image_tokens"] == 16 * 16 + 2
    assert usage["prompt_tokens_details"]["image_tokens"] == 16 * 16 + 2
    text = body.json["output"]["choices"][0]["message"]["content"][0]["text"]
    assert "attached: 1 image" in text
    assert json.dumps(text) in json.dumps(body.json)
