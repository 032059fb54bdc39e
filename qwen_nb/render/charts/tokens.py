"""The tokens of each turn as a chart, in SVG that stands in any page.

The colours differ in lightness too, and every box has an edge in the colour of the text,
so that none is lost on light paper, on dark paper, or in print.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import partial
from math import ceil

from qwen_nb.render.charts.axes import (
    LEFT_OF_AXIS,
    ROW,
    TITLE,
    WIDTH,
    Frame,
    Sign,
    empty,
    legend,
    title,
)
from qwen_nb.render.charts.series import KINDS, Bar, Bars, bars, ticks
from qwen_nb.render.charts.svg import SIZE, drawing, label, line, rect, titled, wide
from qwen_nb.render.charts.words import bars_in_words, figures
from qwen_nb.texts import Language, text
from qwen_nb.values import Call

_COLOURS = dict(zip(KINDS, ("#c3cad1", "#7b8794", "#7e57c2", "#66bb6a"), strict=True))
_HIGH = 200.0
_MOST_BARS = 40
_WIDEST = 48.0
_THIN = 1.5  # what is there is seen
_BOX = 11.0


def tokens_chart(calls: Sequence[Call], language: Language = "en") -> str:
    """Return the tokens of each turn or call, stacked by kind, as inline SVG.

    A bar for each turn where all calls are of one conversation, else for each call; where
    there are many, a bar for several of them. A few that are far higher than the others
    are cut and carry their number.

    Parameters
    ----------
    calls : sequence of Call
        In any order.
    language : {"en", "zh"}
        The language of our own words.
    """
    all_bars = bars(calls, _MOST_BARS)
    heading, words = all_bars.title(language), bars_in_words(all_bars, language)
    if not all_bars.sums():
        return empty(heading, words)
    scale = ticks(Decimal(all_bars.top))
    names = [f"{tick:,f}" for tick in scale]
    top = TITLE + 2.5 * ROW
    frame = Frame(max(map(wide, names)) + LEFT_OF_AXIS, top, WIDTH - 10, top + _HIGH)
    unit = text(f"chart.{all_bars.unit}", language)
    shapes = [
        title(heading),
        *_legend(all_bars, language),
        *frame.grid(scale, names),
        *_columns(all_bars, frame, int(scale[-1]), language),
        *frame.below([(frame.x(0.5), unit)], row=1),
    ]
    return drawing(WIDTH, frame.bottom + 2 * ROW, heading, words, shapes)


def _columns(all_bars: Bars, frame: Frame, top: int, language: Language) -> list[str]:
    step = (frame.right - frame.left) / len(all_bars.bars)
    width = min(step * 0.72, _WIDEST)
    cut, shapes, names = all_bars.cut(), [], []
    roomy = all(wide(f"{bar.total:,}") <= step for bar in all_bars.bars)
    for at, bar in enumerate(all_bars.bars):
        middle = frame.left + (at + 0.5) * step
        # a cut bar keeps the shares of its parts
        whole = bar.total if bar in cut else top
        pieces, y = [], frame.bottom
        for kind, tokens in bar.kinds().items():
            high = max(tokens / whole * (frame.bottom - frame.top), _THIN)
            y -= high
            box = rect(middle - width / 2, y, width, high, _COLOURS[kind], faint=bar.estimated)
            pieces.append(box)
        if bar in cut:
            pieces += _break(middle, width, frame.y(0.5))
        if said := _said(bar, roomy or bar in cut):
            pieces.append(label(middle, y - 4, said, anchor="middle"))
        where = all_bars.where(bar, language)
        told = figures(bar.kinds(), language)
        shapes.append(titled(text("chart.bar", language, at=where, figures=told), pieces))
        names.append((middle, bar.label))
    room = max(wide(name) for _, name in names) + SIZE
    return shapes + frame.below(names[:: max(1, ceil(room / step))])


def _said(bar: Bar, number: bool) -> str:
    total = f"{bar.total:,}" if number and bar.total else ""
    return total + ("?" if bar.untold else "")


def _break(middle: float, width: float, y: float) -> list[str]:
    """Return the two strokes that say: this bar is longer."""
    left, right = middle - width / 2 - 4, middle + width / 2 + 4
    return [line(left, y + 4 + gap, right, y - 4 + gap) for gap in (-2.5, 2.5)]


def _legend(all_bars: Bars, language: Language) -> list[str]:
    entries: list[tuple[str, Sign | None]] = [
        (text(f"chart.{kind}", language), partial(_swatch, colour=_COLOURS[kind]))
        for kind in all_bars.sums()
    ]
    if any(bar.estimated for bar in all_bars.bars):
        faint = partial(_swatch, colour=_COLOURS["input"], faint=True)
        entries.append((text("chart.estimated", language), faint))
    if any(bar.untold for bar in all_bars.bars):
        entries.append((text("chart.untold", language), None))
    return legend(entries, TITLE + ROW, _BOX)


def _swatch(x: float, y: float, *, colour: str, faint: bool = False) -> str:
    return rect(x + 1, y - 10, _BOX, _BOX, colour, faint=faint)
