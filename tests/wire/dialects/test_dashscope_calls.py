"""Requests in the native protocol's spelling (docs/protocol.md §1.3, §1.5, §2, §2.3)."""

import json
from typing import Any

import pytest

from qwen_nb.errors import BadEvent
from qwen_nb.values import ChatOptions, ChatRequest, Content, Message, ToolCall
from qwen_nb.wire.dialects.dashscope import DashScopeDialect
from qwen_nb.wire.dialects.refusals import refusal_in

from ._reading import SERVER

TEXT = "/services/aigc/text-generation/generation"
MULTIMODAL = "/services/aigc/multimodal-generation/generation"
IMAGE = {"type": "image_url", "image_url": {"url": "https://x/y.png", "detail": "low"}}


def encoded(
    model: str = "qwen-plus", *messages: Message, **options: Any
) -> tuple[str, dict[str, Any]]:
    request = ChatRequest(model, messages or (Message("user", "Hi"),), ChatOptions(**options))
    call = DashScopeDialect().encode(request, SERVER)
    assert call.body is not None
    json.dumps(call.body)
    return call.path, dict(call.body)


def test_a_plain_question() -> None:
    call = DashScopeDialect().encode(ChatRequest("qwen-plus", (Message("user", "Hi"),)), SERVER)
    assert (call.method, call.path) == ("POST", TEXT)
    assert call.headers["X-DashScope-SSE"] == "enable"
    assert call.body == {
        "model": "qwen-plus",
        "input": {"messages": [{"role": "user", "content": "Hi"}]},
        "parameters": {"result_format": "message", "incremental_output": True},
    }


SEARCH = {"top_k": 20, "enable_search": True, "search_options": {"forced_search": True}}

OPTIONS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "thinking": ({"thinking": True}, {"enable_thinking": True}),
    "no thinking": ({"thinking": False}, {"enable_thinking": False}),
    "a budget": ({"thinking": 50}, {"enable_thinking": True, "thinking_budget": 50}),
    "sampling": ({"temperature": 0.0, "max_tokens": 9}, {"temperature": 0.0, "max_tokens": 9}),
    "other fields": ({"params": SEARCH}, SEARCH),
    "a field given by hand wins": (
        {"thinking": True, "params": {"enable_thinking": False}}, {"enable_thinking": False},
    ),
    "fields of the other dialect": (
        {"params": {"stream": True, "stream_options": {"include_usage": True}}}, {},
    ),
    "parameters given as such": ({"params": {"parameters": {"top_k": 2}}}, {"top_k": 2}),
}  # fmt: skip


@pytest.mark.parametrize(("options", "more"), OPTIONS.values(), ids=OPTIONS)
def test_options_are_parameters(options: dict[str, Any], more: dict[str, Any]) -> None:
    _, body = encoded(**options)
    plain = {"result_format": "message", "incremental_output": True}
    assert body["parameters"] == plain | more
    assert body.keys() == {"model", "input", "parameters"}


def test_fields_of_the_input_go_there() -> None:
    _, body = encoded(params={"prompt": "p", "model": "other", "input": {"x": 1}})
    assert body["model"] == "other"
    assert body["input"] == {
        "messages": [{"role": "user", "content": "Hi"}], "prompt": "p", "x": 1,
    }  # fmt: skip


ROUTES = {
    "qwen-plus": TEXT, "qwen3-max": TEXT, "qwq-32b": TEXT, "qwen3.7-max": TEXT,
    "qwen3-32b": TEXT, "deepseek-v3.2": TEXT, "qwen3-coder-plus": TEXT, "unknown": TEXT,
    "qwen3.5-plus": MULTIMODAL, "qwen3.6-flash": MULTIMODAL, "qwen3.6-35b-a3b": MULTIMODAL,
    "qwen3-vl-plus": MULTIMODAL, "qvq-max": MULTIMODAL, "qwen-vl-ocr": MULTIMODAL,
    "qwen3-omni-30b-a3b-captioner": MULTIMODAL,
}  # fmt: skip


@pytest.mark.parametrize(("model", "path"), ROUTES.items())
def test_a_model_has_its_route(model: str, path: str) -> None:
    assert encoded(model)[0] == path


def test_a_route_that_is_known_is_taken() -> None:
    dialect = DashScopeDialect({"qwen-plus": "multimodal"})
    assert dialect.route("qwen-plus") == "multimodal"
    assert dialect.route("qwen-flash") == "text"


def test_an_image_wants_the_multimodal_route() -> None:
    path, _ = encoded("unknown", Message("user", (IMAGE,)))
    assert path == MULTIMODAL


def test_the_other_route_is_remembered_for_its_model() -> None:
    dialect = DashScopeDialect()
    request = ChatRequest("qwen3.7-plus", (Message("user", "Hi"),))
    assert dialect.encode(request, SERVER).path == TEXT
    assert dialect.take_other_route("qwen3.7-plus") == "multimodal"
    assert dialect.encode(request, SERVER).path == MULTIMODAL
    assert dialect.route("qwen-plus") == "text"
    assert dialect.take_other_route("qwen3.7-plus") == "text"


