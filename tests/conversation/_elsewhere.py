"""An emulator in another process, so that what it costs is not counted here."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator


@dataclass
class Elsewhere:
    """Where the emulator is, and how to ask what it has seen."""

    base_url: str
    key: str
    line: Connection

    def last_raw(self) -> bytes:
        """Return the body of the last request as it came."""
        self.line.send("last")
        raw: bytes = self.line.recv()
        return raw


@contextmanager
def emulator_elsewhere(script: Script) -> Iterator[Elsewhere]:
    """Start an emulator with one more script, and end it afterwards."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, script), daemon=True)
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


def _serve(line: Connection, script: Script) -> None:
    with Emulator(pace=0) as emulator:
        emulator.script(script)
        line.send((emulator.openai_base_url, emulator.key))
        while True:
            line.recv()
            line.send(emulator.journal[-1].raw)
