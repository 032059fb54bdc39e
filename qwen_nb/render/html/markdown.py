"""What a model wrote in Markdown, as HTML and as Markdown that can do no harm.

A front end runs the scripts of a freshly made output and loads its images, so nothing
of the model's own markup may survive. The text is parsed (CommonMark, tables,
strikethrough, formulas; raw HTML is text), and both forms are written anew from the
tokens, by `_to_html` and `_to_markdown`, with our own tags and signs only.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from qwen_nb.render.html.to_html import to_html
from qwen_nb.render.html.to_markdown import fenced, to_markdown
from qwen_nb.texts import Language, literal, unbroken, visible
from qwen_nb.values import markdown_parser

if TYPE_CHECKING:
    from markdown_it import MarkdownIt


def safe_markdown(markdown: str, language: Language = "en") -> str:
    """Return the answer as Markdown without raw HTML, images or odd links.

    It means the same to any reader of Markdown; formulas are spelled with dollars.
    """
    return safe_forms(markdown, language)[1]


def safe_forms(markdown: str, language: Language = "en") -> tuple[str, str]:
    """Return both forms, `(html, markdown)`, parsing once.

    Parameters
    ----------
    markdown : str
        What the model wrote; anything at all.
    language : {"en", "zh"}
        The language of the few words that are ours ("image: …").
    """
    source = visible(markdown)
    try:
        tokens = _parser().parse(source)
        return to_html(tokens, language), to_markdown(tokens, language)
    except Exception:
        # An answer was paid for: a fault of the parser must not lose it.
        lines = literal(source)
        style = "white-space:pre-wrap;font-family:inherit"
        return unbroken(f'<pre dir="auto" style="{style}">{lines}</pre>\n'), fenced(source)


@cache
def _parser() -> MarkdownIt:
    # Here and not at the top: importing the room must stay cheap.
    from qwen_nb.render.html.cjk import emphasis

    parser = markdown_parser()
    # Every link becomes a token; the writers judge the addresses, in one place.
    parser.validateLink = lambda url: True  # type: ignore[method-assign]
    parser.inline.ruler.at("emphasis", emphasis)
    return parser
