"""A text on one line, cut where there is no more room."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_nb.texts import visible
from qwen_nb.values import columns, excerpt, one_line

CASES = [
    ("", 5, ""),
    (" \n\t ", 5, ""),
    ("one", 5, "one"),
    ("  one\r\n two ", 7, "one two"),
    ("one two", 6, "one t…"),
    ("one two", 5, "one…"),  # no blank before the mark
    ("one\n\n\ntwo three", 100, "one two three"),
    ("x" + " " * 1000, 5, "x"),  # nothing is left out
    (" " * 1000 + "one", 5, "one"),
    ("天气很好", 4, "天气很好"),
    ("天气很好啊", 4, "天气很…"),
    ("e\u0301" * 3, 4, "e\u0301…"),  # not a bare e
    ("a\x1cb\x85c", 9, "a b c"),  # they end lines, too
    ("a\x1b[0m", 9, "a\x1b[0m"),
]


@pytest.mark.parametrize(("text", "most", "line"), CASES)
def test_a_line_of_characters(text: str, most: int, line: str) -> None:
    assert one_line(text, most) == line


WIDE = [
    ("天气很好", 8, "天气很好"),
    ("天气很好啊", 8, "天气很…"),
    ("天气很好啊", 9, "天气很好…"),
    ("今天 sunny 天气", 9, "今天 sun…"),
    ("e\u0301" * 4, 4, "e\u0301" * 4),  # the marks take no column
    ("e\u0301" * 5, 4, "e\u0301" * 3 + "…"),
    ("\u200b" * 100 + "ab", 2, "\u200b" * 100 + "ab"),
    (visible("ab\x1b\x1b\x1b"), 4, "ab␛…"),
]


@pytest.mark.parametrize(("text", "width", "line"), WIDE)
def test_a_line_of_columns(text: str, width: int, line: str) -> None:
    assert one_line(text, width, columns) == line
    assert columns(line) <= width


@given(st.text(alphabet="a b\n天\u0301é…", max_size=40), st.integers(2, 30))
def test_what_fits_is_whole_and_what_does_not_is_marked(text: str, most: int) -> None:
    whole = " ".join(text.split())
    for width in (len, columns):
        line = one_line(text, most, width)
        assert width(line) <= most
        if width(whole) <= most:
            assert line == whole
        else:
            assert line[-1] == "…"
            assert whole.startswith(line[:-1])


def test_the_rest_of_a_long_text_is_not_read() -> None:
    text = "word " * 2_000_000
    start = time.perf_counter()
    for _ in range(100):
        one_line(text, 80)
    assert time.perf_counter() - start < 1


EXCERPTS = [
    (0, 99, "one two\n three", "one two three"),
    (0, 7, "one two three", "one two…"),
    (4, 3, "one two three", "…two…"),
    (4, 9, "one two three", "…two three"),
]


@pytest.mark.parametrize(("begins", "most", "text", "shown"), EXCERPTS)
def test_an_excerpt_shows_where_it_was_cut(
    begins: int, most: int, text: str, shown: str
) -> None:
    assert excerpt(text, begins, most) == shown
