from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_nb.render.amounts import exact_money, money, spoken_money

CASES = [
    ("0", "$0", "$0"),
    ("0E-9", "$0", "$0"),
    ("0.0015072", "$0.0015", "$0.0015072"),
    ("0.00001234", "$0.000012", "$0.00001234"),
    ("1E-7", "$0.00000010", "$0.0000001"),
    ("0.0051", "$0.0051", "$0.0051"),
    ("0.004", "$0.0040", "$0.004"),
    ("0.009996", "$0.0100", "$0.009996"),
    ("0.013", "$0.013", "$0.013"),
    ("0.0125", "$0.013", "$0.0125"),
    ("0.1", "$0.10", "$0.1"),
    ("0.375", "$0.38", "$0.375"),
    ("0.999", "$1.00", "$0.999"),
    ("1", "$1.00", "$1"),
    ("1.005", "$1.01", "$1.005"),
    ("1234.56", "$1,234.56", "$1,234.56"),
    ("1E+6", "$1,000,000.00", "$1,000,000"),
    ("1234567890123456789012345678901.5", "$1,234,567,890,123,456,789,012,345,678,901.50",
     "$1,234,567,890,123,456,789,012,345,678,901.5"),
    ("-0.0015", "-$0.0015", "-$0.0015"),
]  # fmt: skip


@pytest.mark.parametrize(("amount", "rounded", "exact"), CASES)
def test_amounts(amount, rounded, exact):
    assert money(Decimal(amount), "USD") == rounded
    assert exact_money(Decimal(amount), "USD") == exact


@pytest.mark.parametrize("language", ["en", "zh"])
def test_currencies(language):
    assert money(Decimal("0.013"), "CNY", language) == "¥0.013"
    assert money(Decimal("0.0015"), "EUR", language) == "0.0015 EUR"
    assert money(Decimal("-2"), "\x1b[1m\nX", language) == "-2.00 ␛[1m X"
    assert money(Decimal("0.5"), "", language) == "0.50"
    assert spoken_money(Decimal("0.0015072"), "USD", language) == "0.0015 USD"


AMOUNTS = st.decimals(
    min_value=Decimal("1E-30"), max_value=Decimal("1E+20"), allow_nan=False
).filter(bool)


def read(figures):
    return Decimal(figures.removeprefix("$").replace(",", ""))


@given(AMOUNTS)
def test_what_is_not_zero_is_never_shown_as_zero(amount):
    shown = money(amount, "USD")
    assert "e" not in shown.lower()
    assert read(shown) > 0
    # two digits that count: at most half of the second is lost
    assert abs(read(shown) - amount) * 20 <= amount
    assert len(shown.partition(".")[2]) >= (4 if amount < Decimal("0.01") else 2)


@given(AMOUNTS)
def test_the_exact_form_loses_nothing(amount):
    shown = exact_money(amount, "USD")
    assert "e" not in shown.lower() and not shown.endswith(".")
    assert read(shown) == amount
