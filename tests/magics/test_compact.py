import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

from qwen_nb.front_end.compact_view import compact, last_error


class Head:
    def __init__(self, rows: int) -> None:
        self.rows = rows

    def to_string(self) -> str:
        return "\n".join(f"row {at}" for at in range(self.rows))


def named(kind_name: str, module: str, **fields: Any) -> Any:
    """Return an object whose class looks like that of a library."""
    kind = type(kind_name, (), {"__module__": module, **fields})
    return kind()


def table(rows: int, width: int = 1) -> Any:
    return named(
        "DataFrame", "pandas.core.frame", shape=(rows, 2), columns=["a", "b"],
        dtypes=["int64", "object"], head=lambda self, n: Head(n * width),
    )  # fmt: skip


def test_a_table_is_shape_types_and_head() -> None:
    lines = compact(table(1000)).splitlines()
    assert lines[0] == "DataFrame, 1000 rows × 2 columns: a int64, b object"
    assert lines[1:3] == ["row 0", "row 1"]
    assert lines[-1] == "… 980 more rows"


def test_a_small_table_is_whole() -> None:
    assert "more rows" not in compact(table(3))
    assert compact(table(3)).endswith("row 2")


def test_a_wide_table_stays_in_bounds() -> None:
    assert len(compact(table(1000, width=5000))) < 100_000
    assert "999 more rows" in compact(table(1000, width=5000))


def test_a_series_is_named() -> None:
    series = named(
        "Series", "pandas.core.series", shape=(30,), name="price", dtype="float64",
        head=lambda self, n: Head(n),
    )  # fmt: skip
    assert compact(series).startswith("Series price, 30 rows, float64\nrow 0")


def test_a_large_array_is_its_shape() -> None:
    array = named("ndarray", "numpy", size=1000, shape=(10, 100), dtype="int64")
    assert compact(array).startswith("array, shape (10, 100), dtype int64\n")


@pytest.mark.parametrize("value", [3, "text", None, [1, 2], {"a": 1}, 2.5])
def test_anything_else_is_its_text(value: Any) -> None:
    assert compact(value) == str(value)


def test_a_users_own_class_of_that_name_is_its_text() -> None:
    mine = named("DataFrame", "__main__", __str__=lambda self: "mine")
    assert compact(mine) == "mine"


@pytest.fixture
def failed(monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    for name in ("last_exc", "last_value"):
        monkeypatch.setattr(sys, name, None, raising=False)
    yield sys


def test_there_may_be_no_error(failed: types.ModuleType) -> None:
    assert last_error() is None


def test_the_last_error_is_its_traceback(
    failed: types.ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    try:
        _ = 1 / 0
    except ZeroDivisionError as error:
        monkeypatch.setattr(sys, "last_value", error, raising=False)
    report = last_error()
    assert report is not None
    assert report.startswith("Traceback")
    assert report.endswith("ZeroDivisionError: division by zero")
