"""Requests as they are spelled, and what a refusal means."""

import json
from typing import Any

import pytest

from qwen_nb import ApiError, AuthFailed, BadRequest, ContentRefused, RateLimited, ServerFailed
from qwen_nb.values import ChatOptions, ChatRequest, Message, Server
from qwen_nb.wire.dialects.openai import OpenAIDialect
from qwen_nb.wire.dialects.refusals import refusal_in

SERVER = Server(name="the server", key="sk-1", model_studio=True)

PLAIN = {
    "model": "qwen-plus",
    "messages": [{"role": "user", "content": "Hi"}],
    "stream": True,
    "stream_options": {"include_usage": True},
}

BODIES: dict[str, tuple[ChatOptions, dict[str, Any]]] = {
    "nothing given": (ChatOptions(), {}),
    "thinking on": (ChatOptions(thinking=True), {"enable_thinking": True}),
    "thinking off": (ChatOptions(thinking=False), {"enable_thinking": False}),
    "a budget": (
        ChatOptions(thinking=50), {"enable_thinking": True, "thinking_budget": 50}
    ),
    "a budget of one": (
        ChatOptions(thinking=1), {"enable_thinking": True, "thinking_budget": 1}
    ),
    "temperature": (ChatOptions(temperature=0.5), {"temperature": 0.5}),
    "temperature zero": (ChatOptions(temperature=0.0), {"temperature": 0.0}),
    "max_tokens": (ChatOptions(max_tokens=100), {"max_tokens": 100}),
    "other fields at the top level": (
        ChatOptions(params={"top_k": 20, "stop": ["a"]}), {"top_k": 20, "stop": ["a"]}
    ),
    "a field given by hand wins": (
        ChatOptions(thinking=True, temperature=1, params={"enable_thinking": 0, "model": "x"}),
        {"enable_thinking": 0, "temperature": 1, "model": "x"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("options", "more"), BODIES.values(), ids=BODIES)
def test_a_request_is_spelled(options: ChatOptions, more: dict[str, Any]) -> None:
    request = ChatRequest("qwen-plus", (Message("user", "Hi"),), options)
    call = OpenAIDialect().encode(request, SERVER)
    assert (call.method, call.path) == ("POST", "/chat/completions")
    assert call.body == PLAIN | more


def test_messages_keep_their_order_and_roles() -> None:
    messages = (Message("system", "s"), Message("user", "u"), Message("assistant", "a"))
    call = OpenAIDialect().encode(ChatRequest("m", messages), SERVER)
    assert call.body is not None
    assert [(m["role"], m["content"]) for m in call.body["messages"]] == [
        ("system", "s"), ("user", "u"), ("assistant", "a"),
    ]  # fmt: skip


COMPAT = {
    "error": {
        "code": "invalid_parameter_error", "param": None, "type": "invalid_request_error",
        "message": "parameter.enable_thinking must be set to false for non-streaming calls",
    },
    "id": "chatcmpl-9", "request_id": "r-9",
}  # fmt: skip
NATIVE = {"code": "InvalidApiKey", "message": "Invalid API-key provided.", "request_id": "r-9"}
THROTTLED = {"error": {"code": "insufficient_quota", "message": "Allocated quota exceeded"}}
BLOCKED = {"error": {"code": "data_inspection_failed", "message": "Input data may contain"}}
BLOCKED_WORDS = {"message": "Output data may contain inappropriate content."}

# status, body → class, code, words, request id
REFUSALS: dict[str, tuple[int, Any, type[ApiError], str, str, str]] = {
    "compatible": (400, COMPAT, BadRequest, "invalid_parameter_error", "must be set", "r-9"),
    "native": (401, NATIVE, AuthFailed, "InvalidApiKey", "Invalid API-key", "r-9"),
    "no access": (403, {"code": "access_denied"}, AuthFailed, "access_denied", "", ""),
    "unknown model": (404, {"error": {"message": "no x"}}, BadRequest, "", "no x", ""),
    "too large": (413, {"error": {"message": "big"}}, BadRequest, "", "big", ""),
    "throttled": (429, THROTTLED, RateLimited, "insufficient_quota", "Allocated", ""),
    "server": (500, {"code": "internal_error"}, ServerFailed, "internal_error", "", ""),
    "overloaded": (503, {"message": "busy"}, ServerFailed, "", "busy", ""),
    "moderation by code": (
        400, BLOCKED, ContentRefused, "data_inspection_failed", "Input data", ""
    ),
    "moderation by words": (400, BLOCKED_WORDS, ContentRefused, "", "inappropriate", ""),
    "type in place of code": (400, {"error": {"type": "t"}}, BadRequest, "t", "", ""),
    "code that is a number": (400, {"error": {"code": 7}}, BadRequest, "7", "", ""),
    "error is a text": (400, {"error": "text"}, BadRequest, "", "text", ""),
    "message alone": (400, {"message": "m"}, BadRequest, "", "m", ""),
    "detail is a text": (422, {"detail": "d"}, BadRequest, "", "d", ""),
    "detail is a list": (422, {"detail": [{"msg": "needed"}]}, BadRequest, "", "needed", ""),
    "errors": (
        400, {"errors": {"message": "ms"}, "request_id": "r-9"}, BadRequest, "", "ms", "r-9"
    ),
    "a list": (400, [1], BadRequest, "", "[1]", ""),
    "plain text": (502, b"Bad Gateway", ServerFailed, "", "Bad Gateway", ""),
    "a page": (404, b"<html><h1>Nope</h1>", BadRequest, "", "", ""),
    "nothing": (500, b"", ServerFailed, "", "", ""),
    "no UTF-8": (500, b"\xff\xfe", ServerFailed, "", "\ufffd", ""),
    "an empty object": (418, {}, BadRequest, "", "", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_means(case: tuple[int, Any, type[ApiError], str, str, str]) -> None:
    status, body, kind, code, words, request_id = case
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    error = refusal_in(raw, status, SERVER)
    assert type(error) is kind
    assert (error.status, error.code, error.request_id) == (status, code, request_id)
    assert words in str(error)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 418, 429, 500, 503])
def test_a_refusal_is_one_line_with_its_facts(status: int, language: Any) -> None:
    body = json.dumps({"error": {"code": "c-1", "message": "line one\n\nline two"}})
    message = refusal_in(body.encode(), status, SERVER).message(language)
    assert "\n" not in message
    assert all(fact in message for fact in (str(status), "c-1", "line one line"))


def test_a_servers_long_words_are_cut_short() -> None:
    error = refusal_in(b"x" * 100_000, 400, SERVER)
    assert len(str(error)) < 700
