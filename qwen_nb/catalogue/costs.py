"""What a call cost, and the most that one can cost, by the price list (docs/protocol.md §6.5).

Pure functions of prices and counts. Money is `Decimal` throughout; an answer of None means
that something it needs is not known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from qwen_nb.catalogue.rows import Model, Price
from qwen_nb.values import EXACT, Cost, CostPart, Usage

_IMPLICIT_HIT, _EXPLICIT_HIT, _CREATION = Decimal("0.2"), Decimal("0.1"), Decimal("1.25")
"""Shares of the price of input on Model Studio (docs/protocol.md §6.4)."""

_TAGS = 16
"""Output beyond thinking and answer: the think tags, and how far a limit is overrun
(docs/protocol.md §2, §4.2)."""


def tier_for(tiers: Sequence[Price], input_tokens: int) -> Price:
    """Return the tier of a request with so much input; above the last bound, the last."""
    return next((tier for tier in tiers if _holds(tier, input_tokens)), tiers[-1])


def _holds(tier: Price, input_tokens: int) -> bool:
    return tier.up_to_input_tokens is None or input_tokens <= tier.up_to_input_tokens


def cost_of(
    tiers: Sequence[Price], usage: Usage, *, has_thinking: bool, model_studio: bool
) -> Cost | None:
    """Return what a call with this usage cost.

    Parameters
    ----------
    tiers : sequence of Price
        The prices of the model in one region, the tiers in their order.
    usage : Usage
        The server's token counts, or an estimate.
    has_thinking : bool
        The reply has thinking: decides the price where the server did not count it.
    model_studio : bool
        Model Studio's discounts for cached input hold.

    Returns
    -------
    Cost or None
        None where a figure or a price is missing, or the figures contradict each other.
    """
    if usage.input is None:
        return None
    price = tier_for(tiers, usage.input)
    if price.input is None:
        return None
    cached, created = usage.cached or 0, usage.cache_created or 0
    plain = usage.input - cached - created
    if plain < 0:  # this server does not count cached tokens as input
        return None
    bound = price.up_to_input_tokens if len(tiers) > 1 and _holds(price, usage.input) else None
    parts = [CostPart("input", plain, price.input)]
    if cached:
        parts.append(CostPart("cached", cached, _hit(price, usage, model_studio)))
    if created:
        rate = _CREATION if model_studio else Decimal(1)
        parts.append(CostPart("cache_created", created, EXACT.multiply(price.input, rate)))
    if price.output is None and price.output_thinking is None and not usage.output:
        # an embedding has no output, nor a price for it
        return _cost(price, bound, parts, thinking=False)
    if usage.output is None or (usage.thinking or 0) > usage.output:
        return None
    thought = has_thinking if usage.thinking is None else usage.thinking > 0
    made, is_thinking_price = _output_price(price, thought=thought)
    if made is None:
        return None
    parts.append(CostPart("output", usage.output, made))
    return _cost(price, bound, parts, thinking=is_thinking_price)


def _hit(price: Price, usage: Usage, model_studio: bool) -> Decimal:
    whole = price.input or Decimal(0)
    if not model_studio:
        return whole if price.input_cached is None else price.input_cached
    if _is_explicit(usage):
        return EXACT.multiply(whole, _EXPLICIT_HIT)
    if price.input_cached is not None:
        return price.input_cached
    return EXACT.multiply(whole, _IMPLICIT_HIT)


def _is_explicit(usage: Usage) -> bool:
    # only the explicit cache reports how many tokens it created, even if that is zero
    details = usage.raw.get("prompt_tokens_details") or usage.raw.get("input_tokens_details")
    kind = details.get("cache_type") if isinstance(details, Mapping) else None
    return kind == "ephemeral" or usage.cache_created is not None


def _output_price(price: Price, *, thought: bool) -> tuple[Decimal | None, bool]:
    # A model with a single price for output has it for all output. A model that always thinks
    # has only the price with thinking (docs/protocol.md §3.3), one that never thinks only the
    # other.
    if price.output is None or (thought and price.output_thinking is not None):
        return price.output_thinking, True
    return price.output, False


def _cost(
    price: Price, bound: int | None, parts: Sequence[CostPart], *, thinking: bool
) -> Cost:
    return Cost(
        currency=price.currency,
        parts=tuple(parts),
        region=price.region,
        up_to_input_tokens=bound,
        thinking=thinking,
        source=price.source,
        date=price.date,
    )


def dearest(
    tiers: Sequence[Price], input_tokens: int, output_tokens: int, *, may_think: bool
) -> Cost | None:
    """Return the most that a call with at most so many tokens can cost.

    The call may turn out to have less input, so each tier up to the one of `input_tokens`
    counts; nothing is taken off for cached input.
    """
    at_most = tiers[: tiers.index(tier_for(tiers, input_tokens)) + 1]
    costs = [_at_most(tiers, tier, input_tokens, output_tokens, may_think) for tier in at_most]
    known = [cost for cost in costs if cost is not None]
    if len(known) < len(costs):
        return None
    return max(known, key=lambda cost: cost.amount)


def _at_most(
    tiers: Sequence[Price], tier: Price, input_tokens: int, output_tokens: int, may_think: bool
) -> Cost | None:
    if tier.input is None:
        return None
    bound = tier.up_to_input_tokens if len(tiers) > 1 else None
    parts = [CostPart("input", input_tokens, tier.input)]
    if tier.output is None and tier.output_thinking is None and not output_tokens:
        return _cost(tier, bound, parts, thinking=False)
    made, is_thinking_price = _output_price(tier, thought=False)
    after_thinking = tier.output_thinking if may_think else None
    if after_thinking is not None and (made is None or after_thinking >= made):
        made, is_thinking_price = after_thinking, True
    if made is None:
        return None
    parts.append(CostPart("output", output_tokens, made))
    return _cost(tier, bound, parts, thinking=is_thinking_price)


def most_output(
    model: Model, *, thinking: bool | int | None, max_tokens: int | None
) -> int | None:
    """Return the most tokens that a call can put out: thinking, answer and think tags.

    `max_tokens` limits the answer alone, and a budget the thinking (docs/protocol.md §10.13);
    both together fit into the context.

    Parameters
    ----------
    model : Model
        What the catalogue knows of the model.
    thinking : bool or int, optional
        What was asked for: on, off, a budget in tokens; None: nothing.
    max_tokens : int, optional
        The limit that was asked for.

    Returns
    -------
    int or None
        None where the catalogue knows no limit.
    """
    answer = model.max_output if max_tokens is None else max_tokens
    thought = _most_thinking(model, thinking)
    if answer is None or thought is None:
        return model.context
    most = answer + thought + _TAGS
    return most if model.context is None else min(most, model.context)


def _most_thinking(model: Model, thinking: bool | int | None) -> int | None:
    if model.mode == "none":
        return 0
    if model.mode != "thinking_only" and (
        thinking is False or (thinking is None and model.mode == "hybrid_off")
    ):
        return 0
    if isinstance(thinking, bool) or thinking is None or model.thinking_budget is False:
        return model.max_cot
    return thinking if model.max_cot is None else min(thinking, model.max_cot)
