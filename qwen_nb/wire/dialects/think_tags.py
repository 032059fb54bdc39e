"""Splits `<think>…</think>` out of a text that arrives in any pieces (docs/protocol.md §8).

Only for servers that leave the thinking inside the answer; Model Studio's answers may
hold the tag as text. Tags in code fences and inline code are text, too: people ask about
them. Each character is looked at once or, at a border, twice, so the cost is linear.
"""

from __future__ import annotations

import re
from itertools import groupby
from operator import itemgetter

from qwen_nb.values import AnswerDelta, Event, ThinkingDelta

_TOKEN = re.compile(r"\n|`+|~+|</?think>|[^\n`~<]+|<")
_PART_OF_TAG = re.compile(r"<(?:t(?:h(?:i(?:nk?)?)?)?|/(?:t(?:h(?:i(?:nk?)?)?)?)?)?\Z")
_LINE_OPENERS = " \t>*+-.)0123456789"
"""What may stand before a fence: indents, quotes and list marks."""


class _Code:
    """Whether the place reached is inside code, as Markdown reads it; close enough."""

    def __init__(self) -> None:
        self.openers = 0  # think tags opened in the present fence
        self._fence = ""
        self._is_fresh = False
        self._inline = 0
        self._at_start = True
        self._run = ""
        self._run_length = 0
        self._run_at_start = False

    def __bool__(self) -> bool:
        self._end_run()
        return bool(self._fence or self._inline)

    @property
    def is_fence(self) -> bool:
        return bool(self and self._fence)

    def take(self, token: str) -> None:
        if token == "<think>":
            self.openers += 1
        if token[0] in "`~":
            if self._run != token[0]:
                self._end_run()
                self._run, self._run_length = token[0], 0
                self._run_at_start = self._at_start
            # A run of backticks may go on in the next chunk; only its length is remembered.
            self._run_length += len(token)
            self._at_start = False
            return
        self._end_run()
        if token == "\n":
            # Inline code ends with its line: an unclosed backtick was no code.
            self._inline, self._is_fresh, self._at_start = 0, False, True
        elif self._at_start and token.strip(_LINE_OPENERS):
            self._at_start = False

    def _end_run(self) -> None:
        run, length = self._run, self._run_length
        if not run:
            return
        self._run = ""
        if self._fence:
            if self._run_at_start and run == self._fence[0] and length >= len(self._fence):
                self._fence = ""
            elif self._is_fresh and run == "`" == self._fence[0]:
                self._fence = ""  # ```like this``` on one line is inline code
        elif self._run_at_start and length >= 3:
            self._fence, self._is_fresh, self.openers = run * length, True, 0
        elif run == "`":
            if not self._inline:
                self._inline = length
            elif self._inline == length:
                self._inline = 0


class ThinkSplitter:
    """Turns pieces of text into thinking and answer.

    Newlines right after a tag are not part of either text. A closing tag that nothing
    opened stays where it is, since what stands before it has been shown as the answer
    already; but where the opener is known to be missing, text is held back until the
    closing tag makes it thinking or the end makes it the answer.

    Parameters
    ----------
    missing_opener : bool
        The opening tag may stand in the prompt's template.
    """

    def __init__(self, *, missing_opener: bool = False) -> None:
        self._holds = missing_opener
        self._held: list[str] | None = []  # text that may still turn out as thinking
        self._is_blank = True
        self._thinking = False
        self._strips = False
        self._tail = ""
        self._code = _Code()
        self._out: list[tuple[bool, str]] = []

    def feed(self, text: str) -> list[Event]:
        """Take in a piece; return what it completed."""
        if self._tail:
            text, self._tail = self._tail + text, ""
        if cut := _PART_OF_TAG.search(text, max(len(text) - 8, 0)):
            self._tail, text = text[cut.start() :], text[: cut.start()]
        for token in _TOKEN.findall(text):
            self._take(token)
        return self._events()

    def close(self) -> list[Event]:
        """Tell the splitter that the text is over; return the events it held back."""
        if self._tail:
            self._put(self._tail)
            self._tail = ""
        self._release(thinking=False)
        return self._events()

    def _take(self, token: str) -> None:
        if token == "<think>" and self._opens():
            self._release(thinking=False)
            self._thinking = self._strips = self._is_blank = True
        elif token == "</think>" and self._closes():
            self._release(thinking=True)
            self._thinking, self._strips = False, True
        else:
            self._code.take(token)
            self._put(token)
            return
        self._code = _Code()

    def _opens(self) -> bool:
        if self._code:
            return False
        # The template may have written the first opener; the model's own is dropped then.
        return not self._thinking or self._is_blank

    def _closes(self) -> bool:
        if self._code:
            # Thinking that was cut at its budget may leave a fence open. Its closing tag
            # still ends the thinking, unless an opening tag stands in the same fence.
            return self._thinking and self._code.is_fence and not self._code.openers
        return self._thinking or (self._holds and self._held is not None)

    def _put(self, text: str) -> None:
        if self._strips:
            text = text.lstrip("\r\n")
            if not text:
                return
            self._strips = False
        self._is_blank = self._is_blank and not text.strip()
        if self._held is None:
            self._out.append((self._thinking, text))
            return
        self._held.append(text)
        if not self._holds and not self._is_blank:
            self._release(thinking=False)

    def _release(self, *, thinking: bool) -> None:
        if self._held is None:
            return
        held, self._held = "".join(self._held), None
        # Blanks before the first opener are not the beginning of an answer.
        if held and not self._is_blank:
            self._out.append((thinking, held))

    def _events(self) -> list[Event]:
        out, self._out = self._out, []
        return [
            (ThinkingDelta if is_thinking else AnswerDelta)("".join(text for _, text in run))
            for is_thinking, run in groupby(out, key=itemgetter(0))
        ]
