"""The notebook's values as text for a prompt: tables, arrays, and the last error."""

from __future__ import annotations

import linecache
import sys
import traceback
from typing import Any

from qwen_nb.values import estimate_tokens

_TABLE_TOKENS = 1500
"""How much of a prompt one table or array may take."""


def compact(value: Any) -> str:
    """Return a value as text: tables and arrays as shape, types and head, else `str`.

    The libraries are recognised by name, so none is imported.
    """
    kind = type(value)
    library = kind.__module__.partition(".")[0]
    if library in ("pandas", "polars") and kind.__name__ in ("DataFrame", "Series"):
        return _table(value)
    if library == "numpy" and kind.__name__ == "ndarray" and value.size > 100:
        return f"array, shape {value.shape}, dtype {value.dtype}\n{value!r}"
    return str(value)


def _table(value: Any) -> str:
    rows = value.shape[0]
    if hasattr(value, "columns"):
        types = ", ".join(
            f"{name} {kind}" for name, kind in zip(value.columns, value.dtypes, strict=True)
        )
        title = f"DataFrame, {rows} rows × {value.shape[1]} columns: {types}"
    else:
        title = f"Series {value.name}, {rows} rows, {value.dtype}"
    shown = min(rows, 20)
    while True:
        head = value.head(shown)
        body = head.to_string() if hasattr(head, "to_string") else str(head)
        if shown <= 1 or estimate_tokens(body) <= _TABLE_TOKENS:
            break
        shown //= 2
    more = f"\n… {rows - shown} more rows" if rows > shown else ""
    return f"{title}\n{body}{more}"


def last_error() -> str | None:
    """Return the last traceback with the cell that raised it; None when there is none."""
    error: BaseException | None = getattr(sys, "last_exc", None) or getattr(
        sys, "last_value", None
    )
    if error is None:
        return None
    told = traceback.TracebackException.from_exception(error)
    cell = ""
    for index, frame in enumerate(told.stack):
        if "ipykernel_" in frame.filename or frame.filename.startswith("<ipython-input"):
            # The frames before this one are IPython's own, on its way to the cell.
            del told.stack[:index]
            cell = "".join(linecache.getlines(frame.filename)).rstrip()
            break
    report = "".join(told.format()).rstrip()
    return f"{cell}\n\n{report}" if cell else report
