"""The durable form of a reply: what stays in the notebook when the live card is gone.

A pure function of the reply and the language, equal byte for byte whenever it is made:
no clock, ids, speeds or ports. Those go into the output's metadata, which nobody
compares. It reads well without any style, since some readers drop them all.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qwen_nb.render import (
    Ending,
    Wanted,
    call_words,
    calls_wanted,
    ending,
    thought,
    tokens_per_second,
    usage_bar,
    usage_line,
)
from qwen_nb.render.html.calls import FOLDED, SMALL, calls_run_html, calls_wanted_html, fold
from qwen_nb.render.html.markdown import safe_forms
from qwen_nb.render.html.to_html import GAP
from qwen_nb.render.html.to_markdown import fenced, plain_words
from qwen_nb.render.html.unfolded import usage_facts, usage_rows, usage_table
from qwen_nb.texts import Language, attribute, markup, text, unbroken, visible
from qwen_nb.values import Reply


def bundle(
    reply: Reply,
    language: Language = "en",
    *,
    hide_thinking: bool = False,
    as_text: bool = False,
) -> dict[str, str]:
    """Return the MIME bundle of a finished reply.

    Parameters
    ----------
    reply : Reply
        The reply; its `timing`, `request_id` and `server` do not show.
    language : {"en", "zh"}
        The language of our own words.
    hide_thinking : bool
        Leave the thinking out of the HTML; the other forms never hold it.
    as_text : bool
        Show the answer character by character, not as the Markdown it is written in.

    Returns
    -------
    dict
        Exactly `text/html`, `text/markdown` and `text/plain`.
    """
    answer_html, answer_markdown = (
        _text_forms(reply.answer) if as_text else safe_forms(reply.shown, language)
    )
    end, usage = ending(reply, language), usage_line(reply, language)
    html = [
        "" if hide_thinking else _thinking(reply, language),
        calls_run_html(reply, language),
        answer_html,
        calls_wanted_html(reply, language),
        _ending_html(end),
        *(
            f'<div dir="auto" style="margin:.3em 0;{SMALL}">{markup(note)}</div>\n'
            for note in reply.notes
        ),
        _usage_html(reply, language),
    ]
    page = (
        f'<div role="group" aria-label="{attribute(text("reply.label", language))}" '
        'style="max-width:46em;overflow-wrap:break-word;overflow-wrap:anywhere">\n'
        f"{GAP.join(part for part in html if part)}\n</div>"
    )
    ran = [str(call_words(call, language)) for call in reply.calls]
    wanted = calls_wanted(reply, language)
    markdown = [_list(ran), answer_markdown, _wanted_markdown(wanted), _ending_markdown(end)]
    markdown += [*map(plain_words, reply.notes), plain_words(usage)]
    plain = ["\n".join(ran), visible(reply.answer).rstrip(), str(wanted or ""), str(end)]
    plain += [*map(visible, reply.notes), usage]
    return {
        "text/html": unbroken(page),
        "text/markdown": "\n\n".join(part for part in markdown if part),
        "text/plain": "\n\n".join(part for part in plain if part),
    }


def metadata(reply: Reply) -> dict[str, Any]:
    """Return what goes under `qwen_nb` in the output's metadata: times, ids, raw usage."""
    seconds = {
        "first_s": reply.timing.first_s,
        "thinking_s": reply.timing.thinking_s,
        "total_s": reply.timing.total_s,
    }
    timing: dict[str, Any] = {name: round(s, 3) for name, s in seconds.items() if s is not None}
    if reply.calls:
        timing["calls_s"] = [round(call.seconds, 3) for call in reply.calls]
    if speed := tokens_per_second(reply):
        timing["tokens_per_s"] = round(speed, 1)
    return {
        "model": visible(reply.model),
        "request_id": visible(reply.request_id),
        "finish_reason": reply.finish_reason,
        "timing": timing,
        "usage": dict(reply.usage.raw) if reply.usage else {},
    }


def _thinking(reply: Reply, language: Language) -> str:
    if not reply.thinking.strip():
        return ""
    lines = _lines(reply.thinking)
    words = markup(thought(reply, language))
    headline = f'<span dir="auto" style="cursor:pointer;{SMALL}">{words}</span>'
    inside = f'<div style="white-space:pre-wrap;margin-top:.35em;{SMALL}">{lines}</div>'
    return f'<div style="{FOLDED}">{fold(headline, inside)}</div>\n'


def _lines(words: str) -> str:
    # Each line in its own element: lines survive where styles do not, and each may run
    # in its own direction.
    return "".join(
        f'<div dir="auto">{markup(line) or "&nbsp;"}</div>'
        for line in visible(words).strip("\n").split("\n")
    )


def _text_forms(answer: str) -> tuple[str, str]:
    if not answer.strip():
        return "", ""
    page = f'<div style="white-space:pre-wrap;margin:.5em 0">{_lines(answer)}</div>\n'
    return page, fenced(visible(answer).strip("\n"))


def _list(lines: Sequence[str]) -> str:
    return "\n".join(f"- {plain_words(line)}" for line in lines)


def _wanted_markdown(wanted: Wanted | None) -> str:
    if wanted is None:
        return ""
    parts = (plain_words(wanted.headline), _list([*map(str, wanted.calls)]))
    return "\n\n".join((*parts, plain_words(wanted.hint))).rstrip()


def _usage_html(reply: Reply, language: Language) -> str:
    line = markup(usage_line(reply, language))
    line = f'{usage_bar(reply.usage, language)}<span dir="auto" style="{SMALL}">{line}</span>'
    rows = usage_rows(reply, language)
    if rows:
        table = usage_table(rows, usage_facts(reply, language), language)
        line = fold(
            f'<span style="cursor:pointer">{line}</span>',
            f'<div style="{SMALL}">{table}</div>',
        )
    return f'<div style="margin-top:.6em">{line}</div>'


def _ending_html(end: Ending) -> str:
    if not any(end):
        return ""
    headline = f"<em>{markup(end.headline)}</em>" if end.headline else ""
    words = " ".join(part for part in (headline, markup(end.words)) if part)
    return f'<div dir="auto" style="margin:.5em 0">{words}</div>\n'


def _ending_markdown(end: Ending) -> str:
    headline = f"*{plain_words(end.headline)}*" if end.headline else ""
    return " ".join(part for part in (headline, plain_words(end.words)) if part)
