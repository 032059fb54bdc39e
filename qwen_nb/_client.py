"""One request streamed as events: a blocking iterator without threads."""

from __future__ import annotations

import json
from collections.abc import Iterator

from qwen_nb._errors import ApiError, BadEvent, BrokenStream, ConfigError, QwenError
from qwen_nb._events import Event
from qwen_nb._messages import ChatRequest, Server
from qwen_nb._sse import ServerSentEvent, SseDecoder
from qwen_nb._transport import Exchange, Transport
from qwen_nb.dialects import Dialect, EventReader, HttpCall

__all__ = ["only_model", "stream"]

_BEGINS = 80
_HEAD = 1000


def stream(
    request: ChatRequest, exchange: Exchange, dialect: Dialect, server: Server
) -> Iterator[Event]:
    """Ask, and yield what happens. The caller closes the exchange.

    Parameters
    ----------
    request : ChatRequest
        What to ask.
    exchange : Exchange
        A fresh exchange with the server.
    dialect : Dialect
        The protocol the server speaks.
    server : Server
        Named in errors.

    Yields
    ------
    Event
        As they come; the iterator ends when the server says that nothing more comes.

    Raises
    ------
    ConnectionFailed
        The server was not reached.
    ApiError
        The server refused, at once or in the middle of the answer.
    BadEvent
        What came is no event stream.
    BrokenStream
        The stream ended before the model said why it ended.
    """
    exchange.send(dialect.encode(request, server))
    if exchange.status >= 400:
        raise dialect.error(exchange.status, exchange.read(), server)
    reader = dialect.reader(server)
    if exchange.content_type.startswith(("application/json", "text/html")):
        yield from _unstreamed(exchange, dialect, server)
        return
    decoder = SseDecoder()
    head, got_any = b"", False
    try:
        for chunk in exchange.chunks():
            if not got_any and len(head) < _HEAD:
                head += chunk[:_HEAD]
            for sse in decoder.feed(chunk):
                got_any = True
                yield from _events(reader, sse, server)
            if reader.done:
                break
        else:
            for sse in decoder.close():
                got_any = True
                yield from _events(reader, sse, server)
    except QwenError:
        yield from reader.close()  # it had come, only its meaning was open
        raise
    yield from reader.close()
    if not got_any:
        raise _no_stream(head, server)
    if not reader.finished:
        raise BrokenStream("error.cut", server=server.name)


def _events(reader: EventReader, sse: ServerSentEvent, server: Server) -> list[Event]:
    try:
        return reader.events(sse)
    except (ApiError, BadEvent):
        without_key = _without_key(sse.data, server)
        if without_key == sse.data:
            raise
    # The error quotes the key, perhaps in part: let it be told anew.
    return reader.events(ServerSentEvent(without_key, sse.name))


def _without_key(data: bytes, server: Server) -> bytes:
    return data.replace(server.key.encode(), b"***") if server.key else data


def _unstreamed(exchange: Exchange, dialect: Dialect, server: Server) -> Iterator[Event]:
    # A server that does not stream answers with one JSON object; anything else (a web
    # page, an empty body) is not what we asked for.
    body = exchange.read()
    if body.lstrip()[:1] != b"{":
        raise _no_stream(body, server)
    reader = dialect.reader(server)
    yield from reader.events(ServerSentEvent(body))
    yield from reader.close()
    if not reader.finished:
        raise _no_stream(body, server)


def _no_stream(body: bytes, server: Server) -> BadEvent:
    begin = _without_key(body[:_HEAD], server)[:_BEGINS]
    begins = " ".join(begin.decode("utf-8", "replace").split())
    kind = "page" if begins.startswith("<") else "no_stream" if begins else "empty"
    return BadEvent(f"error.{kind}", server=server.name, begins=begins)


def only_model(transport: Transport, dialect: Dialect, server: Server) -> str:
    """Return the one model a server offers.

    Raises
    ------
    ConfigError
        When it offers none or several; the message lists them.
    QwenError
        When the server cannot be asked.
    """
    exchange = transport.exchange()
    try:
        exchange.send(HttpCall("GET", "/models"))
        body = exchange.read()
        if exchange.status >= 400:
            raise dialect.error(exchange.status, body, server)
    finally:
        exchange.close()
    try:
        models = [str(model["id"]) for model in json.loads(body)["data"]]
    except (ValueError, LookupError, TypeError) as error:
        raise ConfigError("error.no_model", server=server.name) from error
    if len(models) == 1:
        return models[0]
    if not models:
        raise ConfigError("error.no_model", server=server.name)
    shown = ", ".join(models[:20]) + (" …" if len(models) > 20 else "")
    raise ConfigError("error.which_model", server=server.name, models=shown)
