"""What every chart has: its axes, its title and its legend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import TypeAlias

from qwen_nb.render.charts.svg import SIZE, drawing, label, line, wide

WIDTH = 720.0
TITLE, ROW = 18.0, 20.0
LEFT_OF_AXIS = 10.0
_FAINT = 0.25

Sign: TypeAlias = Callable[[float, float], str]
"""Draws a sign of the legend where its words begin."""


class Frame:
    """Where a drawing has its axes, in the coordinates of the page.

    Parameters
    ----------
    left, top, right, bottom : float
        The edges.
    """

    def __init__(self, left: float, top: float, right: float, bottom: float) -> None:
        self.left, self.top, self.right, self.bottom = left, top, right, bottom

    def x(self, share: float) -> float:
        """Return the place of a share of the horizontal axis."""
        return self.left + share * (self.right - self.left)

    def y(self, share: float) -> float:
        """Return the place of a share of the vertical axis, from the bottom up."""
        return self.bottom - share * (self.bottom - self.top)

    def grid(self, scale: Sequence[Decimal], names: Sequence[str]) -> list[str]:
        """Return the ticks of the vertical axis: a line across, and a name."""
        shapes = []
        for tick, name in zip(scale, names, strict=True):
            y = self.y(float(tick / scale[-1]) if tick else 0)
            shapes.append(line(self.left, y, self.right, y, opacity=_FAINT if tick else 1))
            shapes.append(label(self.left - 6, y + 4, name, anchor="end"))
        return shapes

    def below(self, places: Sequence[tuple[float, str]], row: int = 0) -> list[str]:
        """Name places below the axis, as many as have room."""
        shapes, free = [], 0.0
        y = self.bottom + 16 + row * (SIZE + 4)
        for x, name in places:
            half = wide(name) / 2
            if x - half >= free and x + half <= WIDTH:
                shapes.append(label(x, y, name, anchor="middle"))
                free = x + half + SIZE
        return shapes


def title(words: str) -> str:
    """Return the heading of a chart."""
    return label(0, TITLE - 4, words, weight=600, size=SIZE + 2)


def legend(entries: Sequence[tuple[str, Sign | None]], y: float, sign: float) -> list[str]:
    """Return the words of a legend in a row, each after its sign, if it has one."""
    shapes, x = [], 0.0
    for words, draw in entries:
        if draw is not None:
            shapes.append(draw(x, y))
            x += sign + 6
        shapes.append(label(x, y, words))
        x += wide(words) + 18
    return shapes


def empty(heading: str, words: str) -> str:
    """Return a chart of nothing, which says so."""
    return drawing(WIDTH, 2.5 * ROW, heading, words, [title(heading), label(0, 2 * ROW, words)])
