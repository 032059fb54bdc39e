"""A stop is felt by the server at once: at any moment, on any kind of connection."""

import os
import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme
from _servers import (
    HANG_S,
    WHOLE,
    Connection,
    Misbehaving,
    delta,
    hang,
    response,
    stream,
)

from qwen_nb import Chat, Reply, Stopped
from qwen_nb.asking.pump import Outcome, Pump
from qwen_nb.values import ChatRequest, Frame, Message, Opening, Server
from qwen_nb.wire.dialects.openai import OpenAIDialect
from qwen_nb.wire.http import HttpTransport
from qwen_nb.wire.retries import Retries
from qwen_nb.wire.stream import stream as stream_events

FELT_S = 0.5
ASKING = Opening(model="m", server="s")
NAME = "studio.test"  # known to the proxy only


class OverTls(Misbehaving):
    """The same server behind TLS."""

    def __init__(self, authority: trustme.CA) -> None:
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert("127.0.0.1", NAME).configure_cert(self._context)
        super().__init__()

    @property
    def base_url(self) -> str:
        return super().base_url.replace("http:", "https:")

    def _serve(self, peer: socket.socket) -> None:
        with suppress(OSError):
            wrapped = self._context.wrap_socket(peer, server_side=True)
            self._peers.append(wrapped)
            super()._serve(wrapped)


class Proxy:
    """A proxy that connects to one server, whatever it is asked for."""

    def __init__(self, port: int) -> None:
        self.asked: list[str] = []
        self._to = port
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._start(self._accept)

    def stop(self) -> None:
        for closing in (self._listener, *self._sockets):
            with suppress(OSError):
                closing.shutdown(socket.SHUT_RDWR)
            closing.close()

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        threading.Thread(target=target, args=arguments, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                head = b""
                while b"\r\n\r\n" not in head:
                    head += peer.recv(4096)
                self.asked.append(head.split(b"\r\n")[0].decode())
                server = socket.create_connection(("127.0.0.1", self._to))
                self._sockets += [peer, server]
                peer.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
                self._start(self._carry, peer, server)
                self._start(self._carry, server, peer)

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data)
            other.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def over_tls(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Misbehaving]:
    path = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(path))
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    server = OverTls(authority)
    yield server
    server.stop()


@pytest.fixture
def proxy(over_tls: Misbehaving, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    proxy = Proxy(over_tls.port)
    monkeypatch.setenv("HTTPS_PROXY", proxy.url)
    yield proxy
    proxy.stop()


@pytest.fixture(params=["plain", "TLS", "TLS through a proxy"])
def server(request: pytest.FixtureRequest) -> Misbehaving:
    if request.param == "plain":
        return request.getfixturevalue("misbehaving")  # type: ignore[no-any-return]
    if request.param == "TLS through a proxy":
        request.getfixturevalue("proxy")
    return request.getfixturevalue("over_tls")  # type: ignore[no-any-return]


class Line:
    """A display, and all that is between it and the server."""

    def __init__(self, url: str) -> None:
        self.server = Server(name="s", base_url=url)
        self.transport = HttpTransport(self.server)
        self.frames: list[Frame] = []

    def open(self, asking: Opening, stop: object = None) -> None: ...

    def frame(self, frame: Frame) -> None:
        self.frames.append(frame)

    def settle(self, interrupts: Any) -> int:
        return 0

    def close(self, reply: Reply) -> None: ...

    @property
    def shown(self) -> str:
        return "".join(frame.thinking + frame.answer for frame in self.frames)

    def pump(self) -> Pump:
        self.frames.clear()
        exchange, request = self.transport.exchange(), ChatRequest("m", (Message("user", "?"),))
        return Pump(
            exchange,
            lambda: stream_events(
                request, exchange, OpenAIDialect(), self.server, Retries(tries=3)
            ),
            self,
        )


class Gone:
    """A step: say nothing more, and note when the client went away."""

    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self, connection: Connection) -> None:
        hang(connection)
        self.at = time.monotonic()


THINKING, ANSWER = delta(thinking="Hm"), delta(answer="It ")
MOMENTS: dict[str, tuple[list[bytes], str]] = {
    "before the first byte": ([], ""),
    "before the first event": (stream(done=False), ""),
    "in the thinking": (stream(THINKING, done=False), "Hm"),
    "in the answer": (stream(THINKING, ANSWER, done=False), "HmIt "),
    "in the wait for a retry": ([response("{}", 503)], ""),
}


