"""What the 200th question costs a plain program, against the 2nd of another chat."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from functools import partial
from statistics import median

import pytest

from qwen_nb import Chat
from qwen_nb.emulator.scripts import Script

from ._elsewhere import Elsewhere, emulator_elsewhere

pytestmark = pytest.mark.perf

ANSWER = "An answer of a few sentences. It says the same each time. " * 8
LATE = 200
PAIRS = 40


def question(number: int) -> str:
    return f"Question {number}: " + "some words of a person " * 4


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[Elsewhere]:
    script = Script(name="even", asks="^Question", thinking="Hm. " * 40, answer=ANSWER)
    with emulator_elsewhere(script) as elsewhere:
        yield elsewhere


def cost_s(act: Callable[[], object]) -> float:
    """Return the seconds of CPU that this process, all its threads, spends on something."""
    began = time.process_time()
    act()
    return time.process_time() - began


def least(chat: Chat) -> bytes:
    """Return the shortest JSON that carries the last question of a chat."""
    *messages, _ = chat.messages
    body = {"model": "qwen-plus", "messages": messages, "stream": True}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def test_the_200th_question(elsewhere: Elsewhere, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_NB_BASE_URL", elsewhere.base_url)
    monkeypatch.setenv("QWEN_NB_API_KEY", elsewhere.key)
    long, short = Chat("qwen-plus", thinking=True), Chat("qwen-plus", thinking=True)
    for number in range(1, LATE - PAIRS // 2):
        long.ask(question(number))
    parts = []
    for number in range(LATE - PAIRS // 2, LATE + PAIRS // 2):
        # one beside the other: what slows the machine down slows both
        short.ask(question(1), new=True)
        second = cost_s(partial(short.ask, question(2)))
        late = cost_s(partial(long.ask, question(number)))
        raw = elsewhere.last_raw()
        assert len(raw) <= 1.02 * len(least(long))
        assert b"reasoning_content" not in raw
        dumps = cost_s(partial(json.dumps, long.messages, ensure_ascii=False))
        parts.append(late / (1.2 * second + 2 * dumps))
    long.close()
    short.close()
    assert median(parts) < 1.05, f"{median(parts):.2f}"
