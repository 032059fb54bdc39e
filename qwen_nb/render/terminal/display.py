"""A growing reply as plain text: terminal IPython, `jupyter console`, a shell."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable, Sequence

from qwen_nb.render import (
    call_words,
    calls_wanted,
    ending,
    never_began,
    newly_ended,
    retrying_words,
    usage_line,
)
from qwen_nb.texts import Language, text, visible
from qwen_nb.values import CallRecord, Frame, Opening, Reply

_DIM, _PLAIN = "\x1b[2m", "\x1b[0m"


class TerminalDisplay:
    """Streams a reply as text: the thinking dimmed, calls, the answer, the usage line.

    Parameters
    ----------
    language : {"en", "zh"}
        The language of our own words.
    write : callable, optional
        Takes each piece of text; standard output, flushed each time, unless given.
    hide_thinking : bool
        Print the answer only.
    quiet : bool
        Print nothing.
    colour : bool, optional
        Dim with escape sequences; None: where standard output is a terminal.
    """

    def __init__(
        self,
        language: Language,
        write: Callable[[str], object] | None = None,
        *,
        hide_thinking: bool = False,
        quiet: bool = False,
        colour: bool | None = None,
    ) -> None:
        self._language = language
        self._write = write or _print
        self._hide_thinking = hide_thinking
        self._quiet = quiet
        self._colour = _has_colour() if colour is None else colour
        self._thinking = _Stream()
        self._answer = _Stream()
        self._calls: Counter[CallRecord] = Counter()
        self._after_calls = False
        self._last = ""  # the last character printed: what a blank line takes

    def open(self, asking: Opening, stop: Callable[[], None] | None = None) -> None:
        """Print nothing yet: a stream of text has no place for a state."""

    def frame(self, frame: Frame) -> None:
        """Print what is new."""
        if frame.retrying is not None:
            self._say(retrying_words(frame.retrying, self._language) + "\n", dim=True)
            return
        self._print_thinking(self._thinking.new(frame.thinking, frame.thinking_at))
        self._print_answer(self._answer.new(frame.answer, frame.answer_at))
        self._print_calls(frame.calls)
        if frame.calling and self._last not in ("", "\n"):
            self._say("\n")  # the person may be asked whether to run it

    def close(self, reply: Reply, failure: str = "") -> None:
        """Print what is missing, how it ended and the usage line."""
        if never_began(reply):
            return
        self._print_thinking(self._thinking.new(reply.thinking, 0, last=True))
        if not self._answer.begun:
            self._print_calls(reply.calls)
        self._print_answer(self._answer.new(reply.answer, 0, last=True))
        self._print_calls(reply.calls)
        wanted = str(calls_wanted(reply, self._language) or "")
        for line in (wanted, str(ending(reply, self._language)), *map(visible, reply.notes)):
            if line:
                self._begin_block()
                self._say(line)
        self._begin_block()
        self._say(usage_line(reply, self._language), dim=True)
        self._say("\n")

    def settle(self, interrupts: Callable[[], int]) -> int:
        """There is no button here."""
        return 0

    def _print_thinking(self, piece: str) -> None:
        if self._hide_thinking or not (piece := self._below_calls(piece, self._thinking)):
            return
        if self._thinking.begins():
            self._begin_block()
            self._say(text("reply.thinking", self._language) + "\n", dim=True)
        self._say(piece, dim=True)

    def _print_calls(self, calls: Sequence[CallRecord]) -> None:
        new = newly_ended(calls, self._calls)
        if new and not self._after_calls:
            self._begin_block()
        for call in new:
            self._say(f"{call_words(call, self._language)}\n", dim=True)
        self._after_calls = self._after_calls or bool(new)

    def _print_answer(self, piece: str) -> None:
        if not (piece := self._below_calls(piece, self._answer)):
            return
        if self._answer.begins():
            self._begin_block()
            if self._thinking.begun and not self._colour:
                # without dimming, only a heading tells the answer from the thinking
                self._say(text("reply.answer", self._language) + "\n")
        self._say(piece)

    def _below_calls(self, piece: str, stream: _Stream) -> str:
        """Return what of a piece is to be printed, which may be the first below calls."""
        if not self._after_calls:
            return piece
        if piece := piece.lstrip("\n"):
            self._after_calls = False
            if stream.begun:
                self._begin_block()
        return piece

    def _begin_block(self) -> None:
        if self._last:
            self._say("\n" if self._last == "\n" else "\n\n")

    def _say(self, words: str, *, dim: bool = False) -> None:
        if self._quiet or not words:
            return
        self._last = words[-1]
        self._write(f"{_DIM}{words}{_PLAIN}" if dim and self._colour else words)


class _Stream:
    """How much of one text was printed, so that nothing is printed twice."""

    def __init__(self) -> None:
        self.begun = False
        self._seen = 0
        self._held = ""

    def begins(self) -> bool:
        """Tell once that this is the first piece."""
        first, self.begun = not self.begun, True
        return first

    def new(self, piece: str, at: int, *, last: bool = False) -> str:
        """Return what of a piece, `at` characters into the text, was not seen yet."""
        piece = piece[max(self._seen - at, 0) :]
        self._seen += len(piece)
        piece = self._held + piece
        # a carriage return waits for the line feed that may follow in the next piece
        self._held = "\r" if piece.endswith("\r") and not last else ""
        return visible(piece[:-1] if self._held else piece)


def _print(words: str) -> None:
    # looked up each time: a kernel replaces standard output
    sys.stdout.write(words)
    sys.stdout.flush()


def _has_colour() -> bool:
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout.isatty()
