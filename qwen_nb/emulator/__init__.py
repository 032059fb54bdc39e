"""A server at the other end of the wire: scripted answers for people without a key.

It shares no code with the dialects, so that a misreading of the protocol cannot hide in
both ends.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.emulator.command import main
    from qwen_nb.emulator.of_process import embedded, leave_embedded, stop_embedded
    from qwen_nb.emulator.scripts import Script
    from qwen_nb.emulator.server import Emulator

_NAMES = {
    "command": "main",
    "of_process": "embedded leave_embedded stop_embedded",
    "scripts": "Script",
    "server": "Emulator",
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
