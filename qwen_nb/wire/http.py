"""Sends HTTP calls and gives back bytes, on the openai SDK's own client.

The SDK brings connections, TLS, proxies and time-outs; its parsing is left aside, since
it costs ten times ours and hides a stream that was cut (design of the wire). It is
imported at the first question, not before.

Laws of this file:

* A reader blocked in `recv` is woken only by `shutdown` of its socket; closing the
  response from another thread leaves it blocked. So every call knows its socket.
* The SDK gives out the socket of a pooled connection only after the response has begun. So
  every call under way has a client of its own with one connection (a lane), which remembers
  the socket; lanes are used again, one call at a time.
* Only headers we mean to send leave: what `OPENAI_*` variables add is taken off.
"""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType
from typing import Any, Protocol, TypeAlias
from urllib.parse import urlsplit

from qwen_nb.errors import BrokenStream, ConnectionFailed, QwenError, TimedOut
from qwen_nb.values import Server
from qwen_nb.wire.certificates import trusted
from qwen_nb.wire.dialects import HttpCall

CONNECT_TIMEOUT_S = 10.0
IDLE_TIMEOUT_S = 120.0
"""Longest silence between two bytes; docs/protocol.md §1.4 asks for at least 60 to 120 s.
There is no total time-out: a model may think for long."""

_DRAIN_S = 1.0
_LOOK_S, _QUIET_LOOKS = 0.2, 5

_USER_AGENT = "qwen_nb"
_RAW = "x-stainless-raw-response"
_OUR_HEADERS = frozenset(
    ("accept", "accept-encoding", "authorization", "connection", "content-length")
) | {"content-type", "host", "user-agent", "transfer-encoding", _RAW}


class Exchange(Protocol):
    """One call and its answer. `stop` may be called from any thread, at any time."""

    @property
    def status(self) -> int:
        """HTTP status; 0 before there is an answer."""

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the answer."""

    def send(self, call: HttpCall) -> None:
        """Send the call, again if need be, and wait for status and headers.

        Raises
        ------
        ConnectionFailed
            When no answer came; TimedOut when it did not come in time.
        """

    def chunks(self) -> Iterator[bytes]:
        """Yield the answer's bytes as they come.

        Raises
        ------
        BrokenStream
            When the connection broke; TimedOut after too long a silence.
        """

    def read(self) -> bytes:
        """Return the whole rest of the answer, at most a megabyte."""

    def wait(self, seconds: float) -> bool:
        """Wait; return True at once when the exchange is stopped."""

    def stop(self) -> None:
        """Break the connection now."""

    def close(self) -> None:
        """End the exchange; a finished answer's connection stays open for the next call."""


Opens: TypeAlias = Callable[[Server, Callable[[], Exchange]], Exchange]
"""Returns an exchange with a server: the plain one that the callable begins, or another in
its place, as a cassette does."""


def plainly(server: Server, begin: Callable[[], Exchange]) -> Exchange:
    """Return the exchange that goes out over HTTP; see `Opens`."""
    return begin()


class HttpTransport:
    """Carries calls to one server over HTTP.

    Parameters
    ----------
    server : Server
        Address and key.
    idle_s : float, optional
        Longest silence between two bytes; IDLE_TIMEOUT_S unless given.
    """

    def __init__(self, server: Server, idle_s: float | None = None) -> None:
        self.idle_s = IDLE_TIMEOUT_S if idle_s is None else idle_s
        self._server = server
        self._free: list[_Lane] = []
        self._is_closed = False
        self._lock = threading.Lock()
        # Without it, a chat that was never closed would end in a ResourceWarning about an
        # open socket when it is collected.
        weakref.finalize(self, _close, self._free).atexit = False

    def exchange(self) -> HttpExchange:
        """Return a new exchange, not yet sent."""
        return HttpExchange(self._server, self)

    def take_lane(self) -> _Lane:
        """Return a lane that no other call uses."""
        with self._lock:
            if self._free:
                return self._free.pop()
        return _Lane(self._server, self.idle_s)

    def give_back(self, lane: _Lane) -> None:
        """Take a lane back for the next call; close it if the transport is closed."""
        with self._lock:
            if not self._is_closed:
                self._free.append(lane)
                return
        lane.close()

    def close(self) -> None:
        """Close the connections; one in use is closed when its call has ended."""
        with self._lock:
            lanes = self._free[:]
            self._free.clear()
            self._is_closed = True
        _close(lanes)


