import base64
from typing import Any

import pytest

from .conftest import Post
from .test_rules_both import told

USER = {"role": "user", "content": "Hello"}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
OTHER = {**CALL, "id": "call_2"}
CALLS = {"role": "assistant", "content": "", "tool_calls": [CALL, OTHER]}
RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "42"}
SECOND = {"role": "tool", "tool_call_id": "call_2", "content": "43"}
BROKEN = {**CALL, "function": {"name": "f", "arguments": '{"a" 1}'}}


@pytest.mark.parametrize(
    ("messages", "status", "words"),
    [
        (["hi"], 400, "'messages' must be a list of objects"),
        ([{"role": "boss", "content": "x"}], 400, "'boss' is not one of"),
        ([{"content": "x"}], 400, "None is not one of"),
        ([{"role": "user"}], 400, "The content field is a required field."),
        ([{"role": "user", "content": None}], 400, "The content field is a required field."),
        ([USER, {"role": "assistant", "content": "x"}], 500, "list index out of range"),
        ([{"role": "system", "content": "x"}], 500, "list index out of range"),
        ([USER, RESULT], 400, 'Messages with role "tool" must be a response to a preceding'),
        ([USER, CALLS, RESULT, RESULT], 400, 'Messages with role "tool" must be a response'),
        ([USER, CALLS, RESULT], 400, "must be followed by tool messages"),
        ([USER, CALLS, USER], 400, "must be followed by tool messages"),
        ([USER, CALLS, RESULT, USER], 400, "did not have response messages: call_2"),
        (
            [USER, {**CALLS, "tool_calls": [BROKEN]}, RESULT, USER], 500,
            "Expecting ':' delimiter",
        ),
        (
            [USER, {**CALLS, "tool_calls": [{"id": "x"}]}, USER], 400,
            "'tool_calls' must be a list of objects",
        ),
        ([{"role": "user", "content": [{"image": "x"}]}], 400, "content must be a string"),
        (
            [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}],
            400, "input content must be a string.",
        ),
        ([{"role": "user", "content": [{"smell": "x"}]}], 400, "Unexpected item type"),
        ([{"role": "user", "content": ["x"]}], 400, "Unexpected item type in content"),
    ],
)  # fmt: skip
def test_a_conversation_that_does_not_fit_is_refused(
    post: Post, native: Post, messages: list[Any], status: int, words: str
) -> None:
    for answered in (post(messages), native(messages)):
        found, _, message = told(answered)
        assert found == status
        assert words in message


def test_a_bad_part_has_a_code_of_its_own(native: Post) -> None:
    messages = [{"role": "user", "content": [{"smell": "x"}]}]
    assert told(native(messages))[1] == "InternalError.Algo.InvalidParameter"


@pytest.mark.parametrize(
    "messages",
    [
        [USER, CALLS, RESULT, SECOND],
        [USER, CALLS, SECOND, RESULT, USER],
        [USER, {**CALLS, "content": None}, RESULT, SECOND],
        [USER, USER],
        [{"role": "system", "content": "x"}, USER],
        [
            USER,
            {"role": "assistant", "content": "Hi", "refusal": None, "tool_calls": None},
            USER,
        ],
        [{"role": "user", "content": [{"type": "text", "text": "Hello"}]}],
        [{"role": "user", "content": [{"text": "Hello"}]}],
        [{"role": "user", "content": ""}],
    ],
)
def test_a_conversation_that_fits_is_taken(
    post: Post, native: Post, messages: list[Any]
) -> None:
    assert post(messages).status == 200
    assert native(messages).status == 200


@pytest.mark.parametrize(
    ("model", "preserve", "counted"),
    [
        ("qwen3.7-max", True, True),
        ("qwen3.7-max", False, False),
        ("qwen3.7-max", None, False),
        ("qwen-plus", True, False),
    ],
)
def test_thinking_in_the_history_counts_where_it_is_preserved(
    post: Post, model: str, preserve: bool | None, counted: bool
) -> None:
    def prompt_tokens(**more: str) -> int:
        messages = [USER, {"role": "assistant", "content": "Hi", **more}, USER]
        answered = post(messages, model=model, preserve_thinking=preserve)
        return int(answered.json["usage"]["prompt_tokens"])

    extra = prompt_tokens(reasoning_content="one two three") - prompt_tokens()
    assert extra == (3 if counted else 0)


@pytest.mark.parametrize(
    ("model", "url", "tokens"),
    [
        ("qwen3-vl-plus", "https://example.com/cat.jpg", 258),
        ("qwen3-vl-plus", "data:image/png;base64,!", 258),
        ("qwen3-vl-plus", "png 640x320", 20 * 10 + 2),
        ("qwen3-vl-plus", "png 641x1", 21 * 1 + 2),
        ("qvq-max", "png 280x28", 10 * 1 + 2),
    ],
)
def test_a_picture_has_tokens_and_is_mirrored(
    post: Post, model: str, url: str, tokens: int
) -> None:
    if url.startswith("png "):
        width, height = map(int, url[4:].split("x"))
        sides = width.to_bytes(4, "big") + height.to_bytes(4, "big")
        raw = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + sides + b"\x08\x06\0\0\0" + b"\0" * 50
        url = "data:image/png;base64," + base64.b64encode(raw).decode()
    part = {"type": "image_url", "image_url": {"url": url}}
    text = {"type": "text", "text": "And this?"}
    streamed = {"stream": True, "stream_options": {"include_usage": True}}
    answered = post([{"role": "user", "content": [part, text]}], model=model, **streamed)
    details = answered.chunks[-1]["usage"]["prompt_tokens_details"]
    assert details["image_tokens"] == tokens
    said = "".join(
        chunk["choices"][0]["delta"]["content"] or "" for chunk in answered.chunks[:-1]
    )
    assert "attached: 1 image\n" in said + "\n"


def partial(prefix: str) -> list[Any]:
    last = {"role": "assistant", "content": prefix, "partial": True}
    return [{"role": "user", "content": "9.9 or 9.11?"}, last]


def test_an_answer_goes_on_from_its_prefix(post: Post, native: Post) -> None:
    whole = post("9.9 or 9.11?", enable_thinking=True).json["choices"][0]["message"]["content"]
    rest = post(partial(whole[:20])).json["choices"][0]["message"]["content"]
    assert whole[:20] + rest == whole
    assert native(partial(whole[:20])).json["output"]["text"] == rest


def test_a_prefix_of_somebody_else_is_not_repeated(post: Post) -> None:
    rest = post(partial("I say")).json["choices"][0]["message"]["content"]
    assert "I say" not in rest
    assert "emulator" in rest


def test_a_prefix_is_refused_while_thinking(post: Post, native: Post) -> None:
    assert "partial" in told(post(partial("x"), enable_thinking=True))[2]
    thinking = {"enable_thinking": True, "result_format": "message"}
    assert "partial" in told(native(partial("x"), **thinking))[2]


def test_a_part_is_counted_with_its_tools(post: Post) -> None:
    tool = {"type": "function", "function": {"name": "f", "parameters": {}}}
    plain = post("Hello").json["usage"]["prompt_tokens"]
    assert post("Hello", tools=[tool]).json["usage"]["prompt_tokens"] > plain + 10
