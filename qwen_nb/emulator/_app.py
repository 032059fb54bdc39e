"""The web application: routes, key, journal, and streams that notice who has left."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from qwen_nb.emulator import _compatible
from qwen_nb.emulator._answers import compose
from qwen_nb.emulator._journal import Record
from qwen_nb.emulator._models import models
from qwen_nb.emulator._rules import Refused, read

if TYPE_CHECKING:
    from qwen_nb.emulator._server import Emulator

__all__ = ["application"]

_ROOT = "/compatible-mode/v1"
_USUAL_PACE = 0.02

# headers that carry a key, here or at services whose clients are pointed here by mistake
_SECRET = {"authorization", "proxy-authorization", "cookie", "api-key", "x-api-key"}


def application(emulator: Emulator) -> Starlette:
    """Return the application of an emulator."""
    pages = _Pages(emulator)
    every = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    return Starlette(
        routes=[
            Route(f"{_ROOT}/chat/completions", pages.chat, methods=["POST"]),
            Route(f"{_ROOT}/models", pages.models, methods=["GET"]),
            Route("/{path:path}", pages.elsewhere, methods=every),
        ]
    )


class _Pages:
    """The routes; each request is in the journal before its first byte is answered."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def chat(self, request: Request) -> Response:
        return await self._answer(request, self._chat)

    async def models(self, request: Request) -> Response:
        return await self._answer(request, lambda raw, id_: _json(_listing()))

    async def elsewhere(self, request: Request) -> Response:
        def refuse(raw: bytes, id_: str) -> Response:
            what = f"{request.method} {request.url.path}"
            raise Refused(404, "not_found", f"There is nothing at {what}.")

        return await self._answer(request, refuse, locked=False)

    async def _answer(
        self,
        request: Request,
        page: Callable[[bytes, str], Response],
        *,
        locked: bool = True,
    ) -> Response:
        raw = await request.body()
        request_id = _compatible.identity(raw)
        try:
            if locked:
                self._check_key(request.headers.get("authorization", ""))
            response = page(raw, request_id)
        except Refused as refused:
            response = _json(_compatible.error(refused, request_id), refused.status)
        response.headers["x-request-id"] = request_id
        response.headers["server"] = "qwen_nb emulator"
        record = self._record(request, raw, response.status_code)
        journal = self._emulator.journal
        journal._add(record)
        if isinstance(response, _EventStream):
            response.on_leave = lambda: journal._mark_closed_early(record)
        return response

    def _check_key(self, authorization: str) -> None:
        expected = f"Bearer {self._emulator.key}"
        if not secrets.compare_digest(authorization.encode(), expected.encode()):
            raise Refused(
                401,
                "invalid_api_key",
                "Incorrect API key provided. The emulator takes its own key only.",
            )

    def _record(self, request: Request, raw: bytes, status: int) -> Record:
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in _SECRET and self._emulator.key not in value
        }
        return Record(request.method, request.url.path, headers, raw, status)

    def _chat(self, raw: bytes, request_id: str) -> Response:
        question = read(raw)
        answer = compose(question, self._emulator.scripts)
        if not question.stream:
            return _json(_compatible.completion(question, answer, request_id))
        paces = (self._emulator.pace, answer.pace, _USUAL_PACE)
        pace = next(pace for pace in paces if pace is not None)
        return _EventStream(_compatible.stream(question, answer, request_id), pace)


def _listing() -> dict[str, object]:
    return _compatible.listing(models())


def _json(body: dict[str, object], status: int = 200) -> Response:
    return Response(_compatible.encoded(body), status, media_type="application/json")


class _EventStream(Response):
    """Sends events at a pace, and stops as soon as the connection has gone away.

    Starlette's own streaming leaves it to the protocol's version how a departure is
    told; a test that waits for `closed_early` needs one way that holds.
    """

    media_type = "text/event-stream"

    def __init__(self, events: Iterator[bytes], pace: float) -> None:
        self.status_code = 200
        self.background = None
        self.on_leave: Callable[[], None] = lambda: None
        self._events = events
        self._pace = pace
        self.init_headers({"cache-control": "no-cache"})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.ensure_future(_departure(receive))
        start = {"type": "http.response.start", "status": 200, "headers": self.raw_headers}
        try:
            await send(start)
            # no pause after the last event: a client that leaves on [DONE] has heard all
            for at, event in enumerate(self._events):
                if at and await self._left_during_pause(gone):
                    self.on_leave()
                    return
                await send({"type": "http.response.body", "body": event, "more_body": True})
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            gone.cancel()

    async def _left_during_pause(self, gone: asyncio.Future[None]) -> bool:
        if self._pace > 0:
            await asyncio.wait([gone], timeout=self._pace)
        else:
            await asyncio.sleep(0)  # lets the loop see who has left
        return gone.done()


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
