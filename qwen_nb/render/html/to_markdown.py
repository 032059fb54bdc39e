r"""Markdown tokens written as Markdown again, in a spelling every reader takes alike.

Keeping the source and mending places in it would be shorter, and wrong: readers of
Markdown differ in where code begins and ends, and what is code to one is live HTML to
the next. Written anew, every text is escaped and every fence is longer than what it
holds, so there is nothing to differ about.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qwen_nb.render.html.links import Link, image_words, is_inline_image, link_to
from qwen_nb.texts import Language, visible
from qwen_nb.values import HARMFUL_TEX, is_plain_mathematics

if TYPE_CHECKING:
    from markdown_it.token import Token

_ESCAPES = re.compile(
    # MathJax would take these from the finished page, so they become code
    rf"(?:\\(?:begin|end|(?:eq)?ref|{HARMFUL_TEX})(?![A-Za-z]))+"
    r"|\\(?=[^\w\s]|$)"  # a backslash that would escape what follows
    r"|<|&(?=[#\w]|$)"
    r"|[`*~$]"
    r"|(?<![^\W_])_|_(?![^\W_])"  # inside a word an underscore is just itself
    r"|!(?=\[|$)"
    r"|\](?=[(\[:]|$)"
    # Some readers link bare addresses before they look for code, and take its opening
    # backtick along; so only an address that ends in sight is left to them.
    r"|https?://[A-Za-z0-9\-./?#=%+]+(?=\s)"
    r"|:(?=//)|(?<=www)\.",
    re.IGNORECASE,
)
_LINE_START = re.compile(
    r"(?:#{1,6}|[-+])(?=\s|$)|[>|]|:?-(?=[-:|\s]|$)|=+\s*$|\d{1,9}(?=[.)])"
)
_NOT_IN_URL = re.compile(r"[^A-Za-z0-9\-._~:/?#@!&'+,;=%]")
_ENTITY = re.compile(r"&(?=#?\w+;)")
_LANGUAGE = re.compile(r"[\w+#.-]{1,40}")


def to_markdown(tokens: Sequence[Token], language: Language) -> str:
    """Write block tokens."""
    return "\n".join(_Blocks(language).write(tokens))


def plain_words(words: str) -> str:
    """Escape words so that Markdown shows them as they are, on one line."""
    return _escape(words.replace("\n", " "), line_start=True)


def fenced(code: str, info: str = "") -> str:
    """Write lines of code."""
    longest = max((len(run) for run in re.findall("`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    name = _LANGUAGE.match(info)
    body = visible(code).removesuffix("\n")
    return f"{fence}{name[0] if name else ''}\n{body}\n{fence}"


def _escape(words: str, *, line_start: bool = False, in_label: bool = False) -> str:
    words = visible(words).replace("\n", " ")
    start = ""
    if line_start:
        words = words.lstrip(" \t")
        if match := _LINE_START.match(words):
            sign = match[0]
            start = f"{sign}\\" if sign.isdigit() else f"\\{sign}"
            words = words[match.end() :]
    words = _ESCAPES.sub(_escaped, words)
    if in_label:  # whose own brackets must not end it early
        words = words.replace("[", "&#91;").replace("\\]", "]").replace("]", "&#93;")
    return start + words


def _escaped(match: re.Match[str]) -> str:
    sign = match[0]
    if sign == "\\":
        # `\\(` begins a formula in JupyterLab, so a doubled backslash will not do
        return "&#92;"
    if sign[0] == "\\":
        return f"`{sign}`"
    if sign[0] in "hH":
        return sign
    return {"<": "&lt;", "&": "&amp;"}.get(sign, f"\\{sign}")


@dataclass(slots=True)
class _Box:
    """A container that is being filled: its blocks, each a list of lines."""

    kind: str
    marker: str = ""
    number: int = 0
    tight: bool = False
    blocks: list[list[str]] = field(default_factory=list)

    def lines(self) -> list[str]:
        out: list[str] = []
        for block in self.blocks:
            if out and not self.tight:
                out.append("")
            out.extend(block)
        return out


class _Blocks:
    """Writes block tokens; one box on the stack for each open container."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.stack = [_Box("document")]
        self.prefix = ""
        self.rows: list[list[str]] = []
        self.aligns: list[str] = []
        self.in_table = False

    def write(self, tokens: Sequence[Token]) -> list[str]:
        for token in tokens:
            self._write_one(token)
        return self.stack[0].lines()

    def _write_one(self, token: Token) -> None:
        match token.type:
            case "blockquote_open":
                self.stack.append(_Box("quote"))
            case "bullet_list_open":
                self.stack.append(_Box("list", token.markup, tight=True))
            case "ordered_list_open":
                start = int(token.attrs.get("start", 1))
                self.stack.append(_Box("list", token.markup, start, tight=True))
            case "list_item_open":
                self.stack.append(_Box("item", tight=True))
            case "blockquote_close" | "bullet_list_close" | "ordered_list_close":
                self._close_container()
            case "list_item_close":
                self._close_item()
            case "paragraph_open":
                self._loosen(token)
                self.prefix = ""
            case "heading_open":
                self.prefix = (
                    token.markup if token.markup[0] == "#" else "#" * int(token.tag[1])
                )
            case "inline":
                self._inline(token)
            case "fence" | "code_block":
                self._add(fenced(token.content, token.info).split("\n"))
            case "formula_block":
                self._add(_formula_block(token))
            case "hr":
                self._add(["___"])  # dashes or stars might join a list marker
            case "table_open":
                self.rows, self.aligns, self.in_table = [], [], True
            case "tr_open":
                self.rows.append([])
            case "th_open":
                self.aligns.append(str(token.attrs.get("style", "")))
            case "table_close":
                self.in_table = False
                self._add(_table(self.rows, self.aligns))

    def _add(self, lines: list[str]) -> None:
        self.stack[-1].blocks.append(lines)

    def _loosen(self, token: Token) -> None:
        if not token.hidden and self.stack[-1].kind == "item":
            self.stack[-1].tight = self.stack[-2].tight = False

    def _close_container(self) -> None:
        box = self.stack.pop()
        lines = box.lines()
        self._add([f"> {line}".rstrip() for line in lines] if box.kind == "quote" else lines)

    def _close_item(self) -> None:
        item, parent = self.stack.pop(), self.stack[-1]
        # the mark of an ordered list is the sign after its number
        marker = f"{parent.number}{parent.marker}" if parent.marker in ".)" else parent.marker
        parent.number = min(parent.number + 1, 999_999_999)
        indent = " " * (len(marker) + 1)
        lines = item.lines() or [""]
        rest = [f"{indent}{line}" if line else "" for line in lines[1:]]
        parent.blocks.append([f"{marker} {lines[0]}".rstrip(), *rest])

    def _inline(self, token: Token) -> None:
        inline = _Inline(self.language, one_line=bool(self.prefix), in_table=self.in_table)
        written = inline.write(token.children or ())
        if self.in_table:
            self.rows[-1].append(written)
        else:
            self._add(f"{self.prefix} {written}".strip().split("\n"))
        self.prefix = ""


