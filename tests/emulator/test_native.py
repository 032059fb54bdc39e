import json
from typing import Any

import pytest

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator

from .conftest import Post, send

THINK = {"enable_thinking": True, "incremental_output": True, "result_format": "message"}
PART = [{"role": "user", "content": [{"text": "Hello"}]}]


@pytest.fixture
def short(emulator: Emulator) -> None:
    emulator.script(Script(name="short", asks="^short$", thinking="Well, 好", answer="Hi 你"))


def test_frames_are_those_of_the_documents_byte_for_byte(native: Post, short: None) -> None:
    answered = native("short", sse=True, **THINK)
    id_ = answered.headers["x-request-id"]
    assert answered.headers["content-type"].startswith("text/event-stream")

    def frame(number: int, thinking: str, text: str, said: int, thought: int, end: str) -> str:
        return (
            f"id:{number}\nevent:result\n:HTTP_STATUS/200\n"
            'data:{"output":{"choices":[{"message":'
            f'{{"content":"{text}","reasoning_content":"{thinking}","role":"assistant"}},'
            f'"finish_reason":"{end}"}}]}},"usage":{{"total_tokens":{9 + said},'
            f'"input_tokens":9,"output_tokens":{said},'
            f'"output_tokens_details":{{"reasoning_tokens":{thought}}},'
            '"prompt_tokens_details":{"cached_tokens":0}},'
            f'"request_id":"{id_}"}}\n\n'
        )

    assert answered.raw.decode() == (
        frame(1, "Well", "", 3, 1, "null")
        + frame(2, ",", "", 4, 2, "null")
        + frame(3, " ", "", 5, 3, "null")
        + frame(4, "好", "", 6, 4, "null")
        + frame(5, "", "Hi", 9, 4, "null")
        + frame(6, "", " ", 10, 4, "null")
        + frame(7, "", "你", 11, 4, "null")
        + frame(8, "", "", 11, 4, "stop")
    )


def test_without_incremental_output_each_frame_has_everything_so_far(
    native: Post, short: None
) -> None:
    for options in ({}, {"incremental_output": False}):
        frames = native("short", sse=True, result_format="message", **options).frames
        messages = [frame["output"]["choices"][0]["message"] for frame in frames]
        assert [message["content"] for message in messages] == ["Hi", "Hi ", "Hi 你", "Hi 你"]
        assert all("reasoning_content" not in message for message in messages)


def test_thinking_comes_in_pieces_even_if_nobody_asks_for_them(native: Post) -> None:
    frames = native("Hello", sse=True, enable_thinking=True, result_format="message").frames
    assert len(frames[5]["output"]["choices"][0]["message"]["reasoning_content"]) < 10


def test_plain_text_is_the_usual_format_of_older_models(native: Post, short: None) -> None:
    frames = native("short", sse=True).frames
    assert [frame["output"] for frame in frames] == [
        {"text": "Hi", "finish_reason": "null"},
        {"text": "Hi ", "finish_reason": "null"},
        {"text": "Hi 你", "finish_reason": "null"},
        {"text": "Hi 你", "finish_reason": "stop"},
    ]
    assert native("short").json["output"] == {"text": "Hi 你", "finish_reason": "stop"}
    for model in ("qwen3-max", "qwen3.7-max"):
        output = native("short", model=model, enable_thinking=False).json["output"]
        assert output["choices"][0]["message"]["content"] == "Hi 你"


def test_an_answer_in_one_piece_has_thinking_and_usage(native: Post, short: None) -> None:
    body = native("short", enable_thinking=True, result_format="message").json
    assert body.keys() == {"output", "usage", "request_id"}
    assert body["output"] == {
        "choices": [
            {
                "message": {
                    "content": "Hi 你",
                    "reasoning_content": "Well, 好",
                    "role": "assistant",
                },
                "finish_reason": "stop",
            }
        ]
    }
    assert body["usage"]["output_tokens_details"] == {"reasoning_tokens": 4}


