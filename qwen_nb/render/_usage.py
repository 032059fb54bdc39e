"""The usage line under an answer, and the little bar that draws it.

Only what the server said is told: a figure it did not give is left out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from qwen_nb._messages import Reply, Usage
from qwen_nb._texts import Language, text
from qwen_nb.render._safe import attribute, markup, visible

__all__ = ["UsageRow", "usage_bar", "usage_line", "usage_parts", "usage_rows", "usage_table"]

_INPUT, _CACHED, _THINKING, _ANSWER = "#8d99a6", "#c3cad1", "#7e57c2", "#2e7d32"

_TABLE = "border-collapse:collapse;margin:.3em 0 0;font-size:1em"
_CELL = "border:0;padding:1px 12px 1px"
_PARTS = ("cached", "thinking", "answer")


def usage_line(reply: Reply, language: Language = "en") -> str:
    """Return turn, tokens, model and who answered, as one line of plain text."""
    return " · ".join(usage_parts(reply, language))


def usage_parts(reply: Reply, language: Language) -> list[str]:
    """Return the parts of the usage line, in their order."""
    parts: list[str] = []
    if reply.turn is not None:
        key = "usage.turn_sent" if reply.turns_sent else "usage.turn"
        parts.append(text(key, language, turn=reply.turn, sent=reply.turns_sent))
    counts = _counts(reply.usage, language) if reply.usage else []
    if not counts and reply.finish_reason != "failed":
        counts = [text("usage.unknown", language)]
    parts += counts
    if reply.model:
        parts.append(visible(reply.model).replace("\n", " "))
    if reply.scripted:
        parts.append(text("reply.emulator", language))
    return parts


def _counts(usage: Usage, language: Language) -> list[str]:
    counts: list[str] = []
    if usage.input is not None:
        key = "usage.in" if usage.cached is None else "usage.in_cached"
        counts.append(text(key, language, n=usage.input, cached=usage.cached))
    if usage.output is not None:
        key = "usage.out" if usage.thinking is None else "usage.out_thinking"
        counts.append(text(key, language, n=usage.output, thinking=usage.thinking))
    elif usage.thinking is not None:
        counts.append(text("usage.bar_thinking", language, n=usage.thinking))
    if not counts and usage.total is not None:
        counts.append(text("usage.total", language, n=usage.total))
    return counts


class UsageRow(NamedTuple):
    """One kind of token: what it is called, and how many there were."""

    kind: str
    name: str
    tokens: int


def usage_rows(usage: Usage | None, language: Language = "en") -> list[UsageRow]:
    """Return a row for each kind of token the server told, the parts below the whole.

    Only the answer is worked out, as output without thinking, where both are told and
    agree.
    """
    if usage is None or not _counts(usage, language):
        return []
    answer = None
    if usage.output is not None and usage.thinking is not None:
        answer = usage.output - usage.thinking
    counts = {
        "input": usage.input,
        "cached": usage.cached,
        "output": usage.output,
        "thinking": usage.thinking,
        "answer": answer if answer is None or answer >= 0 else None,
        "total": usage.total,
    }
    return [
        UsageRow(kind, text(f"usage.row_{kind}", language), count)
        for kind, count in counts.items()
        if count is not None
    ]


def usage_table(rows: Sequence[UsageRow], language: Language) -> str:
    """Return the rows as a small HTML table."""
    body = "".join(
        f'<tr style="background:none"><td role="rowheader" style="{_CELL} '
        f'{"1em" if row.kind in _PARTS else "0"};text-align:left">{markup(row.name)}</td>'
        f'<td style="{_CELL} 0;text-align:right">{row.tokens}</td></tr>\n'
        for row in rows
    )
    label = attribute(text("usage.table", language))
    return f'<table aria-label="{label}" style="{_TABLE}">\n{body}</table>'


def usage_bar(usage: Usage | None, language: Language) -> str:
    """Return the bar as HTML, with its meaning in words; empty where figures lack."""
    if usage is None or usage.input is None or usage.output is None:
        return ""
    cached = min(usage.cached or 0, usage.input)
    thinking = min(usage.thinking or 0, usage.output)
    shares = (
        (usage.input - cached, _INPUT),
        (cached, _CACHED),
        (thinking, _THINKING),
        (usage.output - thinking, _ANSWER),
    )
    whole = usage.input + usage.output
    if whole <= 0:
        return ""
    words = attribute(_in_words(usage, language))
    pieces = "".join(
        f'<span style="display:inline-block;height:6px;vertical-align:top;'
        f'width:{100 * count / whole:.1f}%;background:{colour}"></span>'
        for count, colour in shares
        if count > 0
    )
    return (
        f'<span role="img" aria-label="{words}" title="{words}" style="display:inline-block;'
        "width:120px;height:6px;border-radius:3px;overflow:hidden;white-space:nowrap;"
        f'font-size:0;vertical-align:middle;margin-right:12px">{pieces}</span>'
    )


def _in_words(usage: Usage, language: Language) -> str:
    counts = {"input": usage.input}
    if usage.cached is not None:
        counts["cached"] = usage.cached
    counts["output"] = usage.output
    if usage.thinking is not None and usage.output is not None:
        del counts["output"]
        counts |= {"thinking": usage.thinking, "answer": max(usage.output - usage.thinking, 0)}
    said = (text(f"usage.bar_{name}", language, n=n) for name, n in counts.items())
    return text("usage.bar", language, parts=text("usage.bar_separator", language).join(said))
