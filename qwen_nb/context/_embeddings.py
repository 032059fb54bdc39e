"""Texts as vectors, made by the service over the compatible address (protocol.md §7.10)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from qwen_nb._errors import BadEvent
from qwen_nb._messages import Server, Usage
from qwen_nb._transport import HttpExchange
from qwen_nb.dialects import HttpCall
from qwen_nb.dialects.openai import OpenAIDialect

__all__ = ["Embedded", "embed"]

_AT_ONCE = 10
"""Texts that one call takes."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """Vectors in the order of their texts, and what each call used."""

    vectors: tuple[tuple[float, ...], ...]
    usages: tuple[Usage, ...]


def embed(
    texts: Sequence[str], model: str, new_exchange: Callable[[], HttpExchange], server: Server
) -> Embedded:
    """Return a vector for each text.

    Parameters
    ----------
    texts : sequence of str
        What is embedded.
    model : str
        By which model.
    new_exchange : callable
        Returns a fresh exchange with the compatible address, for each call.
    server : Server
        Whom it leads to.

    Raises
    ------
    QwenError
        When the server cannot be asked or refuses.
    """
    vectors: list[tuple[float, ...]] = []
    usages = []
    for start in range(0, len(texts), _AT_ONCE):
        part = [text or " " for text in texts[start : start + _AT_ONCE]]
        body = {"model": model, "input": part, "encoding_format": "float"}
        exchange = new_exchange()
        try:
            exchange.send(HttpCall("POST", "/embeddings", body))
            # ten vectors of 2 048 figures fit; more would be no answer to this
            raw = exchange.read()
            if exchange.status >= 400:
                key = server.key.encode() if server.key else None
                raw = raw.replace(key, b"***") if key else raw
                raise OpenAIDialect().error(exchange.status, raw, server)
        finally:
            exchange.close()
        made, usage = _read(raw, server)
        if len(made) != len(part):
            raise _unread(raw, server)
        vectors += made
        usages.append(usage)
    return Embedded(tuple(vectors), tuple(usages))


def _read(raw: bytes, server: Server) -> tuple[list[tuple[float, ...]], Usage]:
    try:
        told = json.loads(raw)
        rows = sorted(told["data"], key=lambda row: int(row["index"]))
        vectors = [tuple(map(float, row["embedding"])) for row in rows]
        usage = told.get("usage") or {}
        return vectors, Usage(
            input=usage.get("prompt_tokens"), total=usage.get("total_tokens"), raw=usage
        )
    except (ValueError, LookupError, TypeError, AttributeError):
        raise _unread(raw, server) from None


def _unread(raw: bytes, server: Server) -> BadEvent:
    begin = raw[:80].replace(server.key.encode(), b"***") if server.key else raw[:80]
    begins = " ".join(begin.decode("utf-8", "replace").split())
    return BadEvent("error.no_stream", server=server.name, begins=begins)
