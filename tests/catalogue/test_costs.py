"""What calls cost, against figures worked out by hand from the price list.

Each case tells the summands as tokens*price per million, their sum in whole money, and where
tokens and price are from: sections of protocol.md, whose §3.2 and §3.3 name the price page
of each row, and the guides, by line.
"""

import ast
from decimal import Decimal, localcontext
from pathlib import Path
from typing import NamedTuple

import pytest

import qwen_nb
from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.values.usage import Cost, Usage

CATALOGUE = Catalogue.load()
CURRENCY = {"sg": "USD", "bj": "CNY"}
THOUGHT, SILENT = True, False  # the reply has text of thinking, or none


def counts(
    input: int,
    output: int | None,
    thinking: int | None = None,
    cached: int | None = None,
    created: int | None = None,
) -> Usage:
    return Usage(input, output, None, thinking, cached, created)


class Case(NamedTuple):
    model: str
    region: str
    usage: Usage
    has_thinking: bool
    summands: str
    amount: str
    source: str


# fmt: off
CASES = [
    # -- the worked examples and the guides' own figures (protocol.md §4.2, §6.5, §9)
    Case("qwen-plus", "sg", counts(10, 221, 172, 0), SILENT,
         "10*0.4 + 221*4", "0.000888", "guide-zh line 698; §3.3"),
    Case("qwen-plus", "bj", counts(10, 221, 172, 0), SILENT,
         "10*0.8 + 221*8", "0.001776", "guide-zh line 698; §3.3"),
    Case("qwen-plus", "sg", counts(10, 288, 188, 0), SILENT,
         "10*0.4 + 288*4", "0.001156", "guide-zh line 782; §3.3"),
    Case("qwen-plus", "sg", counts(11, 405, 256, 0), SILENT,
         "11*0.4 + 405*4", "0.0016244", "guide-zh line 897; §3.3"),
    Case("qwen-plus", "bj", counts(11, 405, 256, 0), THOUGHT,
         "11*0.8 + 405*8", "0.0032488", "guide-zh line 897; §3.3"),
    Case("qwen-plus-2025-04-28", "sg", counts(10, 360), THOUGHT,
         "10*0.4 + 360*4", "0.001444", "guide-en line 193, none counted; §3.2"),
    Case("qwen-plus-2025-04-28", "sg", counts(10, 360), SILENT,
         "10*0.4 + 360*1.2", "0.000436", "the same, no text of thinking; §6.5.3"),
    Case("qwen-plus-0428", "bj", counts(10, 360), THOUGHT,
         "10*0.8 + 360*8", "0.002888", "an alias; §3.4"),
    Case("qwq-32b", "bj", counts(18, 1015), THOUGHT,
         "18*2 + 1015*6", "0.006126", "guide-qwq line 125; §3.2"),
    Case("qwq-plus", "sg", counts(18, 1015), THOUGHT,
         "18*0.8 + 1015*2.4", "0.0024504", "guide-en's price; §3.2"),
    Case("qwen-plus", "sg", counts(11, 367), THOUGHT,
         "11*0.4 + 367*4", "0.0014724", "guide-en line 431; §3.3"),
    Case("qwen-plus", "sg", counts(11, 138, 50), THOUGHT,
         "11*0.4 + 138*4", "0.0005564", "guide-en line 1109, budget 50; §3.3"),
    Case("qwen-plus-2025-04-28", "sg", counts(15, 80, 0), SILENT,
         "15*0.4 + 80*1.2", "0.000102", "guide-en line 1857, /no_think; §6.5.3"),
    Case("qwen-plus-2025-04-28", "sg", counts(15, 82, 0), SILENT,
         "15*0.4 + 82*1.2", "0.0001044", "guide-en line 2109, /no_think; §6.5.3"),
    Case("qwen-plus", "sg", counts(238, 108), THOUGHT,
         "238*0.4 + 108*4", "0.0005272", "guide-en line 1647, a tool call; §3.3"),
    Case("qwen3.7-plus", "sg", counts(3463, 2387), THOUGHT,
         "3463*0.4 + 2387*1.6", "0.0052044", "guide-zh line 1775; §3.3"),
    Case("qwen3.7-plus", "sg", counts(3463, 2387, 1347), THOUGHT,
         "3463*0.4 + 2387*1.6", "0.0052044", "guide-zh line 1953; §3.3"),
    # -- thinking: all output at its price (§6.5.2), or none emitted (§6.5.3)
    Case("qwen-plus", "sg", counts(1000, 500, 1), SILENT,
         "1000*0.4 + 500*4", "0.0024", "one token of thinking is enough; §6.5.2"),
    Case("qwen-plus", "sg", counts(1000, 500, 0), THOUGHT,
         "1000*0.4 + 500*1.2", "0.001", "the count decides, not the text; §6.5.3"),
    Case("qwen-plus", "sg", counts(1000, 0), SILENT,
         "1000*0.4 + 0*1.2", "0.0004", "nothing came; §3.3"),
    Case("qwen-turbo", "sg", counts(1000, 500, 9), THOUGHT,
         "1000*0.05 + 500*0.5", "0.0003", "§3.2"),
    Case("qwen-turbo", "sg", counts(1000, 500, 0), SILENT,
         "1000*0.05 + 500*0.2", "0.00015", "§3.2"),
    Case("qwen-turbo-latest", "bj", counts(1000, 500, 9), THOUGHT,
         "1000*0.3 + 500*3", "0.0018", "§3.2"),
    Case("qwen3-235b-a22b", "sg", counts(1000, 500, 9), THOUGHT,
         "1000*0.7 + 500*8.4", "0.0049", "§3.2, §3.4 one output column"),
    Case("qwen3-235b-a22b", "sg", counts(1000, 500, 0), SILENT,
         "1000*0.7 + 500*2.8", "0.0021", "§3.2, §3.4"),
    Case("qwen3-32b", "sg", counts(1000, 500, 9), THOUGHT,
         "1000*0.16 + 500*0.64", "0.00048", "§3.4 later cuts"),
    Case("qwen3-8b", "bj", counts(1000, 500), THOUGHT,
         "1000*0.5 + 500*5", "0.003", "§3.2"),
    Case("qwen3-0.6b", "sg", counts(1000, 500, 3), THOUGHT,
         "1000*0.11 + 500*1.26", "0.00074", "§3.2"),
    Case("qwen3.7-max", "sg", counts(1000, 500, 9), THOUGHT,
         "1000*2.5 + 500*7.5", "0.00625", "one price for both; §3.2"),
    Case("qwen3.7-max", "sg", counts(1000, 500, 0), SILENT,
         "1000*2.5 + 500*7.5", "0.00625", "one price for both; §3.2"),
    Case("qwen3-next-80b-a3b-thinking", "bj", counts(1000, 500), SILENT,
         "1000*1 + 500*10", "0.006", "its only price; §3.2"),
    Case("deepseek-r1", "bj", counts(1000, 500, 9), THOUGHT,
         "1000*4 + 500*16", "0.012", "§3.2"),
    Case("deepseek-v3.2", "sg", counts(1000, 500, 9), THOUGHT,
         "1000*0.582 + 500*1.746", "0.001455", "§3.2"),
    Case("deepseek-r1-distill-qwen-1.5b", "bj", counts(1000, 500, 9), THOUGHT,
         "1000*0 + 500*0", "0", "free is a price; §3.2"),
    Case("qwen-max", "sg", counts(1000, 500), SILENT,
         "1000*1.6 + 500*6.4", "0.0048", "never thinks; §3.2"),
    Case("qwen-max", "bj", counts(1000, 500, 0), SILENT,
         "1000*2.4 + 500*9.6", "0.0072", "never thinks; §3.2"),
    Case("qwen-mt-flash", "bj", counts(1000, 500), SILENT,
         "1000*0.7 + 500*1.95", "0.001675", "§3.2"),
    # -- tiers: by all input of the request, for the whole of it (§3.3, §6.5.4)
    Case("qwen-plus", "sg", counts(256_000, 100, 9), THOUGHT,
         "256000*0.4 + 100*4", "0.1028", "the last token of the first tier"),
    Case("qwen-plus", "sg", counts(256_001, 100, 9), THOUGHT,
         "256001*1.2 + 100*12", "0.3084012", "the first of the second"),
    Case("qwen-plus", "sg", counts(256_001, 100, 0), SILENT,
         "256001*1.2 + 100*3.6", "0.3075612", "§3.3"),
    Case("qwen-plus", "bj", counts(128_000, 100, 0), SILENT,
         "128000*0.8 + 100*2", "0.1026", "§3.3"),
    Case("qwen-plus", "bj", counts(128_001, 100, 0), SILENT,
         "128001*2.4 + 100*20", "0.3092024", "§3.3"),
    Case("qwen-plus", "bj", counts(256_000, 100, 9), THOUGHT,
         "256000*2.4 + 100*24", "0.6168", "§3.3"),
    Case("qwen-plus", "bj", counts(256_001, 100, 9), THOUGHT,
         "256001*4.8 + 100*64", "1.2352048", "§3.3"),
    Case("qwen-plus", "bj", counts(1_000_001, 100, 9), THOUGHT,
         "1000001*4.8 + 100*64", "4.8064048", "above the last, the last; §3.3"),
    Case("qwen3-max", "sg", counts(32_000, 100, 0), SILENT,
         "32000*1.2 + 100*6", "0.039", "§3.3"),
    Case("qwen3-max", "sg", counts(32_001, 100, 9), THOUGHT,
         "32001*2.4 + 100*12", "0.0780024", "§3.3"),
    Case("qwen3-max", "sg", counts(128_001, 100, 9), THOUGHT,
         "128001*3 + 100*15", "0.385503", "§3.3"),
    Case("qwen3-max", "bj", counts(32_001, 100, 9), THOUGHT,
         "32001*4 + 100*16", "0.129604", "§3.3"),
    Case("qwen-flash", "sg", counts(256_001, 100, 0), SILENT,
         "256001*0.25 + 100*2", "0.06420025", "§3.3"),
    Case("qwen-flash", "bj", counts(128_001, 100, 9), THOUGHT,
         "128001*0.6 + 100*6", "0.0774006", "§3.3"),
    Case("qwen3.5-plus", "bj", counts(128_001, 100, 9), THOUGHT,
         "128001*2 + 100*12", "0.257202", "§3.3"),
    Case("qwen3.5-flash", "sg", counts(900_000, 100, 9), THOUGHT,
         "900000*0.1 + 100*0.4", "0.09004", "tiers in Beijing only; §3.2"),
    Case("qwen3.6-plus", "sg", counts(256_001, 100, 9), THOUGHT,
         "256001*2 + 100*6", "0.512602", "§3.3"),
    Case("qwen3-coder-plus", "sg", counts(256_000, 100), SILENT,
         "256000*3 + 100*15", "0.7695", "§3.3"),
    Case("qwen3-coder-plus", "sg", counts(256_001, 100), SILENT,
         "256001*6 + 100*60", "1.542006", "§3.3"),
    Case("qwen3-coder-next", "bj", counts(300_000, 100), SILENT,
         "300000*2.5 + 100*10", "0.751", "§3.3"),
    Case("glm-5", "bj", counts(32_001, 100, 9), THOUGHT,
         "32001*6 + 100*22", "0.194206", "§3.3"),
    Case("qwen3-vl-flash", "sg", counts(128_000, 100, 0), SILENT,
         "128000*0.075 + 100*0.6", "0.00966", "§3.3"),
    Case("qwen3-vl-flash", "sg", counts(128_001, 100, 0), SILENT,
         "128001*0.12 + 100*0.96", "0.01545612", "§3.3"),
    Case("qwen3-vl-plus", "bj", counts(32_001, 100, 0), SILENT,
         "32001*1.5 + 100*15", "0.0495015", "§3.3"),
    # -- cached input: a part of the input, at its own price (§6.4, §6.5.5)
    Case("qwen-plus", "sg", counts(1000, 100, 0, 600), SILENT,
         "400*0.4 + 600*0.08 + 100*1.2", "0.000328", "implicit, 20 %; §6.4"),
    Case("qwen-plus", "bj", counts(1000, 100, 9, 600), THOUGHT,
         "400*0.8 + 600*0.16 + 100*8", "0.001216", "implicit, 20 %; §6.4"),
    Case("qwen-max", "sg", counts(1000, 100, 0, 256), SILENT,
         "744*1.6 + 256*0.32 + 100*6.4", "0.00191232", "implicit, 20 %; §6.4"),
    Case("qwen-plus", "sg", counts(256_001, 100, 9, 256_000), THOUGHT,
         "1*1.2 + 256000*0.24 + 100*12", "0.0626412", "the tier is that of all input; §3.3"),
    Case("qwen-plus", "sg", counts(1000, 100, 0, 1000), SILENT,
         "0*0.4 + 1000*0.08 + 100*1.2", "0.0002", "all of it; §6.4"),
    Case("qwen-plus-2025-04-28", "sg", counts(1000, 100, 0, 600), SILENT,
         "400*0.4 + 600*0.16 + 100*1.2", "0.000376", "an older snapshot, 40 %; §6.4"),
    Case("qwen-turbo-2025-04-28", "bj", counts(1000, 100, 9, 600), THOUGHT,
         "400*0.3 + 600*0.12 + 100*3", "0.000492", "an older snapshot, 40 %; §6.4"),
    Case("qwen3-max", "sg", counts(2000, 100, 0, 1500, created=0), SILENT,
         "500*1.2 + 1500*0.12 + 100*6", "0.00138", "explicit, 10 %; §6.4"),
    Case("qwen3-max", "sg", counts(2000, 100, 0, 0, created=1500), SILENT,
         "500*1.2 + 1500*1.5 + 100*6", "0.00345", "created, 125 %; §6.4"),
    Case("qwen3-max", "bj", counts(4000, 100, 9, 1200, created=1300), THOUGHT,
         "1500*2.5 + 1200*0.25 + 1300*3.125 + 100*10", "0.0091125", "explicit, both; §6.4"),
    Case("qwen-plus", "sg", counts(300_000, 100, 9, 0, created=2000), THOUGHT,
         "298000*1.2 + 2000*1.5 + 100*12", "0.3618", "created in the second tier; §6.4"),
    Case("qwen-plus-2025-04-28", "sg", counts(2000, 100, 0, 1500, created=0), SILENT,
         "500*0.4 + 1500*0.04 + 100*1.2", "0.00038", "explicit is 10 % of all; §6.4"),
    Case("deepseek-v4-pro", "sg", counts(1000, 100, 9, 600), THOUGHT,
         "400*2.4 + 600*0.48 + 100*4.8", "0.001728", "cached is what is told; §6.4"),
    # -- no output
    Case("text-embedding-v4", "sg", counts(120, None), SILENT,
         "120*0.07", "0.0000084", "§7.10"),
    Case("text-embedding-v3", "bj", counts(120, 0), SILENT,
         "120*0.5", "0.00006", "§7.10"),
]
# fmt: on