def _close(lanes: list[_Lane]) -> None:
    for lane in lanes:
        lane.close()


class _Lane:
    """An SDK client with at most one connection, whose socket it remembers."""

    def __init__(self, server: Server, idle_s: float) -> None:
        import openai

        options: dict[str, Any] = {"event_hooks": {"request": [self._before_sending]}}
        is_here, is_secure = is_loopback(server.base_url), server.base_url[:6] == "https:"
        options["trust_env"] = not is_here  # a proxy cannot reach this machine's own servers
        options["verify"] = trusted(
            by_system=is_here and is_secure,  # Python's certificates follow SSL_CERT_FILE too
            by_environment=not is_here,
        )
        self._headers = _OUR_HEADERS if server.key else _OUR_HEADERS - {"authorization"}
        self._authorization = f"Bearer {server.key}"
        self.extra: frozenset[str] = frozenset()
        self.socket: socket.socket | None = None
        self.is_shut = False
        try:
            self.client = openai.OpenAI(
                base_url=server.base_url,
                api_key=server.key or "none",
                max_retries=0,
                timeout=openai.Timeout(idle_s, connect=CONNECT_TIMEOUT_S),
                default_headers={"User-Agent": _USER_AGENT},
                http_client=openai.DefaultHttpxClient(**options),
            )
        except ImportError as error:  # a SOCKS proxy is set, and its package is missing
            raise ConnectionFailed(
                "error.proxy_package", server=server.name, reason=_reason(error)
            ) from error

    def _before_sending(self, request: Any) -> None:
        for name in set(request.headers) - self._headers - self.extra:
            del request.headers[name]
        # `OPENAI_CUSTOM_HEADERS` may set headers of our own names too, so they are set again
        # here. Where the HTTP library has taken the key off, since a redirect leads to
        # another host, it stays off.
        request.headers["user-agent"] = _USER_AGENT
        if "authorization" in request.headers:
            request.headers["authorization"] = self._authorization
        request.extensions["trace"] = self._traced

    def _traced(self, name: str, info: dict[str, Any]) -> None:
        # the whole name begins with "connection.", through a proxy "proxy." or "socks."
        if name.endswith((".connect_tcp.complete", ".start_tls.complete")):
            self.socket = info["return_value"].get_extra_info("socket")
            if self.is_shut:  # the stop came while the connection was being made
                self.shut_down()

    def shut_down(self) -> None:
        """Break the connection, and any that is still being made."""
        self.is_shut = True
        if self.socket is not None:
            # `shutdown` of the plain socket: a TLS socket's own would first drop its TLS
            # state, which the reading thread is still using.
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)

    def close(self) -> None:
        self.client.close()


