"""What the calls of a ledger took together, as a table that says the same everywhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from qwen_nb.render import html_table, money, plain_table, price_command
from qwen_nb.render.html.to_markdown import plain_words
from qwen_nb.render.html.unfolded import region_name
from qwen_nb.texts import Language, markup, text, visible
from qwen_nb.values import EXACT, LedgerRow

_COLUMNS = ("calls", "input", "cached", "output", "thinking", "cost")
_COUNTS = (*_COLUMNS[:-1], "estimated", "untold", "unpriced")
_NUMBERS = range(1, 1 + len(_COLUMNS))
_UNKNOWN = "—"


@dataclass(frozen=True, slots=True)
class SpendingTable:
    """A table of what was used and the lines below it, in three forms that say the same.

    Parameters
    ----------
    headings, cells : tuple
        The table itself, as words; the totals are its last rows.
    lines : tuple of str
        What stands below: what the marks mean, and what the figures leave out.
    """

    headings: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]
    lines: tuple[str, ...]

    @property
    def plain(self) -> str:
        """Lines for a terminal, in columns."""
        table = plain_table(self.headings, self.cells, right=_NUMBERS)
        return "\n".join([*([table] if self.cells else []), *map(visible, self.lines)])

    @property
    def html(self) -> str:
        """The table for a page."""
        table = html_table(self.headings, self.cells, right=_NUMBERS, whole=_NUMBERS)
        below = (f"<div>{markup(line)}</div>" for line in self.lines)
        return "\n".join([*([table] if self.cells else []), *below])

    @property
    def markdown(self) -> str:
        """The table for a Markdown page."""
        rules = [":--", *["--:" for _ in _NUMBERS]]
        table = "\n".join(
            [_row(self.headings), f"| {' | '.join(rules)} |", *map(_row, self.cells)]
        )
        return "\n\n".join([*([table] if self.cells else []), *map(plain_words, self.lines)])


def spending_table(rows: Sequence[LedgerRow], language: Language = "en") -> SpendingTable:
    """Return the table of some rows of the ledger, with a total for each currency.

    What the emulator answered has a total of its own, since nobody pays it; so have calls
    without a price.

    Parameters
    ----------
    rows : sequence of LedgerRow
        In the order in which they are to stand; all added up by the same.
    language : {"en", "zh"}
        The language of our own words.
    """
    if not rows:
        return SpendingTable((), (), (text("spending.none", language),))
    headings = [f"spending.by_{rows[0].by}", *(f"spending.{name}" for name in _COLUMNS)]
    totals = _totals(rows) if len(rows) > 1 else []
    cells = [_cells(_name(row, language), row, language) for row in rows]
    cells += [_cells(_total_name(row, language), row, language) for row in totals]
    return SpendingTable(
        tuple(text(heading, language) for heading in headings),
        tuple(cells),
        tuple(_lines(rows, language)),
    )


def _totals(rows: Iterable[LedgerRow]) -> list[LedgerRow]:
    totals: dict[tuple[bool, str], LedgerRow] = {}
    for row in rows:
        group = (row.scripted, row.currency)
        total = totals.get(group)
        totals[group] = row if total is None else _added(total, row)
    return list(totals.values())


def _added(one: LedgerRow, other: LedgerRow) -> LedgerRow:
    cost = None
    if one.cost is not None or other.cost is not None:
        cost = EXACT.add(one.cost or Decimal(0), other.cost or Decimal(0))
    return replace(
        one,
        cost=cost,
        **{name: getattr(one, name) + getattr(other, name) for name in _COUNTS},
    )


def _cells(name: str, row: LedgerRow, language: Language) -> tuple[str, ...]:
    known = row.untold < row.calls
    least, about = "≥" if row.untold else "", "≈" if row.estimated else ""
    figures = (row.input, row.cached, row.output, row.thinking)
    return (
        name,
        f"{row.calls:,}",
        *(f"{least}{about if n else ''}{n:,}" if known else _UNKNOWN for n in figures),
        _cost(row, language),
    )


def _cost(row: LedgerRow, language: Language) -> str:
    if row.cost is None:
        return _UNKNOWN
    mark = ("≥" if row.unpriced else "") + ("≈" if row.estimated and row.cost else "")
    cost = mark + money(row.cost, row.currency, language)
    return text("spending.would_cost", language, cost=cost) if row.scripted else cost


def _name(row: LedgerRow, language: Language) -> str:
    if not row.key.strip():
        return text(f"spending.{'own_chat' if row.by == 'chat' else 'no_key'}", language)
    return region_name(row.key, language) if row.by == "region" else visible(row.key)


def _total_name(row: LedgerRow, language: Language) -> str:
    if row.cost is None:
        name = text("spending.total_unpriced", language)
    else:
        name = text("spending.total_currency", language, currency=row.currency)
    return text("spending.total_scripted", language, total=name) if row.scripted else name


def _lines(rows: Sequence[LedgerRow], language: Language) -> Iterable[str]:
    counts = (
        ("spending.about", sum(row.estimated for row in rows)),
        ("spending.at_least", sum(row.untold for row in rows)),
    )
    for key, n in counts:
        if n:
            yield text(key, language, n=n)
    # for an answer that the emulator gave nobody needs a price
    if n := sum(row.unpriced for row in rows if not row.scripted):
        models = {row.key for row in rows if row.by == "model" and row.unpriced}
        command = price_command(models.pop() if len(models) == 1 else "")
        yield text("spending.unpriced", language, n=n, command=command)
    if any(row.scripted and row.cost is not None for row in rows):
        yield text("spending.scripted", language)
    if not all(row.scripted for row in rows):
        yield text("spending.console", language)


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(plain_words(cell).replace('|', '&#124;') for cell in cells)} |"
