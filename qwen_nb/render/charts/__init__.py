"""Usage as charts: SVG for a page, lines of text for a terminal."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.render.charts.cost import cost_chart
    from qwen_nb.render.charts.text import text_chart
    from qwen_nb.render.charts.tokens import tokens_chart

_NAMES = {
    "cost": "cost_chart",
    "text": "text_chart",
    "tokens": "tokens_chart",
}
"""What other rooms may use, by the file where it lives."""

_HOMES = {name: file for file, names in _NAMES.items() for name in names.split()}

__all__ = [*_HOMES]


if not TYPE_CHECKING:  # or no name would be unknown to a type checker

    def __getattr__(name: str) -> Any:
        """Fetch a name when it is first used: a load imports what it needs and no more."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
