"""Markdown tokens written as HTML: only the tags of this file, all text escaped.

Styles are inline and neutral, for they must do in light and dark, and a reader who
drops them all still sees an ordinary page.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from qwen_nb._texts import Language, text
from qwen_nb.render._formulas import is_plain_mathematics
from qwen_nb.render._links import Link, is_inline_image, link_to
from qwen_nb.render._safe import attribute, literal, markup, unbroken

if TYPE_CHECKING:
    from markdown_it.token import Token

__all__ = ["to_html"]

_FAINT = "rgba(128,128,128,.12)"
_CELL = "padding:2px 12px 2px 0"
_STYLES = {
    "p": "margin:.5em 0",
    "h3": "margin:.8em 0 .4em",
    "h4": "margin:.8em 0 .4em",
    "h5": "margin:.8em 0 .4em",
    "h6": "margin:.8em 0 .4em",
    "ul": "",
    "ol": "",
    "li": "",
    "blockquote": "margin:.5em 0;padding-left:.8em;border-left:2px solid #888;opacity:.85",
    "table": "border-collapse:collapse;margin:.6em 0;font-size:1em",
    "thead": "",
    "tbody": "",
    "tr": "background:none;border-bottom:1px solid rgba(128,128,128,.35)",
    "th": _CELL,
    "td": _CELL,
    "em": "",
    "strong": "",
    "s": "",
}
_PRE = f"background:{_FAINT};padding:.6em .8em;border-radius:4px;margin:.6em 0;overflow:auto"
_CODE = f"background:{_FAINT};padding:.1em .3em;border-radius:3px"
_ALIGNMENTS = ("left", "center", "right")
_REL = "noopener noreferrer nofollow"


def to_html(tokens: Sequence[Token], language: Language) -> str:
    """Write block tokens."""
    out: list[str] = []
    for token in tokens:
        match token.type:
            case "inline":
                out.append(_Inline(language).write(token.children or ()))
            case "fence" | "code_block":
                out.append(_code_block(token.content))
            case "formula_block":
                out.append(f"<div>{_formula(token.content, token.info, True)}</div>\n")
            case "hr":
                out.append('<hr style="border:0;border-top:1px solid #888">\n')
            case _:
                out.append(_block_tag(token))
    return unbroken("".join(out))


def _code_block(code: str) -> str:
    """Write lines of code."""
    # MathJax leaves <pre> and <code> alone, so plain escaping is enough inside.
    lines = literal(code.removesuffix("\n"))
    return f'<pre style="{_PRE}"><code style="background:none">{lines}</code></pre>\n'


def _block_tag(token: Token) -> str:
    if token.hidden:  # the paragraphs of a list without blank lines
        return ""
    name = token.tag
    if token.type.startswith("heading"):
        # An answer sits below the notebook's own headings.
        name = f"h{min(int(name[1:]) + 2, 6)}"
    return _tag(token, name) + ("\n" if token.nesting == -1 else "")


def _tag(token: Token, name: str) -> str:
    if name not in _STYLES:
        return markup(token.content)
    if token.nesting == -1:
        return f"</{name}>"
    style, start = _STYLES[name], ""
    if name in ("th", "td"):
        wish = str(token.attrs.get("style", "")).removeprefix("text-align:")
        style += f";text-align:{wish if wish in _ALIGNMENTS else 'left'}"
    if name == "ol" and "start" in token.attrs:
        start = f' start="{int(token.attrs["start"])}"'
    return f'<{name}{start} style="{style}">' if style else f"<{name}{start}>"


def _formula(content: str, source: str, display: bool) -> str:
    if not is_plain_mathematics(content):
        return f'<code style="{_CODE}">{literal(source)}</code>'
    sign = "$$" if display else "$"
    # Alone in its element: MathJax pairs signs within one text node only.
    return f"<span>{sign}{literal(content)}{sign}</span>"


class _Inline:
    """Writes one run of inline tokens; knows whether it is inside a link."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.out: list[str] = []
        self.link: Link | None = None
        self.label: list[str] = []
        self.inner_links = 0

    def write(self, tokens: Sequence[Token]) -> str:
        for token in tokens:
            self._write_one(token)
        return "".join(self.out)

    def _write_one(self, token: Token) -> None:
        match token.type:
            case "text" | "text_special":
                self._say(token.content)
            case "code_inline":
                self.label.append(token.content)
                self.out.append(f'<code style="{_CODE}">{literal(token.content)}</code>')
            case "formula":
                display = bool(token.meta["display"])
                self.out.append(_formula(token.content, token.info, display))
            case "softbreak":
                self._say("\n")
            case "hardbreak":
                self.out.append("<br>\n")
            case "link_open":
                self._open_link(link_to(str(token.attrs.get("href", ""))))
            case "link_close":
                self._close_link()
            case "image":
                self._image(str(token.attrs.get("src", "")), token.children or ())
            case _:
                self.out.append(_tag(token, token.tag))

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
            self.out.append(f' <span style="opacity:.7">({markup(link.place)})</span>')

    def _image(self, src: str, alt_tokens: Sequence[Token]) -> None:
        alt = "".join(token.content for token in alt_tokens)
        if is_inline_image(src):
            self.label.append(alt)
            self.out.append(
                f'<img src="{attribute(src)}" alt="{attribute(alt)}" style="max-width:100%">'
            )
            return
        words = (
            text("reply.image", self.language, alt=alt)
            if alt.strip()
            else text("reply.image_bare", self.language)
        )
        if self.link is not None:  # a link inside a link does not exist
            self._say(f"{words} ({link_to(src).place})")
            return
        self._open_link(link_to(src))
        self._say(words)
        self._close_link()
