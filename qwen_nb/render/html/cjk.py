"""Emphasis beside Chinese: `**重点：**后文` is meant as bold.

CommonMark decides by the spaces around a delimiter, and Chinese has none: after `：` and
before a character the closing `**` counts as an opening one and stays on the page as it
is. Here a CJK character beside a delimiter counts as the space that another language
would have there.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it.rules_inline.emphasis import tokenize

if TYPE_CHECKING:
    from markdown_it.rules_inline import StateInline

# Han, kana and hangul, with the signs of Chinese writing between them.
_CJK = re.compile(
    "[\u1100-\u11ff\u2e80-\u9fff\ua960-\ua97f\uac00-\ud7ff"
    "\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)


def emphasis(state: StateInline, silent: bool) -> bool:
    """Take in a run of `*` or `_` as the library does, and let CJK neighbours count."""
    start, known = state.pos, len(state.delimiters)
    if not tokenize(state, silent):
        return False
    if state.src[start] == "*":
        before, after = state.src[start - 1 : start], state.src[state.pos : state.pos + 1]
        opens = bool(_CJK.match(before)) and bool(after) and not after.isspace()
        closes = bool(_CJK.match(after)) and bool(before) and not before.isspace()
        for delimiter in state.delimiters[known:]:
            delimiter.open = delimiter.open or opens
            delimiter.close = delimiter.close or closes
    return True