URL_ERRORS = [
    (400, "url error, please check url！", True),
    (400, "<400> InternalError.Algo.InvalidParameter: URL Error", True),
    (200, "Url error", True),
    (400, "no", False),
    (404, "url error", False),
    (500, "url error", False),
]


@pytest.mark.parametrize(("status", "words", "is_wrong"), URL_ERRORS)
def test_a_wrong_route_is_known_by_its_words(status: int, words: str, is_wrong: bool) -> None:
    dialect = DashScopeDialect()
    body = json.dumps({"code": "InvalidParameter", "message": words}).encode()
    assert dialect.is_wrong_route(refusal_in(body, status, SERVER)) is is_wrong


def test_an_error_of_ours_is_no_wrong_route() -> None:
    error = BadEvent("error.bad_event", begins="url error")
    assert not DashScopeDialect().is_wrong_route(error)


ROUND = (
    Message("user", "Weather?"),
    Message("assistant", None, (ToolCall("c-1", "f", '{"a":1}'), ToolCall("c-2", "g", "")),
            thinking="Hm"),
    Message("tool", "sunny", tool_call_id="c-1"),
    Message("tool", "rain", tool_call_id="c-2"),
)  # fmt: skip

CALLS = [
    {"id": "c-1", "type": "function", "index": 0,
     "function": {"name": "f", "arguments": '{"a":1}'}},
    {"id": "c-2", "type": "function", "index": 1, "function": {"name": "g", "arguments": "{}"}},
]  # fmt: skip


def test_a_tool_round_as_the_text_route_wants_it() -> None:
    _, body = encoded("qwen-plus", *ROUND)
    assert body["input"]["messages"] == [
        {"role": "user", "content": "Weather?"},
        {"role": "assistant", "content": "", "reasoning_content": "Hm", "tool_calls": CALLS},
        {"role": "tool", "content": "sunny", "tool_call_id": "c-1"},
        {"role": "tool", "content": "rain", "tool_call_id": "c-2"},
    ]


def test_every_content_is_a_list_on_the_multimodal_route() -> None:
    _, body = encoded("qwen3.5-plus", Message("system", "s"), *ROUND)
    contents = [message["content"] for message in body["input"]["messages"]]
    assert contents == [
        [{"text": "s"}], [{"text": "Weather?"}], [{"text": ""}], [{"text": "sunny"}],
        [{"text": "rain"}],
    ]  # fmt: skip


PARTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "text": ({"type": "text", "text": "a"}, {"text": "a"}),
    "cached text": (
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        {"text": "a", "cache_control": {"type": "ephemeral"}},
    ),
    "image": (IMAGE, {"image": "https://x/y.png"}),
    "image as a text": ({"type": "image_url", "image_url": "u", "max_pixels": 9},
                        {"image": "u", "max_pixels": 9}),
    "video": ({"type": "video_url", "video_url": {"url": "u"}, "fps": 2},
              {"video": "u", "fps": 2}),
    "frames": ({"type": "video", "video": ["u", "v"]}, {"video": ["u", "v"]}),
    "audio": ({"type": "input_audio", "input_audio": {"data": "data:;base64,eA==",
               "format": "mp3"}}, {"audio": "data:;base64,eA=="}),
    "native already": ({"image": "u"}, {"image": "u"}),
    "unknown": ({"type": "x", "x": 1}, {"type": "x", "x": 1}),
}  # fmt: skip


@pytest.mark.parametrize(("part", "spelled"), PARTS.values(), ids=PARTS)
def test_a_part_in_native_spelling(part: dict[str, Any], spelled: dict[str, Any]) -> None:
    _, body = encoded("qwen3-vl-plus", Message("user", (part,)))
    assert body["input"]["messages"][0]["content"] == [spelled]


CACHED = {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}}
TEXT_CONTENTS: list[tuple[Content, Any]] = [
    (({"type": "text", "text": "a"}, {"text": "b"}), "ab"),
    ((CACHED,), [CACHED]),
    (None, ""),
    ((), ""),
]


@pytest.mark.parametrize(("content", "spelled"), TEXT_CONTENTS)
def test_a_content_on_the_text_route(content: Content, spelled: Any) -> None:
    _, body = encoded("qwen-plus", Message("assistant", content))
    assert body["input"]["messages"][0]["content"] == spelled


@pytest.mark.parametrize("model", ["qwen-plus", "qwen3.5-plus"])
def test_the_beginning_of_the_answer_is_marked(model: str) -> None:
    _, body = encoded(model, Message("user", "q"), Message("assistant", "def", partial=True))
    assert body["input"]["messages"][-1]["partial"] is True