def stopped(line: Line, server: Misbehaving, is_there: Callable[[], bool]) -> tuple[Any, ...]:
    """Run a question and stop it when the moment is there; return how it went, and when."""
    pump, when = line.pump(), []

    def stop() -> None:
        server.reached.wait(HANG_S)
        while not is_there():
            time.sleep(0.002)
        when.append(time.monotonic())
        pump.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    outcome: Outcome = pump.run(ASKING)
    back = time.monotonic()
    thread.join(HANG_S)
    return outcome, when[0], back


@pytest.mark.parametrize("is_reused", [False, True], ids=["fresh", "reused"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_stop_is_felt(
    moment: str, is_reused: bool, server: Misbehaving, eventually: Callable[..., bool],
    request: pytest.FixtureRequest,
) -> None:  # fmt: skip
    url = server.base_url
    if "proxy" in request.node.name:
        url = url.replace("127.0.0.1", NAME)
    line = Line(url)
    if is_reused:
        server.streams(*WHOLE)
        assert line.pump().run(ASKING).error is None
        assert eventually(lambda: bool(line.transport._free))
    steps, words = MOMENTS[moment]
    gone = Gone()
    server.answers(*steps, gone)
    waits = "retry" in moment

    def is_there() -> bool:
        if waits:
            return any(frame.state == "retrying" for frame in line.frames)
        return line.shown == words

    outcome, when, back = stopped(line, server, is_there)
    assert eventually(lambda: gone.at > 0)
    assert gone.at - when < FELT_S
    assert back - when < FELT_S
    reply = outcome.reply
    assert (outcome.error, reply.finish_reason) == (None, "stopped")
    assert reply.thinking + reply.answer == words
    assert len(server.requests) == 1 + is_reused  # and nothing is sent again
    ports = {received.client_port for received in server.requests}
    assert len(ports) == 1
    server.streams(*WHOLE)
    assert line.pump().run(ASKING).reply.answer == "It is."
    line.transport.close()


def test_the_proxy_was_asked(proxy: Proxy, over_tls: Misbehaving) -> None:
    over_tls.streams(*WHOLE)
    line = Line(over_tls.base_url.replace("127.0.0.1", NAME))
    assert line.pump().run(ASKING).error is None
    port = urlsplit(over_tls.base_url).port
    assert proxy.asked == [f"CONNECT {NAME}:{port} HTTP/1.1"]
    line.transport.close()


def test_a_certificate_nobody_knows_is_one_error(
    over_tls: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    line = Line(over_tls.base_url)
    error = line.pump().run(ASKING).error
    assert "s could not be reached" in str(error)
    assert "certificate" in str(error).lower()
    line.transport.close()


def test_a_stop_while_the_connection_is_being_made(eventually: Callable[..., bool]) -> None:
    # Nobody shakes hands: the reading thread cannot be woken and is left behind.
    listener = socket.create_server(("127.0.0.1", 0))
    line = Line(f"https://127.0.0.1:{listener.getsockname()[1]}/v1")
    pump = line.pump()
    timer = threading.Timer(0.2, pump.stop)
    timer.start()
    begin = time.monotonic()
    outcome = pump.run(ASKING)
    assert time.monotonic() - begin < 0.2 + FELT_S
    assert outcome.reply.finish_reason == "stopped"
    listener.accept()[0].close()
    listener.close()
    line.transport.close()
    assert eventually(
        lambda: all(thread.name != "qwen_nb-reader" for thread in threading.enumerate())
    )


@pytest.mark.parametrize("moment", ["in the wait for a retry", "in the thinking"])
def test_an_interrupt_is_felt(
    moment: str, misbehaves: Misbehaving, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_RETRIES", "5")
    gone, when = Gone(), []
    misbehaves.answers(*MOMENTS[moment][0], gone)

    def press() -> None:
        misbehaves.reached.wait(HANG_S)
        time.sleep(0.15)  # well within the first wait of half a second
        when.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(Stopped) as caught:
        chat.ask("one")
    back = time.monotonic()
    thread.join(HANG_S)
    assert misbehaves.left.wait(FELT_S)
    assert back - when[0] < FELT_S
    assert caught.value.reply.finish_reason == "stopped"
    assert len(misbehaves.requests) == 1
    misbehaves.streams(*WHOLE)
    assert chat.ask("two").answer == "It is."
