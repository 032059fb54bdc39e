"""How fast `map` is: at least 0.8 of a bare asyncio loop that asks the same of the same server.

The loop is what somebody would write by hand: sixteen at a time behind a semaphore, each
answer streamed and joined, nothing shown, kept, counted or retried. One after the other,
in pairs, so that what slows the machine down slows both; the server is another process.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from statistics import median
from typing import Any, TypeAlias

import httpx
import openai
import pytest

import qwen_nb

from ._limited import ANSWER, Elsewhere, Limit

pytestmark = pytest.mark.perf

AT_ONCE = 16
AT_LEAST = 0.8
PAIRS = 5

Asks: TypeAlias = Callable[[str], Awaitable[str]]


def body(prompt: str) -> dict[str, Any]:
    return {
        "model": "qwen-plus",
        "messages": [{"role": "user", "content": prompt}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


async def all_of(prompts: Sequence[str], ask: Asks) -> list[str]:
    gate = asyncio.Semaphore(AT_ONCE)

    async def gated(prompt: str) -> str:
        async with gate:
            return await ask(prompt)

    return await asyncio.gather(*map(gated, prompts))


async def with_the_sdk(there: Elsewhere, prompts: Sequence[str]) -> list[str]:
    async with openai.AsyncOpenAI(base_url=there.base_url, api_key=there.key) as client:

        async def ask(prompt: str) -> str:
            stream = await client.chat.completions.create(
                **body(prompt), extra_body={"enable_thinking": False}
            )
            parts = [chunk.choices[0].delta.content async for chunk in stream if chunk.choices]
            return "".join(part or "" for part in parts)

        return await all_of(prompts, ask)


async def by_hand(there: Elsewhere, prompts: Sequence[str]) -> list[str]:
    url, bearer = f"{there.base_url}/chat/completions", {"authorization": f"Bearer {there.key}"}
    async with httpx.AsyncClient(headers=bearer, trust_env=False, timeout=60) as client:

        async def ask(prompt: str) -> str:
            parts: list[str] = []
            told = {**body(prompt), "enable_thinking": False}
            async with client.stream("POST", url, json=told) as response:
                async for line in response.aiter_lines():
                    if line.startswith("data: {"):
                        choices = json.loads(line[len("data: ") :])["choices"]
                        parts += (each["delta"].get("content") or "" for each in choices)
            return "".join(parts)

        return await all_of(prompts, ask)


def seconds_of(act: Callable[[], list[str]], rows: int) -> float:
    began = time.perf_counter()
    answers = act()
    took = time.perf_counter() - began
    assert answers == [ANSWER] * rows
    return took


@pytest.mark.parametrize(
    ("pace", "rows", "bare"),
    [
        pytest.param(0.012, 192, with_the_sdk, id="paced, the SDK's loop"),
        pytest.param(0.012, 192, by_hand, id="paced, a loop without the SDK"),
        pytest.param(0.0, 320, with_the_sdk, id="at full speed, the SDK's loop"),
    ],
)
def test_many_rows_are_as_fast_as_a_loop_by_hand(
    elsewhere: Any, pace: float, rows: int, bare: Callable[..., Any]
) -> None:
    ratios = []
    with elsewhere(Limit(pace=pace)) as there:
        for pair in range(PAIRS + 1):
            prompts = [f"Row {pair}, {number}" for number in range(rows)]

            def loop(prompts: list[str] = prompts) -> list[str]:
                answers: list[str] = asyncio.run(bare(there, prompts))
                return answers

            def mapped(prompts: list[str] = prompts) -> list[str]:
                replies = qwen_nb.map(
                    prompts, "{item}", thinking=False, concurrency=AT_ONCE, progress=False
                )
                return [reply.answer for reply in replies]

            ratios.append(seconds_of(loop, rows) / seconds_of(mapped, rows))
            there.take()
    told = " ".join(f"{ratio:.2f}" for ratio in ratios)
    assert median(ratios[1:]) >= AT_LEAST, told  # the first pair warms up
