"""The blocks of code in an answer, read as its reader sees them: by the rules of Markdown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt

__all__ = ["CodeBlock", "code_blocks"]

_LANGUAGE = re.compile(r"[{.\s]*([\w+#][\w+#.-]{0,39})")
_MAX_NESTING = 20  # as where an answer is drawn


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
    for token in _parser().parse(markdown):
        if token.type != "fence" or token.map is None:
            continue
        begin, end = token.map
        code = token.content.removesuffix("\n")
        lines = token.content.count("\n") + (token.content[-1:] not in ("", "\n"))
        blocks.append(CodeBlock(_language(token.info), code, end - begin > lines + 1))
    return blocks


def _language(info: str) -> str:
    found = _LANGUAGE.match(info)
    return found[1].lower() if found else ""


@cache
def _parser() -> MarkdownIt:
    # Here and not at the top: few answers are asked for their code.
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False, "maxNesting": _MAX_NESTING})
    parser.core.ruler.enableOnly(["normalize", "block"])
    return parser
