"""A program in a terminal of its own, and a person who types and reads."""

from __future__ import annotations

import re
import sys
import time
import warnings
from pathlib import Path
from typing import Self

import pexpect

from tests.notebooks._clean import environment

HANG_S = 90

# colours, cursor movements, window titles
_ESCAPE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[()].|[=>78])")


class Terminal:
    """Runs `python -m …` in a wide terminal.

    Parameters
    ----------
    folder : Path
        Where the program's home is.
    *arguments : str
        What follows `python -m`.

    Attributes
    ----------
    pieces : int
        In how many pieces the text came.
    """

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.pieces = 0
        self._raw = ""
        self._read_to = 0
        with warnings.catch_warnings():
            # Python warns where other threads run, as the browser's may
            warnings.simplefilter("ignore", DeprecationWarning)
            self._program = pexpect.spawn(
                sys.executable,
                ["-m", *arguments],
                cwd=str(folder),
                env=environment(folder, TERM="xterm", PROMPT_TOOLKIT_NO_CPR="1"),
                encoding="utf-8",
                dimensions=(50, 400),
                timeout=HANG_S,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._program.close(force=True)

    @property
    def raw(self) -> str:
        """All that was printed, but for colours and cursor movements."""
        return _ESCAPE.sub("", self._raw)

    @property
    def text(self) -> str:
        """All that was printed, without colours, cursor movements and carriage returns."""
        return self.raw.replace("\r", "")

    def type(self, *lines: str) -> None:
        """Type lines, each with its Enter."""
        for line in lines:
            self._program.send(line + "\r")

    def press_ctrl(self, letter: str) -> None:
        """Press a key together with Ctrl."""
        self._program.sendcontrol(letter)

    def read_until(self, pattern: str) -> str:
        """Wait for a pattern; return what was printed since the last call, up to its end."""
        deadline = time.monotonic() + HANG_S
        while not (found := re.compile(pattern).search(self.text, self._read_to)):
            if time.monotonic() > deadline or not self._take():
                so_far = self.text[self._read_to :]
                raise AssertionError(f"{pattern!r} does not come; so far:\n{so_far}")
        begin, self._read_to = self._read_to, found.end()
        return self.text[begin : found.end()]

    def read_to_the_end(self) -> int:
        """Wait for the program's end and return its exit status."""
        deadline = time.monotonic() + HANG_S
        while self._take():
            assert time.monotonic() < deadline, f"no end comes; so far:\n{self.text}"
        self._program.close()
        return int(self._program.exitstatus)

    def _take(self) -> bool:
        """Take what was printed since; return False when the program has ended."""
        try:
            self._raw += self._program.read_nonblocking(65536, timeout=1)
        except pexpect.TIMEOUT:
            return True
        except pexpect.EOF:
            return False
        self.pieces += 1
        return True
