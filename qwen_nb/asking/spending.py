"""What was used, as a table that shows itself and as rows that pandas takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from decimal import Decimal
from typing import Any, get_args

from qwen_nb.errors import ConfigError
from qwen_nb.ledger import Ledger
from qwen_nb.render.charts import cost_chart, text_chart, tokens_chart
from qwen_nb.render.html import spending_table
from qwen_nb.texts import Language
from qwen_nb.values import By, Call, LedgerRow

_SCOPES: dict[str, tuple[str, ...]] = {
    "turn": ("conversation",),
    "chat": ("notebook",),
    "model": ("notebook",),
}


class UsageTable(list[dict[str, Any]]):
    """Rows of the ledger: dictionaries of plain values, costs as `Decimal`.

    `pandas.DataFrame(table)` takes them as they are; evaluated in a notebook they show as
    a table. Amounts of two currencies are in two rows.

    Parameters
    ----------
    rows : sequence of LedgerRow
        What was added up.
    calls : sequence of Call
        What it was added up from, for charts.
    language : {"en", "zh"}
        Language of the table.

    Attributes
    ----------
    html, plain, markdown : str
        The table as it shows itself.
    """

    def __init__(
        self, rows: Sequence[LedgerRow], calls: Sequence[Call], language: Language
    ) -> None:
        super().__init__(_as_dict(row) for row in rows)
        table = spending_table(rows, language)
        self.html, self.plain, self.markdown = table.html, table.plain, table.markdown
        self._calls, self._language = calls, language

    def chart_html(self) -> str:
        """Return both charts as SVG: tokens by turn, and cost over time."""
        charts = (chart(self._calls, self._language) for chart in (tokens_chart, cost_chart))
        return "\n".join(f'<div style="margin-top:1em">{each}</div>' for each in charts if each)

    def chart_plain(self, width: int = 80) -> str:
        """Return both charts as lines of text."""
        return text_chart(self._calls, self._language, width=width)

    def __repr__(self) -> str:
        return self.plain

    def _repr_html_(self) -> str:
        return self.html

    def _repr_markdown_(self) -> str:
        return self.markdown


def usage_table(
    ledger: Ledger,
    by: str,
    language: Language,
    *,
    conversation: str,
    notebook: str,
    everything: bool = False,
) -> UsageTable:
    """Add up what was used: a conversation by its turns, a notebook by model or chat.

    Parameters
    ----------
    ledger : Ledger
        All calls.
    by : str
        turn, model, chat, day, notebook, region; the last three over everything.
    language : {"en", "zh"}
        Language of the table.
    conversation, notebook : str
        Ids of where this is.
    everything : bool
        Over everything that was ever asked, whatever `by` is.

    Raises
    ------
    ConfigError
        For any other `by`.
    """
    if by not in get_args(By):
        raise ConfigError("error.usage_by", value=by, names=", ".join(get_args(By)))
    here = {"conversation": conversation, "notebook": notebook}
    only = {} if everything else {name: here[name] for name in _SCOPES.get(by, ())}
    return UsageTable(ledger.rows(by, **only), ledger.calls(**only), language)  # type: ignore[arg-type]


def _as_dict(row: LedgerRow) -> dict[str, Any]:
    told: dict[str, Decimal | int | str | bool | None] = asdict(row)
    by = str(told.pop("by"))
    return {by: told.pop("key"), **told}
