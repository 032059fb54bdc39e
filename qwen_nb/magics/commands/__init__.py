"""The commands of `%qwen_nb`; each returns what to print."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.magics.commands import (
        cassettes,
        conversations,
        exchange,
        history,
        service,
        usage,
    )
    from qwen_nb.magics.commands.conversations import archive_of, called, new, switch
    from qwen_nb.magics.commands.forget import forget_for_good
    from qwen_nb.magics.commands.service import set_setting, use

_NAMES = {
    "conversations": "archive_of called new switch",
    "forget": "forget_for_good",
    "service": "set_setting use",
}
"""What other rooms may use, by the file where it lives."""

_HOMES = {name: file for file, names in _NAMES.items() for name in names.split()}

__all__ = [*_HOMES, "cassettes", "conversations", "exchange", "history", "service", "usage"]


if not TYPE_CHECKING:  # or no name would be unknown to a type checker

    def __getattr__(name: str) -> Any:
        """Fetch a name when it is first used: a load imports what it needs and no more."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
