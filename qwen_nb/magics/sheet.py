"""A table and the lines below it, as text and as HTML that say the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qwen_nb.render import html_table, plain_table
from qwen_nb.texts import Language, markup, visible
from qwen_nb.values import columns, one_line

__all__ = ["Sheet", "clipped", "first_words", "in_a_line"]

_GAP = 2
_LEAST = 16


@dataclass(frozen=True, slots=True)
class Sheet:
    """What a command shows: text for a terminal, and HTML where a page can show it."""

    plain: str
    html: str

    @classmethod
    def of(
        cls,
        headings: Sequence[str],
        rows: Sequence[Sequence[str]],
        *lines: str,
        wide: int,
        width: int,
    ) -> Sheet:
        """Return a table whose one wide column takes the room that the others leave.

        Parameters
        ----------
        headings, rows
            Cells as they are; a column without any cell is left out.
        *lines : str
            What stands below.
        wide : int
            Which column is cut to fit.
        width : int
            Columns of the terminal.
        """
        shown = [at for at in range(len(headings)) if any(row[at] for row in rows)]
        others = [at for at in shown if at != wide]
        taken = sum(
            _GAP + max(columns(visible(row[at])) for row in (headings, *rows)) for at in others
        )
        room = max(width - taken, _LEAST)
        heads = [headings[at] for at in shown]
        plain = [
            [clipped(row[at], room) if at == wide else row[at] for at in shown] for row in rows
        ]
        whole = [at for at, column in enumerate(shown) if column != wide]
        table = html_table(heads, [[row[at] for at in shown] for row in rows], whole=whole)
        below = "".join(f"\n<div>{markup(line)}</div>" for line in lines)
        return cls("\n".join([plain_table(heads, plain), *lines]), table + below)


def clipped(text: str, width: int) -> str:
    """Return a text on one line that takes no more than so many columns."""
    return one_line(visible(text), width, columns)


def first_words(text: str) -> str:
    """Return the beginning of a text, for naming it in a sentence or in a page's table."""
    return clipped(text, 60)


def in_a_line(language: Language, *sentences: str) -> str:
    """Return sentences one after the other; Chinese has no blank between them."""
    return ("" if language == "zh" else " ").join(sentences)
