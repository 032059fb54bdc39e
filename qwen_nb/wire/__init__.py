"""Bytes, their meaning and the socket: one request as a stream of events."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.wire import stream
    from qwen_nb.wire.connections import Connections
    from qwen_nb.wire.embeddings import embed
    from qwen_nb.wire.http import Exchange, is_loopback
    from qwen_nb.wire.retries import Retries
    from qwen_nb.wire.sse import ServerSentEvent, SseDecoder
    from qwen_nb.wire.stream import list_models

_NAMES = {
    "connections": "Connections",
    "embeddings": "embed",
    "http": "Exchange is_loopback",
    "retries": "Retries",
    "sse": "ServerSentEvent SseDecoder",
    "stream": "list_models",
}
"""What other rooms may use, by the file where it lives."""

_HOMES = {name: file for file, names in _NAMES.items() for name in names.split()}

__all__ = [*_HOMES, "stream"]


if not TYPE_CHECKING:  # or no name would be unknown to a type checker

    def __getattr__(name: str) -> Any:
        """Fetch a name when it is first used: a load imports what it needs and no more."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