class _Watch:
    """Shuts lanes whose answer does not end in time.

    One thread watches all lanes, and ends by itself: every answer has a moment in which its
    end is read, and with a thread for each, many questions at once would start many.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[_Lane, float] = {}
        self._is_on = False

    @contextlib.contextmanager
    def over(self, lane: _Lane) -> Iterator[None]:
        with self._lock:
            self._until[lane] = time.monotonic() + _DRAIN_S
            if not self._is_on:
                self._is_on = True
                threading.Thread(target=self._look, name="qwen_nb-watch", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._until.pop(lane, None)

    def _look(self) -> None:
        quiet = 0
        while quiet < _QUIET_LOOKS:
            time.sleep(_LOOK_S)
            with self._lock:
                quiet = 0 if self._until else quiet + 1
                now = time.monotonic()
                for lane in [lane for lane, until in self._until.items() if until <= now]:
                    del self._until[lane]
                    lane.shut_down()
                if quiet == _QUIET_LOOKS:
                    self._is_on = False


_WATCH = _Watch()


class HttpExchange:
    """One call over HTTP; see `Exchange`."""

    def __init__(self, server: Server, transport: HttpTransport) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._server = server
        self._transport = transport
        self._lane: _Lane | None = None
        self._answer: Any = None
        self._bytes: Iterator[bytes] | None = None
        self._stopped = threading.Event()

    def send(self, call: HttpCall) -> None:
        """Send the call and wait for the answer's status and headers."""
        import openai

        self.close()
        self._answer = self._bytes = None
        lane = self._lane = self._transport.take_lane()
        if self._stopped.is_set():  # the stop came before there was a connection to break
            raise ConnectionFailed("error.hung_up", server=self._server.name, reason="stopped")
        lane.extra = frozenset(name.lower() for name in call.headers)
        try:
            headers = {_RAW: "stream", "Accept": "text/event-stream", **call.headers}
            if call.method == "GET":
                got = lane.client.get(call.path, cast_to=object, options={"headers": headers})
            else:
                got = lane.client.post(
                    call.path, cast_to=object, body=call.body, options={"headers": headers}
                )
            self._answer = got.http_response  # type: ignore[attr-defined]
        except openai.APIStatusError as error:
            self._answer = error.response
        except openai.APITimeoutError as error:
            raise TimedOut("error.timed_out", server=self._server.name) from error
        except openai.APIConnectionError as error:
            reached = type(error.__cause__).__name__ != "ConnectError"
            raise ConnectionFailed(
                "error.hung_up" if reached else "error.unreachable",
                server=self._server.name,
                reason=_reason(error),
            ) from error
        self.status = self._answer.status_code
        self.headers = self._answer.headers

    def chunks(self) -> Iterator[bytes]:
        """Yield the answer's bytes as they come."""
        http = _library_of(self._answer)
        if self._bytes is None:
            self._bytes = self._answer.iter_bytes()
        try:
            # Not `yield from`: a reader that leaves early would close the iterator of bytes,
            # and with it a connection that `close` may still hand to the next call.
            for chunk in self._bytes:  # noqa: UP028
                yield chunk
        except http.TimeoutException as error:
            raise TimedOut("error.silent", server=self._server.name) from error
        except (http.HTTPError, OSError) as error:
            raise BrokenStream(
                "error.broken", server=self._server.name, reason=_reason(error)
            ) from error

    def read(self) -> bytes:
        """Return the whole rest of the answer, at most a megabyte."""
        if self._answer.is_stream_consumed:
            body: bytes = self._answer.content
        else:
            body = b""
            with contextlib.suppress(QwenError):
                for chunk in self.chunks():
                    body += chunk
                    if len(body) > 1_000_000:
                        break
        return body

    def wait(self, seconds: float) -> bool:
        """Wait; return True at once when the exchange is stopped."""
        return self._stopped.wait(seconds)

    def stop(self) -> None:
        """Break the connection now."""
        self._stopped.set()
        if self._lane is not None:
            self._lane.shut_down()

    def close(self) -> None:
        """Give everything back.

        What follows the last event is read to its end, for a second at most: only then
        can the connection serve the next call.
        """
        lane, self._lane = self._lane, None
        if lane is None:
            return
        if self._answer is None or self._stopped.is_set():
            lane.close()
            return
        with _WATCH.over(lane), contextlib.suppress(QwenError):
            for _ in self.chunks():
                pass
        self._answer.close()
        if lane.is_shut:
            lane.close()
        else:
            self._transport.give_back(lane)


def _library_of(answer: Any) -> ModuleType:
    # httpx for older releases of the SDK, httpx2 for newer ones.
    return sys.modules[type(answer).__module__.partition(".")[0]]


def _reason(error: BaseException) -> str:
    # The SDK's message is "Connection error."; the last cause names the error.
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__  # type: ignore[assignment]
    return " ".join(str(error).split()) or type(error).__name__


def is_loopback(url: str) -> bool:
    """Whether an address is one of this machine."""
    host = urlsplit(url).hostname or ""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost" or host.endswith(".localhost")
