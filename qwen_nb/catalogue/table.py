"""The models as rows of words, for the displays that draw the table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal

from qwen_nb.catalogue.age import OLD_DAYS, is_old
from qwen_nb.catalogue.rows import OWN, Model, Price
from qwen_nb.texts import Language, text

_ALWAYS_SHOWN = ("sg", "bj")
_UNKNOWN = "–"


def model_rows(
    models: Iterable[Model],
    prices_of: Callable[[str], list[Price]],
    language: Language,
    today: date | None,
) -> list[dict[str, str]]:
    """Return one row for each model; all have the same keys, which are the headings."""
    priced = [(model, prices_of(model.id)) for model in models]
    found = {price.region for _, prices in priced for price in prices}
    regions = [*_ALWAYS_SHOWN, *sorted(found.difference(_ALWAYS_SHOWN))]
    return [_row(model, prices, regions, language, today) for model, prices in priced]


def _row(
    model: Model,
    prices: list[Price],
    regions: list[str],
    language: Language,
    today: date | None,
) -> dict[str, str]:
    def heading(name: str, **facts: str) -> str:
        return text(f"models.{name}", language, **facts)

    dates = [_date(price, language, today) for price in prices]
    row = {
        heading("model"): _names(model, language),
        heading("thinking"): _thinking(model, language),
        heading("budget"): _budget(model, language),
        heading("context"): _tokens(model.context),
        heading("cache"): _cache(model, language),
    }
    for region in regions:
        tiers = [price for price in prices if price.region == region]
        row[heading("price", region=_region(region, language))] = _price(tiers)
    return row | {heading("date"): _joined(dates) or model.date or _UNKNOWN}


def _date(price: Price, language: Language, today: date | None) -> str:
    told = price.date
    if told and today is not None and is_old(told, today):
        told = text("prices.old", language, date=told, days=OLD_DAYS)
    if price.source != OWN:
        return told
    return (
        text("prices.own", language, date=told)
        if told
        else text("prices.own_undated", language)
    )


def _joined(dates: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, dates)))


def _names(model: Model, language: Language) -> str:
    if model.inferred_from:
        return text("models.inferred", language, id=model.id, base=model.inferred_from)
    return ", ".join((model.id, *model.aliases))


def _thinking(model: Model, language: Language) -> str:
    return text(f"models.mode_{model.mode}", language) if model.mode else _UNKNOWN


def _budget(model: Model, language: Language) -> str:
    if model.takes_thinking_keys is False or model.thinking_budget is False:
        return text("models.no", language)
    if model.max_cot is not None:
        return _tokens(model.max_cot)
    return text("models.yes", language) if model.thinking_budget else _UNKNOWN


def _cache(model: Model, language: Language) -> str:
    kinds = {"implicit_cache": model.implicit_cache, "explicit_cache": model.explicit_cache}
    has = [text(f"models.{name}", language) for name, known in kinds.items() if known]
    return ", ".join(has) or _UNKNOWN


def _region(region: str, language: Language) -> str:
    return text(f"models.region_{region}", language) if region in _ALWAYS_SHOWN else region


def _price(tiers: list[Price]) -> str:
    return f"{tiers[0].currency} {'; '.join(map(_tier, tiers))}" if tiers else _UNKNOWN


def _tier(price: Price) -> str:
    amounts = " / ".join(map(_amount, (price.input, price.output, price.output_thinking)))
    bound = price.up_to_input_tokens
    return amounts if bound is None else f"{amounts} ≤{_tokens(bound)}"


def _amount(amount: Decimal | None) -> str:
    return _UNKNOWN if amount is None else f"{amount:f}"


def _tokens(count: int | None) -> str:
    if count is None:
        return _UNKNOWN
    for unit, size in (("M", 1_000_000), ("K", 1000)):
        if count >= size and count % size == 0:
            return f"{count // size}{unit}"
    return f"{count:,}"
