"""The web application: routes, key, journal, and faults where they are asked for."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from qwen_nb.emulator import compatible, native
from qwen_nb.emulator.answers import compose
from qwen_nb.emulator.embeddings import embeddings
from qwen_nb.emulator.faults import Fault
from qwen_nb.emulator.journal import Record
from qwen_nb.emulator.models import models
from qwen_nb.emulator.question import Manner, Refused, refuse
from qwen_nb.emulator.responses import Body, Steps
from qwen_nb.emulator.rules import read
from qwen_nb.emulator.spoiling import Act, Chunk, Step, spoiled
from qwen_nb.emulator.wire import Wire, encoded, identity

if TYPE_CHECKING:
    from qwen_nb.emulator.server import Emulator

_COMPATIBLE = "/compatible-mode/v1"
_NATIVE = "/api/v1"
_SERVICES = f"{_NATIVE}/services/aigc"
_USUAL_PACE = 0.02
_HTML = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body>proxy</body></html>"

# headers that carry a key, here or at services whose clients are pointed here by mistake
_SECRET = {"authorization", "proxy-authorization", "cookie", "api-key", "x-api-key"}


def application(emulator: Emulator) -> ASGIApp:
    """Return the application of an emulator."""
    pages = _Pages(emulator)

    def route(method: str, path: str, page: _Page) -> Route:
        async def answered(request: Request) -> Response:
            return await pages.answer(request, page)

        return Route(path, answered, methods=method.split())

    def chat(manner: Manner) -> _Page:
        return lambda asked: pages.chat(asked, manner)

    text, multimodal = f"{_SERVICES}/text-generation", f"{_SERVICES}/multimodal-generation"
    routes = [
        route("POST", f"{_COMPATIBLE}/chat/completions", chat("compatible")),
        route("POST", f"{_COMPATIBLE}/embeddings", _embeddings),
        route("GET", f"{_COMPATIBLE}/models", _models),
        route("POST", f"{text}/generation", chat("text")),
        route("POST", f"{multimodal}/generation", chat("multimodal")),
        route("GET POST PUT PATCH DELETE", "/{path:path}", _nothing),
    ]
    return _single_slashes(Starlette(routes=routes))


def _single_slashes(app: ASGIApp) -> ASGIApp:
    """Take native base addresses with a slash at their end, as the service does."""

    async def collapsed(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path", "").startswith(f"{_NATIVE}/"):
            scope = {**scope, "path": re.sub("/{2,}", "/", scope["path"])}
        await app(scope, receive, send)

    return collapsed


class _Asked:
    """One request and what is known of it before anybody reads its rules."""

    def __init__(self, request: Request, raw: bytes) -> None:
        self.request = request
        self.raw = raw
        self.id = identity(raw)
        self.is_native = request.url.path.startswith(f"{_NATIVE}/")
        self.wire: Wire = native if self.is_native else compatible
        self.wants_events = request.headers.get("x-dashscope-sse", "").lower() == "enable"
        self.fault: Fault | None = None

    @property
    def streams(self) -> bool:
        if self.is_native:
            return self.wants_events
        return bool(_json(self.raw).get("stream"))


_Page: TypeAlias = Callable[[_Asked], Response]


def _embeddings(asked: _Asked) -> Response:
    return Body(embeddings(asked.raw))


def _models(asked: _Asked) -> Response:
    return Body(compatible.listing(models()))


def _nothing(asked: _Asked) -> NoReturn:
    what = f"{asked.request.method} {asked.request.url.path}"
    raise Refused(404, "not_found", f"There is nothing at {what}.")


class _Pages:
    """Answers the routes; a request is in the journal before the first byte of its answer."""

    def __init__(self, emulator: Emulator) -> None:
        self._emulator = emulator

    async def answer(self, request: Request, page: _Page) -> Response:
        asked = _Asked(request, await request.body())
        try:
            if page is not _nothing:  # that there is nothing is no secret
                self._check_key(request.headers.get("authorization", ""))
            asked.fault = self._fault(asked)
            response = self._instead(asked) or page(asked)
        except Refused as refused:
            response = _refusal(asked, refused)
        response.headers["x-request-id"] = asked.id
        response.headers["server"] = "qwen_nb emulator"
        self._enter(self._record(asked, response.status_code), response)
        return response

    def _enter(self, record: Record, response: Response) -> None:
        """Put a request into the journal, and what comes of its answer while it is sent."""
        journal = self._emulator.journal
        if isinstance(response, Body):
            record = replace(record, usage=response.usage)
        journal._add(record)

        def change(**facts: Any) -> None:
            nonlocal record
            record = journal._change(record, **facts)

        if isinstance(response, Steps):
            response.on_leave = lambda: change(closed_early=True)
            response.on_usage = lambda usage: change(usage=usage)

    def _check_key(self, authorization: str) -> None:
        expected = f"Bearer {self._emulator.key}"
        if not secrets.compare_digest(authorization.encode(), expected.encode()):
            only = "The emulator takes its own key only."
            raise Refused(
                401,
                "invalid_api_key",
                f"Incorrect API key provided. {only}",
                native=f"Invalid API-key provided. {only}",
            )

    def _record(self, asked: _Asked, status: int) -> Record:
        request = asked.request
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in _SECRET and self._emulator.key not in value
        }
        path = request.scope.get("raw_path", b"").decode("latin-1") or request.url.path
        return Record(request.method, path, headers, asked.raw, status)

    def _fault(self, asked: _Asked) -> Fault | None:
        """Return what goes wrong this time; the header comes before the script."""
        written = asked.request.headers.get("x-emulator-fault") or self._emulator.fault_of(
            *_said(asked.raw)
        )
        if not written:
            return None
        try:
            fault = Fault.read(written)
        except ValueError as error:
            raise refuse(f"X-Emulator-Fault: {error}") from None
        happened = self._emulator.journal._count(f"{written} {asked.id}")
        return fault if fault.times is None or happened < fault.times else None

    def _instead(self, asked: _Asked) -> Response | None:
        """Return what is answered in place of an answer, if the fault says so."""
        fault = asked.fault
        if fault is None:
            return None
        refusal, name = fault.refusal, fault.name
        if name in ("status", "error") and refusal is not None:
            response = _refusal(asked, refusal)
            if "retry-after" in fault.options:
                response.headers["retry-after"] = fault.options["retry-after"]
            return response
        if name == "error-200" and refusal is not None:
            return Body(asked.wire.error(refusal, asked.id))
        if name == "html":
            return Response(_HTML, fault.number, media_type="text/html")
        if name in ("reset", "refused"):
            return self._steps([Act.RESET])
        if name == "hangup":
            return self._steps([Act.CUT])
        if name == "silence" and not (fault.number and asked.streams):
            return self._steps([Act.HOLD])
        return None

    def _steps(self, steps: list[Step]) -> Steps:
        return Steps(steps, 0.0, self._emulator.connection)

    def chat(self, asked: _Asked, manner: Manner) -> Response:
        question = read(asked.raw, manner, stream=asked.wants_events)
        answer = compose(question, self._emulator.scripts, self._emulator.max_input)
        wire, fault = asked.wire, asked.fault
        if not question.stream:
            return self._in_one_piece(wire.completion(question, answer, asked.id), asked)
        paces = (self._emulator.pace, answer.pace, _USUAL_PACE)
        pace = next(pace for pace in paces if pace is not None)
        frames = wire.frames(question, answer, asked.id)
        return Steps(spoiled(frames, wire, fault, asked.id), pace, self._emulator.connection)

    def _in_one_piece(self, body: dict[str, Any], asked: _Asked) -> Response:
        fault = asked.fault
        if fault is not None and fault.name.startswith("cut-"):
            whole = encoded(body)
            length = {"content-length": str(len(whole))}
            steps: list[Step] = [Chunk(whole[: len(whole) // 2]), Act.CUT]
            connection = self._emulator.connection
            return Steps(steps, 0.0, connection, length, "application/json")
        return Body(body)


def _refusal(asked: _Asked, refused: Refused) -> Response:
    """Return an error; as an event where the native dialect was asked for events (§4.6)."""
    status = refused.native_status if asked.is_native else refused.status
    if asked.fault is not None and asked.fault.name == "refusal-in-stream" and asked.streams:
        event = asked.wire.error_event(refused, asked.id)
        return Response(event, 200, media_type="text/event-stream")
    if asked.is_native and asked.wants_events:
        event = asked.wire.error_event(refused, asked.id)
        return Response(event, status, media_type="text/event-stream")
    return Body(asked.wire.error(refused, asked.id), status)


def _json(raw: bytes) -> dict[str, Any]:
    with suppress(ValueError, RecursionError):
        body = json.loads(raw)
        return body if isinstance(body, dict) else {}
    return {}


def _said(raw: bytes) -> tuple[list[str], str]:
    """Return the user's texts and the system message of any body, right or wrong."""
    body = _json(raw)
    given = body.get("input") if isinstance(body.get("input"), dict) else body
    messages = given.get("messages") if given else None
    said: dict[str, list[str]] = {"user": [], "system": []}
    for message in messages if isinstance(messages, list) else []:
        if isinstance(message, dict) and message.get("role") in ("user", "system"):
            said[message["role"]].append(_text(message.get("content")))
    return said["user"], "\n".join(said["system"])


def _text(content: Any) -> str:
    if isinstance(content, list):
        texts = [part.get("text") for part in content if isinstance(part, dict)]
        return "".join(text for text in texts if isinstance(text, str))
    return content if isinstance(content, str) else ""
