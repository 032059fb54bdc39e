import json
from typing import Any

import openai
import pytest

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.emulator.tokens import count

from .conftest import Post

QUESTION = "Which is larger, 9.9 or 9.11?"
STREAM = {"stream": True, "stream_options": {"include_usage": True}}


def ask(client: openai.OpenAI, *said: str, **options: Any) -> Any:
    roles = ("user", "assistant")
    return client.chat.completions.create(
        model=options.pop("model", "qwen-plus"),
        messages=[{"role": roles[at % 2], "content": text} for at, text in enumerate(said)],
        extra_body=options,
    )  # type: ignore[call-overload]


def test_the_sdk_streams_thinking_then_answer_then_usage(client: openai.OpenAI) -> None:
    thinking, answer, usage = "", "", None
    for chunk in client.chat.completions.create(
        model="qwen-plus",
        messages=[{"role": "user", "content": QUESTION}],
        stream=True,
        stream_options={"include_usage": True},
        extra_body={"enable_thinking": True},
    ):
        if not chunk.choices:
            usage = chunk.usage
            continue
        delta = chunk.choices[0].delta
        thought = getattr(delta, "reasoning_content", None)
        assert not (thought and answer), "thinking after the answer began"
        thinking += thought or ""
        answer += delta.content or ""
    assert "tenths" in thinking
    assert answer.startswith("**9.9 is larger.**")
    assert "| decimals | 9.9 |" in answer
    assert usage is not None
    assert usage.completion_tokens_details is not None
    assert usage.completion_tokens_details.reasoning_tokens == count(thinking)
    assert usage.completion_tokens == count(thinking) + count(answer) + 4
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_frames_are_those_of_the_documents(post: Post) -> None:
    answered = post(QUESTION, enable_thinking=True, **STREAM)
    assert answered.headers["content-type"].startswith("text/event-stream")
    first, second, *_, last, usage = answered.chunks
    assert first["choices"][0]["delta"] == {
        "content": None, "role": "assistant", "reasoning_content": "",
    }  # fmt: skip
    assert second["choices"][0]["delta"] == {"content": None, "reasoning_content": "The"}
    assert last["choices"][0]["delta"] == {"content": "", "reasoning_content": None}
    assert last["choices"][0]["finish_reason"] == "stop"
    assert usage["choices"] == []
    assert {chunk["id"] for chunk in answered.chunks} == {
        "chatcmpl-" + answered.headers["x-request-id"]
    }
    assert len({chunk["created"] for chunk in answered.chunks}) == 1
    assert all(chunk["usage"] is None for chunk in answered.chunks[:-1])


def test_usage_is_streamed_only_when_asked_for(post: Post) -> None:
    chunks = post("Hello", stream=True).chunks
    assert all(chunk["choices"] and chunk["usage"] is None for chunk in chunks)


def test_chinese_is_sent_as_it_is(post: Post) -> None:
    raw = post("9.9和9.11谁大", enable_thinking=True, stream=True).raw
    assert "较".encode() in raw
    assert b"\\u" not in raw


def test_the_same_request_gets_the_same_bytes_at_any_pace(
    emulator: Emulator, post: Post
) -> None:
    def once() -> tuple[bytes, dict[str, str]]:
        answered = post("Hello", enable_thinking=True, **STREAM)
        return answered.raw, answered.headers

    fast = once()
    assert once() == fast
    emulator.pace = 0.001
    assert once() == fast
    assert post("Hello.", enable_thinking=True, **STREAM).headers != fast[1]


def test_an_answer_in_one_piece_equals_the_streamed_one(
    client: openai.OpenAI, post: Post
) -> None:
    completion = ask(client, QUESTION, enable_thinking=True)
    deltas = [
        chunk["choices"][0]["delta"]
        for chunk in post(QUESTION, enable_thinking=True, stream=True).chunks
    ]
    message = completion.choices[0].message
    assert message.content == "".join(delta["content"] or "" for delta in deltas)
    assert message.reasoning_content == "".join(
        delta["reasoning_content"] or "" for delta in deltas
    )


