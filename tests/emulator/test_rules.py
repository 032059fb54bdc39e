from typing import Any

import openai
import pytest

from .conftest import Answered, Post

STREAM = {"stream": True}


def message(answered: Answered) -> str:
    assert answered.status == 400
    error = answered.json["error"]
    assert error["code"] == "invalid_parameter_error"
    return str(error["message"])


def test_a_wrong_key_is_an_authentication_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key") as caught:
        client.with_options(api_key="sk-wrong").chat.completions.create(
            model="qwen-plus", messages=[{"role": "user", "content": "Hello"}]
        )
    assert caught.value.code == "invalid_api_key"


def test_error_bodies_have_the_documented_shape(post: Post) -> None:
    answered = post("Hello", key="sk-wrong")
    error = answered.json["error"]
    assert answered.json.keys() == {"error", "request_id"}
    assert error.keys() == {"message", "type", "param", "code"}
    assert error["type"] == "invalid_request_error"
    assert error["param"] is None
    assert answered.headers["x-request-id"] == answered.json["request_id"]
    assert "emulator" in error["message"]
    assert "127.0.0.1" not in answered.raw.decode()


def test_an_unknown_model_is_not_found(client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="The model qwen-9 does not exist") as caught:
        client.chat.completions.create(
            model="qwen-9", messages=[{"role": "user", "content": "Hello"}]
        )
    assert caught.value.code == "model_not_found"


def test_a_stream_only_model_refuses_one_piece(client: openai.OpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="only support stream mode"):
        client.chat.completions.create(
            model="qwq-plus", messages=[{"role": "user", "content": "Hello"}]
        )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"hello", "Required body invalid"),
        (b"[]", "Required body invalid"),
        (b"\xff", "Required body invalid"),
        (b"{}", "model"),
        (b'{"model":"qwen-plus"}', "'messages' is a required property"),
        (b'{"model":"qwen-plus","messages":[]}', "[] is too short - 'messages'"),
        (b'{"model":"qwen-plus","messages":["hi"]}', "'messages' must be a list"),
        (b'{"model":"qwen-plus","messages":[{"role":"user"}]}', "content field is a required"),
    ],
)
def test_broken_bodies_are_refused(post: Post, body: bytes, words: str) -> None:
    assert words in message(post(body))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"temperature": 2}, "Temperature should be in [0.0, 2.0)"),
        ({"temperature": -0.1}, "Temperature should be in [0.0, 2.0)"),
        ({"temperature": "hot"}, "Temperature should be in [0.0, 2.0)"),
        ({"thinking_budget": 0}, "must be a positive integer and not greater than 81920"),
        ({"thinking_budget": 1.5}, "must be a positive integer"),
        ({"thinking_budget": True}, "must be a positive integer"),
        ({"thinking_budget": 81921}, "must be a positive integer"),
        ({"max_tokens": 0}, "Range of max_tokens should be [1, 32768]"),
        ({"model": "deepseek-r1", "enable_thinking": False}, "is restricted to True."),
    ],
)
def test_values_out_of_range_are_refused(
    post: Post, options: dict[str, Any], words: str
) -> None:
    assert words in message(post("Hello", **options))


@pytest.mark.parametrize("path", ["/completions", "/models/qwen-plus", "/../../x", ""])
def test_anything_else_is_not_found(post: Post, path: str) -> None:
    answered = post("Hello", path=path)
    assert answered.status == 404
    assert answered.json["error"]["code"] == "not_found"


def test_the_list_of_models_has_the_ones_people_ask_for(client: openai.OpenAI) -> None:
    ids = {model.id for model in client.models.list()}
    assert ids >= {
        "qwen-plus", "qwen-flash", "qwen-max", "qwen3-max", "qwq-plus", "qwq-32b",
        "qwen3-32b", "qwen-plus-2025-04-28", "deepseek-r1",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("model", "options", "thinks"),
    [
        ("qwen-plus", {}, False),
        ("qwen-plus", {"enable_thinking": True}, True),
        ("qwen3.5-plus", {}, True),
        ("qwen3.5-plus", {"enable_thinking": False}, False),
        ("qwen3-32b", {}, True),
        ("deepseek-r1", {}, True),
        ("qwq-plus", {"enable_thinking": False, "thinking_budget": -1}, True),
        ("qwen-max", {"enable_thinking": True}, False),
    ],
)
def test_thinking_follows_switch_and_model(
    post: Post, model: str, options: dict[str, Any], thinks: bool
) -> None:
    chunks = post("Hello", model=model, **STREAM, **options).chunks
    thought = [chunk["choices"][0]["delta"].get("reasoning_content") for chunk in chunks]
    assert any(thought) is thinks


@pytest.mark.parametrize(
    ("said", "thinks"),
    [
        (["Who are you/no_think"], False),
        (["Who are you /no_think"], False),
        (["/no_think Hello", "Who are you"], False),
        (["Hello /no_think", "Who are you /think"], True),
        (["see /no_think/readme"], True),
    ],
)
def test_the_latest_soft_switch_wins(
    client: openai.OpenAI, said: list[str], thinks: bool
) -> None:
    completion = client.chat.completions.create(
        model="qwen-plus-2025-04-28",
        messages=[{"role": "user", "content": text} for text in said],
        extra_body={"enable_thinking": True},
    )
    assert bool(getattr(completion.choices[0].message, "reasoning_content", "")) is thinks


def test_a_soft_switch_is_no_part_of_the_question(post: Post) -> None:
    answered = post("Who are you/no_think", model="qwen-plus-2025-04-28")
    assert "embedded emulator" in answered.json["choices"][0]["message"]["content"]


def test_soft_switches_are_plain_text_to_other_models(post: Post) -> None:
    answered = post("Tell me /no_think", enable_thinking=True)
    message = answered.json["choices"][0]["message"]
    assert message["reasoning_content"]
    assert "Tell me /no_think" in message["content"]


def test_a_silenced_turn_has_the_documented_first_chunks_and_pays_for_tags(post: Post) -> None:
    answered = post(
        "Who are you /no_think", model="qwen-plus-2025-04-28", enable_thinking=True,
        stream=True, stream_options={"include_usage": True},
    )  # fmt: skip
    first, second, third, *_, usage = answered.chunks
    assert first["choices"][0]["delta"] == {"content": "", "role": "assistant"}
    assert second["choices"][0]["delta"].keys() == {"content"}
    assert third["choices"][0]["delta"]["reasoning_content"] is None
    details = usage["usage"]["completion_tokens_details"]
    assert details["reasoning_tokens"] == 0
    assert usage["usage"]["completion_tokens"] == len(answered.chunks) - 3 + 4
