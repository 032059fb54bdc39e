"""A raw server that answers with whatever bytes a test scripts, well formed or not."""

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

HANG_S = 10.0  # far above what anything here takes

Step = bytes | Callable[["Connection"], None]


@dataclass(frozen=True)
class Received:
    method: str
    path: str
    headers: dict[str, str]
    raw: bytes
    client_port: int

    @property
    def body(self) -> Any:
        return json.loads(self.raw)


class Connection:
    """One connection, as a step of a script sees it."""

    def __init__(self, server: "Misbehaving", peer: socket.socket) -> None:
        self.server = server
        self.peer = peer
        self.is_over = False

    def send(self, data: bytes) -> None:
        self.peer.sendall(data)


class Misbehaving:
    """Plays one script for each request; a script is bytes to send and things to do."""

    def __init__(self) -> None:
        self.requests: list[Received] = []
        self.reached = threading.Event()  # a `hang` step has begun
        self.left = threading.Event()  # the client went away during a `hang`
        self.go_on = threading.Event()  # ends a `hold` step
        self._scripts: deque[tuple[Step, ...]] = deque()
        self._peers: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._start(self._accept)

    @property
    def port(self) -> int:
        port: int = self._listener.getsockname()[1]
        return port

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def answers(self, *steps: Step) -> None:
        """Add the script for the next request that has none."""
        self._scripts.append(steps)

    def streams(self, *payloads: Any, done: bool = True, then: Iterable[Step] = ()) -> None:
        """Answer with an event stream that ends as it should, or as `then` says."""
        self.answers(*stream(*payloads, done=done), *(then or (LAST_CHUNK,)))

    def stop(self) -> None:
        self.go_on.set()
        for closing in (self._listener, *self._peers):
            _shut(closing)
        for thread in self._threads:
            thread.join(HANG_S)
        for closing in (self._listener, *self._peers):
            closing.close()

    def _start(self, target: Callable[..., None], *arguments: Any) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            peer.settimeout(HANG_S)
            self._peers.append(peer)
            self._start(self._serve, peer)

    def _serve(self, peer: socket.socket) -> None:
        connection = Connection(self, peer)
        try:
            while not connection.is_over and (request := _read_request(peer)):
                self.requests.append(request)
                for step in self._scripts.popleft():
                    connection.send(step) if isinstance(step, bytes) else step(connection)
        except OSError:
            pass  # the client left in the middle of it


def _read_request(peer: socket.socket) -> Received | None:
    data = b""
    while b"\r\n\r\n" not in data:
        if not (chunk := peer.recv(65536)):
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    while len(body) < int(headers.get("content-length", 0)):
        body += peer.recv(65536)
    method, path, _ = first.split(" ")
    return Received(method, path, headers, body, peer.getpeername()[1])


def _shut(closing: socket.socket) -> None:
    with suppress(OSError):
        closing.shutdown(socket.SHUT_RDWR)


# -- steps ---------------------------------------------------------------------------------


def close(connection: Connection) -> None:
    connection.is_over = True
    _shut(connection.peer)


def reset(connection: Connection) -> None:
    """Close so rudely that the client sees a reset."""
    connection.is_over = True
    linger = struct.pack("ii", 1, 0)
    connection.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.peer.close()


def hang(connection: Connection) -> None:
    """Say nothing more until the client goes away."""
    connection.server.reached.set()
    try:
        while connection.peer.recv(65536):
            pass
    except ConnectionResetError:
        pass
    connection.server.left.set()
    connection.is_over = True


def hold(connection: Connection) -> None:
    """Pause until the test says `go_on`."""
    connection.server.reached.set()
    connection.server.go_on.wait(HANG_S)


# -- bytes ---------------------------------------------------------------------------------

LAST_CHUNK = b"0\r\n\r\n"
USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}


def response(body: bytes | str, status: int = 200, kind: str = "application/json") -> bytes:
    body = body.encode() if isinstance(body, str) else body
    head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


def stream_head(kind: str = "text/event-stream") -> bytes:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
    return head.encode()


def chunk(data: bytes) -> bytes:
    return f"{len(data):x}\r\n".encode() + data + b"\r\n"


def event(payload: Any) -> bytes:
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    return b"data: " + data + b"\n\n"


def stream(*payloads: Any, done: bool = True) -> list[bytes]:
    """Return the pieces of a chunked event stream that is still open at its end."""
    events = [event(payload) for payload in payloads]
    if done:
        events.append(b"data: [DONE]\n\n")
    return [stream_head(), *map(chunk, events)]


def delta(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    """Return one chunk object; `thinking` and `answer` stand for the wire's names."""
    names = {"thinking": "reasoning_content", "answer": "content"}
    told = {names.get(name, name): value for name, value in fields.items()}
    return {
        "id": "chatcmpl-1",
        "model": "m",
        "choices": [{"index": 0, "delta": told, "finish_reason": finish}],
    }


def usage(**fields: Any) -> dict[str, Any]:
    return {"id": "chatcmpl-1", "model": "m", "choices": [], "usage": {**USAGE, **fields}}


WHOLE = (
    delta(role="assistant", thinking="", answer=None),
    delta(thinking="Hm"),
    delta(thinking=", yes"),
    delta(answer="It "),
    delta(answer="is."),
    delta("stop", answer=""),
    usage(),
)
