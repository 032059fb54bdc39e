"""The running cost as a chart, in SVG that stands in any page.

Its steps follow the calls one after the other, not the clock: a night between two
questions says nothing about what they cost. Where a day ends is marked.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal
from functools import partial

from qwen_nb.render import exact_money, money
from qwen_nb.render.charts.axes import (
    LEFT_OF_AXIS,
    ROW,
    TITLE,
    WIDTH,
    Frame,
    empty,
    legend,
    title,
)
from qwen_nb.render.charts.series import Line, in_order, lines, ticks
from qwen_nb.render.charts.svg import SIZE, drawing, label, line, path, titled, wide
from qwen_nb.render.charts.words import lines_in_words
from qwen_nb.texts import Language, text
from qwen_nb.values import Call

_COLOURS = {False: "#2e86c1", True: "#c0691c"}  # what is paid, what it would have cost
_HIGH = 140.0
_MOST_POINTS = 400
_MOST_DAYS = 10
_STROKE = 24.0
_DAY_OPACITY = 0.4


def cost_chart(calls: Sequence[Call], language: Language = "en") -> str:
    """Return the running cost, call by call, as inline SVG.

    Each currency has a drawing and an axis of its own; what the emulator's answers would
    have cost is a dashed line.

    Parameters
    ----------
    calls : sequence of Call
        In any order.
    language : {"en", "zh"}
        The language of our own words.
    """
    heading, running = text("chart.cost", language), lines(calls)
    words = lines_in_words(running, calls, language)
    if not running:
        return empty(heading, words)
    panels = [
        [each for each in running if each.currency == currency]
        for currency in dict.fromkeys(each.currency for each in running)
    ]
    scales = [ticks(max(each.sum for each in panel), 3) for panel in panels]
    names = [
        [exact_money(tick, panel[0].currency, language) for tick in scale]
        for panel, scale in zip(panels, scales, strict=True)
    ]
    left = max(wide(name) for each in names for name in each) + LEFT_OF_AXIS
    right = WIDTH - max(wide(_end(each, language)) for each in running) - LEFT_OF_AXIS
    days, shapes, y = _days(calls), [title(heading)], TITLE
    for panel, scale, ticked in zip(panels, scales, names, strict=True):
        frame = Frame(left, y + 2 * ROW, right, y + 2 * ROW + _HIGH)
        shapes += legend(
            [(each.name(language), partial(_stroke, scripted=each.scripted)) for each in panel],
            y + ROW,
            _STROKE,
        )
        shapes += frame.grid(scale, ticked)
        for number, _ in days[1:]:
            x = frame.x((number - 1) / len(calls))
            shapes.append(line(x, frame.top, x, frame.bottom, opacity=_DAY_OPACITY))
        shapes += _steps(panel, frame, len(calls), scale[-1], language)
        y = frame.bottom + 1.5 * ROW
    starts = [(frame.x((number - 0.5) / len(calls)), day) for number, day in days]
    if len(days) > 1:
        shapes += frame.below(starts, row=1)
        y += ROW
    shapes.append(label(frame.x(0.5), y + 4, text("chart.call", language), anchor="middle"))
    return drawing(WIDTH, y + ROW / 2, heading, words, shapes)


def _steps(
    panel: Sequence[Line], frame: Frame, calls: int, top: Decimal, language: Language
) -> list[str]:
    shapes: list[str] = []
    taken: list[float] = []
    for each in panel:
        way = [(frame.left, frame.bottom)]
        for number, whole in each.thinned(_MOST_POINTS):
            x = frame.x((number - 0.5) / calls)
            way += [(x, way[-1][1]), (x, frame.y(float(whole / top) if top else 0))]
        y = way[-1][1]
        way.append((frame.right, y))
        end = _end(each, language)
        words = text("chart.bar", language, at=each.name(language), figures=end)
        drawn = path(way, _COLOURS[each.scripted], dashed=each.scripted)
        shapes.append(titled(words, [drawn]))
        # two sums that are alike stand one above the other
        while any(abs(y - other) < SIZE for other in taken):
            y -= SIZE
        taken.append(y)
        shapes.append(label(frame.right + 6, y + 4, end))
    numbers = [int(tick) for tick in ticks(Decimal(calls), 8) if 1 <= tick <= calls]
    places = [(frame.x((number - 0.5) / calls), str(number)) for number in numbers or [1]]
    return shapes + frame.below(places)


def _end(each: Line, language: Language) -> str:
    return ("≈" if each.estimated else "") + money(each.sum, each.currency, language)


def _stroke(x: float, y: float, *, scripted: bool) -> str:
    return path([(x, y - 4), (x + _STROKE, y - 4)], _COLOURS[scripted], dashed=scripted)


def _days(calls: Sequence[Call]) -> list[tuple[int, str]]:
    """Return the first call of each day, or of some days, by the clock of the machine."""
    days: dict[str, int] = {}
    for number, call in enumerate(in_order(calls), 1):
        days.setdefault(time.strftime("%Y-%m-%d", time.localtime(call.at)), number)
    every = -(-len(days) // _MOST_DAYS)
    return [(number, day) for day, number in days.items()][::every]
