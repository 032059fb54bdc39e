"""Structured data as rows of plain values, and as a DataFrame where pandas is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from qwen_nb.errors import ConfigError


def rows_of(data: Any) -> list[dict[str, Any]]:
    """Return data as rows.

    Parameters
    ----------
    data : object
        A list of objects (pydantic models, dataclasses, dicts), each a row; an object
        whose only property is such a list, as models often are made; or one object.

    Returns
    -------
    list of dict
        Column to value; an enum's member is its value. What is no object stands in a
        column `value`.
    """
    if isinstance(data, list | tuple):
        return [_row(each) for each in data]
    row = _row(data)
    if len(row) == 1:
        (only,) = row.values()
        if isinstance(only, list | tuple):
            return [_row(each) for each in only]
    return [row]


def frame_of(data: Any) -> Any:
    """Return data as a `pandas.DataFrame`; see `rows_of`.

    Raises
    ------
    ConfigError
        Where pandas is not installed, or there is no data.
    """
    if data is None:
        raise ConfigError("error.no_data")
    try:
        import pandas
    except ImportError:
        raise ConfigError("error.no_pandas") from None
    return pandas.DataFrame(rows_of(data))


def _row(value: Any) -> dict[str, Any]:
    if isinstance(value, Mapping):
        named = dict(value)
    elif is_dataclass(value) and not isinstance(value, type):
        named = {each.name: getattr(value, each.name) for each in fields(value)}
    elif callable(getattr(type(value), "model_dump", None)):
        named = dict(value)  # a model of pydantic gives its fields as they are
    else:
        named = {"value": value}
    return {key: each.value if isinstance(each, Enum) else each for key, each in named.items()}
