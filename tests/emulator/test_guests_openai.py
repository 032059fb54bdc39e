"""The official openai SDK as a guest."""

import asyncio
from typing import Any

import openai
import pytest

from qwen_nb.emulator.server import Emulator
from qwen_nb.emulator.tokens import count

from .test_tools import BOTH, CITIES, places

ASKED: Any = [{"role": "user", "content": "Which is larger, 9.9 or 9.11?"}]
THINK = {"enable_thinking": True}


@pytest.mark.parametrize("streams", [True, False])
def test_the_async_client_sees_thinking_answer_and_usage(
    emulator: Emulator, streams: bool
) -> None:
    async def ask() -> tuple[str, str, Any, str | None]:
        http = openai.DefaultAsyncHttpxClient(trust_env=False)
        async with openai.AsyncOpenAI(
            base_url=emulator.openai_base_url, api_key=emulator.key, max_retries=0,
            http_client=http,
        ) as client:  # fmt: skip
            options: Any = {"model": "qwen-plus", "messages": ASKED, "extra_body": THINK}
            if not streams:
                completion = await client.chat.completions.create(**options)
                choice = completion.choices[0]
                said: Any = choice.message
                return (
                    said.reasoning_content,
                    said.content,
                    completion.usage,
                    choice.finish_reason,
                )
            thinking, answer, usage, finish = "", "", None, None
            async for chunk in await client.chat.completions.create(
                **options, stream=True, stream_options={"include_usage": True}
            ):
                usage = chunk.usage or usage
                for choice in chunk.choices:
                    thinking += choice.delta.reasoning_content or ""
                    answer += choice.delta.content or ""
                    finish = choice.finish_reason or finish
            return thinking, answer, usage, finish

    thinking, answer, usage, finish = asyncio.run(ask())
    assert thinking.startswith("The user compares")
    assert answer.startswith("**9.9 is larger.**")
    assert finish == "stop"
    assert usage.completion_tokens_details.reasoning_tokens == count(thinking)
    assert usage.prompt_tokens_details.cached_tokens == 0


def test_tools_there_and_back(client: openai.OpenAI) -> None:
    options: Any = {"model": "qwen-plus", **BOTH, "parallel_tool_calls": True}
    messages: list[Any] = [{"role": "user", "content": "weather of the four municipalities"}]
    completion = client.chat.completions.create(messages=messages, **options)
    message = completion.choices[0].message
    assert places(message.model_dump()) == CITIES
    assert completion.choices[0].finish_reason == "tool_calls"
    messages.append(message)
    for call in message.tool_calls or []:
        messages.append({"role": "tool", "tool_call_id": call.id, "content": "Sunny"})
    last = client.chat.completions.create(messages=messages, **options)
    assert (last.choices[0].message.content or "").count("- Sunny") == 4


def test_streamed_tools_have_their_indices(client: openai.OpenAI) -> None:
    calls: dict[int, str] = {}
    for chunk in client.chat.completions.create(
        model="qwen-plus", messages=[{"role": "user", "content": "Weather in Hangzhou"}],
        stream=True, extra_body={**THINK, **BOTH},
    ):  # fmt: skip
        for call in chunk.choices[0].delta.tool_calls or []:
            assert call.function is not None
            calls[call.index] = calls.get(call.index, "") + (call.function.arguments or "")
    assert calls == {0: '{"location": "Hangzhou"}'}


@pytest.mark.parametrize(
    ("written", "kind", "code"),
    [
        ("error=arrearage", openai.BadRequestError, "Arrearage"),
        ("error=invalid_api_key", openai.AuthenticationError, "invalid_api_key"),
        ("error=access_denied", openai.PermissionDeniedError, "access_denied"),
        ("status=404", openai.NotFoundError, "model_not_supported"),
        ("status=429", openai.RateLimitError, "limit_requests"),
        ("status=500", openai.InternalServerError, "internal_error"),
        ("status=503", openai.InternalServerError, "ModelUnavailable"),
    ],
)
def test_errors_keep_their_code(
    client: openai.OpenAI, written: str, kind: type[openai.APIStatusError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        client.chat.completions.create(
            model="qwen-plus", messages=ASKED, extra_headers={"X-Emulator-Fault": written}
        )
    assert caught.value.code == code
    assert caught.value.request_id is not None


def test_its_own_retries_meet_a_fault_that_ends(
    emulator: Emulator, client: openai.OpenAI
) -> None:
    completion = client.with_options(max_retries=2).chat.completions.create(
        model="qwen-plus", messages=ASKED,
        extra_headers={"X-Emulator-Fault": "status=429;times=2;retry-after=0.01"},
    )  # fmt: skip
    assert completion.choices[0].finish_reason == "stop"
    assert [record.status for record in emulator.journal] == [429, 429, 200]


def test_an_error_in_mid_stream_is_an_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIError, match="inappropriate content"):
        for _ in client.chat.completions.create(
            model="qwen-plus", messages=ASKED, stream=True,
            extra_headers={"X-Emulator-Fault": "moderation"},
        ):  # fmt: skip
            pass
