"""The one reader of code and formulas in Markdown: an answer's, and a prompt's.

Whoever needs a fence, a code span or a formula asks here: what an answer is drawn from,
`Reply.code`, structured answers, and the filling of prompts. The page reads by itself, in
`render/live/page/reader.mjs`; one table of cases holds both together
(`tests/render/cases/markdown.json`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from qwen_nb.values.formulas import add_formulas

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_inline import StateInline
    from markdown_it.token import Token

__all__ = ["CodeBlock", "code_blocks", "markdown_parser", "spans_of_prompt"]

_LANGUAGE = re.compile(r"[{.\s]*([\w+#][\w+#.-]{0,39})")
_MAX_NESTING = 20
_LINE_END = re.compile(r"\r\n?|\n")


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """A fenced block of code.

    Parameters
    ----------
    language : str
        The first word after the fence, in small letters; empty where none stands there.
    text : str
        The code, without its last line end.
    complete : bool
        False where the closing fence is missing, as in an answer that was stopped.
    """

    language: str
    text: str
    complete: bool = True


def markdown_parser() -> MarkdownIt:
    """Return a new parser: CommonMark, tables, strikethrough and formulas; HTML is text."""
    # Here and not at the top: importing the values must stay cheap.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
    parser.enable(["table", "strikethrough"])
    add_formulas(parser)
    return parser


def code_blocks(markdown: str) -> list[CodeBlock]:
    """Return the fenced blocks of code of a text, in order.

    Parameters
    ----------
    markdown : str
        Anything at all; fences of backticks or tildes, also in lists and quotes.
    """
    if "```" not in markdown and "~~~" not in markdown:
        return []
    blocks = []
    for token in _block_parser().parse(markdown):
        if token.type != "fence" or token.map is None:
            continue
        begin, end = token.map
        code = token.content.removesuffix("\n")
        lines = token.content.count("\n") + (token.content[-1:] not in ("", "\n"))
        blocks.append(CodeBlock(_language(token.info), code, end - begin > lines + 1))
    return blocks


def spans_of_prompt(prompt: str) -> list[tuple[int, int]]:
    """Return where a prompt holds fences, code spans and formulas: begins and ends, in order.

    A prompt is typed, so an indent is layout and makes no code. Of a block that takes
    whole lines its lines are given, with the marks of a quote or list before them.
    """
    if not any(sign in prompt for sign in "`~$\\"):
        return []
    lines, begin = [], 0
    for end in _LINE_END.finditer(prompt):
        lines.append((begin, end.start()))
        begin = end.end()
    lines.append((begin, len(prompt)))
    spans = []
    for token in _prompt_parser().parse(prompt):
        if token.map is None:
            continue
        first, last = token.map[0], min(token.map[1], len(lines)) - 1
        if token.type in ("fence", "formula_block"):
            spans.append((lines[first][0], lines[last][1]))
        elif token.type == "inline":
            spans += _inline_spans(token, prompt, lines[first : last + 1])
    return spans


def _inline_spans(
    token: Token, prompt: str, lines: list[tuple[int, int]]
) -> Iterator[tuple[int, int]]:
    """Yield the spans of a paragraph, whose text has lost the marks before its lines."""
    found = [child.meta["at"] for child in token.children or () if "at" in child.meta]
    if not found:
        return
    places: list[int] = []  # of each sign of the paragraph in the prompt
    for (begin, end), words in zip(lines, token.content.split("\n"), strict=False):
        indent = len(words) - len(words.lstrip())
        # (a parser shows a NUL as another sign)
        at = prompt[begin:end].replace("\0", "\ufffd").rfind(words.strip()) - indent
        places += range(begin + at, begin + at + len(words) + 1)
    yield from ((places[first], places[last - 1] + 1) for first, last in found)


def _language(info: str) -> str:
    found = _LANGUAGE.match(info)
    return found[1].lower() if found else ""


@cache
def _block_parser() -> MarkdownIt:
    parser = markdown_parser()
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser


@cache
def _prompt_parser() -> MarkdownIt:
    parser = markdown_parser()
    parser.disable(["code", "reference", "table"])
    parser.inline.ruler.at("backticks", _placed_backticks)
    rules = ["text", "newline", "formula", "escape", "backticks", "autolink"]
    parser.inline.ruler.enableOnly(rules)
    return parser


def _placed_backticks(state: StateInline, silent: bool) -> bool:
    """Take in a run of backticks as the library does, and note where a code span stands."""
    from markdown_it.rules_inline import backtick

    begin, known = state.pos, len(state.tokens)
    if not backtick(state, silent):
        return False
    if len(state.tokens) > known and state.tokens[-1].type == "code_inline":
        state.tokens[-1].meta = {"at": (begin, state.pos)}
    return True
