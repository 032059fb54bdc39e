"""The few shapes that charts are made of, as SVG.

Text and lines have the colour of the text around (`currentColor`), so that they can be
read on any paper. There is no `id` and no style sheet: a page may hold many charts.
"""

from __future__ import annotations

from collections.abc import Sequence

from qwen_nb.texts import attribute, literal
from qwen_nb.values import columns

FONT = "system-ui, 'Noto Sans CJK SC', 'Microsoft YaHei', sans-serif"
SIZE = 12
_COLUMN = 0.58  # of the font's size: what one column of a terminal takes


def wide(words: str, size: float = SIZE) -> float:
    """Return about how wide some words are."""
    return columns(words) * size * _COLUMN


def drawing(
    width: float, height: float, title: str, description: str, shapes: Sequence[str]
) -> str:
    """Return a whole drawing, with its meaning in words."""
    words = attribute(f"{title}. {description}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{words}" '
        f'viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}" '
        f'font-family="{attribute(FONT)}" font-size="{SIZE}" fill="currentColor" '
        'style="max-width:100%;height:auto">\n'
        f"<title>{literal(title)}</title>\n<desc>{literal(description)}</desc>\n"
        + "\n".join(shapes)
        + "\n</svg>"
    )


def label(
    x: float,
    y: float,
    words: str,
    *,
    anchor: str = "start",
    weight: int = 400,
    size: float = SIZE,
) -> str:
    """Return words that begin, centre or end at a place."""
    return (
        f'<text x="{_n(x)}" y="{_n(y)}" text-anchor="{anchor}" font-weight="{weight}" '
        f'font-size="{_n(size)}">{literal(words)}</text>'
    )


def line(x1: float, y1: float, x2: float, y2: float, *, opacity: float = 1) -> str:
    """Return a thin straight line."""
    return (
        f'<path d="M{_n(x1)} {_n(y1)}L{_n(x2)} {_n(y2)}" stroke="currentColor" '
        f'stroke-width="1" stroke-opacity="{_n(opacity)}" fill="none"/>'
    )


def path(points: Sequence[tuple[float, float]], colour: str, *, dashed: bool = False) -> str:
    """Return a line through some points."""
    way = "L".join(f"{_n(x)} {_n(y)}" for x, y in points)
    dashes = ' stroke-dasharray="6 4"' if dashed else ""
    return (
        f'<path d="M{way}" stroke="{colour}" stroke-width="2" '
        f'stroke-linejoin="round" fill="none"{dashes}/>'
    )


def rect(
    x: float, y: float, width: float, height: float, colour: str, *, faint: bool = False
) -> str:
    """Return a filled box with an edge; a faint one is lighter, its edge dashed."""
    look = ' fill-opacity="0.45" stroke-dasharray="3 2"' if faint else ""
    return (
        f'<rect x="{_n(x)}" y="{_n(y)}" width="{_n(width)}" height="{_n(height)}" '
        f'fill="{colour}" stroke="currentColor" stroke-width="0.75" '
        f'stroke-opacity="0.6"{look}/>'
    )


def titled(words: str, shapes: Sequence[str]) -> str:
    """Return shapes that say some words when they are pointed at."""
    return f"<g><title>{literal(words)}</title>{''.join(shapes)}</g>"


def _n(number: float) -> str:
    """Write a coordinate: short, and never with an exponent."""
    return f"{number:.2f}".rstrip("0").rstrip(".")
