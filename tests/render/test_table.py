import re

import pytest

from qwen_nb.render.table import html_table, plain_table
from qwen_nb.values import columns

WIDTHS = [("", 0), ("abc", 3), ("思考", 4), ("a思", 3), ("e\u0301", 1), ("，", 2), ("≤1", 2)]


@pytest.mark.parametrize(("text", "width"), WIDTHS)
def test_the_columns_of_a_text(text: str, width: int) -> None:
    assert columns(text) == width


def test_a_plain_table_is_aligned() -> None:
    assert plain_table(["model", "date"], [["qwen-plus", "2026"], ["m"]]) == (
        "model      date\n─────────  ────\nqwen-plus  2026\nm"
    )


def test_chinese_is_aligned_too() -> None:
    lines = plain_table(["模型", "价格"], [["qwen", "一"], ["千问大", "x"]]).splitlines()
    assert [columns(line[: -len(line.split()[-1])]) for line in lines] == [8, 8, 8, 8]


def test_a_table_may_be_empty() -> None:
    assert plain_table(["a", "b"], []) == "a  b\n─  ─"
    assert "<tbody>\n</tbody>" in html_table(["a"], [])


def test_the_lines_of_a_column_stay_whole_where_that_is_wanted() -> None:
    page = html_table(["n", "words"], [["1", "a b"]], whole=[0])
    cells = re.findall(r"<t[hd] [^>]*>[^<]*", page)
    assert [("nowrap" in cell, cell.rpartition(">")[2]) for cell in cells] == [
        (True, "n"), (False, "words"), (True, "1"), (False, "a b"),
    ]  # fmt: skip


def test_nothing_hides_in_a_cell() -> None:
    plain = plain_table(["a"], [["x\x1b[31m\ny\u202ez"]])
    assert "\x1b" not in plain
    assert "\u202e" not in plain
    assert len(plain.splitlines()) == 3


def test_html_is_escaped() -> None:
    page = html_table(["<h>"], [["<script>alert(1)</script>"], ["a & 'b' $x$"]])
    assert "<script" not in page
    assert "&lt;h&gt;" in page
    assert "&amp;" in page
    assert "$x$" not in page  # no page's MathJax finds a formula in it


def test_html_has_a_cell_for_every_header() -> None:
    page = html_table(["a", "b"], [["1"], ["1", "2"]])
    assert page.count("<td") == 4
    assert page.count('<th scope="col"') == 2
    assert "var(" not in page
    assert "\n\n" not in page
