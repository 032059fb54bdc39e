"""Kernels killed at random moments of an answer, and what has to hold after each.

`python -m tests.conversation._killing --count 60` prints a line for each, and at the end
the longest time of which something was missing; a broken promise is an error.
"""

from __future__ import annotations

import argparse
import random
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.values import estimate_tokens
from tests.conversation._page import KernelGone, Page, said

LOST_S = 1.5
"""At most so much of a running answer may be missing."""

PACE_S = 0.005
LONG = "Tell me a long story"
STORY = Script(
    name="a story",
    asks=f"^{LONG}",
    thinking=" ".join(f"thought{n}" for n in range(60)),
    answer=" ".join(f"word{n}" for n in range(400)),
)
ESTIMATED = """json.dumps([
    [call.entry, call.usage.output]
    for call in Chat.current().ledger.calls() if call.usage.estimated])"""
REPLIES = """json.dumps([
    [e.turn.reply.thinking, e.turn.reply.answer, e.turn.reply.finish_reason]
    for e in Chat.current().conversation.current_entries])"""


@dataclass
class Killed:
    """One kernel that was killed."""

    after_s: float
    shown: int
    kept: int
    lost_s: float

    def __str__(self) -> str:
        return (
            f"killed after {self.after_s:5.2f} s: {self.shown:5} characters shown,"
            f" {self.kept:5} kept, the last {self.lost_s:4.2f} s missing"
        )


class Seen:
    """What a card was sent, and when."""

    def __init__(self) -> None:
        self.at: list[tuple[float, int]] = [(0.0, 0)]
        self._lengths = {"t": 0, "a": 0}

    def __call__(self, content: dict[str, Any]) -> None:
        told = content.get("data", {}).get("content") or {}
        for text, offset in (("t", "to"), ("a", "ao")):
            if text in told:
                end = told[offset] + len(told[text])
                self._lengths[text] = max(self._lengths[text], end)
        self.at.append((time.monotonic(), sum(self._lengths.values())))

    def length(self, at: float = float("inf")) -> int:
        """Return how many characters had been shown at a moment."""
        return max(length for moment, length in self.at if moment <= at)

    def moment(self, length: int) -> float:
        """Return when more than so many characters were shown first."""
        return min(moment for moment, shown in self.at if shown > length)


def kills(folder: Path, count: int, seed: int, longest_s: float = 3.0) -> list[Killed]:
    """Kill kernels in the middle of a long answer, one after the other, in one notebook."""
    moments, ended = random.Random(seed), []
    with Emulator(pace=0) as emulator:
        emulator.script(STORY)
        page = Page(folder, emulator)
        try:
            page.start()
            for number in range(count):
                ended.append(_killed(page, number, moments.uniform(0, longest_s)))
        finally:
            page.shutdown(now=True)
    return ended


def _killed(page: Page, number: int, after_s: float) -> Killed:
    emulator = page.emulator
    assert emulator is not None
    page.run(f"q{number}", f"%%qwen\nQuestion {number}")
    page.save()
    before, questions = page.value(REPLIES), page.questions()
    booked = page.value(ESTIMATED)
    emulator.pace, page.on_comm = PACE_S, (seen := Seen())
    moments: list[float] = []
    timer = threading.Timer(after_s, lambda: moments.append(page.kill()))
    timer.start()
    with suppress(KernelGone):
        page.run(f"long{number}", f"%%qwen --think\n{LONG} {number}")
        raise AssertionError("the answer had ended")
    timer.join()
    (died,) = moments
    emulator.pace, page.on_comm = 0, lambda content: None
    page.shutdown(now=True)
    page.start()

    after = page.value(REPLIES)
    assert after[: len(before)] == before, "an earlier turn is not as it was"
    cut = after[len(before) :]
    # what had come was paid for, and is counted once
    estimated = page.value(ESTIMATED)
    assert estimated[: len(booked)] == booked
    assert [output for _, output in estimated[len(booked) :]] == [
        estimate_tokens(thinking) + estimate_tokens(answer) for thinking, answer, _ in cut
    ]
    assert page.questions()[: len(before)] == questions
    kept = 0
    for thinking, answer, finish in cut:
        assert finish == "cut"
        assert STORY.thinking.startswith(thinking)
        assert STORY.answer.startswith(answer)
        assert thinking == STORY.thinking or not answer, (thinking[-40:], answer[:40])
        kept += len(thinking) + len(answer)
    shown = seen.length()
    lost_s = died - seen.moment(kept) if shown > kept else 0.0
    killed = Killed(after_s, shown, kept, lost_s)
    assert kept >= seen.length(died - LOST_S), killed
    assert len(cut) == (1 if kept else 0)
    if cut:
        _taken_up(page, number, emulator)
    else:
        assert "the kernel ended" not in page.run(f"n{number}", "%%qwen\nAnd next?").text
    return killed


def _taken_up(page: Page, number: int, emulator: Emulator) -> None:
    told = "the kernel ended while turn"
    if number % 2:
        taken = page.run(f"r{number}", "%qwen_nb resume")
        assert not taken.error, taken
        assert told in taken.text
        thinking, answer, finish = page.value(REPLIES)[-1]
        assert (answer, finish) == (STORY.answer, "stop")
        assert STORY.thinking.startswith(thinking) or thinking == STORY.thinking
    else:
        asked = page.run(f"n{number}", "%%qwen\nAnd next?")
        assert told in asked.text
        assert emulator.journal[-1].status == 200
        assert said(emulator.journal[-1])[-1] == "And next?"
    assert told not in page.run(f"o{number}", "%%qwen\nAnd after that?").text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        ended = kills(Path(folder), arguments.count, arguments.seed)
    print(*ended, sep="\n")
    in_answer = sum(one.kept > len(STORY.thinking) for one in ended)
    nothing = sum(not one.kept for one in ended)
    print(
        f"{len(ended)} kernels killed: {nothing} with nothing kept, {in_answer} in the answer;"
        f" at most the last {max(one.lost_s for one in ended):.2f} s missing"
    )


if __name__ == "__main__":
    main()
