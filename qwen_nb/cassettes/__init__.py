"""Cassettes: what was asked and answered once, kept in a file and given back from it.

A recorder and a replayer stand where the connection stands, so everything above them, from
the parsing to the display, does what it does with a real server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.cassettes.in_use import (
        Cassette,
        aside,
        current,
        exchange,
        leave,
        live,
        recording,
        start,
    )
    from qwen_nb.cassettes.replayer import Replayer
    from qwen_nb.cassettes.reports import Report

_NAMES = {
    "in_use": "Cassette aside current exchange leave live recording start",
    "replayer": "Replayer",
    "reports": "Report",
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
