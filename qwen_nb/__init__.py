"""Reasoning models inside a notebook cell.

`%load_ext qwen_nb`, then `%%qwen` above a question; or `Chat` from any Python program.
Importing this package imports neither openai nor a widget nor an HTTP library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from qwen_nb._errors import (
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
from qwen_nb._job import Job
from qwen_nb._messages import Reply, Turn
from qwen_nb.batch import map
from qwen_nb.chat import Chat
from qwen_nb.record import recording

if TYPE_CHECKING:
    from qwen_nb._spending import UsageTable

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


def usage(by: str = "turn", *, everything: bool = False) -> UsageTable:
    """Return what was used, as `%qwen_nb usage` shows it; see `Chat.usage`.

    >>> import pandas  # doctest: +SKIP
    >>> pandas.DataFrame(qwen_nb.usage("day"))  # doctest: +SKIP
    """
    return Chat.current().usage(by, everything=everything)


def load_ipython_extension(shell: Any) -> None:
    """Let `%load_ext qwen_nb` register `%qwen`, `%%qwen` and `%qwen_nb`."""
    from qwen_nb._magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Let `%unload_ext qwen_nb` take everything back, a running emulator too."""
    from qwen_nb._magics import unload

    unload(shell)
