"""Calls for tests of the ledger: plain ones, and any that there can be."""

from decimal import Decimal
from typing import Any, get_args

from hypothesis import strategies as st

from qwen_nb.values.usage import Call, CallKind, Cost, CostPart, Usage

NOON = 1_763_805_600.0  # in November 2025


def cost(amount: str = "0.5", currency: str = "USD") -> Cost:
    """Return a cost of this amount: a million tokens at this price."""
    return Cost(currency=currency, parts=(CostPart("output", 1_000_000, Decimal(amount)),))


def call(
    at: float = NOON, amount: str | None = "0.5", currency: str = "USD", **more: Any
) -> Call:
    given: dict[str, Any] = {"usage": Usage(input=10, output=5), "model": "qwen-plus", **more}
    return Call(at=at, cost=None if amount is None else cost(amount, currency), **given)


_names = st.sampled_from(["", "a", "b", "天气", "\ud83d"])
_tokens = st.none() | st.integers(0, 10**7) | st.sampled_from([-1, 10**12, 10**12 + 1, 2**70])
_prices = st.decimals(0, 1000, places=4) | st.sampled_from([Decimal(0), Decimal("1E-9")])
usages = st.builds(
    Usage,
    input=_tokens, output=_tokens, total=_tokens, thinking=_tokens, cached=_tokens,
    cache_created=_tokens, estimated=st.booleans(),
    input_parts=st.dictionaries(st.sampled_from(["text", "image"]), st.integers(0, 9)),
    raw=st.just({"said": "by the server"}),
)  # fmt: skip
parts = st.builds(
    CostPart,
    kind=st.sampled_from(["input", "cached", "output"]),
    tokens=st.integers(0, 10**7),
    price=_prices,
)
costs = st.builds(
    Cost,
    currency=st.sampled_from(["USD", "CNY"]),
    parts=st.lists(parts, max_size=3).map(tuple),
    region=_names,
    up_to_input_tokens=st.none() | st.just(32_000),
    thinking=st.booleans(),
    date=st.just("2026-11-01"),
)
calls = st.builds(
    Call,
    at=st.floats(NOON, NOON + 10 * 86_400),
    kind=st.sampled_from(get_args(CallKind)),
    model=_names, server=_names, region=_names, scripted=st.booleans(),
    usage=st.none() | usages, cost=st.none() | costs,
    conversation=_names, notebook=_names, chat=_names, path=_names, entry=_names,
    turn=st.none() | st.integers(1, 12),
)  # fmt: skip
