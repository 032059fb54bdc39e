"""Reasoning models inside a notebook cell.

`%load_ext qwen_nb`, then `%%qwen` above a question; or `Chat` from any Python program.
Importing this package imports next to nothing: each name is fetched when it is first used,
since pytest loads our plugin in every project that has qwen_nb in its environment.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.asking import Job, UsageTable
    from qwen_nb.cassettes import recording
    from qwen_nb.chat import Chat
    from qwen_nb.errors import (
        ApiError,
        AuthFailed,
        BadRequest,
        BudgetReached,
        CassetteError,
        ConfigError,
        ConnectionFailed,
        ContentRefused,
        QwenError,
        RateLimited,
        ServerFailed,
        Stopped,
        StoreError,
        StreamError,
        StructuredError,
        TimedOut,
    )
    from qwen_nb.rows import map
    from qwen_nb.values import Reply, Turn

__all__ = [
    "ApiError",
    "AuthFailed",
    "BadRequest",
    "BudgetReached",
    "CassetteError",
    "Chat",
    "ConfigError",
    "ConnectionFailed",
    "ContentRefused",
    "Job",
    "QwenError",
    "RateLimited",
    "Reply",
    "ServerFailed",
    "Stopped",
    "StoreError",
    "StreamError",
    "StructuredError",
    "TimedOut",
    "Turn",
    "load_ipython_extension",
    "map",
    "recording",
    "unload_ipython_extension",
    "usage",
]

_ROOMS = {
    "Chat": "chat",
    "Job": "asking",
    "Reply": "values",
    "Turn": "values",
    "map": "rows",
    "recording": "cassettes",
}
"""Where a name lives; those that are not here are errors."""


if not TYPE_CHECKING:  # or no name would be unknown to a type checker

    def __getattr__(name: str) -> Any:
        """Fetch a public name, and keep it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        room = import_module(f"{__name__}.{_ROOMS.get(name, 'errors')}")
        return globals().setdefault(name, getattr(room, name))


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def usage(by: str = "turn", *, everything: bool = False) -> UsageTable:
    """Return what was used, as `%qwen_nb usage` shows it; see `Chat.usage`.

    >>> import pandas  # doctest: +SKIP
    >>> pandas.DataFrame(qwen_nb.usage("day"))  # doctest: +SKIP
    """
    from qwen_nb.chat import Chat

    return Chat.current().usage(by, everything=everything)


def load_ipython_extension(shell: Any) -> None:
    """Let `%load_ext qwen_nb` register `%qwen`, `%%qwen` and `%qwen_nb`."""
    from qwen_nb.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Let `%unload_ext qwen_nb` take everything back, a running emulator too."""
    from qwen_nb.magics import unload

    unload(shell)