def _table(rows: list[list[str]], aligns: list[str]) -> list[str]:
    dashes = {
        "text-align:left": ":---",
        "text-align:center": ":---:",
        "text-align:right": "---:",
    }
    body = [rows[0], [dashes.get(align, "---") for align in aligns], *rows[1:]]
    return ["| " + " | ".join(cells) + " |" for cells in body]


def _is_formula_everywhere(content: str) -> bool:
    # Readers disagree on where a formula with an escaped dollar in it ends.
    return "$" not in content and is_plain_mathematics(content)


def _formula_block(token: Token) -> list[str]:
    if not _is_formula_everywhere(token.content):
        return fenced(token.info, "tex").split("\n")
    lines = [line.strip() for line in _tex(token.content).split("\n")]
    return ["$$", *(line for line in lines if line), "$$"]


def _tex(content: str) -> str:
    """Spell a formula so that a reader who knows none finds neither tag nor link in it."""
    content = visible(content).replace("<", r"\lt ")
    return re.sub(r"\](?=\s*[(\[:])", "]{}", content)


class _Inline:
    """Writes one run of inline tokens."""

    def __init__(self, language: Language, *, one_line: bool, in_table: bool) -> None:
        self.language = language
        self.one_line = one_line or in_table
        self.in_table = in_table
        self.out: list[str] = []
        self.words: list[str] = []
        self.line_start = True
        self.link: Link | None = None
        self.label: list[str] = []
        self.inner_links = 0

    def write(self, tokens: Sequence[Token]) -> str:
        for token in tokens:
            if token.type in ("text", "text_special"):
                self.words.append(token.content)
                self.label.append(token.content)
            else:
                self._flush()
                self._write_one(token)
        self._flush()
        written = "".join(self.out)
        # In a cell every bar is escaped, in code too; formulas have none left.
        return written.replace("|", "\\|") if self.in_table else written

    def _flush(self) -> None:
        # Neighbouring texts are escaped together: `&` and `lt;` may come apart.
        if self.words:
            words = "".join(self.words)
            in_label = self.link is not None
            self._put(_escape(words, line_start=self.line_start, in_label=in_label))
            self.words = []

    def _put(self, markdown: str) -> None:
        if markdown.startswith("`") and self.out and self.out[-1].endswith("`"):
            self.out.append(" ")  # two codes side by side would become one
        self.out.append(markdown)
        self.line_start = False

    def _write_one(self, token: Token) -> None:
        match token.type:
            case "code_inline":
                self.label.append(token.content)
                self._put(_code(token.content))
            case "formula":
                self._put(_formula(token, self.in_table))
            case "softbreak" | "hardbreak":
                self._break("\n" if token.type == "softbreak" else "\\\n")
            case "link_open":
                self._open_link(link_to(str(token.attrs.get("href", ""))))
            case "link_close":
                self._close_link()
            case "image":
                self._image(str(token.attrs.get("src", "")), token.children or ())
            case "em_open" | "em_close" | "strong_open" | "strong_close" | "s_open" | "s_close":
                self._put(token.markup)

    def _break(self, written: str) -> None:
        self.label.append(" ")
        self._put(" " if self.one_line else written)
        self.line_start = not self.one_line

    def _open_link(self, link: Link) -> None:
        if self.link is not None:  # `<https://…>` inside a link's words stays words
            self.inner_links += 1
            return
        self.link, self.label = link, []
        if link.href is not None:
            self._put("[")

    def _close_link(self) -> None:
        if self.inner_links:
            self.inner_links -= 1
            return
        link, label = self.link, "".join(self.label)
        if link is None:
            return
        if not label.strip() and link.href is not None:
            label = link.href
            self._put(_escape(label, in_label=True))
        self.link = None
        if link.href is not None:
            self._put(f"]({_url(link.href)})")
        if link.place and not link.is_told_by(label):
            self._put(f" ({_escape(link.place, in_label=True)})")

    def _image(self, src: str, alt_tokens: Sequence[Token]) -> None:
        alt = "".join(token.content for token in alt_tokens)
        if is_inline_image(src):
            self.label.append(alt)
            self._put(f"![{_escape(alt, in_label=True)}]({src})")
            return
        words = image_words(alt, self.language)
        if self.link is not None:
            self._say(f"{words} ({link_to(src).place})")
            return
        self._open_link(link_to(src))
        self._say(words)
        self._close_link()

    def _say(self, words: str) -> None:
        self.label.append(words)
        self._put(_escape(words, in_label=True))


def _code(code: str) -> str:
    runs = {len(run) for run in re.findall("`+", code)}
    ticks = next("`" * n for n in range(1, len(runs) + 2) if n not in runs)
    code = visible(code).replace("\n", " ")
    spaced = code.startswith("`") or code.endswith("`")
    spaced = spaced or (code != code.strip(" ") and code[0] == code[-1] == " " != code.strip())
    return f"{ticks} {code} {ticks}" if spaced else f"{ticks}{code}{ticks}"


def _formula(token: Token, in_table: bool) -> str:
    if not _is_formula_everywhere(token.content):
        return _code(token.info)
    content = _tex(token.content)
    if in_table:
        content = content.replace("\\|", r"\Vert ").replace("|", r"\vert ")
    sign = "$$" if token.meta["display"] else "$"
    return f"{sign}{content}{sign}"


def _url(href: str) -> str:
    encoded = _NOT_IN_URL.sub(lambda sign: "".join(f"%{b:02X}" for b in sign[0].encode()), href)
    return _ENTITY.sub("&amp;", encoded)
