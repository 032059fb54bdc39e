"""One request streamed as events: a blocking iterator without threads."""

from __future__ import annotations

import json
from collections.abc import Iterator

from qwen_nb.errors import ApiError, BadEvent, BrokenStream, ConfigError, QwenError
from qwen_nb.values import ChatRequest, Event, Retrying, Server
from qwen_nb.wire.dialects import Dialect, FrameReader, HttpCall, refusal_in
from qwen_nb.wire.http import Exchange, HttpTransport, Opens, plainly
from qwen_nb.wire.retries import Retries, retry_after
from qwen_nb.wire.sse import ServerSentEvent, SseDecoder

_BEGINS = 80
_HEAD = 1000

NO_RETRIES = Retries(tries=1)


def stream(
    request: ChatRequest,
    exchange: Exchange,
    dialect: Dialect,
    server: Server,
    retries: Retries = NO_RETRIES,
) -> Iterator[Event]:
    """Ask, and yield what happens. The caller closes the exchange.

    A call that fails before any event of the answer has come is tried again, as often and as
    late as `retries` decides; a stop ends the wait.

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
    retries : Retries
        How often to try.

    Yields
    ------
    Event
        As they come; the iterator ends with the server's stream.

    Raises
    ------
    ConnectionFailed
        The server was not reached.
    ApiError
        The server refused, at once or in the middle of the answer.
    BadEvent
        What came is no event stream.
    BrokenStream
        The stream ended without a finish_reason.
    """
    tried, rerouted = 0, False
    while True:
        tried += 1
        try:
            events = _attempt(request, exchange, dialect, server)
            first = next(events, None)
            break
        except QwenError as error:
            if not rerouted and dialect.takes_another_way(error, request.model):
                rerouted, tried = True, tried - 1
                continue
            if isinstance(error, ApiError):
                error.retry_after_s = retry_after(exchange.headers)
            wait = retries.wait(tried, error)
            if wait is None or exchange.wait(0):  # the call failed because it was stopped
                raise
            yield Retrying(wait, tried + 1, retries.tries, _reason(error))
            if exchange.wait(wait):
                return
    if first is not None:
        retries.passed()
        yield first
    yield from events


def _reason(error: QwenError) -> str:
    if not isinstance(error, ApiError):
        return type(error).__name__
    return str(error.status) if error.status != 200 or not error.code else error.code


def _attempt(
    request: ChatRequest, exchange: Exchange, dialect: Dialect, server: Server
) -> Iterator[Event]:
    exchange.send(dialect.encode(request, server))
    if exchange.status >= 400:
        body = _without_key(exchange.read(), server)
        raise refusal_in(body, exchange.status, server)
    reader = dialect.reader(server)
    if exchange.headers.get("content-type", "").startswith(("application/json", "text/html")):
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
        yield from reader.close()  # text that was held back belongs to the reply, too
        raise
    yield from reader.close()
    if not got_any:
        raise _no_stream(head, server)
    if not reader.finished:
        raise BrokenStream("error.cut", server=server.name)


def _events(reader: FrameReader, sse: ServerSentEvent, server: Server) -> list[Event]:
    try:
        return reader.events(sse)
    except (ApiError, BadEvent):
        without_key = _without_key(sse.data, server)
        if without_key == sse.data:
            raise
    # The error quotes the server's data, which holds the key: read it again without the key.
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
    yield from _events(reader, ServerSentEvent(body), server)
    yield from reader.close()
    if not reader.finished:
        raise _no_stream(body, server)


def _no_stream(body: bytes, server: Server) -> BadEvent:
    begin = _without_key(body[:_HEAD], server)[:_BEGINS]
    begins = " ".join(begin.decode("utf-8", "replace").split())
    kind = "page" if begins.startswith("<") else "no_stream" if begins else "empty"
    return BadEvent(f"error.{kind}", server=server.name, begins=begins)


def answer_of(call: HttpCall, exchange: Exchange, server: Server) -> bytes:
    """Return the answer to a call that is not streamed, without the key; close the exchange.

    Raises
    ------
    QwenError
        When the server cannot be asked or refuses.
    """
    try:
        exchange.send(call)
        body = _without_key(exchange.read(), server)
        if exchange.status >= 400:
            raise refusal_in(body, exchange.status, server)
        return body
    finally:
        exchange.close()


def list_models(server: Server, opens: Opens = plainly) -> list[str]:
    """Return the ids of the models a server lists; it costs nothing, and wants a key.

    Parameters
    ----------
    server : Server
        Which.
    opens : callable
        Opens the exchange; plainly over HTTP unless given.

    Raises
    ------
    QwenError
        When the server cannot be asked.
    """
    transport = HttpTransport(server)
    exchange = opens(server, transport.exchange)
    try:
        body = answer_of(HttpCall("GET", "/models"), exchange, server)
    finally:
        transport.close()
    try:
        return [str(model["id"]) for model in json.loads(body)["data"]]
    except (ValueError, LookupError, TypeError):
        return []


def only_model(server: Server, opens: Opens = plainly) -> str:
    """Return the one model a server offers; see `list_models`.

    Raises
    ------
    ConfigError
        When it offers none or several; the message lists them.
    QwenError
        When the server cannot be asked.
    """
    models = list_models(server, opens)
    if len(models) == 1:
        return models[0]
    if not models:
        raise ConfigError("error.no_model", server=server.name)
    shown = ", ".join(models[:20]) + (" …" if len(models) > 20 else "")
    raise ConfigError("error.which_model", server=server.name, models=shown)
