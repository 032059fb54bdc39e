"""Wire protocols: a request becomes an HTTP call, event data become events.

A dialect has no socket, no clock and no log, so that every cut of every stream can be
tested without a server. One module for each protocol.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from qwen_nb.errors import QwenError
from qwen_nb.values import ChatRequest, Note, Server
from qwen_nb.wire.dialects.frames import FrameReader


@dataclass(frozen=True, slots=True)
class HttpCall:
    """One HTTP request, without host and key.

    Parameters
    ----------
    method : str
        HTTP method.
    path : str
        Path below the server's base URL, with its leading slash.
    body : mapping, optional
        What is sent as JSON.
    headers : mapping
        Headers the dialect needs beyond the usual ones.
    notes : tuple of Note
        What this server cannot be asked for, and what was sent in its place.
    """

    method: str
    path: str
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()


class Dialect(Protocol):
    """How one protocol spells requests, events and errors."""

    def encode(self, request: ChatRequest, server: Server) -> HttpCall:
        """Return the call that asks the request, streamed, in that server's spelling."""

    def reader(self, server: Server) -> FrameReader:
        """Return a reader for one stream."""

    def takes_another_way(self, error: QwenError, model: str) -> bool:
        """Whether the next call of this model will go another way that may succeed."""
