"""Each rule of docs/protocol.md §5.2 and §5.3 that concerns chat, in both dialects."""

from typing import Any

import pytest

from qwen_nb.emulator.server import Emulator

from .conftest import Answered, Post

TOOL: dict[str, Any] = {"type": "function", "function": {"name": "f", "parameters": {}}}
FORCED = {"type": "function", "function": {"name": "f"}}
JSON = {"type": "json_object"}
BAD = (400, "invalid_parameter_error", "InvalidParameter")


def named(name: str) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name}}


def told(answered: Answered) -> tuple[int, str, str]:
    body = answered.json.get("error", answered.json)
    return answered.status, body["code"], body["message"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": 2.0}, "Temperature should be in [0.0, 2.0)"),
        ({"temperature": -1}, "Temperature should be in [0.0, 2.0)"),
        ({"top_p": 0}, "Range of top_p should be (0.0, 1.0]"),
        ({"top_p": 1.01}, "Range of top_p should be (0.0, 1.0]"),
        ({"top_p": True}, "Range of top_p should be (0.0, 1.0]"),
        ({"presence_penalty": 2.1}, "Presence_penalty should be in [-2.0, 2.0]"),
        ({"repetition_penalty": 0}, "Repetition_penalty should be greater than 0.0"),
        ({"n": 0}, "Range of n should be [1, 4]"),
        ({"n": 5}, "Range of n should be [1, 4]"),
        ({"seed": -1}, "Range of seed should be [0, "),
        ({"seed": 2**63}, "Range of seed should be [0, "),
        ({"max_tokens": 0}, "Range of max_tokens should be [1, 32768]"),
        ({"max_tokens": 32769}, "Range of max_tokens should be [1, 32768]"),
        ({"thinking_budget": 0}, "must be a positive integer and not greater than 81920"),
        ({"model": "deepseek-r1", "enable_thinking": False}, "is restricted to True."),
        (
            {"enable_thinking": True, "tools": [TOOL], "tool_choice": "required"},
            'tool_choice is one of the strings that should be ["none", "auto"]',
        ),
        (
            {"enable_thinking": True, "tools": [TOOL], "tool_choice": FORCED},
            'tool_choice is one of the strings that should be ["none", "auto"]',
        ),
        (
            {"enable_thinking": True, "response_format": JSON},
            "Json mode response is not supported when enable_thinking is true",
        ),
        (
            {"response_format": JSON},
            "'messages' must contain the word 'json' in some form, to use 'response_format'",
        ),
        ({"tools": [named("search")]}, "Tool names are not allowed to be [search]"),
        ({"tools": [named("two words")]}, "does not match"),
        ({"tools": [named("x" * 65)]}, "does not match"),
        ({"tools": [named("é")]}, "does not match"),
        ({"tools": [{"type": "function"}]}, "'name' is a required property"),
        ({"tools": "f"}, "'tools' must be a list"),
    ],
)
def test_parameters_out_of_range_are_refused(
    post: Post, native: Post, options: dict[str, Any], words: str
) -> None:
    if options.get("enable_thinking"):
        options = {**options, "result_format": "message"}
    for answered, code in (
        (post("Hello", **options), BAD[1]),
        (native("Hello", **options), BAD[2]),
    ):
        status, found, message = told(answered)
        assert (status, found) == (400, code)
        assert words in message


@pytest.mark.parametrize(
    "options",
    [
        {"temperature": 0}, {"temperature": 1.99}, {"top_p": 1}, {"presence_penalty": -2},
        {"repetition_penalty": 0.1}, {"n": 1}, {"seed": 2**31 - 1}, {"max_tokens": 32_768},
        {"tools": [named("A-z_0")]}, {"tools": [TOOL], "tool_choice": "none"}, {"seed": None},
        {"tools": [TOOL], "tool_choice": "auto", "enable_thinking": True}, {"tools": []},
    ],
)  # fmt: skip
def test_parameters_in_range_are_taken(
    post: Post, native: Post, options: dict[str, Any]
) -> None:
    assert post("Hello", **options).status == 200
    assert native("Hello", result_format="message", **options).status == 200


def test_the_two_dialects_have_their_own_range_of_seeds(post: Post, native: Post) -> None:
    assert "[0, 2147483647]" in told(post("Hello", seed=2**31))[2]
    assert native("Hello", seed=2**31).status == 200
    assert "[0, 9223372036854775807]" in told(native("Hello", seed=-1))[2]