def summands(cost: Cost) -> str:
    return " + ".join(f"{part.tokens}*{part.price.normalize():f}" for part in cost.parts)


def test_there_are_many_cases() -> None:
    assert len(CASES) >= 60
    assert len(set(map(str, CASES))) == len(CASES)
    assert len({case.model for case in CASES}) >= 30


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.model}-{case.summands}")
def test_a_call_costs(case: Case) -> None:
    cost = CATALOGUE.cost(case.model, case.region, case.usage, has_thinking=case.has_thinking)
    assert cost is not None
    assert summands(cost) == case.summands
    assert cost.amount == Decimal(case.amount)
    assert (cost.currency, cost.region) == (CURRENCY[case.region], case.region)
    assert cost.source
    assert cost.date.startswith("202")
    assert sum(part.tokens for part in cost.parts if part.kind != "output") == case.usage.input


# model, region, input → the tier that held, as the table tells it
TIERS = [
    ("qwen-plus", "sg", 256_000, 256_000),
    ("qwen-plus", "sg", 256_001, 1_000_000),
    ("qwen-plus", "sg", 1_000_001, None),  # above the last
    ("qwen3.7-max", "sg", 10, None),  # there is one only
    ("qwen3-max", "singapore", 1, 32_000),
]


@pytest.mark.parametrize(("model", "region", "input_tokens", "bound"), TIERS)
def test_a_cost_tells_its_tier(
    model: str, region: str, input_tokens: int, bound: int | None
) -> None:
    cost = CATALOGUE.cost(model, region, counts(input_tokens, 1), has_thinking=False)
    assert cost is not None
    assert cost.up_to_input_tokens == bound


