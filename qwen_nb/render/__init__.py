"""A reply made visible: the words and figures that every display shares.

Everything from a model or a server is hostile here until it went through `visible`.
Importing this room loads no IPython, widget or Markdown library; showing does.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.render.amounts import exact_money, money, spoken_money
    from qwen_nb.render.calls import (
        Block,
        CallWords,
        Wanted,
        call_words,
        called,
        calling,
        calls_wanted,
        newly_ended,
    )
    from qwen_nb.render.endings import Ending, ending, never_began, retrying_words, thought
    from qwen_nb.render.table import aligned, html_table, plain_table
    from qwen_nb.render.timing import timing_line, tokens_per_second
    from qwen_nb.render.usage import lacks_a_price, price_command, usage_bar, usage_line

_NAMES = {
    "amounts": "exact_money money spoken_money",
    "calls": "Block CallWords Wanted call_words called calling calls_wanted newly_ended",
    "endings": "Ending ending never_began retrying_words thought",
    "table": "aligned html_table plain_table",
    "timing": "timing_line tokens_per_second",
    "usage": "lacks_a_price price_command usage_bar usage_line",
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
