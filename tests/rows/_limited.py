"""An emulator in another process that throttles, fails some rows, and can be asked what
it was asked."""

from __future__ import annotations

import multiprocessing
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator

ANSWER = "The row was read with care; what there is to say about it fits into a line."
MOMENT_S = 0.2
EVEN = Script(name="a row", asks="^Row", answer=ANSWER)


@dataclass(frozen=True)
class Limit:
    """How much is let through.

    Parameters
    ----------
    a_second : float
        Requests that it takes on average; 0 is all.
    at_once : int
        As many more after a pause.
    each : int
        After so many that were let through it refuses all for a moment; 0 is never.
    fails_each : int
        One row in so many is refused for good; 0 is none.
    pace : float
        Seconds between two pieces of an answer.
    """

    a_second: float = 0.0
    at_once: int = 50
    each: int = 0
    fails_each: int = 0
    pace: float = 0.0


class Limited(Emulator):
    """Refuses what comes too fast, as a service does, and rows whose number says so."""

    def __init__(self, limit: Limit) -> None:
        super().__init__(pace=limit.pace)
        self._limit = limit
        self._left, self._looked_at = float(limit.at_once), time.monotonic()
        self._taken, self._shut_until = 0, 0.0
        self._guard = threading.Lock()
        self.script(EVEN)

    def fault_of(self, said: Sequence[str], system: str) -> str | None:
        if not self._takes():
            return f"status=429;retry-after={MOMENT_S}"
        if self._limit.fails_each and fails(said[-1], self._limit.fails_each):
            return "status=400"
        return super().fault_of(said, system)

    def _takes(self) -> bool:
        with self._guard:
            now, limit = time.monotonic(), self._limit
            if limit.each:
                if now < self._shut_until:
                    return False
                self._taken += 1
                if self._taken % limit.each == 0:
                    self._shut_until = now + MOMENT_S
            if not limit.a_second:
                return True
            came = (now - self._looked_at) * limit.a_second
            self._left, self._looked_at = min(self._left + came, limit.at_once), now
            if self._left < 1:
                return False
            self._left -= 1
            return True


def fails(prompt: str, each: int) -> bool:
    """Whether this row is refused for good."""
    return int("".join(filter(str.isdigit, prompt))) % each == each - 1


@dataclass
class Elsewhere:
    """Where the emulator is, and how to ask what it has seen."""

    base_url: str
    key: str
    line: Connection

    def take(self) -> list[tuple[str, int]]:
        """Return prompt and status of each request since the last look."""
        self.line.send("take")
        taken: list[tuple[str, int]] = self.line.recv()
        return taken

    def answered(self) -> Counter[str]:
        """Return how often each prompt was answered since the last look."""
        return Counter(prompt for prompt, status in self.take() if status == 200)


@contextmanager
def limited(limit: Limit) -> Iterator[Elsewhere]:
    """Start such an emulator, and end it afterwards."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, limit), daemon=True)
    process.start()
    try:
        url, key = here.recv()
        yield Elsewhere(url, key, here)
    finally:
        here.close()
        process.terminate()
        process.join()
        process.close()
        there.close()


def _serve(line: Connection, limit: Limit) -> None:
    with Limited(limit) as emulator:
        line.send((emulator.openai_base_url, emulator.key))
        while True:
            line.recv()
            told = [(_prompt(record.body), record.status) for record in emulator.journal]
            emulator.journal.clear()
            line.send(told)


def _prompt(body: Any) -> str:
    return str(body["messages"][-1]["content"])
