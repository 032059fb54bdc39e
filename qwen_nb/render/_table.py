"""A table of words, as text for a terminal and as HTML.

Chinese signs take two columns of a terminal, combining marks none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from qwen_nb.render._safe import markup, visible

__all__ = ["columns", "html_table", "plain_table"]

_GAP = "  "
_CELL = "padding:.2em .8em .2em 0;text-align:left;vertical-align:top"


def plain_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the table as lines of equal columns, a rule below the headers.

    A row that is too short is filled up; no line ends in blanks.
    """
    given = [list(row) for row in (headers, *rows)]
    length = max(map(len, given))
    lines = [[_one_line(cell) for cell in _filled(row, length)] for row in given]
    widths = [max(map(columns, column)) for column in zip(*lines, strict=True)]
    lines.insert(1, ["─" * width for width in widths])
    return "\n".join(
        _GAP.join(
            cell + " " * (width - columns(cell))
            for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in lines
    )


def html_table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return the table as HTML that any page can hold, every cell escaped."""
    head = "".join(
        f'<th scope="col" style="{_CELL};border-bottom:1px solid #888">{_cell(cell)}</th>'
        for cell in headers
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{_CELL}">{_cell(cell)}</td>' for cell in _filled(row, len(headers))
        )
        + "</tr>\n"
        for row in rows
    )
    return (
        '<table style="border-collapse:collapse">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"
    )


def columns(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return len(text) if text.isascii() else sum(map(_columns, text))


def _columns(sign: str) -> int:
    if unicodedata.category(sign) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(sign) in "WF" else 1


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())


def _cell(text: str) -> str:
    return markup(_one_line(text))


def _filled(row: Sequence[str], length: int) -> list[str]:
    return [*row, *[""] * (length - len(row))]
