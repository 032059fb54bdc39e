"""The official dashscope SDK as a guest."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from qwen_nb.emulator.server import Emulator
from qwen_nb.emulator.tokens import count

from .test_tools import BOTH, CITIES

ASKED = [{"role": "user", "content": "Which is larger, 9.9 or 9.11?"}]
THINK = {"enable_thinking": True, "result_format": "message"}


@pytest.fixture
def dashscope(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    import dashscope
    from dashscope.api_entities.http_request import close_shared_sync_session

    monkeypatch.setattr(dashscope, "base_http_api_url", emulator.dashscope_base_url)
    monkeypatch.setattr(dashscope, "api_key", emulator.key)
    monkeypatch.setenv("NO_PROXY", "*")
    yield dashscope
    close_shared_sync_session()


def test_a_stream_in_pieces(dashscope: Any) -> None:
    thinking, answer, finish, usage = "", "", "", None
    for chunk in dashscope.Generation.call(
        model="qwen-plus", messages=ASKED, stream=True, incremental_output=True, **THINK
    ):
        assert chunk.status_code == 200
        choice = chunk.output.choices[0]
        thinking += choice.message.reasoning_content
        answer += choice.message.content
        finish, usage = choice.finish_reason, chunk.usage
    assert thinking.startswith("The user compares")
    assert answer.startswith("**9.9 is larger.**")
    assert finish == "stop"
    assert usage is not None
    assert usage.output_tokens_details["reasoning_tokens"] == count(thinking)


@pytest.mark.parametrize("options", [{}, {"incremental_output": False}])
def test_a_stream_of_everything_so_far(dashscope: Any, options: dict[str, Any]) -> None:
    chunks = list(
        dashscope.Generation.call(
            model="qwen-plus", messages=ASKED, stream=True, result_format="message", **options
        )
    )
    texts = [chunk.output.choices[0].message.content for chunk in chunks]
    assert all(later.startswith(text) for text, later in pairwise(texts))
    assert texts[-1].startswith("**9.9 is larger**")


def test_an_answer_in_one_piece(dashscope: Any) -> None:
    response = dashscope.Generation.call(model="qwen-plus", messages=ASKED, **THINK)
    assert response.status_code == 200
    message = response.output.choices[0].message
    assert message.reasoning_content.startswith("The user compares")
    assert response.output.choices[0].finish_reason == "stop"
    usage = response.usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens
    plain = dashscope.Generation.call(model="qwen-plus", prompt="Hello")
    assert plain.output.text.startswith("Hello!")
    assert plain.output.finish_reason == "stop"


def test_tools(dashscope: Any) -> None:
    asked = [{"role": "user", "content": "weather of the four municipalities"}]
    response = dashscope.Generation.call(
        model="qwen-plus", messages=asked, parallel_tool_calls=True, **BOTH, **THINK
    )
    choice = response.output.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert [city in str(choice.message.tool_calls) for city in CITIES] == [True] * 4


@pytest.mark.parametrize("streams", [False, True])
def test_pictures_go_by_the_multimodal_route(dashscope: Any, streams: bool) -> None:
    parts = [{"image": "https://example.com/x.png"}, {"text": "Who is this?"}]
    options = {"model": "qwen3-vl-plus", "messages": [{"role": "user", "content": parts}]}
    if not streams:
        response = dashscope.MultiModalConversation.call(**options)
        text = response.output.choices[0].message.content[0]["text"]
    else:
        thinking, text = "", ""
        for chunk in dashscope.MultiModalConversation.call(
            **options, stream=True, incremental_output=True, enable_thinking=True
        ):
            message = chunk.output.choices[0].message
            thinking += message.reasoning_content
            text += "".join(part["text"] for part in message.content)
        assert "emulator" in thinking
    assert "attached: 1 image" in text


@pytest.mark.parametrize("streams", [False, True])
@pytest.mark.parametrize(
    ("options", "status", "code", "words"),
    [
        ({"temperature": 2}, 400, "InvalidParameter", "Temperature should be"),
        ({"model": "qwen-9"}, 400, "InvalidParameter", "Model not exist."),
        ({"model": "qwen3.5-plus"}, 400, "InvalidParameter", "url error"),
        ({"api_key": "sk-wrong"}, 401, "InvalidApiKey", "Invalid API-key provided."),
        (
            {"headers": {"X-Emulator-Fault": "status=429"}}, 429, "Throttling.RateQuota",
            "rate limit",
        ),
    ],
)  # fmt: skip
def test_errors(
    dashscope: Any, options: dict[str, Any], status: int, code: str, words: str, streams: bool
) -> None:
    call = {"model": "qwen-plus", "messages": ASKED, "stream": streams, **options}
    response = dashscope.Generation.call(**call)
    (response,) = list(response) if streams else [response]
    assert (response.status_code, response.code) == (status, code)
    assert words in response.message
    assert response.request_id


def test_an_error_in_mid_stream(dashscope: Any) -> None:
    *_, before, last = dashscope.Generation.call(
        model="qwen-plus", messages=ASKED, stream=True, incremental_output=True,
        headers={"X-Emulator-Fault": "moderation"}, **THINK,
    )  # fmt: skip
    assert before.status_code == 200
    assert (last.status_code, last.code) == (400, "DataInspectionFailed")


def test_a_base_address_with_a_slash(
    dashscope: Any, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dashscope, "base_http_api_url", emulator.dashscope_base_url + "/")
    assert dashscope.Generation.call(model="qwen-plus", prompt="Hello").status_code == 200
