"""Old prices are marked, and a person's own are told apart."""

from datetime import date
from pathlib import Path
from typing import Literal

import pytest

from qwen_nb.catalogue.age import is_old
from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.catalogue.own_prices import set_price

AGES = [
    ("2026-07-01", date(2026, 12, 28), False),  # 180 days
    ("2026-07-01", date(2026, 12, 29), True),
    ("2026-07", date(2027, 1, 27), False),  # from July 31
    ("2026-07", date(2027, 1, 28), True),
    ("2026-02", date(2026, 8, 27), False),  # from February 28
    ("2026-02", date(2026, 8, 28), True),
    ("2024-02", date(2024, 8, 27), False),  # from February 29
    ("2024-02", date(2024, 8, 28), True),
    ("2026-12", date(2026, 11, 22), False),  # not yet over
    ("2030-01-01", date(2026, 11, 22), False),
    ("", date(2026, 11, 22), False),
    ("2020", date(2026, 11, 22), False),
    ("2020-13", date(2026, 11, 22), False),
    ("2020-00", date(2026, 11, 22), False),
    ("0000-01", date(2026, 11, 22), False),
    ("2020-02-30", date(2026, 11, 22), False),
    ("spring 2020", date(2026, 11, 22), False),
]


@pytest.mark.parametrize(("told", "today", "old"), AGES)
def test_the_age_of_a_price(told: str, today: date, old: bool) -> None:
    assert is_old(told, today) is old


def as_of(
    folder: Path | None, model: str, today: date | None, language: Literal["en", "zh"] = "en"
) -> str:
    (row,) = Catalogue.load(folder).table(model, language=language, today=today)
    return list(row.values())[-1]


def test_the_table_marks_old_prices() -> None:
    assert as_of(None, "qvq-max", date(2026, 11, 27)) == "2026-05"
    assert as_of(None, "qvq-max", date(2026, 11, 28)) == (
        "2026-05 (over 180 days old, check it)"
    )
    assert as_of(None, "qvq-max", date(2026, 11, 28), "zh") == "2026-05(已超过 180 天,请核对)"
    assert as_of(None, "qvq-max", None) == "2026-05"


def test_the_table_tells_a_persons_own_price_apart(tmp_path: Path) -> None:
    set_price(tmp_path, "qvq-max", "sg", 1, 2, today=date(2026, 11, 22))
    assert as_of(tmp_path, "qvq-max", date(2026, 11, 28)) == (
        "2026-11-22 (yours), 2026-05 (over 180 days old, check it)"
    )
    assert as_of(tmp_path, "qvq-max", None, "zh") == "2026-11-22(自定), 2026-05"
    (row,) = Catalogue.load(tmp_path).table("qvq-max", today=date(2027, 11, 22))
    assert "USD 1 / 2 / –" in row.values()
    assert list(row.values())[-1].startswith("2026-11-22 (over 180 days old, check it) (yours)")


def test_a_price_of_ones_own_may_have_no_date(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("id,region,currency,in,out\nqvq-max,sg,USD,1,2\n")
    assert as_of(tmp_path, "qvq-max", None) == "yours, 2026-05"
