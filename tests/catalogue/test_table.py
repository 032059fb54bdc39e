from pathlib import Path

import pytest

from qwen_nb.catalogue.catalogue import Catalogue

CATALOGUE = Catalogue.load()


def cells(filter: str, **options: str) -> list[str]:
    (row,) = CATALOGUE.table(filter, **options)  # type: ignore[arg-type]
    return list(row.values())


ROWS = [
    (
        "qwen-plus-2025-04-28",
        [
            "qwen-plus-2025-04-28, qwen-plus-0428",
            "off unless switched on",
            "38,912",
            "131,072",
            "–",
            "USD 0.4 / 1.2 / 4",
            "CNY 0.8 / 2 / 8",
            "2026-05",
        ],
    ),
    (
        "qwen3-coder-next",
        [
            "qwen3-coder-next",
            "none",
            "no",
            "262,144",
            "–",
            "USD 0.3 / 1.5 / – ≤32K; 0.5 / 2.5 / – ≤128K; 0.8 / 4 / – ≤256K",
            "CNY 1 / 4 / – ≤32K; 1.5 / 6 / – ≤128K; 2.5 / 10 / – ≤256K",
            "2026-05",
        ],
    ),
    (
        "kimi/kimi-k2.6",
        ["kimi/kimi-k2.6", "–", "no", "–", "–", "–", "–", "2026-06-18"],
    ),
    (
        "qwq-plus",
        [
            "qwq-plus",
            "always on",
            "no",
            "131,072",
            "–",
            "USD 0.8 / – / 2.4",
            "CNY 1.6 / – / 4",
            "2025-05",
        ],
    ),
]


@pytest.mark.parametrize(("filter", "row"), ROWS)
def test_a_model_in_words(filter: str, row: list[str]) -> None:
    assert cells(filter) == row


def test_the_table_speaks_chinese() -> None:
    (row,) = CATALOGUE.table("qwen-max", language="zh")
    assert row["思考模式"] == "不思考"
    assert row["上下文缓存"] == "隐式"
    assert any(heading.startswith("新加坡") for heading in row)


def test_all_rows_have_the_same_headings(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text(
        "id,region,currency,in,out\nqwen-plus,us,USD,1,2\n", "utf-8"
    )
    rows = Catalogue.load(tmp_path).table()
    assert len(rows) == 91
    assert len({tuple(row) for row in rows}) == 1
    assert any(heading.startswith("us,") for heading in rows[0])


def test_nothing_found_is_no_row() -> None:
    assert CATALOGUE.table("no-such-model") == []


def test_a_snapshot_that_is_not_in_the_table_is_marked_as_inferred() -> None:
    (row,) = Catalogue.load().table("qwen-plus-2026-10-01")
    assert row["model"] == "qwen-plus-2026-10-01 (inferred from qwen-plus)"
    assert Catalogue.load().table("no such model") == []
