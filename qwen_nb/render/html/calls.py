"""Calls of tools in the static page: folded where they were run, open where they wait."""

from __future__ import annotations

from qwen_nb.render import Block, CallWords, call_words, called, calls_wanted
from qwen_nb.render.html.to_html import CODE_BLOCK, scrolling
from qwen_nb.texts import Language, literal, markup
from qwen_nb.values import Reply

_FAINT = "opacity:.75"
_SIZE = "font-size:.9em"
SMALL = f"{_SIZE};{_FAINT}"
FOLDED = "margin:.2em 0 .7em;border-left:2px solid #888;padding-left:.8em"
_LINE = "margin:.15em 0"
_BARE = "background:none;padding:0"  # JupyterLab gives `code` both
_BLOCK = f"{CODE_BLOCK};{_FAINT};max-height:15em;white-space:pre-wrap;word-break:normal"


def fold(headline: str, inside: str) -> str:
    """Return a fold; both parts are HTML."""
    # No attribute on the two tags: nbconvert prints them when it sanitises.
    return f"<details><summary>{headline}</summary>\n{inside}</details>"


def calls_run_html(reply: Reply, language: Language) -> str:
    """Return the calls that were run, folded under one line; empty without any."""
    if not reply.calls:
        return ""
    words = markup(called(reply.calls, language))
    headline = f'<span dir="auto" style="cursor:pointer;{SMALL}">{words}</span>'
    lines = "".join(_call(call_words(call, language)) for call in reply.calls)
    inside = f'<div style="margin-top:.35em;{_SIZE}">\n{lines}</div>'
    return f'<div style="{FOLDED}">{fold(headline, inside)}</div>\n'


def calls_wanted_html(reply: Reply, language: Language) -> str:
    """Return the calls that nobody ran, and how to go on; empty without any."""
    wanted = calls_wanted(reply, language)
    if wanted is None:
        return ""
    parts = [_words(wanted.headline), *map(_call, wanted.calls)]
    if wanted.hint:
        parts.append(_words(wanted.hint))
    return f'<div style="margin:.5em 0">{"".join(parts)}</div>\n'


def _words(words: str) -> str:
    return f'<div dir="auto" style="{_LINE}">{markup(words)}</div>\n'


def _call(told: CallWords) -> str:
    line = (
        f'<code dir="ltr" style="{_BARE}"><strong style="font-weight:500">'
        f"{literal(told.name)}</strong>"
        f'<span style="{_FAINT}">{literal(told.rest)}</span></code>'
    )
    if told.folded:
        blocks = "".join(map(_block, told.folded))
        line = fold(f'<span style="cursor:pointer">{line}</span>', blocks)
    printed = _block(told.printed) if told.printed else ""
    return f'<div style="{_LINE}">{line}{printed}</div>\n'


def _block(block: Block) -> str:
    return (
        f'<div dir="auto" style="{_LINE};{_FAINT}">{markup(block.caption)}:</div>'
        f'<pre {scrolling(block.caption)} dir="ltr" style="{_BLOCK}">'
        f'<code style="{_BARE}">{literal(block.body)}</code></pre>\n'
    )
