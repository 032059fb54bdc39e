"""Charts: well formed, legible on any paper, told in words, and true."""

import re
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_nb.render.charts.cost import cost_chart
from qwen_nb.render.charts.series import bars, lines, ticks
from qwen_nb.render.charts.text import text_chart
from qwen_nb.render.charts.tokens import tokens_chart
from qwen_nb.values import columns
from qwen_nb.values.usage import Call, Cost, CostPart, Usage

D = Decimal
SVG = "{http://www.w3.org/2000/svg}"


def call(at, *, turn=None, given=100, output=50, price="4", currency="USD", **values):
    cost = Cost(currency=currency, parts=(CostPart("output", output, D(price)),))
    usage = Usage(given, output, given + output, output // 2, given // 4)
    return Call(at=float(at), turn=turn, **({"usage": usage, "cost": cost} | values))


TURNS = [call(at, turn=at, output=10 * at) for at in range(1, 13)]
MIXED = [
    *TURNS,
    call(20, turn=13, currency="CNY"),
    call(21, turn=14, scripted=True),
    call(22, turn=15, usage=Usage(30, 90, estimated=True)),
    Call(at=23, turn=16),
]


def drawn(chart):
    root = ElementTree.fromstring(chart)
    assert root.tag == f"{SVG}svg" and root.get("role") == "img"
    title, desc = root[0], root[1]
    assert (title.tag, desc.tag) == (f"{SVG}title", f"{SVG}desc")
    assert title.text and desc.text and root.get("aria-label")
    return root


def words(chart):
    return [text.text for text in drawn(chart).iter(f"{SVG}text")]


def boxes(chart):
    """Return the boxes of each bar, as (bottom, height)."""
    groups = [
        [(float(r.get("y")) + float(r.get("height")), float(r.get("height"))) for r in group]
        for group in (g.findall(f"{SVG}rect") for g in drawn(chart).iter(f"{SVG}g"))
    ]
    return [group for group in groups if group]


def test_a_bar_for_each_turn():
    chart = tokens_chart(TURNS)
    assert len(boxes(chart)) == 12
    assert words(chart)[0] == "Tokens per turn"
    assert {"cached input", "input", "thinking", "answer", "turn"} <= set(words(chart))
    assert {str(n) for n in range(1, 13)} <= set(words(chart))
    assert drawn(chart)[1].text == (
        "12 bars, 1,980 tokens in all: cached input 300, input 900, thinking 390, answer 390. "
        "Most: turn 12 with 220; least: turn 1 with 110."
    )


def test_bars_are_true_to_scale():
    heights = [sum(height for _, height in group) for group in boxes(tokens_chart(TURNS))]
    assert [round(height / heights[0], 1) for height in heights] == [
        round((100 + 10 * at) / 110, 1) for at in range(1, 13)
    ]
    assert {round(group[0][0], 1) for group in boxes(tokens_chart(TURNS))} == {268}


def test_the_rounds_of_a_turn_are_one_bar():
    again = [*TURNS, call(99, turn=3), call(99, turn=3, kind="summary")]
    assert [bar.total for bar in bars(again, 40).bars][:4] == [110, 120, 430, 140]


def test_calls_of_several_conversations_stand_one_by_one():
    chart = tokens_chart([*TURNS, call(50, turn=1, chat="other")])
    assert words(chart)[0] == "Tokens per call" and len(boxes(chart)) == 13
    assert words(tokens_chart([call(1), call(2, turn=1)]))[0] == "Tokens per call"


@pytest.mark.parametrize(("turns", "size"), [(40, 1), (41, 2), (300, 10), (1000, 50)])
def test_many_turns_go_together(turns, size):
    calls = [call(at, turn=at) for at in range(1, turns + 1)]
    all_bars = bars(calls, 40)
    assert (all_bars.size, len(all_bars.bars)) == (size, -(-turns // size))
    assert sum(bar.total for bar in all_bars.bars) == turns * 150
    if size > 1:
        chart = tokens_chart(calls, "zh")
        assert words(chart)[0] == f"每 {size} 轮的 Token 消耗"
        assert f"1–{size}" in words(chart)


def test_a_huge_turn_leaves_something_to_see_of_the_others():
    calls = [call(at, turn=at, output=100_000 if at == 5 else 50) for at in range(1, 10)]
    chart = tokens_chart(calls)
    assert "100,100" in words(chart)
    assert "Drawn shorter than they are: turn 5." in drawn(chart)[1].text
    heights = [sum(height for _, height in group) for group in boxes(chart)]
    assert max(heights) == pytest.approx(200, abs=4) and min(heights) > 40
    assert "╱╱" in text_chart(calls)
    # two of three are high: that is no exception
    assert bars([call(1), call(2, output=9000), call(3, output=9000)], 40).cut() == []


def test_what_is_estimated_or_not_told_is_marked():
    chart = tokens_chart(MIXED)
    assert {"estimated", "? not told", "?"} <= set(words(chart))
    assert "Bars with estimates: 1. Bars that lack figures: 1." in drawn(chart)[1].text
    assert "least: turn 1 with" in drawn(chart)[1].text
    assert 'fill-opacity="0.45" stroke-dasharray' in chart
    assert "estimated" not in tokens_chart(TURNS)
    embedding = call(1, turn=1, kind="embedding", usage=Usage(5))
    assert not bars([embedding], 40).bars[0].untold


def test_each_currency_has_an_axis_of_its_own():
    chart = cost_chart(MIXED)
    shown = words(chart)
    assert shown[0] == "Running cost"
    assert {"USD", "CNY", "USD, would cost (emulator)"} <= set(shown)
    assert shown.count("$0") == 1 and shown.count("¥0") == 1
    assert chart.count('stroke-dasharray="6 4"') == 2  # the line and its legend
    assert "≈$0.0033" in shown and "¥0.00020" in shown
    assert drawn(chart)[1].text == (
        "CNY: 0.00020 CNY for 1 of the calls; the dearest was call 13 with 0.00020 CNY. "
        "USD: 0.0033 USD for 13 of the calls; the dearest was call 12 with 0.00048 USD. "
        "USD, would cost (emulator): 0.00020 USD for 1 of the calls; the dearest was call 14 "
        "with 0.00020 USD. Not in it, since their price is unknown: 1 of the calls. "
        "Partly estimated."
    )


def test_no_page_finds_a_formula_in_a_chart():
    for chart in (tokens_chart(MIXED), cost_chart(MIXED), cost_chart(MIXED, "zh")):
        assert all((node.text or "").count("$") < 2 for node in drawn(chart).iter())


def test_days_are_marked_where_there_are_several():
    assert not re.search(r"\d{4}-\d\d-\d\d", cost_chart(TURNS))
    calls = [call(at * 86400 * 3, turn=at) for at in range(1, 4)]
    assert len(re.findall(r">\d{4}-\d\d-\d\d<", cost_chart(calls))) == 3


@pytest.mark.parametrize("price", ["0.000001", "4", "100000000"])
def test_costs_of_every_size(price):
    calls = [call(at, turn=at, price=price) for at in range(1, 4)]
    chart = cost_chart(calls)
    assert "e-" not in "".join(words(chart)).lower()
    axis = [t.text for t in drawn(chart).iter(f"{SVG}text") if t.get("text-anchor") == "end"]
    assert axis[0] == "$0" and len(set(axis)) == len(axis) >= 3


def test_nothing_to_draw_is_said():
    assert words(tokens_chart([])) == ["Tokens per call", "No calls yet."]
    assert words(cost_chart([], "zh")) == ["累计费用", "尚无调用。"]
    silent = [Call(at=1)]
    assert words(tokens_chart(silent))[1] == "No token counts are known."
    assert words(cost_chart(silent))[1] == "No cost is known."
    assert text_chart(silent) == (
        "Tokens per call\nNo token counts are known.\n\nRunning cost\nNo cost is known."
    )


def test_charts_of_one_page_do_not_meet():
    for chart in (tokens_chart(MIXED), cost_chart(MIXED)):
        assert not re.search(r'\bid="|url\(|var\(|<style|class=', chart)


def test_the_same_calls_make_the_same_chart_in_any_order():
    for draw in (tokens_chart, cost_chart, text_chart):
        assert draw(MIXED[::-1]) == draw(MIXED)


def light(colour):
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    parts = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(s * p for s, p in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def test_text_has_the_colour_of_the_page_and_neighbours_differ_in_lightness():
    chart = tokens_chart(TURNS)
    root = drawn(chart)
    assert root.get("fill") == "currentColor"
    assert all(text.get("fill") is None for text in root.iter(f"{SVG}text"))
    group = next(g for g in root.iter(f"{SVG}g"))
    fills = [light(r.get("fill")) for r in group.findall(f"{SVG}rect")]
    assert len(fills) == 4
    for one, other in pairwise(fills):
        bright, dark = max(one, other), min(one, other)
        assert (bright + 0.05) / (dark + 0.05) > 1.3
    # each box has an edge that is seen on any paper; a line has none, and needs contrast
    assert chart.count("<rect") == chart.count('stroke="currentColor" stroke-width="0.75"')
    for colour in set(re.findall(r'stroke="(#\w+)"', cost_chart(MIXED))):
        for paper in (1.0, light("#111111"), light("#212121")):
            bright, dark = max(light(colour), paper), min(light(colour), paper)
            assert (bright + 0.05) / (dark + 0.05) >= 3


def test_text_for_a_terminal():
    assert text_chart(TURNS[:2]) == (
        "Tokens per turn\n"
        "░ cached input  ▒ input  ▓ thinking  █ answer\n"
        f"turn 1  110  {'░' * 13}{'▒' * 39}{'▓' * 3}{'█' * 3}\n"
        f"turn 2  120  {'░' * 13}{'▒' * 39}{'▓' * 6}{'█' * 5}\n"
        "\n"
        "Running cost\n"
        "USD\n"
        f"call 1  $0.000040  {'█' * 20}\n"
        f"call 2   $0.00012  {'█' * 61}"
    )


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("width", [60, 80, 120])
def test_text_keeps_to_the_width(language, width):
    lines_ = text_chart(MIXED, language, width=width).splitlines()
    assert all(columns(line) <= width for line in lines_ if re.search("[░▒▓█]{2}", line))
    assert any("≈" in line for line in lines_) and any("?" in line for line in lines_)


COUNTS = st.none() | st.integers(0, 10**12)
USAGES = st.builds(
    Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, estimated=st.booleans()
)
PARTS = st.builds(
    CostPart,
    st.sampled_from(["input", "output"]),
    st.integers(0, 10**9),
    st.decimals(min_value=0, max_value=10**6, places=9),
)
COSTS = st.builds(
    Cost,
    currency=st.sampled_from(["USD", "CNY", "<b>&\"'\x1b", ""]),
    parts=st.lists(PARTS, max_size=3).map(tuple),
)
CALLS = st.lists(
    st.builds(
        Call,
        at=st.floats(0, 4e9),
        kind=st.sampled_from(["answer", "summary", "embedding"]),
        model=st.just("<script>"),
        scripted=st.booleans(),
        usage=st.none() | USAGES,
        cost=st.none() | COSTS,
        chat=st.sampled_from(["", "<i>"]),
        turn=st.none() | st.integers(1, 10**9),
    ),
    max_size=60,
)


@given(CALLS, st.sampled_from(["en", "zh"]))
def test_any_calls_make_a_well_formed_chart(calls, language):
    for chart in (tokens_chart(calls, language), cost_chart(calls, language)):
        root = drawn(chart)
        numbers = [
            value
            for node in root.iter()
            for name in ("x", "y", "width", "height", "d", "viewBox")
            if (value := node.get(name))
        ]
        assert not any(re.search("nan|inf|e[+-]", value.lower()) for value in numbers)
        assert not re.search(r"<script|<b>|<i>|\x1b", chart)
    assert "\x1b" not in text_chart(calls, language)


@given(CALLS)
def test_nothing_is_lost_when_calls_are_added_up(calls):
    costs = [call for call in calls if call.cost is not None]
    assert sum(line.sum for line in lines(calls)) == sum(call.cost.amount for call in costs)
    alone = sum(bar.total for call in calls for bar in bars([replace(call)], 1).bars)
    assert sum(bar.total for bar in bars(calls, 7).bars) == alone
    assert len(bars(calls, 7).bars) <= 7


@given(st.decimals(min_value=D("1E-12"), max_value=D("1E+15"), allow_nan=False))
def test_ticks_are_round_and_reach_the_top(top):
    scale = ticks(top)
    assert scale[0] == 0 and scale[-1] >= top and 2 <= len(scale) <= 6
    step = scale[1].normalize()
    assert step.as_tuple().digits in ((1,), (2,), (5,))
    assert scale == [step * at for at in range(len(scale))]
