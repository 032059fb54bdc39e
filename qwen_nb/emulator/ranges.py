"""Numbers that must lie in a range, in the words of docs/protocol.md §5.3."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from qwen_nb.emulator.models import Model
from qwen_nb.emulator.question import refuse

_SEED = {True: 2**63 - 1, False: 2**31 - 1}  # by native or not

_REAL: dict[str, tuple[Callable[[float], bool], str]] = {
    "temperature": (lambda value: 0 <= value < 2, "Temperature should be in [0.0, 2.0)"),
    "top_p": (lambda value: 0 < value <= 1, "Range of top_p should be (0.0, 1.0]"),
    "presence_penalty": (
        lambda value: -2 <= value <= 2,
        "Presence_penalty should be in [-2.0, 2.0]",
    ),
    "repetition_penalty": (
        lambda value: value > 0,
        "Repetition_penalty should be greater than 0.0",
    ),
}


def check_ranges(parameters: Mapping[str, Any], *, native: bool) -> None:
    """Refuse the first sampling parameter that lies outside its range."""
    for name, (fits, message) in _REAL.items():
        value = parameters.get(name)
        if value is not None and not (_is_number(value) and fits(value)):
            raise refuse(message)
    if not _fits(parameters.get("n"), 1, 4):
        raise refuse("Range of n should be [1, 4]")
    if not _fits(parameters.get("seed"), 0, _SEED[native]):
        raise refuse(f"Range of seed should be [0, {_SEED[native]}]")


def read_budget(model: Model, value: Any) -> int | None:
    """Return the tokens of thinking at most."""
    if value is None or not model.thinking_budget:
        return None
    if not _fits(value, 1, model.max_thinking):
        raise refuse(
            "The thinking_budget parameter must be a positive integer and not greater than "
            f"{model.max_thinking or 'the maximum of the model'}"
        )
    return int(value)


def read_max_tokens(model: Model, value: Any) -> int | None:
    """Return the tokens of the answer at most."""
    if value is None:
        return None
    if not _fits(value, 1, model.max_answer):
        raise refuse(f"Range of max_tokens should be [1, {model.max_answer or 'maximum'}]")
    return int(value)


def _fits(value: Any, least: int, most: int | None) -> bool:
    """Tell whether a value is left out or a whole number in the range."""
    if value is None:
        return True
    if not isinstance(value, int) or isinstance(value, bool):
        return False
    return value >= least and (most is None or value <= most)


def _is_number(value: Any) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)
