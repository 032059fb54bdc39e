"""A table of words, as text for a terminal and as HTML."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from qwen_nb.texts import markup, visible
from qwen_nb.values import columns

_GAP = "  "
_CELL = "padding:.2em .8em .2em 0;text-align:{side};vertical-align:top"
_WHOLE = ";white-space:nowrap"


def plain_table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], *, right: Collection[int] = ()
) -> str:
    """Return the table as lines of equal columns, a rule below the headers.

    A row that is too short is filled up; no line ends in blanks. The columns `right` are
    aligned at their end, as numbers are.
    """
    given = [list(row) for row in (headers, *rows)]
    length = max(map(len, given))
    lines = [[_one_line(cell) for cell in _filled(row, length)] for row in given]
    lines.insert(1, ["─" * width for width in _widths(lines)])
    return "\n".join(aligned(lines, right=right))


def aligned(rows: Sequence[Sequence[str]], *, right: Collection[int] = ()) -> list[str]:
    """Return rows of cells as lines of equal columns; no line ends in blanks."""
    widths = _widths(rows)
    return [
        _GAP.join(
            _padded(cell, width, at in right)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    return [max(map(columns, column)) for column in zip(*rows, strict=True)]


def html_table(
    headers: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    right: Collection[int] = (),
    whole: Collection[int] = (),
) -> str:
    """Return the table as HTML that any page can hold, every cell escaped.

    The columns `right` are aligned at their end, as numbers are; the lines of those that
    are `whole` are not broken, so that the others take the room there is.
    """
    styles = [
        _CELL.format(side="right" if at in right else "left") + (_WHOLE if at in whole else "")
        for at in range(len(headers))
    ]
    head = "".join(
        f'<th scope="col" style="{style};border-bottom:1px solid #888">{_cell(cell)}</th>'
        for cell, style in zip(headers, styles, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td style="{style}">{_cell(cell)}</td>'
            for cell, style in zip(_filled(row, len(headers)), styles, strict=True)
        )
        + "</tr>\n"
        for row in rows
    )
    return (
        '<table style="border-collapse:collapse">\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>"
    )


def _padded(cell: str, width: int, right: bool) -> str:
    blanks = " " * (width - columns(cell))
    return blanks + cell if right else cell + blanks


def _one_line(text: str) -> str:
    return " ".join(visible(text).split())


def _cell(text: str) -> str:
    return markup(_one_line(text))


def _filled(row: Sequence[str], length: int) -> list[str]:
    return [*row, *[""] * (length - len(row))]
