"""Markdown tokens written as HTML: only the tags of this file, all text escaped.

Styles are inline and neutral, for they must do in light and dark, and a reader who
drops them all still sees an ordinary page.

The tags are the few that `nbconvert --to html --sanitize-html` lets pass (its filter
`clean_html`: a, blockquote, code, div, em, li, ol, pre, span, strong, table, td, tr, ul);
any other it would print. So a paragraph is a `div`, and what such a page would miss (the
line between two paragraphs, a rule, the tildes of struck words) stands there in elements
that only a reader without styles sees.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qwen_nb.render.html.links import Link, image_words, is_inline_image, link_to
from qwen_nb.texts import Language, attribute, literal, markup, text, unbroken
from qwen_nb.values import is_plain_mathematics

if TYPE_CHECKING:
    from markdown_it.token import Token

GAP = '<div style="display:none">&nbsp;</div>'
"""An empty line, for readers without styles: to them two `div` have no space between."""

_FAINT = "rgba(128,128,128,.12)"
_TAGS = {"ul": "ul", "ol": "ol", "li": "li", "em": "em", "strong": "strong", "tr": "tr"}
_TAGS |= {"blockquote": "blockquote", "th": "td", "td": "td"}
_STYLES = {
    "blockquote": "margin:.5em 0;padding-left:.8em;border-left:2px solid #888",
    "tr": "background:none;border-bottom:1px solid rgba(128,128,128,.35)",
}
_CONTAINERS = ("ul", "ol", "blockquote")
_PARAGRAPH = "margin:.5em 0"
_HEADING = "margin:.8em 0 .4em;font-size:{size}em"
_SIZES = {3: 1.25, 4: 1.12, 5: 1, 6: 1}
_TABLE = "border-collapse:collapse;margin:0;font-size:1em;overflow-wrap:normal"
_CELL = "padding:2px 12px 2px 0"
_RULE = (
    '<div role="separator" style="border-top:1px solid #888;margin:.8em 0">'
    '<span style="display:none">———</span></div>\n'
)
_STRUCK = '<span style="display:none">~~</span>'
CODE_BLOCK = (
    f"background:{_FAINT};padding:.6em .8em;border-radius:4px;margin:.6em 0;overflow:auto"
)
_CODE = f"background:{_FAINT};padding:.1em .3em;border-radius:3px"
_ALIGNMENTS = ("left", "center", "right")
_REL = "noopener noreferrer nofollow"


def to_html(tokens: Sequence[Token], language: Language) -> str:
    """Write block tokens."""
    return unbroken("".join(_Blocks(language).write(tokens)))


def scrolling(label: str) -> str:
    """Return the attributes of an element that scrolls, so that keys can reach it too.

    A group, not a region: a page full of answers would be full of landmarks.
    """
    return f'role="group" aria-label="{attribute(label)}" tabindex="0"'


class _Blocks:
    """Writes block tokens; knows how deep in lists and quotes it is."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.out: list[str] = []
        self.depth = 0
        self.after_plain = False  # whether a block without margins of its own came just before

    def write(self, tokens: Sequence[Token]) -> list[str]:
        for token in tokens:
            self._write_one(token)
        return self.out

    def _write_one(self, token: Token) -> None:
        match token.type:
            case "inline":
                self.out += _Inline(self.language).write(token.children or ())
            case "fence" | "code_block":
                self._code_block(token.content)
            case "formula_block":
                self._begin_plain()
                self._end_plain(
                    f"<div {scrolling(text('reply.formula_region', self.language))} "
                    'style="overflow-x:auto;overflow-y:hidden">'
                    f"{_formula(token.content, token.info, True)}</div>\n"
                )
            case "hr":
                self._begin_plain()
                self._end_plain(_RULE)
            case "paragraph_open" if not token.hidden:  # hidden: a list without blank lines
                self._begin_plain()
                self.out.append(f'<div{self._direction()} style="{_PARAGRAPH}">')
            case "paragraph_close" if not token.hidden:
                self._end_plain("</div>\n")
            case "heading_open":
                # An answer sits below the notebook's own headings.
                level = min(int(token.tag[1:]) + 2, 6)
                style = _HEADING.format(size=_SIZES[level])
                self._begin_plain()
                self.out.append(
                    f'<div role="heading" aria-level="{level}"{self._direction()} '
                    f'style="{style}"><strong>'
                )
            case "heading_close":
                self._end_plain("</strong></div>\n")
            case "table_open":
                self._begin_plain()
                label = text("reply.table_region", self.language)
                self.out.append(
                    f"<div {scrolling(label)}{self._direction()} "
                    f'style="overflow-x:auto;margin:.6em 0"><table style="{_TABLE}">\n'
                )
            case "table_close":
                self._end_plain("</table></div>\n")
            case _ if token.tag in _TAGS:
                self._tag(token)

    def _begin_plain(self) -> None:
        if self.after_plain:
            self.out.append(GAP)
        self.after_plain = False

    def _end_plain(self, tags: str) -> None:
        self.out.append(tags)
        self.after_plain = True

    def _direction(self) -> str:
        # Inside a list or quote all follow the whole: a part with a direction of its own
        # would not be asked for that of the whole.
        return "" if self.depth else ' dir="auto"'

    def _code_block(self, code: str) -> None:
        # MathJax leaves <pre> and <code> alone, so plain escaping is enough inside.
        lines = literal(code.removesuffix("\n"))
        label = text("reply.code_region", self.language)
        self._begin_plain()
        self._end_plain(
            f'<pre {scrolling(label)} dir="ltr" style="{CODE_BLOCK}">'
            f'<code style="background:none">{lines}</code></pre>\n'
        )

    def _tag(self, token: Token) -> None:
        container = token.tag in _CONTAINERS
        self.after_plain = False
        if token.nesting == -1:
            self.depth -= container
            self.out.append(_tag(token))
            return
        self.out.append(_tag(token, self._direction() if container else ""))
        self.depth += container


