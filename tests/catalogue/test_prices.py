import re
from decimal import Decimal

import pytest

from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.catalogue.rows import Price

CATALOGUE = Catalogue.load()
PRICES = [price for model in CATALOGUE.models() for price in CATALOGUE.prices(model.id)]

# docs/protocol.md §3.2 and §3.3
TIERS = [
    ("qwen-plus", "sg", 0, ("0.4", "1.2", "4")),
    ("qwen-plus", "sg", 256_000, ("0.4", "1.2", "4")),
    ("qwen-plus", "sg", 256_001, ("1.2", "3.6", "12")),
    ("qwen-plus", "sg", 5_000_000, ("1.2", "3.6", "12")),  # above the last: the last
    ("qwen-plus", "bj", 128_000, ("0.8", "2", "8")),
    ("qwen-plus", "bj", 128_001, ("2.4", "20", "24")),
    ("qwen-plus", "bj", 256_001, ("4.8", "48", "64")),
    ("qwen3-max", "sg", 32_001, ("2.4", "12", "12")),
    ("qwen3.5-flash", "sg", 900_000, ("0.1", "0.4", "0.4")),  # tiers in Beijing only
    ("qwen3.5-flash", "bj", 900_000, ("1.2", "12", "12")),
    ("qwen3-32b", "sg", 10, ("0.16", "0.64", "0.64")),
    ("qwq-plus", "sg", 10, ("0.8", None, "2.4")),
    ("qwen-max", "bj", 10, ("2.4", "9.6", None)),
    ("deepseek-r1-distill-qwen-1.5b", "bj", 10, ("0", None, "0")),
    ("qwen-plus-0428", "sg", 10, ("0.4", "1.2", "4")),
    ("QWEN-PLUS", "SG", 10, ("0.4", "1.2", "4")),
]


@pytest.mark.parametrize(("id", "region", "input_tokens", "amounts"), TIERS)
def test_the_input_chooses_the_tier(
    id: str, region: str, input_tokens: int, amounts: tuple[str | None, ...]
) -> None:
    price = CATALOGUE.price(id, region, input_tokens)
    assert price is not None
    assert price.currency == {"sg": "USD", "bj": "CNY"}[region.lower()]
    assert (price.input, price.output, price.output_thinking) == tuple(
        None if amount is None else Decimal(amount) for amount in amounts
    )


NAMES = [
    "sg",
    "singapore",
    "ap-southeast-1",
    "Singapore",
    "https://dashscope-intl.aliyuncs.com",
]


@pytest.mark.parametrize("region", NAMES)
def test_a_region_has_several_names(region: str) -> None:
    assert CATALOGUE.price("qwen-plus", region) == CATALOGUE.price("qwen-plus", "sg")


NOT_KNOWN = [
    ("qwen-plus", "virginia"),
    ("qwen-plus", "nowhere"),
    ("qwen-plus", "ollama"),
    ("qwen3.7-max", "bj"),
    ("kimi/kimi-k2.6", "bj"),
    ("no-such-model", "sg"),
]


@pytest.mark.parametrize(("id", "region"), NOT_KNOWN)
def test_a_price_may_be_unknown(id: str, region: str) -> None:
    assert CATALOGUE.price(id, region) is None


def test_every_price_is_there() -> None:
    assert len(PRICES) == 213
    assert {price.region for price in PRICES} == {"sg", "bj"}


@pytest.mark.parametrize(
    "price", PRICES, ids=lambda p: f"{p.id}-{p.region}-{p.up_to_input_tokens}"
)
def test_a_price_tells_where_it_is_from(price: Price) -> None:
    assert price.source
    assert re.fullmatch(r"20\d\d-\d\d(-\d\d)?", price.date)
    assert price.input is not None
    mode = CATALOGUE.find(price.id).mode
    assert (price.output is None) == (mode == "thinking_only")
    assert (price.output_thinking is None) == (mode == "none")


def test_tiers_stand_in_their_order() -> None:
    for model in CATALOGUE.models():
        for region in ("sg", "bj"):
            bounds = [
                price.up_to_input_tokens
                for price in CATALOGUE.prices(model.id)
                if price.region == region
            ]
            assert bounds in ([], [None]) or bounds == sorted(bounds)
