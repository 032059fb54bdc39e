"""Settings, servers and keys: where each comes from, and which one holds."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.settings import keys, servers
    from qwen_nb.settings.servers import named_server, server_from, stood_for
    from qwen_nb.settings.settings import NAMES, Settings, help_of, read, shown, shown_path

_NAMES = {
    "servers": "named_server server_from stood_for",
    "settings": "NAMES Settings help_of read shown shown_path",
}
"""What other rooms may use, by the file where it lives."""

_HOMES = {name: file for file, names in _NAMES.items() for name in names.split()}

__all__ = [*_HOMES, "keys", "servers"]


if not TYPE_CHECKING:  # or no name would be unknown to a type checker

    def __getattr__(name: str) -> Any:
        """Fetch a name when it is first used: a load imports what it needs and no more."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