# model, thinking tokens, thinking text → the price of thinking was taken
PRICES_OF_THINKING = [
    ("qwen-plus", 9, False, True),
    ("qwen-plus", 0, True, False),
    ("qwen-plus", None, True, True),
    ("qwen-plus", None, False, False),
    ("qwq-plus", 0, False, True),  # it has no other
    ("qwen-max", None, True, False),  # nor has this
]


@pytest.mark.parametrize(("model", "thinking", "has_text", "taken"), PRICES_OF_THINKING)
def test_a_cost_tells_whether_thinking_made_it_dear(
    model: str, thinking: int | None, has_text: bool, taken: bool
) -> None:
    cost = CATALOGUE.cost(model, "sg", counts(9, 9, thinking), has_thinking=has_text)
    assert cost is not None
    assert cost.thinking is taken


UNKNOWN: dict[str, tuple[str, str, Usage | None]] = {
    "no usage": ("qwen-plus", "sg", None),
    "an empty one": ("qwen-plus", "sg", Usage()),
    "no input": ("qwen-plus", "sg", Usage(output=9, total=19)),
    "no output": ("qwen-plus", "sg", counts(9, None)),
    "no price there": ("qwen-plus", "us", counts(9, 9)),
    "no price at all": ("kimi/kimi-k2.6", "bj", counts(9, 9)),
    "no such model": ("gpt-7", "sg", counts(9, 9)),
    "a snapshot that is not in the table": ("qwen-plus-2026-10-01", "sg", counts(9, 9)),
    "more cached than input": ("qwen-plus", "sg", counts(9, 9, 0, 10)),
    "more created than input": ("qwen-plus", "sg", counts(9, 9, 0, 5, 5)),
    "more thinking than output": ("qwen-plus", "sg", counts(9, 9, 10)),
    "another server": ("qwen-plus", "ollama", counts(9, 9)),
    "one price for each modality": ("qwen3-omni-flash", "bj", counts(9, 9)),
}