def test_the_multimodal_route_has_lists_and_none_while_thinking(native: Post) -> None:
    frames = native(
        PART, sse=True, route="multimodal", model="qwen3.5-plus", incremental_output=True
    ).frames
    messages = [frame["output"]["choices"][0]["message"] for frame in frames]
    assert messages[0]["content"] == []
    assert messages[0]["reasoning_content"] == "A"
    assert messages[-2]["content"] == [{"text": "?"}]
    assert messages[-1]["content"] == []
    body = native(PART, route="multimodal", model="qwen3-vl-plus").json
    (part,) = body["output"]["choices"][0]["message"]["content"]
    assert part["text"].startswith("Hello!")


def test_a_prompt_will_do_for_messages(native: Post) -> None:
    body = json.dumps({"model": "qwen-plus", "input": {"prompt": "Hello"}}).encode()
    assert native(body).json == {
        **native("Hello").json, "request_id": native(body).json["request_id"]
    }  # fmt: skip


@pytest.mark.parametrize(
    ("model", "route", "fits"),
    [
        ("qwen-plus", "text", True),
        ("qwen-plus", "multimodal", False),
        ("qwen3.5-plus", "text", False),
        ("qwen3.5-plus", "multimodal", True),
        ("qwen3-vl-plus", "text", False),
        ("qwen3.7-plus", "text", True),
        ("qwen3.7-plus", "multimodal", True),
        ("qwen3.7-max", "multimodal", False),
    ],
)
def test_each_model_has_its_route(native: Post, model: str, route: str, fits: bool) -> None:
    answered = native("Hello", model=model, route=route)
    assert answered.status == (200 if fits else 400)
    if not fits:
        assert answered.json["code"] == "InvalidParameter"
        assert answered.json["message"].startswith("url error, please check url")


@pytest.mark.parametrize("sse", [False, True])
def test_errors_come_as_events_where_events_were_asked_for(native: Post, sse: bool) -> None:
    answered = native("Hello", sse=sse, temperature=9)
    assert answered.status == 400
    error = {
        "code": "InvalidParameter",
        "message": "Temperature should be in [0.0, 2.0) (qwen_nb emulator)",
        "request_id": answered.headers["x-request-id"],
    }
    if not sse:
        assert answered.json == error
        return
    assert answered.headers["content-type"].startswith("text/event-stream")
    head, _, data = answered.raw.decode().partition("data:")
    assert head == "id:1\nevent:error\n:HTTP_STATUS/400\n"
    assert json.loads(data) == error


def test_a_refusal_can_come_inside_a_stream(native: Post) -> None:
    answered = native(
        "Hello", sse=True, route="multimodal", headers={"X-Emulator-Fault": "refusal-in-stream"}
    )
    assert answered.status == 200
    assert b"event:error\n:HTTP_STATUS/400\ndata:" in answered.raw
    assert b"url error" in answered.raw


@pytest.mark.parametrize("slashes", ["/", "//"])
def test_a_base_address_may_end_with_a_slash(emulator: Emulator, slashes: str) -> None:
    url = f"{emulator.dashscope_base_url}{slashes}services/aigc/text-generation/generation"
    body = b'{"model":"qwen-plus","input":{"prompt":"Hello"}}'
    answered = send(url, body, {"Authorization": f"Bearer {emulator.key}"})
    assert answered.status == 200
    assert slashes in emulator.journal[-1].path.removeprefix("/api/v1")


def test_nothing_else_is_there_and_it_says_so_in_its_dialect(emulator: Emulator) -> None:
    answered = send(f"{emulator.dashscope_base_url}/tasks", b"{}", {})
    assert (answered.status, answered.json["code"]) == (404, "NotFound")


def test_the_same_request_gets_the_same_bytes(native: Post) -> None:
    def once() -> Any:
        answered = native("Hello", sse=True, **THINK)
        return answered.raw, answered.headers

    assert once() == once()
