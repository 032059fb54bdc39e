"""The connections of one chat: those to the server it asked last."""

from __future__ import annotations

import threading
from dataclasses import replace

from qwen_nb.values import Server
from qwen_nb.wire.http import Exchange, HttpTransport, Opens, plainly

_LATER_S = 5.0
"""The thread that waits for a reply measures the silence; the transport's own limit is later,
so that it ends only a reading thread that was left behind."""


class Connections:
    """The connections to the server that was asked last.

    Parameters
    ----------
    opens : callable
        Opens each exchange; plainly over HTTP unless given.
    """

    def __init__(self, opens: Opens = plainly) -> None:
        self._opens = opens
        self._lock = threading.Lock()
        self._transport: HttpTransport | None = None
        self._server: Server | None = None

    def exchange(self, server: Server, idle_s: float, *, native: bool) -> Exchange:
        """Return a fresh exchange; a call that is under way to another server goes on."""
        return self._opens(server, lambda: self._begun(server, idle_s, native))

    def _begun(self, server: Server, idle_s: float, native: bool) -> Exchange:
        if native:
            server = replace(server, base_url=server.native_url)
        with self._lock:
            known, old = self._transport, None
            if known is None or self._server != server or known.idle_s != idle_s + _LATER_S:
                old, known = known, HttpTransport(server, idle_s + _LATER_S)
                self._transport, self._server = known, server
        if old is not None:
            old.close()
        return known.exchange()

    def close(self) -> bool:
        """Close the connections; return whether they led to the embedded emulator."""
        with self._lock:
            transport, self._transport = self._transport, None
            server, self._server = self._server, None
        if transport is not None:
            transport.close()
        return server is not None and server.scripted
