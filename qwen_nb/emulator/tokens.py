"""A tokenizer of the emulator's own, for pieces, budgets and counts.

It is nobody's real vocabulary, only of a plausible grain: one token for a Chinese
character, a digit or a mark, one for each few letters with the space before them.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff]"  # CJK, one by one
    r"| ?[A-Za-z\u00c0-\u024f\u0370-\u052f]{1,6}"
    r"|\n+|[ \t]+"
    r"|.",  # digits, marks, everything else: nothing may be lost
    re.DOTALL,
)


def split(text: str) -> list[str]:
    """Cut a text into tokens; joined they are the text again."""
    return _TOKEN.findall(text)


def count(text: str) -> int:
    """Return how many tokens a text has."""
    return len(split(text))
