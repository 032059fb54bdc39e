"""The charts as lines of text, for a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from qwen_nb.render import aligned, money
from qwen_nb.render.charts.series import KINDS, Bar, Bars, Line, bars, lines
from qwen_nb.render.charts.words import lines_in_words
from qwen_nb.texts import Language, text, visible
from qwen_nb.values import Call, columns

_SIGNS = dict(zip(KINDS, "░▒▓█", strict=True))
_CUT = "╱╱"
_MOST_LINES = 30
_LEAST = 10


def text_chart(calls: Sequence[Call], language: Language = "en", *, width: int = 80) -> str:
    """Return tokens and running cost as bars of block characters, with the numbers.

    Parameters
    ----------
    calls : sequence of Call
        In any order.
    language : {"en", "zh"}
        The language of our own words.
    width : int
        Columns of the terminal.
    """
    all_bars, running = bars(calls, _MOST_LINES), lines(calls)
    parts = [all_bars.title(language), *_tokens(all_bars, width, language)]
    parts += ["", text("chart.cost", language)]
    for each in running:
        parts += [visible(each.name(language)), *_steps(each, width, language)]
    words = "" if running else lines_in_words(running, calls, language)
    if running and (without := sum(call.cost is None for call in calls)):
        words = text("chart.unpriced", language, n=without)
    return "\n".join([*parts, *([words] if words else [])])


def _tokens(all_bars: Bars, width: int, language: Language) -> list[str]:
    each = all_bars.bars
    if not any(bar.total for bar in each):
        return [text("chart.no_tokens" if each else "spending.none", language)]
    legend = "  ".join(
        f"{_SIGNS[kind]} {text(f'chart.{kind}', language)}" for kind in all_bars.sums()
    )
    if any(bar.estimated for bar in each):
        legend += f"  ≈ {text('chart.estimated', language)}"
    if any(bar.untold for bar in each):
        legend += f"  {text('chart.untold', language)}"
    cut, top = all_bars.cut(), all_bars.top
    rows = [
        (all_bars.where(bar, language), _figure(bar), bar.parts, bar in cut) for bar in each
    ]
    # a bar of several kinds that hardly show may be longer by as many
    room = _room(width, [row[:2] for row in rows]) - len(KINDS)
    drawn = [
        _blocks(parts, sum(parts) if longer else top, room - 2 * longer) + _CUT * longer
        for _, _, parts, longer in rows
    ]
    lines = [(*row[:2], bar) for row, bar in zip(rows, drawn, strict=True)]
    return [legend, *aligned(lines, right=(1,))]


def _figure(bar: Bar) -> str:
    if not bar.total:
        return "?" if bar.untold else "0"
    return ("≈" if bar.estimated else "") + f"{bar.total:,}" + ("?" if bar.untold else "")


def _steps(line: Line, width: int, language: Language) -> list[str]:
    rows = [
        (text("chart.at_call", language, n=n), money(whole, line.currency, language), whole)
        for n, whole in line.thinned(_MOST_LINES)
    ]
    room = _room(width, [row[:2] for row in rows])
    top = line.sum or Decimal(1)
    lines = [(where, sum_, "█" * round(room * (whole / top))) for where, sum_, whole in rows]
    return aligned(lines, right=(1,))


def _blocks(parts: Sequence[int], top: int, room: int) -> str:
    """Return a stacked bar; a part that would vanish has one block."""
    bar, reached = "", 0
    for kind, tokens in zip(KINDS, parts, strict=True):
        reached += tokens
        length = round(room * reached / top) - len(bar)
        bar += _SIGNS[kind] * max(length, 1 if tokens else 0)
    return bar


def _room(width: int, sides: Sequence[tuple[str, str]]) -> int:
    taken = sum(max(map(columns, column)) for column in zip(*sides, strict=True))
    return max(width - taken - 4, _LEAST)
