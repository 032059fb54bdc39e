"""What a chart shows, in words, for those who do not see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

from qwen_nb.render import spoken_money
from qwen_nb.render.charts.series import Bars, Line
from qwen_nb.texts import Language, text
from qwen_nb.values import Call


def figures(tokens: Mapping[str, int], language: Language) -> str:
    """Name the parts of a bar that are there, with their tokens."""
    said = (
        text("chart.figure", language, name=text(f"chart.{kind}", language), n=f"{n:,}")
        for kind, n in tokens.items()
    )
    return text("calls.and", language).join(said) or "0"


def in_words(language: Language, *sentences: str) -> str:
    """Return sentences one after the other; Chinese has no blank between them."""
    return ("" if language == "zh" else " ").join(filter(None, sentences))


def bars_in_words(all_bars: Bars, language: Language) -> str:
    """Say how much there is in all, which bar has the most, and what cannot be seen."""
    each = all_bars.bars
    if not each:
        return text("spending.none", language)
    if not any(bar.total for bar in each):
        return text("chart.no_tokens", language)
    sums = all_bars.sums()
    whole = text(
        "chart.tokens_all" if len(each) > 1 else "chart.one_bar",
        language,
        bars=len(each),
        n=f"{sum(sums.values()):,}",
        figures=figures(sums, language),
    )
    whole_bars = [bar for bar in each if not bar.untold] or each
    total = attrgetter("total")
    most, least = max(each, key=total), min(whole_bars, key=total)
    span = text(
        "chart.most",
        language,
        at=all_bars.where(most, language),
        n=f"{most.total:,}",
        less_at=all_bars.where(least, language),
        less=f"{least.total:,}",
    )
    cut = text("calls.and", language).join(
        all_bars.where(bar, language) for bar in all_bars.cut()
    )
    estimated = sum(bar.estimated for bar in each)
    untold = sum(bar.untold for bar in each)
    return in_words(
        language,
        whole,
        span if len(each) > 1 else "",
        text("chart.cut", language, names=cut) if cut else "",
        text("chart.some_estimated", language, n=estimated) if estimated else "",
        text("chart.some_untold", language, n=untold) if untold else "",
    )


def lines_in_words(lines: Sequence[Line], calls: Sequence[Call], language: Language) -> str:
    """Say what each currency comes to, and which call was the dearest."""
    if not lines:
        return text("chart.no_cost" if calls else "spending.none", language)
    said = []
    for line in lines:
        number, most = line.most
        said.append(
            text(
                "chart.rises",
                language,
                name=line.name(language),
                sum=spoken_money(line.sum, line.currency, language),
                n=len(line.points),
                at=text("chart.at_call", language, n=number),
                most=spoken_money(most, line.currency, language),
            )
        )
    without = sum(call.cost is None for call in calls)
    return in_words(
        language,
        *said,
        text("chart.unpriced", language, n=without) if without else "",
        text("chart.has_estimates", language) if any(each.estimated for each in lines) else "",
    )
