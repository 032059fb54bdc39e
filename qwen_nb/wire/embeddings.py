"""Texts as vectors, made by the service, compatible address (docs/protocol.md §7.10)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

from qwen_nb.errors import BadEvent
from qwen_nb.values import Server, Usage
from qwen_nb.wire.dialects import HttpCall, usage_from
from qwen_nb.wire.http import Exchange
from qwen_nb.wire.stream import answer_of

_AT_ONCE = 10
"""Texts that one call takes."""


def embed(
    texts: Sequence[str],
    model: str,
    new_exchange: Callable[[], Exchange],
    server: Server,
    counted: Callable[[Usage], object],
) -> tuple[tuple[float, ...], ...]:
    """Return a vector for each text, in their order.

    Parameters
    ----------
    texts : sequence of str
        What is embedded.
    model : str
        By which model.
    new_exchange : callable
        Returns a fresh exchange with the compatible address, for each call.
    server : Server
        The server that the exchanges lead to.
    counted : callable
        Called with the usage of each call that succeeded, also where a later one fails.

    Raises
    ------
    QwenError
        When the server cannot be asked or refuses.
    """
    vectors: list[tuple[float, ...]] = []
    for start in range(0, len(texts), _AT_ONCE):
        part = [text or " " for text in texts[start : start + _AT_ONCE]]
        body = {"model": model, "input": part, "encoding_format": "float"}
        # `read` returns at most a megabyte: ten vectors of 2 048 figures fit
        raw = answer_of(HttpCall("POST", "/embeddings", body), new_exchange(), server)
        made, usage = _read(raw, server)
        counted(usage)
        if len(made) != len(part):
            raise _unread(raw, server)
        vectors += made
    return tuple(vectors)


def _read(raw: bytes, server: Server) -> tuple[list[tuple[float, ...]], Usage]:
    try:
        told = json.loads(raw)
        rows = sorted(told["data"], key=lambda row: int(row["index"]))
        vectors = [tuple(map(float, row["embedding"])) for row in rows]
        return vectors, usage_from(told.get("usage") or {})
    except (ValueError, LookupError, TypeError, AttributeError):
        raise _unread(raw, server) from None


def _unread(raw: bytes, server: Server) -> BadEvent:
    begins = " ".join(raw[:80].decode("utf-8", "replace").split())
    return BadEvent("error.no_stream", server=server.name, begins=begins)
