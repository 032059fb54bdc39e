"""What the usage line unfolds to: every kind of token, its price, and the sum.

A reader can follow the cost to its last digit: nothing here is rounded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from qwen_nb.render import exact_money, lacks_a_price, price_command
from qwen_nb.texts import TEXTS, Language, attribute, markup, text, visible
from qwen_nb.values import Cost, CostPart, Reply

_TABLE = "border-collapse:collapse;margin:.3em 0 0;font-size:1em"
_CELL = "border:0;padding:1px 12px 1px"
_BELOW = "margin-top:.3em"
_WHOLE = ("input", "output", "total")


class UsageRow(NamedTuple):
    """One kind of token: what it is called, how many there were, and what they cost."""

    kind: str
    name: str
    tokens: int
    price: str = ""
    amount: str = ""


def usage_rows(reply: Reply, language: Language = "en") -> list[UsageRow]:
    """Return a row for each kind of token the server told, the parts below the whole.

    Only the answer is worked out, as output without thinking, where both are told and
    agree. A row whose tokens have a price of their own shows it; tokens that are neither
    read from the cache nor written to it have a row where they are not all of the input.
    """
    usage, cost = reply.usage, reply.cost
    if usage is None:
        return []
    answer = None
    if usage.output is not None and usage.thinking is not None:
        answer = usage.output - usage.thinking
    priced = {part.kind: part for part in _summands(cost)}
    fresh = priced.get("input")
    whole = fresh is not None and fresh.tokens == usage.input
    told: list[tuple[str, int | None, CostPart | None]] = [
        ("input", usage.input, fresh if whole else None),
        ("new", fresh.tokens if fresh and not whole else None, fresh),
        ("cached", usage.cached, priced.get("cached")),
        ("cache_created", usage.cache_created, priced.get("cache_created")),
        *_modalities(usage.input_parts),
        ("output", usage.output, priced.get("output")),
        ("thinking", usage.thinking, None),
        ("answer", answer if answer is None or answer >= 0 else None, None),
        *_modalities(usage.output_parts),
        ("total", usage.total, None),
    ]
    return [
        _row(kind, tokens, part, cost, language)
        for kind, tokens, part in told
        if tokens is not None
    ]


def usage_facts(reply: Reply, language: Language = "en") -> list[str]:
    """Return what stands below the rows: the sum as arithmetic, and where prices are from."""
    facts: list[str] = []
    if reply.usage is not None and reply.usage.estimated:
        facts.append(text("usage.estimated", language))
    if reply.cost is not None:
        facts += filter(None, [_sum(reply.cost, language), _origin(reply.cost, language)])
    elif lacks_a_price(reply):
        facts.append(text("usage.set_price", language, command=price_command(reply.model)))
    return facts


def usage_table(
    rows: Sequence[UsageRow], facts: Sequence[str] = (), language: Language = "en"
) -> str:
    """Return the rows as a small HTML table, the facts below it."""
    priced = any(row.price for row in rows)
    names = ["table", "head_tokens", "head_price", "head_amount"] if priced else []
    lines = (
        [_line([text(f"usage.{name}", language) for name in names], "columnheader")]
        if priced
        else []
    )
    for row in rows:
        cells = [row.name, str(row.tokens), *((row.price, row.amount) if priced else ())]
        lines.append(_line(cells, "rowheader", indent=row.kind not in _WHOLE))
    label = attribute(text("usage.table", language))
    below = "".join(
        f'\n<div dir="auto" style="{_BELOW}">{markup(fact)}</div>' for fact in facts
    )
    return f'<table aria-label="{label}" style="{_TABLE}">\n{"".join(lines)}</table>{below}'


def region_name(region: str, language: Language) -> str:
    """Return the name of a region of the price table; any other as it is."""
    key = f"models.region_{region}"
    return text(key, language) if key in TEXTS else visible(region)


def _summands(cost: Cost | None) -> list[CostPart]:
    return [part for part in cost.parts if part.tokens] if cost else []


def _modalities(parts: Mapping[str, int]) -> Iterator[tuple[str, int, None]]:
    if len(parts) > 1:
        for name, tokens in parts.items():
            yield f"part_{name}", tokens, None


def _row(
    kind: str, tokens: int, part: CostPart | None, cost: Cost | None, language: Language
) -> UsageRow:
    key = f"usage.row_{kind}"
    name = text(key, language) if key in TEXTS else visible(kind.removeprefix("part_"))
    if part is None or cost is None:
        return UsageRow(kind, name, tokens)
    price, amount = (
        exact_money(each, cost.currency, language) for each in (part.price, part.amount)
    )
    return UsageRow(kind, name, tokens, price, amount)


def _sum(cost: Cost, language: Language) -> str:
    terms = [
        text(
            "usage.term",
            language,
            n=part.tokens,
            price=exact_money(part.price, cost.currency, language),
        )
        for part in _summands(cost)
    ]
    if not terms:
        return ""
    amount = exact_money(cost.amount, cost.currency, language)
    return text("usage.sum", language, terms=" + ".join(terms), sum=amount)


def _origin(cost: Cost, language: Language) -> str:
    facts = [region_name(cost.region, language)]
    if cost.up_to_input_tokens is not None:
        facts.append(text("usage.tier", language, n=cost.up_to_input_tokens))
    facts.append(text(f"usage.with{'' if cost.thinking else 'out'}_thinking", language))
    facts.append(text("usage.list_price", language))
    if cost.date:
        facts.append(text("usage.price_date", language, date=visible(cost.date)))
    if cost.source:
        facts.append(text("usage.price_source", language, source=visible(cost.source)))
    return text("usage.fact_separator", language).join(filter(None, facts))


def _line(cells: Sequence[str], role: str, *, indent: bool = False) -> str:
    roles = [role, *["columnheader" if role == "columnheader" else "" for _ in cells[1:]]]
    tags = "".join(
        f"<td{f' role={chr(34)}{each}{chr(34)}' if each else ''} "
        f'style="{_CELL} {"1em" if indent and not at else "0"};'
        f'text-align:{"right" if at else "left"}">{markup(cell)}</td>'
        for at, (cell, each) in enumerate(zip(cells, roles, strict=True))
    )
    return f'<tr style="background:none">{tags}</tr>\n'