def test_a_budget_cuts_the_thinking_and_the_answer_follows_whole(
    client: openai.OpenAI,
) -> None:
    whole = ask(client, QUESTION, enable_thinking=True)
    cut = ask(client, QUESTION, enable_thinking=True, thinking_budget=50)
    thinking = cut.choices[0].message.reasoning_content
    assert cut.usage.completion_tokens_details.reasoning_tokens == 50
    assert count(thinking) == 50
    assert whole.choices[0].message.reasoning_content.startswith(thinking)
    assert cut.choices[0].message.content == whole.choices[0].message.content
    assert cut.choices[0].finish_reason == "stop"


def test_max_tokens_limits_the_answer_only(client: openai.OpenAI) -> None:
    completion = ask(client, QUESTION, enable_thinking=True, max_tokens=5)
    assert count(completion.choices[0].message.content) == 5
    assert completion.choices[0].finish_reason == "length"
    assert completion.usage.completion_tokens_details.reasoning_tokens > 100


@pytest.mark.parametrize(
    ("options", "thinking"),
    [
        ({}, "thinking: off"),
        ({"enable_thinking": True}, "thinking: on (budget: no limit)"),
        ({"enable_thinking": True, "thinking_budget": 9}, "thinking: on (budget: 9 tokens)"),
    ],
)
def test_an_unscripted_question_is_mirrored(
    client: openai.OpenAI, options: dict[str, Any], thinking: str
) -> None:
    completion = ask(client, "Sing a song", "La la", "Once more", model="qwen3-max", **options)
    answer = completion.choices[0].message.content
    assert "emulator" in answer
    assert "no model" in answer
    for fact in ("`qwen3-max`", "turn: 2", "“Sing a song”", thinking):
        assert fact in answer


def test_a_chinese_question_is_mirrored_in_chinese(client: openai.OpenAI) -> None:
    said = "请写一首关于西湖春天的诗" * 4
    answer = ask(client, said, enable_thinking=True).choices[0].message.content
    assert "不是模型" in answer
    assert f"“{said[:40]} …”" in answer


def test_a_follow_up_knows_the_first_question(client: openai.OpenAI) -> None:
    completion = ask(client, QUESTION, "9.9", "What did I ask first?")
    assert QUESTION in completion.choices[0].message.content


def test_content_may_be_a_list_of_text_parts(client: openai.OpenAI, post: Post) -> None:
    parts = [{"type": "text", "text": "Hel"}, {"type": "text", "text": "lo"}]
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": parts}]}
    listed = post(json.dumps(body).encode()).json
    plain = post("Hello").json
    assert listed["choices"] == plain["choices"]
    assert listed["usage"]["completion_tokens"] == plain["usage"]["completion_tokens"]


def test_a_long_history_is_cached_up_to_the_last_question(client: openai.OpenAI) -> None:
    short = ask(client, "Hello", "Hi", "Who are you?")
    long = ask(client, "Hello", "啊" * 300, "Who are you?")
    assert short.usage.prompt_tokens_details.cached_tokens == 0
    assert long.usage.prompt_tokens_details.cached_tokens == 1 + 5 + 300 + 5
    assert long.usage.prompt_tokens == 311 + 4 + 5 + 3


def test_half_a_surrogate_pair_does_not_break_the_answer(post: Post) -> None:
    body = rb'{"model":"qwen-plus","messages":[{"role":"user","content":"x \ud83d y"}]}'
    assert "“x ? y”" in post(body).json["choices"][0]["message"]["content"]


def test_an_added_script_comes_before_the_packaged_ones() -> None:
    with Emulator(key="sk-mine", pace=0) as emulator:
        emulator.script(Script(name="old", asks="^hello", answer="one", thinking="hm"))
        emulator.script(Script(name="new", asks="^hello", answer="two {{turns}}"))
        with openai.OpenAI(
            base_url=emulator.openai_base_url, api_key="sk-mine", max_retries=0,
            http_client=openai.DefaultHttpxClient(trust_env=False),
        ) as client:  # fmt: skip
            message = ask(client, "Hello", enable_thinking=True).choices[0].message
    assert message.content == "two 1"
    assert message.reasoning_content == ""
