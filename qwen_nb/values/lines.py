"""One line of a text, as long as there is room; what is cut off leaves `…`."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

__all__ = ["columns", "excerpt", "one_line"]

_WORD = re.compile(r"\S+")


def one_line(text: str, most: int, width: Callable[[str], int] = len) -> str:
    """Return the words of a text on one line.

    Parameters
    ----------
    text : str
        Read only as far as the line goes.
    most : int
        How wide the line may be, its `…` included.
    width : callable
        Measures a text: `len` counts characters, `columns` those of a terminal.
    """
    line = ""
    for word in _WORD.finditer(text):
        line += f" {word[0]}" if line else word[0]
        if width(line) > most:
            return f"{_begin(line, most - 1, width)}…"
    return line


def excerpt(text: str, begins: int, most: int) -> str:
    """Return so many characters of a text from somewhere on, on one line."""
    shown = " ".join(text[begins : begins + most].split())
    return f"{'…' if begins else ''}{shown}{'…' if len(text) > begins + most else ''}"


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes.

    Chinese signs take two, combining marks none.
    """
    return len(text) if text.isascii() else sum(map(_columns, text))


def _begin(line: str, most: int, width: Callable[[str], int]) -> str:
    taken = 0
    for at, sign in enumerate(line):
        taken += width(sign)
        if taken > most:
            while at and not _columns(line[at]):  # a letter is not parted from its accent
                at -= 1
            return line[:at].rstrip()
    return line


def _columns(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1
