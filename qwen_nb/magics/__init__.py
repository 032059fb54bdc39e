"""What a person types: lines, commands, completion, the panel."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.magics.course import first_notebook, own_copy
    from qwen_nb.magics.line import LineError, nearest
    from qwen_nb.magics.magics import load, unload
    from qwen_nb.magics.reports import spending, status
    from qwen_nb.magics.sheet import Sheet, clipped, first_words, in_a_line

_NAMES = {
    "course": "first_notebook own_copy",
    "line": "LineError nearest",
    "magics": "load unload",
    "reports": "spending status",
    "sheet": "Sheet clipped first_words in_a_line",
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
