"""The errors of `errors.toml`, by name and by status."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from qwen_nb.emulator.question import Refused


def named_error(name: str) -> Refused:
    """Return the error of this name."""
    row = _rows()[name]
    code = row.get("code", name)
    return Refused(
        row["status"],
        code,
        row["message"],
        native=row.get("native_message"),
        native_code=row.get("native_code", code),
    )


def status_error(status: int) -> Refused:
    """Return the first error with this status, or a server's if there is none."""
    for name, row in _rows().items():
        if row["status"] == status:
            return named_error(name)
    return Refused(status, "internal_error", "An internal error has occurred.")


def has_error(name: str) -> bool:
    """Tell whether there is an error of this name."""
    return name in _rows()


@cache
def _rows() -> Mapping[str, Any]:
    text = files(__package__).joinpath("errors.toml").read_text("utf-8")
    return {row["name"]: row for row in tomllib.loads(text)["error"]}
