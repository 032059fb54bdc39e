"""Nothing hides in a text: controls and reordering marks become signs one can see.

Everything a model or a server sends is somebody else's text. A terminal would obey its
escape sequences, and bidi controls let a line read differently from what it is.
"""

from __future__ import annotations

import html
import re
import sys

_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and newline, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidi marks, embeddings, isolates
    "\ud800-\udfff]"  # lone surrogates: they can be neither printed nor saved
)


def _sign(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)  # the control pictures of Unicode: ␛ for escape
    if code == 0x7F:
        return "␡"
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    return f"⟨U+{code:04X}⟩"


def visible(text: str) -> str:
    r"""Return the text with control characters shown as signs.

    Newlines and tabs stay, `\r\n` becomes `\n`; escape becomes ``␛``, U+202E becomes
    ``⟨U+202E⟩``. A text without such characters comes back as it is, at the cost of one
    search.
    """
    if _HIDDEN.search(text) is None:
        return text
    return _HIDDEN.sub(_sign, text.replace("\r\n", "\n"))


def writable(text: str) -> str:
    """Return the text as standard output can write it: signs it does not have become ``?``.

    A terminal that is not UTF-8 refuses the whole text for one ``✓`` or emoji in it.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return text.encode(encoding, "replace").decode(encoding)


_TEX_SIGN = re.compile(r"[$\\]")
_BLANK_LINE = re.compile(r"\n(?=[ \t]*\n)")


def unbroken(page: str) -> str:
    """Return HTML without blank lines, meaning the same.

    It may be pasted into a Markdown page (nbconvert does that), where a blank line ends
    the HTML and what follows would be read as Markdown.
    """
    return _BLANK_LINE.sub("&#10;", page)


def literal(text: str) -> str:
    """Return any text as HTML for the inside of an element of code or of a formula."""
    return html.escape(visible(text))


def markup(text: str) -> str:
    r"""Return any text as HTML that shows it, character by character.

    MathJax looks for `$`, `\(` and `\begin` inside each text node of a page, wherever
    they come from. A sign in an element of its own never makes a pair, so "$5 and $6"
    stays as it is, and nothing but our own formulas is typeset.
    """
    return _TEX_SIGN.sub(r"<span>\g<0></span>", literal(text))


def attribute(text: str) -> str:
    """Return any text escaped for a double-quoted HTML attribute."""
    return html.escape(visible(text)).replace("\n", " ")