@pytest.mark.parametrize(("model", "region", "usage"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_cost_is_unknown_where_a_part_of_it_is(
    model: str, region: str, usage: Usage | None
) -> None:
    assert CATALOGUE.cost(model, region, usage, has_thinking=False) is None


@pytest.mark.parametrize("name", ["prompt_tokens_details", "input_tokens_details"])
@pytest.mark.parametrize(("kind", "price"), [("ephemeral", "0.04"), ("implicit", "0.08")])
def test_the_server_may_name_the_cache(name: str, kind: str, price: str) -> None:
    usage = Usage(1000, 9, cached=600, raw={name: {"cached_tokens": 600, "cache_type": kind}})
    cost = CATALOGUE.cost("qwen-plus", "sg", usage, has_thinking=False)
    assert cost is not None
    assert cost.parts[1].price == Decimal(price)


def test_an_estimate_is_priced_as_well() -> None:
    told, estimated = Usage(10, 20, thinking=5), Usage(10, 20, thinking=5, estimated=True)
    costs = [CATALOGUE.cost("qwen-plus", "sg", u, has_thinking=True) for u in (told, estimated)]
    assert costs[0] == costs[1] is not None


# -- prices of a person's own ----------------------------------------------------------------

OWN = """\
id,region,currency,up_to_input_tokens,in,in_cached,out,out_thinking
qwen-plus,sg,USD,,1,,2,5
qwen-flash,sg,USD,,1,0.5,2,5
qwen3.7-max,us,USD,1000,3,,4,
qwen3.7-max,us,USD,,6,,8,
my-model,llm.example,EUR,,1,,2,
your-model,llm.example,EUR,,1,0.1,2,3
half,llm.example,EUR,,1,,,
"""

# fmt: off
OWN_CASES = [
    # in the place of ours; the discounts of the region stay (§6.4)
    Case("qwen-plus", "sg", counts(1000, 100, 9, 600), THOUGHT,
         "400*1 + 600*0.2 + 100*5", "0.00102", "OWN"),
    Case("qwen-plus", "bj", counts(1000, 100, 9), THOUGHT,
         "1000*0.8 + 100*8", "0.0016", "Beijing is as it was; §3.3"),
    # a price for cached input is that
    Case("qwen-flash", "sg", counts(1000, 100, 0, 600), SILENT,
         "400*1 + 600*0.5 + 100*2", "0.0009", "OWN"),
    # a region that our table has no prices of; one price for all output
    Case("qwen3.7-max", "virginia", counts(1000, 100, 9, 500), THOUGHT,
         "500*3 + 500*0.6 + 100*4", "0.0022", "OWN"),
    Case("qwen3.7-max", "us", counts(1001, 100, 0), SILENT,
         "1001*6 + 100*8", "0.006806", "OWN"),
    # on another server cached input costs what input costs, unless there is a price for it
    Case("my-model", "llm.example", counts(1000, 100, 9, 600), THOUGHT,
         "400*1 + 600*1 + 100*2", "0.0012", "OWN"),
    Case("my-model", "LLM.example", counts(1000, 100, 9, 0, 600), THOUGHT,
         "400*1 + 600*1 + 100*2", "0.0012", "OWN"),
    Case("your-model", "llm.example", counts(1000, 100, 9, 600), THOUGHT,
         "400*1 + 600*0.1 + 100*3", "0.00076", "OWN"),
    Case("half", "llm.example", counts(1000, 0), SILENT, "1000*1", "0.001", "OWN"),
]
# fmt: on


@pytest.mark.parametrize("case", OWN_CASES, ids=lambda case: f"{case.model}-{case.summands}")
def test_a_persons_own_price_holds(case: Case, tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(OWN, "utf-8")
    catalogue = Catalogue.load(tmp_path)
    cost = catalogue.cost(case.model, case.region, case.usage, has_thinking=case.has_thinking)
    assert cost is not None
    assert summands(cost) == case.summands
    assert cost.amount == Decimal(case.amount)
    assert (cost.source == "user") is (case.source == "OWN")


def test_half_a_price_is_none(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(OWN, "utf-8")
    catalogue = Catalogue.load(tmp_path)
    assert catalogue.cost("half", "llm.example", counts(9, 9), has_thinking=False) is None


@pytest.mark.parametrize("asked", ["deepseek", "DeepSeek", "api.deepseek.com"])
def test_a_server_may_be_called_by_its_name_or_host(asked: str, tmp_path: Path) -> None:
    for written in ("deepseek", "api.deepseek.com"):
        folder = tmp_path / written
        folder.mkdir()
        (folder / "prices.csv").write_text(
            f"id,region,currency,in,out\nm,{written},USD,1,2\n", "utf-8"
        )
        cost = Catalogue.load(folder).cost("m", asked, counts(10, 10), has_thinking=False)
        assert cost is not None
        assert cost.amount == Decimal("0.00003")


# -- money is exact ----------------------------------------------------------------------------

PACKAGE = Path(qwen_nb.__file__).parent
MONEY = [
    "values/usage.py", "catalogue/costs.py", "catalogue/own_prices.py", "catalogue/rows.py",
    "catalogue/files.py", "catalogue/catalogue.py", "catalogue/table.py",
]  # fmt: skip


@pytest.mark.parametrize("name", MONEY)
def test_the_source_has_no_float(name: str) -> None:
    tree = ast.parse((PACKAGE / name).read_text("utf-8"))
    floats = [
        node.lineno
        for node in ast.walk(tree)
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        # a quotient is one too, unless of paths
        or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div)
            and ast.unparse(node) not in PATHS)
        or (isinstance(node, ast.Call) and ast.unparse(node.func) in ("float", "round"))
    ]  # fmt: skip
    assert floats == []


PATHS = {
    "folder / HomeFile.PRICES",
    "folder / name",
    "user_folder / name",
}


def test_all_money_is_decimal() -> None:
    for case in CASES:
        cost = CATALOGUE.cost(
            case.model, case.region, case.usage, has_thinking=case.has_thinking
        )
        assert cost is not None
        amounts = [cost.amount, *(money for p in cost.parts for money in (p.price, p.amount))]
        assert {type(amount) for amount in amounts} == {Decimal}
        assert {type(part.tokens) for part in cost.parts} == {int}


def test_a_notebooks_own_precision_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("id,region,currency,in,out\nm,sg,USD,1.23456789,2\n")
    usage = counts(123_456, 654_321, 0, 100_000)
    with localcontext(prec=3):
        cost = Catalogue.load(tmp_path).cost("m", "sg", usage, has_thinking=False)
        assert cost is not None
        amount = cost.amount
    # 23456*1.23456789 + 100000*0.246913578 + 654321*2, in millionths
    assert amount == Decimal("1.36229138222784")


def test_a_great_many_small_amounts_add_up_exactly() -> None:
    cost = CATALOGUE.cost("qwen-flash", "sg", counts(1, 1), has_thinking=False)
    assert cost is not None
    assert sum([cost.amount] * 1_000_000) == Decimal("0.45")  # 0.05 + 0.4
