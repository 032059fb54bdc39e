"""Where am I and what is here: front end, cell, notebook file, variables, interrupts."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.front_end import place
    from qwen_nb.front_end.asks import agrees
    from qwen_nb.front_end.capture import Outputs, capturing
    from qwen_nb.front_end.compact_view import compact, last_error
    from qwen_nb.front_end.interrupts import Interrupts
    from qwen_nb.front_end.into_next_cell import next_cell, put
    from qwen_nb.front_end.notebook_file import Carried, NotebookFile, read_notebook
    from qwen_nb.front_end.place import (
        Place,
        can_answer,
        deleted_cells,
        here,
        paths_from_server,
        running_shell,
    )
    from qwen_nb.front_end.variables import FillError, fill, user_names

_NAMES = {
    "asks": "agrees",
    "capture": "Outputs capturing",
    "compact_view": "compact last_error",
    "interrupts": "Interrupts",
    "into_next_cell": "next_cell put",
    "notebook_file": "Carried NotebookFile read_notebook",
    "place": "Place can_answer deleted_cells here paths_from_server running_shell",
    "variables": "FillError fill user_names",
}
"""What other rooms may use, by the file where it lives."""

_HOMES = {name: file for file, names in _NAMES.items() for name in names.split()}

__all__ = [*_HOMES, "place"]


if not TYPE_CHECKING:  # or no name would be unknown to a type checker

    def __getattr__(name: str) -> Any:
        """Fetch a name when it is first used: a load imports what it needs and no more."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