@pytest.mark.parametrize(
    ("model", "options", "words", "native_words"),
    [
        ("qwq-plus", {}, "This model only support stream mode", "does not support http call"),
        ("qwen3-235b-a22b-thinking-2507", {}, "only support stream mode", "http call"),
        (
            "qwen3-32b", {}, "parameter.enable_thinking must be set to false for non-streaming",
            "parameter.enable_thinking only support stream call",
        ),
        (
            "qwen3-32b", {"enable_thinking": False}, "This model only support stream mode",
            "does not support http call",
        ),
    ],
)  # fmt: skip
def test_stream_only_models_refuse_one_piece(
    post: Post, native: Post, model: str, options: dict[str, Any], words: str, native_words: str
) -> None:
    assert words in told(post("Hello", model=model, **options))[2]
    assert native_words in told(native("Hello", model=model, **options))[2]
    assert native("Hello", model=model, sse=True, **options).status == 200


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (
            {"enable_thinking": True, "incremental_output": False, "result_format": "message"},
            'The incremental_output parameter must be "true" when enable_thinking is true',
        ),
        (
            {"model": "qwq-plus", "incremental_output": False},
            "The incremental_output parameter of this model cannot be set to False.",
        ),
        (
            {"enable_thinking": True},
            'The result_format parameter must be "message" when enable_thinking is true',
        ),
        (
            {"model": "qwen3-max", "enable_thinking": True, "result_format": "text"},
            'The result_format parameter must be "message" when enable_thinking is true',
        ),
    ],
)
def test_native_thinking_wants_pieces_and_messages(
    native: Post, options: dict[str, Any], words: str
) -> None:
    answered = native("Hello", sse=True, **options)
    assert answered.status == 400
    assert words.replace('"', '\\"').encode() in answered.raw


def test_qwq_ignores_the_thinking_keys(post: Post, native: Post) -> None:
    ignored = {"enable_thinking": False, "thinking_budget": -1}
    asked = {"model": "qwq-plus", **ignored}
    deltas = [
        chunk["choices"][0]["delta"] for chunk in post("Hello", stream=True, **asked).chunks
    ]
    assert any(delta["reasoning_content"] for delta in deltas)
    frame = native("Hello", sse=True, **asked).frames[0]
    assert frame["output"]["choices"][0]["message"]["reasoning_content"]


def test_an_unknown_model_has_a_spelling_of_its_own(post: Post, native: Post) -> None:
    status, code, message = told(post("Hello", model="qwen-9"))
    assert (status, code) == (404, "model_not_found")
    assert "The model qwen-9 does not exist or you do not have access to it." in message
    status, code, message = told(native("Hello", model="qwen-9"))
    assert (status, code) == (400, "InvalidParameter")
    assert "Model not exist." in message


def test_a_wrong_key_has_a_spelling_of_its_own(post: Post, native: Post) -> None:
    status, code, message = told(post("Hello", key="sk-wrong"))
    assert (status, code) == (401, "invalid_api_key")
    assert "Incorrect API key provided." in message
    status, code, message = told(native("Hello", key="sk-wrong"))
    assert (status, code) == (401, "InvalidApiKey")
    assert "Invalid API-key provided." in message


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"[]", "Required body invalid"),
        (b"{}", "you must provide a model parameter"),
        (b'{"model":"qwen-plus"}', 'Either "prompt" or "messages" must exist'),
        (b'{"model":"qwen-plus","messages":[]}', 'Either "prompt" or "messages" must exist'),
        (b'{"model":"qwen-plus","input":{}}', "cannot both be none"),
        (b'{"model":"qwen-plus","input":{"messages":[]}}', "[] is too short - 'messages'"),
        (b"[" * 100_000, "Required body invalid"),
    ],
)
def test_broken_native_bodies_are_refused(native: Post, body: bytes, words: str) -> None:
    status, code, message = told(native(body))
    assert (status, code) == (400, "InvalidParameter")
    assert words in message


def test_a_conversation_that_is_too_long_is_refused(post: Post, native: Post) -> None:
    long = "word " * 32_000
    for answered in (post(long, model="qwen-max"), native(long, model="qwen-max")):
        status, _, message = told(answered)
        assert status == 400
        assert "Range of input length should be [1, 30720]" in message


def test_the_limit_may_be_set_for_a_test(emulator: Emulator, post: Post) -> None:
    emulator.max_input["qwen-plus"] = 20
    try:
        assert post("one two").status == 200
        assert "should be [1, 20]" in told(post("word " * 20))[2]
        assert post("word " * 20, model="qwen-flash").status == 200
    finally:
        emulator.max_input.clear()
    assert Emulator(max_input={"qwen-plus": 20}).max_input == {"qwen-plus": 20}


@pytest.mark.parametrize("kind", ["json_object", "json_schema"])
def test_json_mode_answers_with_json(post: Post, kind: str) -> None:
    import json

    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"}, "age": {"type": "integer"},
            "of": {"type": "array", "items": {"type": "number"}}, "kind": {"enum": ["a", "b"]},
        },
    }  # fmt: skip
    wanted = {"type": kind, "json_schema": {"name": "x", "schema": schema}}
    content = post("As JSON", response_format=wanted).json["choices"][0]["message"]["content"]
    value = json.loads(content)
    assert "emulator" in content
    if kind == "json_schema":
        assert value == {"name": value["name"], "age": 1, "of": [1.5], "kind": "a"}
