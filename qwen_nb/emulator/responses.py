"""Responses that take their time, notice who has left, and can go wrong."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from qwen_nb.emulator.spoiling import Act, Chunk, Step
from qwen_nb.emulator.wire import encoded

_PULSE_S = 0.05

Connection = Callable[[tuple[str, int]], asyncio.Transport | None]


class Body(Response):
    """A JSON text in one piece.

    Parameters
    ----------
    body : mapping
        What it says.
    status : int
        The HTTP status.
    """

    def __init__(self, body: Mapping[str, Any], status: int = 200) -> None:
        super().__init__(encoded(body), status, media_type="application/json")
        self.usage: Mapping[str, Any] | None = body.get("usage")


class Steps(Response):
    """Sends pieces at a pace, and stops as soon as the connection has gone away.

    Starlette's own streaming leaves it to the protocol's version how a departure is
    told; a test that waits for `closed_early` needs one way that holds.

    Parameters
    ----------
    steps : iterable of Chunk or Act
        What to do, in order.
    pace : float
        Seconds between two.
    connection : callable
        Finds the transport of a client's address.
    headers : mapping, optional
        More headers.
    media_type : str
        What it is.

    Attributes
    ----------
    on_leave : callable
        Called when the client has left before the end.
    on_usage : callable
        Called with what the client is told of the usage, just before it can know it.
    """

    def __init__(
        self,
        steps: Iterable[Step],
        pace: float,
        connection: Connection,
        headers: dict[str, str] | None = None,
        media_type: str = "text/event-stream",
    ) -> None:
        self.status_code = 200
        self.background = None
        self.media_type = media_type
        self.on_leave: Callable[[], None] = lambda: None
        self.on_usage: Callable[[Mapping[str, Any]], None] = lambda usage: None
        self._steps = steps
        self._pace = pace
        self._connection = connection
        self.init_headers(headers or {"cache-control": "no-cache"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, as ASGI has it."""
        gone = asyncio.ensure_future(_departure(receive))
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        is_first = True
        try:
            # no pause after the last piece: a client that leaves on [DONE] has heard all
            for step in self._steps:
                if not is_first and await self._left_during_pause(gone):
                    self.on_leave()
                    return
                if isinstance(step, Act):
                    # returning in the middle of a response has the server close it
                    return await self._act(step, scope, send, gone)
                if is_first:
                    await send(start)
                is_first = False
                await self._send(step, send)
            if is_first:
                await send(start)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()

    async def _send(self, chunk: Chunk, send: Send) -> None:
        if chunk.usage is not None:
            self.on_usage(chunk.usage)
        await send({"type": "http.response.body", "body": chunk.data, "more_body": True})

    async def _left_during_pause(self, gone: asyncio.Future[None]) -> bool:
        if self._pace > 0:
            await asyncio.wait([gone], timeout=self._pace)
        else:
            await asyncio.sleep(0)  # lets the loop see who has left
        return gone.done()

    async def _act(
        self, act: Act, scope: Scope, send: Send, gone: asyncio.Future[None]
    ) -> None:
        transport = self._connection(scope["client"])
        if act is Act.CUT or act is Act.RESET:
            if transport is not None:
                _close(transport, rudely=act is Act.RESET)
                await gone
            return
        while not gone.done():
            timeout = max(self._pace, _PULSE_S) if act is Act.PULSE else None
            await asyncio.wait([gone], timeout=timeout)
            if act is Act.PULSE and not gone.done():
                comment = b": keep-alive\n\n"
                await send({"type": "http.response.body", "body": comment, "more_body": True})
        self.on_leave()


def _close(transport: asyncio.Transport, *, rudely: bool) -> None:
    if not rudely:
        transport.close()  # what was written is still sent
        return
    with suppress(OSError):
        # no time to linger: the system answers with a reset
        peer = transport.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
