"""Files of a person: written whole or not at all, and where each one is."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.files.home_map import HomeFile, home
    from qwen_nb.files.json_object import read_object, write_object
    from qwen_nb.files.write import write_whole

_NAMES = {
    "home_map": "HomeFile home",
    "json_object": "read_object write_object",
    "write": "write_whole",
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
