"""The table of what was used: what it adds up, how it is aligned, what it says below."""

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_nb.render.html.spending import spending_table
from qwen_nb.values import columns
from qwen_nb.values.usage import LedgerRow

D = Decimal


def row(key, **values):
    return LedgerRow(by="model", key=key, **({"calls": 1, "input": 10, "output": 5} | values))


USD = row("qwen-plus", cost=D("0.0015"), currency="USD", input=1800, cached=20, thinking=3)
CNY = row("千问", cost=D("0.1"), currency="CNY", estimated=1)
SCRIPTED = row("qwen-plus", cost=D("0.00001"), currency="USD", scripted=True)
UNPRICED = row("local", unpriced=2, calls=2)
UNTOLD = row("silent", untold=1, unpriced=1, input=0, output=0)
ROWS = [USD, CNY, SCRIPTED, UNPRICED, UNTOLD]


def test_a_row_as_words():
    table = spending_table([USD])
    assert table.headings == (
        "model", "calls", "input", "cached", "output", "thinking", "cost",
    )  # fmt: skip
    assert table.cells == (("qwen-plus", "1", "1,800", "20", "5", "3", "$0.0015"),)


def test_one_row_has_no_total():
    assert len(spending_table([USD]).cells) == 1


def test_a_total_for_each_currency_and_for_what_nobody_pays():
    table = spending_table([*ROWS, USD])
    assert [(cells[0], cells[1], cells[2], cells[-1]) for cells in table.cells[6:]] == [
        ("total USD", "2", "3,600", "$0.0030"),
        ("total CNY", "1", "≈10", "≈¥0.10"),
        ("total USD, emulator", "1", "10", "would cost $0.000010"),
        ("total, price unknown", "3", "≥10", "—"),
    ]


def test_what_is_not_known_is_no_zero():
    cells = spending_table([UNTOLD]).cells[0]
    assert cells == ("silent", "1", "—", "—", "—", "—", "—")
    partly = replace(UNTOLD, calls=2, cost=D(1), currency="USD")
    assert spending_table([partly]).cells[0] == (
        "silent", "2", "≥0", "≥0", "≥0", "≥0", "≥$1.00",
    )  # fmt: skip


def test_the_lines_below_say_what_the_marks_mean():
    lines = spending_table(ROWS).lines
    assert [line.split()[0] for line in lines] == ["≈", "≥", "Price", "The", "List"]
    assert "1 of the calls" in lines[0] and "1 of the calls" in lines[1]
    assert lines[2] == (
        "Price unknown for 3 of the calls; "
        "%qwen_nb models --set-price MODEL REGION IN OUT sets one."
    )
    assert "--set-price local REGION" in spending_table([UNPRICED]).lines[0]
    (console,) = spending_table([USD]).lines
    assert all(word in console for word in ("hour", "free quota", "every program"))
    (scripted,) = spending_table([SCRIPTED]).lines
    assert "cost nothing" in scripted


def test_nothing_asked_yet():
    for language, words in (("en", "No calls yet."), ("zh", "尚无调用。")):
        table = spending_table([], language)
        assert table.plain == table.markdown == words
        assert table.html == f"<div>{words}</div>"


@pytest.mark.parametrize(
    ("by", "key", "heading", "name"),
    [
        ("turn", "3", "turn", "3"),
        ("chat", "", "conversation", "the notebook's own"),
        ("day", "2026-11-22", "day", "2026-11-22"),
        ("notebook", "", "notebook", "(none)"),
        ("region", "sg", "region", "Singapore"),
        ("region", "<mars>", "region", "<mars>"),
    ],
)
def test_what_rows_are_by(by, key, heading, name):
    table = spending_table([LedgerRow(by=by, key=key, calls=1)])
    assert (table.headings[0], table.cells[0][0]) == (heading, name)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_numbers_are_aligned_at_their_end(language):
    table = spending_table(ROWS, language)
    lines = table.plain.splitlines()[: 2 + len(table.cells)]
    rule = lines[1]
    ends = [match.end() for match in re.finditer("─+", rule)]
    assert len(ends) == 7
    assert {columns(line) for line in lines} == {len(rule)}
    for line, cells in zip(lines[2:], table.cells, strict=True):
        for end, cell in zip(ends[1:], cells[1:], strict=True):
            taken, at = 0, 0
            while taken < end:
                taken += columns(line[at])
                at += 1
            assert taken == end and line[:at].endswith(f"  {cell}")


def test_the_forms_say_the_same():
    table = spending_table(ROWS, "zh")
    html = re.sub(r"<span>(.)</span>", r"\1", table.html)
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", html)
    assert cells == [cell for cells in table.cells for cell in cells]
    assert len(re.findall(r"<t[dh][^>]*text-align:right", html)) == 6 * (1 + len(table.cells))
    lines = table.markdown.splitlines()
    assert lines[1] == "| :-- | --: | --: | --: | --: | --: | --: |"
    written = [
        tuple(part.strip().replace("\\", "") for part in line.strip("|").split("|"))
        for line in lines[2 : 2 + len(table.cells)]
    ]
    assert written == list(table.cells)
    for line in table.lines:
        assert line in html and line in table.plain
        assert line in table.markdown.replace("\\", "")


def test_nothing_gets_out_of_a_cell():
    table = spending_table([row("<script>|\x1b[2J\n\u202ea`$x$", unpriced=1), USD])
    forms = (table.plain, table.html, table.markdown)
    assert not any(sign in form for form in forms for sign in ("\x1b", "\u202e"))
    assert "<script" not in table.html + table.markdown
    assert "$x$" not in table.html
    assert {line.count("|") for line in table.markdown.splitlines()[:5]} == {8}


AMOUNTS = st.decimals(min_value=0, max_value=1000, places=9)


@given(
    st.lists(
        st.builds(
            LedgerRow,
            by=st.just("turn"),
            key=st.just("1"),
            calls=st.integers(1, 9),
            input=st.integers(0, 10**9),
            cost=AMOUNTS,
            currency=st.sampled_from(["USD", "CNY", "EUR"]),
            scripted=st.booleans(),
        ),
        min_size=2,
    )
)
def test_currencies_are_never_added(rows):
    table = spending_table(rows)
    groups = dict.fromkeys((row.scripted, row.currency) for row in rows)
    totals = table.cells[len(rows) :]
    assert len(totals) == len(groups)
    for cells, (scripted, currency) in zip(totals, groups, strict=True):
        those = [row for row in rows if (row.scripted, row.currency) == (scripted, currency)]
        whole = replace(
            those[0], key="", calls=0, input=sum(row.input for row in those),
            cost=sum(row.cost for row in those),
        )  # fmt: skip
        assert cells[2] == f"{whole.input:,}"
        assert cells[-1] == spending_table([whole]).cells[0][-1]
        assert cells[0] == f"total {currency}" + ", emulator" * scripted
