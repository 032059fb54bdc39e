"""The emulator's life: a real server on loopback, in a thread of its own."""

from __future__ import annotations

import asyncio
import logging
import secrets
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from qwen_nb.emulator.journal import Journal
from qwen_nb.emulator.scripts import Script, choose, packaged

if TYPE_CHECKING:
    import uvicorn

_HOST = "127.0.0.1"
_PATIENCE_S = 5.0


class Emulator:
    """A chat server that behaves as the service's documents say. It is no model.

    It answers from scripts, over real HTTP, to whoever has its key, on this machine
    only. Starting it does not block; stopping it cuts the streams that are open.

    Parameters
    ----------
    key : str, optional
        The key it accepts; random unless given.
    port : int
        Where it listens; 0 takes a free port.
    pace : float, optional
        Seconds between two pieces of a stream; None leaves it to the scripts, 0 is as
        fast as possible. May be set at any time; it never changes what is said.
    max_input : mapping, optional
        Tokens of input at most, by model id, in place of the documented ones.
    keep : int, optional
        How many requests the journal remembers; all unless given.

    Attributes
    ----------
    key : str
        The key it accepts.
    journal : Journal
        Every request it has received, without keys.

    Notes
    -----
    What a request is answered depends on the request alone, and where a fault is to
    happen a number of times, on how often its body came since the journal was cleared.
    A refused connection is an emulator that has been stopped; started again, it takes
    the port it had.

    Examples
    --------
    >>> with Emulator(pace=0) as emulator:
    ...     emulator.openai_base_url.endswith("/compatible-mode/v1")
    True
    """

    def __init__(
        self,
        key: str | None = None,
        port: int = 0,
        pace: float | None = None,
        *,
        max_input: Mapping[str, int] | None = None,
        keep: int | None = None,
    ) -> None:
        self.key = key or f"sk-emulator-{secrets.token_hex(16)}"
        self.pace = pace
        self.max_input = dict(max_input or {})
        self.journal = Journal(keep)
        self._added: tuple[Script, ...] = ()
        self._port = port
        self._last_port = port
        self._running: _Running | None = None

    def __repr__(self) -> str:
        where = "stopped" if self._running is None else self.openai_base_url
        return f"<Emulator {where}>"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.stop()

    @property
    def openai_base_url(self) -> str:
        """The base URL for an OpenAI client (docs/protocol.md §1.1).

        Raises
        ------
        RuntimeError
            While the emulator is not running.
        """
        return f"{self._address}/compatible-mode/v1"

    @property
    def dashscope_base_url(self) -> str:
        """The base URL for a DashScope client (docs/protocol.md §1.1).

        Raises
        ------
        RuntimeError
            While the emulator is not running.
        """
        return f"{self._address}/api/v1"

    @property
    def _address(self) -> str:
        if self._running is None:
            raise RuntimeError("the emulator is not running; call start() first")
        return f"http://{_HOST}:{self._running.port}"

    @property
    def scripts(self) -> tuple[Script, ...]:
        """All scripts in the order they are tried."""
        return self._added + packaged()

    def script(self, script: Script) -> None:
        """Add a script; the latest added is tried first, the packaged ones last."""
        self._added = (script, *self._added)

    def start(self) -> Self:
        """Start serving; does nothing if it already does.

        Raises
        ------
        OSError
            When the port is taken.
        """
        if self._running is None:
            self._running = self._run()
            self._last_port = self._running.port
        return self

    def _run(self) -> _Running:
        if self._last_port != self._port:
            with suppress(OSError):  # somebody else's by now
                return _Running(self, self._last_port)
        return _Running(self, self._port)

    def stop(self) -> None:
        """Stop serving, cutting open streams; does nothing if it does not serve."""
        running, self._running = self._running, None
        if running is not None:
            running.stop()

    def fault_of(self, said: Sequence[str], system: str) -> str | None:
        """Return the fault that a script has for these user messages."""
        return choose(self.scripts, said, system).fault

    def connection(self, client: tuple[str, int]) -> asyncio.Transport | None:
        """Return the transport of the connection from this address, if it is open."""
        return None if self._running is None else self._running.connection(client)


class _Running:
    """One run of the server, from the bound socket to the ended thread."""

    def __init__(self, emulator: Emulator, port: int) -> None:
        # bound before anything else: the port is known at once and a taken one is an
        # error of the caller's; clients that come early wait in the queue
        self._socket = socket.create_server((_HOST, port))
        # Accepted sockets inherit it; without it a short answer waits 40 ms for the last one.
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.port: int = self._socket.getsockname()[1]
        self._server = _server(emulator)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(
            target=self._serve, name="qwen_nb emulator", daemon=True
        )
        self._thread.start()
        deadline = time.monotonic() + _PATIENCE_S
        while not self._server.started:
            if time.monotonic() > deadline or not self._thread.is_alive():
                self._socket.close()
                raise RuntimeError("the emulator did not start")
            time.sleep(0.001)

    def _serve(self) -> None:
        # a runner ends what is left of the tasks; it has no part in the loop that a
        # kernel runs in the main thread
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._server.serve(sockets=[self._socket]))

    def connection(self, client: tuple[str, int]) -> asyncio.Transport | None:
        for connection in self._server.server_state.connections:
            if getattr(connection, "client", None) == tuple(client):
                return connection.transport
        return None

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._close)
        self._thread.join(_PATIENCE_S)

    def _close(self) -> None:
        """Refuse new connections and drop the open ones; uvicorn would wait for them."""
        self._server.should_exit = self._server.force_exit = True
        for listener in self._server.servers:
            listener.close()
        for connection in list(self._server.server_state.connections):
            if connection.transport is not None:
                connection.transport.abort()


def _server(emulator: Emulator) -> uvicorn.Server:
    # late: whoever only imports the package does not pay for a web server
    import uvicorn

    from qwen_nb.emulator.app import application

    config = uvicorn.Config(
        application(emulator),
        http="h11",  # the same everywhere, whatever else is installed
        ws="none",
        lifespan="off",
        log_config=None,
        log_level=logging.CRITICAL + 1,  # somebody's notebook is no place for a server's log
        access_log=False,
        server_header=False,
        date_header=False,  # no clock in an answer
        timeout_keep_alive=75,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)
