"""The most a call can put out, and the most it can cost."""

from decimal import Decimal
from itertools import product
from pathlib import Path

import pytest

from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.values.usage import Usage

CATALOGUE = Catalogue.load()
MOST_INPUT = 1_100_000

# model, region, input, output, may think → the arithmetic, its sum, and the tier of the price
BOUNDS = [
    # docs/protocol.md §3.3
    ("qwen-plus", "sg", 1000, 500, False, "1000*0.4 + 500*1.2", "0.001", 256_000),
    ("qwen-plus", "sg", 1000, 500, True, "1000*0.4 + 500*4", "0.0024", 256_000),
    ("qwen-plus", "sg", 256_001, 500, True, "256001*1.2 + 500*12", "0.3132012", 1_000_000),
    ("qwen-plus", "bj", 130_000, 1000, True, "130000*2.4 + 1000*24", "0.336", 256_000),
    ("qwen3-coder-plus", "bj", 9, 9, True, "9*4 + 9*16", "0.00018", 32_000),
    # docs/protocol.md §3.2
    ("qwen-max", "sg", 1000, 500, True, "1000*1.6 + 500*6.4", "0.0048", None),
    ("qwq-plus", "sg", 1000, 500, False, "1000*0.8 + 500*2.4", "0.002", None),
    ("qwen3.7-max", "sg", 1000, 500, False, "1000*2.5 + 500*7.5", "0.00625", None),
    # docs/protocol.md §7.10
    ("text-embedding-v4", "sg", 1000, 0, False, "1000*0.07", "0.00007", None),
]


@pytest.mark.parametrize(
    ("model", "region", "asked", "made", "may_think", "summands", "amount", "tier"), BOUNDS
)
def test_a_bound(
    model: str,
    region: str,
    asked: int,
    made: int,
    may_think: bool,
    summands: str,
    amount: str,
    tier: int | None,
) -> None:
    bound = CATALOGUE.bound(model, region, asked, made, may_think=may_think)
    assert bound is not None
    assert " + ".join(f"{part.tokens}*{part.price:f}" for part in bound.parts) == summands
    assert bound.amount == Decimal(amount)
    assert bound.up_to_input_tokens == tier


def test_a_cheaper_tier_above_does_not_lower_the_bound(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(
        "id,region,currency,up_to_input_tokens,in,out\nm,sg,USD,1000,5,6\nm,sg,USD,,1,2\n"
    )
    bound = Catalogue.load(tmp_path).bound("m", "sg", 1001, 10, may_think=False)
    assert bound is not None
    assert bound.amount == Decimal("0.005065")  # 1001*5 + 10*6: it may have 1000 after all
    assert bound.up_to_input_tokens == 1000


@pytest.mark.parametrize(
    ("model", "region"), [("qwen-plus", "us"), ("no-such", "sg"), ("text-embedding-v4", "sg")]
)
def test_a_bound_may_be_unknown(model: str, region: str) -> None:
    assert CATALOGUE.bound(model, region, 9, 9, may_think=True) is None


PRICED = [
    (model.id, region)
    for model, region in product(CATALOGUE.models(), ("sg", "bj"))
    if CATALOGUE.price(model.id, region) is not None
]


@pytest.mark.parametrize(("model", "region"), PRICED)
def test_no_call_costs_more_than_its_bound(model: str, region: str) -> None:
    for most in (1, 32_001, 128_001, 256_001, MOST_INPUT):
        for may_think in (True, False):
            bound = CATALOGUE.bound(model, region, most, 900, may_think=may_think)
            assert bound is not None
            for asked, made, cached in product((1, most // 2, most), (0, 900), (0, 1)):
                usage = Usage(asked, made, thinking=min(made, 9 * may_think), cached=cached)
                if cached > asked:
                    continue
                cost = CATALOGUE.cost(model, region, usage, has_thinking=False)
                assert cost is not None
                assert cost.currency == bound.currency
                assert cost.amount <= bound.amount


TAGS = 16  # around thinking and answer

# model, thinking, max_tokens → the most of answer and thinking; docs/protocol.md §3.2
OUTPUTS = [
    ("qwen-plus", False, None, 32_768),
    ("qwen-plus", None, None, 32_768),  # off unless switched on
    ("qwen-plus", True, None, 32_768 + 81_920),
    ("qwen-plus", True, 100, 100 + 81_920),  # max_tokens does not limit thinking, §10.13
    ("qwen-plus", 50, 100, 100 + 50),
    ("qwen-plus", 10**9, 100, 100 + 81_920),
    ("qwen3.7-max", None, None, 65_536 + 262_144),  # on unless switched off
    ("qwen3.7-max", False, 10, 10),
    ("qwq-plus", False, 10, 10 + 32_768),  # thinks whatever is asked, and has no budget
    ("qwq-plus", 50, 10, 10 + 32_768),
    ("qwen-max", True, None, 8192),  # never thinks
    ("qwen-max", 50, 10, 10),
    ("no-such-model", False, 100, 100),
    ("no-such-model", 50, 100, 150),
]


@pytest.mark.parametrize(("model", "thinking", "max_tokens", "most"), OUTPUTS)
def test_the_most_output(
    model: str, thinking: bool | int | None, max_tokens: int | None, most: int
) -> None:
    found = CATALOGUE.most_output(model, thinking=thinking, max_tokens=max_tokens)
    assert found == most + TAGS


# model, thinking, max_tokens → all of its context, docs/protocol.md §3.2
IN_CONTEXT = [
    ("qwen3-0.6b", True, None, 32_768),  # no limit of either is known
    ("deepseek-v4-pro", True, 100, 1_000_000),
    ("qwen-math-plus", None, 10**6, 4096),
]


@pytest.mark.parametrize(("model", "thinking", "max_tokens", "most"), IN_CONTEXT)
def test_output_fits_into_the_context(
    model: str, thinking: bool | None, max_tokens: int | None, most: int
) -> None:
    assert CATALOGUE.most_output(model, thinking=thinking, max_tokens=max_tokens) == most


@pytest.mark.parametrize(
    ("model", "thinking", "max_tokens"),
    [
        ("no-such-model", True, 100),
        ("no-such-model", None, 100),
        ("no-such-model", False, None),
        ("glm-4.7", True, 100),
    ],
)
def test_the_most_output_may_be_unknown(
    model: str, thinking: bool | None, max_tokens: int | None
) -> None:
    assert CATALOGUE.most_output(model, thinking=thinking, max_tokens=max_tokens) is None