def _tag(token: Token, attributes: str = "") -> str:
    if token.tag == "s":
        if token.nesting == -1:
            return f"{_STRUCK}</span>"
        return f'<span role="deletion" style="text-decoration:line-through">{_STRUCK}'
    if token.tag not in _TAGS:
        return markup(token.content)
    name, inside = _TAGS[token.tag], "strong" if token.tag == "th" else ""
    if token.nesting == -1:
        return (f"</{inside}>" if inside else "") + f"</{name}>" + ("\n" if token.block else "")
    style = _STYLES.get(token.tag, "")
    if name == "td":
        wish = str(token.attrs.get("style", "")).removeprefix("text-align:")
        # JupyterLab's sanitiser knows no "start", and its tables are aligned right
        align = wish if wish in _ALIGNMENTS else "left;text-align:start"
        style = f"{_CELL};text-align:{align}"
    if inside:
        attributes += ' role="columnheader"'
    if token.tag == "ol" and "start" in token.attrs:
        attributes += f' start="{int(token.attrs["start"])}"'
    styled = f' style="{style}"' if style else ""
    return f"<{name}{attributes}{styled}>" + (f"<{inside}>" if inside else "")


def _formula(content: str, source: str, display: bool) -> str:
    if not is_plain_mathematics(content):
        return _code(source)
    sign = "$$" if display else "$"
    # Alone in its element: MathJax pairs signs within one text node only.
    return f"<span>{sign}{literal(content)}{sign}</span>"


def _code(code: str) -> str:
    return f'<code dir="ltr" style="{_CODE}">{literal(code)}</code>'


class _Inline:
    """Writes one run of inline tokens; knows whether it is inside a link."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.out: list[str] = []
        self.link: Link | None = None
        self.label: list[str] = []
        self.inner_links = 0

    def write(self, tokens: Sequence[Token]) -> list[str]:
        for token in tokens:
            self._write_one(token)
        return self.out

    def _write_one(self, token: Token) -> None:
        match token.type:
            case "text" | "text_special":
                self._say(token.content)
            case "code_inline":
                self.label.append(token.content)
                self.out.append(_code(token.content))
            case "formula":
                display = bool(token.meta["display"])
                self.out.append(_formula(token.content, token.info, display))
            case "softbreak":
                self._say("\n")
            case "hardbreak":
                self.out.append("<div></div>")  # breaks the line, with or without styles
            case "link_open":
                self._open_link(link_to(str(token.attrs.get("href", ""))))
            case "link_close":
                self._close_link()
            case "image":
                self._image(str(token.attrs.get("src", "")), token.children or ())
            case _:
                self.out.append(_tag(token))

    def _say(self, words: str) -> None:
        self.label.append(words)
        self.out.append(markup(words))

    def _open_link(self, link: Link) -> None:
        if self.link is not None:  # `<https://…>` inside a link's words stays words
            self.inner_links += 1
            return
        self.link, self.label = link, []
        if link.href is not None:
            self.out.append(f'<a href="{attribute(link.href)}" rel="{_REL}" target="_blank">')

    def _close_link(self) -> None:
        if self.inner_links:
            self.inner_links -= 1
            return
        link, label = self.link, "".join(self.label)
        self.link = None
        if link is None:
            return
        if not label.strip() and link.href is not None:
            label = link.href
            self.out.append(markup(label))
        if link.href is not None:
            self.out.append("</a>")
        if link.place and not link.is_told_by(label):
            self.out.append(f' <span style="opacity:.75">({markup(link.place)})</span>')

    def _image(self, src: str, alt_tokens: Sequence[Token]) -> None:
        alt = "".join(token.content for token in alt_tokens)
        if is_inline_image(src):
            self.label.append(alt)
            self.out.append(
                f'<img src="{attribute(src)}" alt="{attribute(alt)}" style="max-width:100%">'
            )
            return
        words = image_words(alt, self.language)
        if self.link is not None:  # a link inside a link does not exist
            self._say(f"{words} ({link_to(src).place})")
            return
        self._open_link(link_to(src))
        self._say(words)
        self._close_link()
