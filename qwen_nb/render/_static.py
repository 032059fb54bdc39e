"""The durable form of a reply: what stays in the notebook when the live card is gone.

A pure function of the reply and the language, equal byte for byte whenever it is made:
no clock, ids, speeds or ports. Those go into the output's metadata, which nobody
compares. It reads well without any style, since some readers drop them all.
"""

from __future__ import annotations

from typing import Any

from qwen_nb._messages import Reply
from qwen_nb._texts import Language, text
from qwen_nb.render._ending import Ending, ending, thought
from qwen_nb.render._markdown import safe_forms
from qwen_nb.render._safe import attribute, markup, unbroken, visible
from qwen_nb.render._to_markdown import plain_words
from qwen_nb.render._usage import usage_bar, usage_line

__all__ = ["bundle", "metadata"]

_SMALL = "font-size:.9em;opacity:.75"
_FOLD = "margin:.2em 0 .7em;border-left:2px solid #888;padding-left:.8em"


def bundle(
    reply: Reply, language: Language = "en", *, hide_thinking: bool = False
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

    Returns
    -------
    dict
        Exactly `text/html`, `text/markdown` and `text/plain`.
    """
    answer_html, answer_markdown = safe_forms(reply.answer, language)
    end, usage = ending(reply, language), usage_line(reply, language)
    html = [
        f'<section aria-label="{attribute(text("reply.label", language))}" '
        'style="max-width:46em;overflow-wrap:anywhere">\n',
        "" if hide_thinking else _thinking(reply, language),
        answer_html,
        _ending_html(end),
        *(f'<p style="margin:.3em 0;{_SMALL}">{markup(note)}</p>\n' for note in reply.notes),
        f'<footer style="margin-top:.6em">{usage_bar(reply.usage, language)}'
        f'<span style="{_SMALL}">{markup(usage)}</span></footer>\n</section>',
    ]
    markdown = [answer_markdown, _ending_markdown(end)]
    markdown += [*map(plain_words, reply.notes), plain_words(usage)]
    plain = [visible(reply.answer).rstrip(), str(end), *map(visible, reply.notes), usage]
    return {
        "text/html": unbroken("".join(html)),
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
    return {
        "model": visible(reply.model),
        "request_id": visible(reply.request_id),
        "finish_reason": reply.finish_reason,
        "timing": {name: round(s, 3) for name, s in seconds.items() if s is not None},
        "usage": dict(reply.usage.raw) if reply.usage else {},
    }


def _thinking(reply: Reply, language: Language) -> str:
    if not reply.thinking.strip():
        return ""
    # Line breaks as tags and spaces by style: lines survive where styles do not.
    lines = markup(reply.thinking.strip("\n")).replace("\n", "<br>")
    return (
        f'<details style="{_FOLD}"><summary style="cursor:pointer;{_SMALL}">'
        f"{markup(thought(reply, language))}</summary>\n"
        f'<div style="white-space:pre-wrap;margin-top:.35em;{_SMALL}">{lines}</div></details>\n'
    )


def _ending_html(end: Ending) -> str:
    if not any(end):
        return ""
    headline = f"<em>{markup(end.headline)}</em>" if end.headline else ""
    words = " ".join(part for part in (headline, markup(end.words)) if part)
    return f'<p style="margin:.5em 0">{words}</p>\n'


def _ending_markdown(end: Ending) -> str:
    headline = f"*{plain_words(end.headline)}*" if end.headline else ""
    return " ".join(part for part in (headline, plain_words(end.words)) if part)
