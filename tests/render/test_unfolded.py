"""The usage line and what it unfolds to, for replies of every kind."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest

from qwen_nb.render.html.static import bundle
from qwen_nb.render.html.unfolded import usage_facts, usage_rows
from qwen_nb.render.usage import usage_line
from qwen_nb.values import Reply
from qwen_nb.values.usage import Cost, CostPart, Usage

D = Decimal
COST = Cost(
    currency="USD",
    parts=(CostPart("input", 18, D("0.4")), CostPart("output", 375, D(4))),
    region="sg",
    date="2026-07",
)
REPLY = Reply(
    answer="a",
    usage=Usage(18, 375, 393, 320, 0),
    cost=COST,
    model="qwen-plus",
    turn=3,
    turns_sent=2,
)
CACHE = Reply(
    answer="a",
    usage=Usage(2000, 100, 2100, None, 1200, 300),
    cost=Cost(
        currency="CNY",
        parts=(
            CostPart("input", 500, D("0.8")),
            CostPart("cached", 1200, D("0.16")),
            CostPart("cache_created", 300, D(1)),
            CostPart("output", 100, D(2)),
        ),
        region="bj",
        up_to_input_tokens=128000,
    ),
)
EMULATOR = "embedded emulator: scripted answers, no model"


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (Reply(usage=Usage(18, 20), model="m"), "in 18 · out 20 · price unknown · m"),
        (Reply(usage=Usage(output=20), turn=1), "turn 1 · out 20"),
        (
            Reply(usage=Usage(5, 7, 12, 0, 3)),
            "in 5 (cached 3) · out 7, of which thinking 0 · price unknown",
        ),
        (Reply(model="m"), "the server told no token counts · m"),
        (Reply(usage=Usage(total=7)), "7 tokens in all"),
        (Reply(usage=Usage(thinking=7)), "thinking 7"),
        (Reply(usage=Usage(), model="m"), "the server told no token counts · m"),
        (Reply(finish_reason="failed", model="m"), "m"),
        (Reply(usage=Usage(1, 2), scripted=True), f"in 1 · out 2 · {EMULATOR}"),
        (
            REPLY,
            "turn 3 (2 before it sent) · in 18 (cached 0) · out 375, of which thinking 320 "
            "· $0.0015 · qwen-plus",
        ),
        (
            replace(REPLY, scripted=True, turn=None),
            "in 18 (cached 0) · out 375, of which thinking 320 · qwen-plus "
            f"· {EMULATOR}; would cost $0.0015",
        ),
        (
            CACHE,
            "in 2000 (cached 1200, written to the cache 300) · out 100 · ¥0.0011",
        ),
        (Reply(usage=Usage(9, cache_created=0), model="m"), "in 9 · m"),
        (
            Reply(
                usage=Usage(18, 96, None, 96, estimated=True), cost=COST, scripted=True,
            ),
            f"in about 18 · out about 96, all thinking · {EMULATOR}; would cost about $0.0015",
        ),
        (
            Reply(usage=Usage(18, 96, None, 90, 2, estimated=True), cost=COST),
            "in about 18 (cached about 2) · out about 96, of which thinking about 90 "
            "· about $0.0015",
        ),
        (Reply(usage=Usage(0, 0), cost=Cost(currency="USD")), "in 0 · out 0 · $0"),
    ],
)  # fmt: skip
def test_the_usage_line_tells_only_what_is_known(reply, line):
    assert usage_line(reply) == line
    forms = bundle(reply)
    assert forms["text/plain"].endswith(line)
    assert forms["text/markdown"].replace("\\", "").endswith(line)
    assert line.replace("$", "<span>$</span>") in forms["text/html"]


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (
            REPLY,
            "第 3 轮(附带前 2 轮) · 输入 18(缓存 0) · 输出 375,其中思考 320 "
            "· $0.0015 · qwen-plus",
        ),
        (
            replace(REPLY, scripted=True, turn=None, model=""),
            "输入 18(缓存 0) · 输出 375,其中思考 320 "
            "· 内置模拟器:预设回答,并非模型;如实际调用费用为 $0.0015",
        ),
        (CACHE, "输入 2000(缓存 1200,写入缓存 300) · 输出 100 · ¥0.0011"),
        (
            Reply(usage=Usage(18, 96, None, 96, estimated=True), cost=COST),
            "输入约 18 · 输出约 96,均为思考 · 约 $0.0015",
        ),
        (Reply(usage=Usage(18, 20)), "输入 18 · 输出 20 · 价格未知"),
        (Reply(usage=Usage(total=7)), "共 7 Token"),
    ],
)
def test_the_usage_line_in_chinese(reply, line):
    assert usage_line(reply, "zh") == line


@pytest.mark.parametrize(
    ("usage", "rows"),
    [
        (Usage(18, 20, 38), [("input", 18), ("output", 20), ("total", 38)]),
        (Usage(18, cached=6), [("input", 18), ("of which cached", 6)]),
        (
            Usage(18, cached=6, cache_created=2),
            [("input", 18), ("of which cached", 6), ("of which written to the cache", 2)],
        ),
        (
            Usage(output=20, thinking=5),
            [("output", 20), ("of which thinking", 5), ("of which answer", 15)],
        ),
        # figures that do not agree: nothing is worked out of them
        (Usage(output=20, thinking=30), [("output", 20), ("of which thinking", 30)]),
        (Usage(total=7), [("total", 7)]),
        (Usage(0, 0), [("input", 0), ("output", 0)]),
        (
            Usage(900, 9, input_parts={"text": 20, "image": 880}, output_parts={"text": 9}),
            [("input", 900), ("text", 20), ("image", 880), ("output", 9)],
        ),
        (
            Usage(5, input_parts={"text": 3, "<b>\x1b": 2}),
            [("input", 5), ("text", 3), ("<b>␛", 2)],
        ),
        (Usage(), []),
        (None, []),
    ],
)
def test_the_usage_line_unfolds_to_what_the_server_told(usage, rows):
    reply = Reply(answer="a", usage=usage, scripted=True)
    assert [(row.name, row.tokens) for row in usage_rows(reply)] == rows
    html = bundle(reply)["text/html"]
    assert html.count("<details>") == html.count("<table") == bool(rows)
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", html)
    assert [cell.replace("&lt;", "<").replace("&gt;", ">") for cell in cells] == [
        str(cell) for row in rows for cell in row
    ]


def test_the_table_speaks_chinese():
    names = [row.name for row in usage_rows(REPLY, "zh")]
    assert names == ["输入", "其中缓存", "输出", "其中思考", "其中回复", "合计"]
    assert 'aria-label="Token 消耗"' in bundle(REPLY, "zh")["text/html"]


def test_each_price_stands_beside_the_tokens_it_holds_for():
    assert [row[1:] for row in usage_rows(CACHE)] == [
        ("input", 2000, "", ""),
        ("of which not cached", 500, "¥0.8", "¥0.0004"),
        ("of which cached", 1200, "¥0.16", "¥0.000192"),
        ("of which written to the cache", 300, "¥1", "¥0.0003"),
        ("output", 100, "¥2", "¥0.0002"),
        ("total", 2100, "", ""),
    ]
    assert [row.price for row in usage_rows(REPLY)] == ["$0.4", "", "$4", "", "", ""]


def test_the_arithmetic_is_exact():
    assert usage_facts(CACHE) == [
        "500 × ¥0.8/M + 1200 × ¥0.16/M + 300 × ¥1/M + 100 × ¥2/M = ¥0.001092",
        "Beijing; tier up to 128000 input tokens; priced without thinking; "
        "list price, before free quota",
    ]
    terms, _, sum_ = usage_facts(CACHE)[0].partition(" = ¥")
    numbers = re.findall(r"(\d+) × ¥([\d.]+)/M", terms)
    assert sum(int(n) * D(price) for n, price in numbers) / 1_000_000 == D(sum_)
    assert D(sum_) == CACHE.cost.amount


def test_where_a_price_is_from_in_chinese():
    cost = replace(COST, thinking=True, source="用户")
    assert usage_facts(replace(REPLY, cost=cost), "zh") == [
        "18 × $0.4/百万 + 375 × $4/百万 = $0.0015072",
        "新加坡;按思考模式计价;目录价,未扣除免费额度;价格截至 2026-07;来源 用户",
    ]


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("qwen-plus", "qwen-plus"),
        ("org/model:8b@x", "org/model:8b@x"),
        ("m\n!rm -rf /", "MODEL"),
        ("", "MODEL"),
        ("a b", "MODEL"),
    ],
)
def test_an_unknown_price_names_the_command_that_sets_one(model, name):
    reply = Reply(answer="a", usage=Usage(1, 2), model=model)
    assert usage_facts(reply) == [
        f"Price unknown; %qwen_nb models --set-price {name} REGION IN OUT sets one."
    ]


def test_nobody_needs_a_price_for_what_costs_nothing():
    assert usage_facts(Reply(usage=Usage(1, 2), scripted=True)) == []
    assert usage_facts(Reply(usage=Usage(1))) == usage_facts(Reply()) == []


def test_estimates_are_called_so():
    reply = Reply(answer="a", usage=Usage(1, 2, estimated=True), scripted=True)
    assert usage_facts(reply) == ["Estimated: the server told no token counts."]
    assert 'title="input about 1, output about 2 tokens"' in bundle(reply)["text/html"]
    assert 'title="输入约 1、输出约 2 Token"' in bundle(reply, "zh")["text/html"]


@pytest.mark.parametrize("reply", [REPLY, CACHE, replace(REPLY, scripted=True)])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_bundle_is_the_same_bytes_each_time(reply, language):
    again = replace(reply, request_id="r-9", server="elsewhere:1", usage=replace(reply.usage))
    assert bundle(again, language) == bundle(reply, language)


def test_names_from_a_price_file_are_escaped():
    cost = replace(COST, currency="<b>", source="<script>", date="\u202e", region="<i>")
    html = bundle(replace(REPLY, cost=cost))["text/html"]
    assert not re.search(r"<(b|i|script)>|\u202e", html)
    assert "&lt;script&gt;" in html and "⟨U+202E⟩" in html
