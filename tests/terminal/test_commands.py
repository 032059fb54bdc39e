"""The command `qwen-nb` in a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terminal._terminal import Terminal

pytestmark = pytest.mark.kernel

HELLO = "The emulator of qwen_nb is listening."
ANSWER = "the difference is 0.79."


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Terminal]:
    with Terminal(tmp_path, "qwen_nb", "chat") as terminal:
        terminal.read_until("Round 1 =+\n*You: ")
        yield terminal


def test_chat_remembers_from_round_to_round(chat: Terminal) -> None:
    chat.type("Hello")
    first = chat.read_until("Round 2 =+\n*You: ")
    assert first.count(HELLO) == first.count("turn 1 · ") == 1
    chat.type("What did I ask first?")
    second = chat.read_until("Round 3 =+\n*You: ")
    assert second.count("You began with: “Hello”") == 1
    assert second.count("turn 2 (1 before it sent) · ") == 1
    chat.type("exit")
    assert chat.read_to_the_end() == 0


def test_ctrl_d_leaves_chat(chat: Terminal) -> None:
    chat.press_ctrl("d")
    assert chat.read_to_the_end() == 0
    assert "Traceback" not in chat.text


def test_ctrl_c_stops_a_round_and_chat_goes_on(chat: Terminal) -> None:
    chat.type("Which is larger, 9.9 or 9.11?")
    chat.read_until("There is a trap here")
    chat.press_ctrl("c")
    stopped = chat.read_until("Round 2 =+\n*You: ")
    assert ANSWER not in stopped
    chat.type("Hello")
    assert HELLO in chat.read_until("Round 3 =+\n*You: ")


def test_demo_streams_one_question(tmp_path: Path) -> None:
    with Terminal(tmp_path, "qwen_nb", "demo", "--no-lab") as demo:
        assert demo.read_to_the_end() == 0
        assert demo.text.startswith("You: Which is larger, 9.9 or 9.11?\n")
        assert demo.text.count(ANSWER) == 1
        assert demo.text.count("turn 1 · in 23 (cached 0) · out 449") == 1
        assert demo.pieces > 50  # of 449 tokens: it grew before the person's eyes
