r"""Formulas inside Markdown: found before Markdown can damage them.

`$…$`, `$$…$$`, `\(…\)`, `\[…\]`, bare `\begin{…}…\end{…}` and bare `\boxed{…}` (how
models mark the result of a calculation) become tokens of their own. The page's MathJax
typesets them, and MathJax can do more than mathematics: load, link, run, redefine. What
uses those commands, or what another reader of Markdown might take for something else, is
shown as source instead (`is_plain_mathematics`).
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.rules_inline import StateInline

__all__ = ["HARMFUL_TEX", "add_formulas", "is_plain_mathematics"]

# An end is looked for within this reach, so that a text full of beginnings stays linear.
_REACH = 4_000
_REACH_LINES = 100
_MAX_BRACES = 40

_BOXED = "\\boxed{"
_BRACE = re.compile(r"\\.|[{}]", re.DOTALL)
_FENCE = re.compile(r"`{3}|~{3}")
# A backslash takes the sign behind it along, so that an escaped dollar is no sign.
_SIGN = re.compile(r"\\(?:end\{[A-Za-z]{1,20}\*?\}|.)|\$+", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\begin\{([A-Za-z]{1,20}\*?)\}")

HARMFUL_TEX = (
    # load, link, run, or touch the page
    "href|url|includegraphics|require|style|class|cssId|data|html[A-Za-z]*|unicode"
    "|bbox|mmlToken|toggle|mathtip|texttip|setOptions|input|include|special|csname"
    # redefine, for this formula and every later one on the page
    "|[gex]?def|let|futurelet|(?:re)?new[a-z]+|provide[a-z]+|Declare[A-Za-z]+"
    "|usetagform|definecolor"
)
"""The TeX commands that are never handed to MathJax, as a pattern without backslash."""

_HARMFUL = re.compile(
    rf"\\(?:{HARMFUL_TEX})(?![A-Za-z])"
    # a backtick or a tilde fence would begin code for a reader who knows no formulas
    "|`|~~~"
    # an unescaped dollar ends the formula early
    r"|(?<!\\)(?:\\\\)*\$"
)


class _Formula(NamedTuple):
    source: str  # with its delimiters
    content: str
    display: bool
    end: int


def is_plain_mathematics(content: str) -> bool:
    """Tell whether a formula may be given to a typesetter."""
    if len(content) > _REACH or _HARMFUL.search(content):
        return False
    depth = 0
    for brace in _BRACE.findall(content):
        depth += (brace == "{") - (brace == "}")
        if not 0 <= depth <= _MAX_BRACES:
            return False
    return depth == 0


def add_formulas(parser: MarkdownIt) -> None:
    """Teach a Markdown parser the tokens `formula` and `formula_block`."""
    parser.inline.ruler.before("escape", "formula", _inline)
    # Before the fence, and able to end a paragraph: "we get" is often directly above.
    ends = ["paragraph", "reference", "blockquote", "list"]
    parser.block.ruler.before("fence", "formula_block", _block, {"alt": ends})


def _inline(state: StateInline, silent: bool) -> bool:
    formula = _formula_at(state.src, state.pos, state.posMax)
    if formula is None:
        return False
    if not silent:
        token = state.push("formula", "", 0)
        token.content = formula.content
        token.info = formula.source
        token.meta = {"display": formula.display, "at": (state.pos, formula.end)}
    state.pos = formula.end
    return True


def _block(state: StateBlock, first: int, last: int, silent: bool) -> bool:
    if state.is_code_block(first):
        return False
    begin = state.bMarks[first] + state.tShift[first]
    closer = _closer_of_block(state.src, begin)
    if not closer or state.src.find(closer, begin + 2, begin + _REACH) < 0:
        return False
    lines: list[str] = []
    for number in range(first, min(last, first + _REACH_LINES)):
        line = state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
        if number > first and (
            not line.strip()
            or state.sCount[number] < state.blkIndent
            or (_FENCE.match(line) and not state.is_code_block(number))
        ):
            return False
        lines.append(line.rstrip())
        if closer in (rest := line[2:] if number == first else line) and closer in _ends(rest):
            source = "\n".join(lines)
            formula = _formula_at(source, 0, len(source))
            if formula is None or formula.end < len(source):
                return False  # words follow on its last line: it belongs to a paragraph
            if not silent:
                token = state.push("formula_block", "", 0)
                token.block = True
                token.content, token.info = formula.content, formula.source
                token.map = [first, number + 1]
                state.line = number + 1
            return True
    return False


def _closer_of_block(src: str, pos: int) -> str:
    if src.startswith(("$$", "\\["), pos):
        return "$$" if src[pos] == "$" else "\\]"
    environment = _ENVIRONMENT.match(src, pos)
    return f"\\end{{{environment[1]}}}" if environment else ""


def _formula_at(src: str, pos: int, limit: int) -> _Formula | None:
    """Return the formula that begins exactly here, if one does."""
    if src[pos] == "$":
        return _dollars(src, pos, limit)
    if src[pos] != "\\":
        return None
    if src.startswith("\\(", pos):
        return _delimited(src, pos, limit, 2, "\\)", display=False)
    if src.startswith("\\[", pos):
        formula = _delimited(src, pos, limit, 2, "\\]", display=True)
        # `\[words\](address)` is the usual way to write a link that is none
        return None if formula and src.startswith("(", formula.end) else formula
    if src.startswith(_BOXED, pos):
        return _boxed(src, pos, limit)
    if environment := _ENVIRONMENT.match(src, pos, limit):
        closer = f"\\end{{{environment[1]}}}"
        formula = _delimited(src, pos, limit, len(environment[0]), closer, display=True)
        return formula and formula._replace(content=formula.source)
    return None


def _boxed(src: str, pos: int, limit: int) -> _Formula | None:
    end = _closers(src).get(pos + len(_BOXED) - 1, limit) + 1
    if end > min(limit, pos + _REACH):
        return None
    return _Formula(src[pos:end], src[pos:end], False, end)


@lru_cache(maxsize=8)
def _closers(src: str) -> dict[int, int]:
    """Return where each brace is closed; once for a text, however many boxes it has."""
    closers: dict[int, int] = {}
    open_: list[int] = []
    for brace in _BRACE.finditer(src):
        if brace[0] == "{":
            open_.append(brace.start())
        elif brace[0] == "}" and open_:
            closers[open_.pop()] = brace.start()
    return closers


def _dollars(src: str, pos: int, limit: int) -> _Formula | None:
    if pos and src[pos - 1] == "$":
        return None
    if src.startswith("$$", pos):
        return _delimited(src, pos, limit, 2, "$$", display=True)
    # Money is not mathematics: no space inside the signs, no digit right after them.
    if pos + 1 >= limit or src[pos + 1].isspace():
        return None
    formula = _delimited(src, pos, limit, 1, "$", display=False)
    if formula is None or src[formula.end - 2].isspace():
        return None
    # A dollar is often a dollar: a backtick behind it begins code sooner than it ends here.
    odd = "`" in formula.content or src[formula.end : formula.end + 1].isdigit()
    return None if odd else formula


def _delimited(
    src: str, pos: int, limit: int, width: int, closer: str, *, display: bool
) -> _Formula | None:
    start = pos + width
    ends = _ends_once(src).get(closer, ())
    index = bisect_left(ends, start)
    if index == len(ends) or ends[index] + len(closer) > min(limit, start + _REACH):
        return None
    end = ends[index] + len(closer)
    content = src[start : ends[index]].strip()
    return _Formula(src[pos:end], content, display, end) if content else None


def _ends(src: str) -> Mapping[str, Sequence[int]]:
    """Return where each sign that ends a formula stands unescaped."""
    ends: dict[str, list[int]] = defaultdict(list)
    for sign in _SIGN.finditer(src):
        if sign[0][0] == "\\":
            ends[sign[0]].append(sign.start())
        else:
            ends["$"] += range(sign.start(), sign.end())
            ends["$$"] += range(sign.start(), sign.end() - 1)
    return dict(ends)


_ends_once = lru_cache(maxsize=8)(_ends)  # a text with many beginnings is read once
