import pytest

from qwen_nb.values.events import UsageReport

from ._reading import cuttings, read
from .cases import CASES, Case

SECTIONS = {
    *(f"4.1.{number}" for number in range(1, 8)),
    *(f"4.2 {row}" for row in ("first", "thinking", "answering", "last choice", "usage")),
    "4.2 no reasoning", "4.2 both",
    *(f"4.3 {row}" for row in (
        "object", "empty side", "finish", "usage", "request_id", "text", "cumulative",
        "multimodal", "search", "SDK shape", "not streamed",
    )),
    *(f"4.4 {row}" for row in (
        "id", "name", "null arguments", "no index", "one index", "full id", "interleaved",
        "object", "no arguments", "no id", "whole", "finish", "length",
    )),
    *(f"4.5 {row}" for row in ("null", "stop", "length", "tool_calls", "content_filter")),
    "4.6 compat", "4.6 native", "4.6 200 JSON",
}  # fmt: skip
TRAPS = {f"trap {number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 22, 23, 24)}
"""The traps that bytes alone can spring; the others are about requests or prices."""


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_bytes_mean_events(case: Case) -> None:
    assert read(case.dialect, [case.data], case.server) == case.events


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_any_cutting_means_the_same(case: Case) -> None:
    for chunks in cuttings(case.data):
        assert read(case.dialect, chunks, case.server) == case.events


def test_every_row_has_a_case() -> None:
    covered = {row for case in CASES.values() for row in case.rows}
    assert covered >= SECTIONS | TRAPS


def test_the_sources_of_a_search_are_kept_with_the_usage() -> None:
    case = CASES["sources of a search"]
    (report,) = (
        event for event in read(case.dialect, [case.data]) if isinstance(event, UsageReport)
    )
    assert report.usage.raw["search_info"] == {"search_results": [{"index": 1}]}
    assert report.usage.raw["input_tokens"] == 11
