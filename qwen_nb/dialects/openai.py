"""The OpenAI-compatible dialect, as Model Studio speaks it (protocol.md §1.5, §4.2, §5).

Everything beyond the standard fields is a top-level key of the body. A stream's phases
have no marker: reasoning first, then content; either key may be absent, null, empty or
text, and only text means anything.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qwen_nb._errors import (
    ApiError,
    AuthFailed,
    BadEvent,
    BadRequest,
    ContentRefused,
    RateLimited,
    ServerFailed,
)
from qwen_nb._events import (
    AnswerDelta,
    Event,
    Finished,
    Started,
    ThinkingDelta,
    UsageReport,
)
from qwen_nb._messages import ChatRequest, FinishReason, Server, Usage
from qwen_nb._sse import ServerSentEvent
from qwen_nb.dialects import HttpCall

__all__ = ["OpenAIDialect", "usage_from"]

_FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "blocked",
    "error": "failed",
}

_decode = json.JSONDecoder().decode
"""`json.loads` would first guess the encoding of each event; here it is UTF-8 by definition."""

_EXCERPT = 300
"""Characters of a server's own words that fit one readable message."""


class OpenAIDialect:
    """`POST …/chat/completions`, always streamed, usage always asked for."""

    def encode(self, request: ChatRequest) -> HttpCall:
        """Return the call that asks the request.

        A field of `options.params` wins over ours, so that a person can send anything.
        """
        options = request.options
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [{"role": m.role, "content": m.content} for m in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        if options.thinking is not None:
            body["enable_thinking"] = options.thinking is not False
            if not isinstance(options.thinking, bool):
                body["thinking_budget"] = options.thinking
        if options.temperature is not None:
            body["temperature"] = options.temperature
        if options.max_tokens is not None:
            body["max_tokens"] = options.max_tokens
        return HttpCall("POST", "/chat/completions", body | dict(options.params))

    def reader(self, server: Server) -> OpenAIReader:
        """Return a reader for one stream."""
        return OpenAIReader(server)

    def error(self, status: int, body: bytes, server: Server) -> ApiError:
        """Return the error that an HTTP answer of 4xx or 5xx means (protocol.md §5.1)."""
        try:
            told = json.loads(body)
        except ValueError:
            told = None
        if not isinstance(told, dict):
            words = "" if _is_page(body) else body.decode("utf-8", "replace")
            told = {"message": words}
        return _error(status, told, server)


class OpenAIReader:
    """Reads one stream of `chat.completion.chunk` objects.

    Attributes
    ----------
    done : bool
        `[DONE]` was seen.
    finished : bool
        A finish_reason was seen.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self.done = False
        self.finished = False
        self._started = False

    def events(self, sse: ServerSentEvent) -> list[Event]:
        """Return what one server-sent event means.

        Raises
        ------
        ApiError
            When it is an error reported inside a stream of status 200 (protocol.md §4.6).
        BadEvent
            When its data is no JSON object.
        """
        if sse.data == b"[DONE]":
            self.done = True
            return []
        try:
            frame = _decode(sse.data.decode())
        except ValueError:
            frame = None
        if not isinstance(frame, dict):
            raise BadEvent(
                "error.bad_event", begins=_excerpt(sse.data.decode("utf-8", "replace"))
            )
        if frame.get("error") or sse.name == "error":
            raise _error(200, frame, self._server)
        try:
            return self._meaning(frame)
        except (AttributeError, LookupError, TypeError) as error:
            # A field of another shape than any server of this dialect is known to send.
            raise BadEvent("error.bad_event", begins=_excerpt(str(frame))) from error

    def _meaning(self, frame: dict[str, Any]) -> list[Event]:
        events: list[Event] = []
        if not self._started:
            self._started = True
            model, answer_id = frame.get("model"), frame.get("id")
            events.append(
                Started(
                    model if isinstance(model, str) else "",
                    answer_id.removeprefix("chatcmpl-") if isinstance(answer_id, str) else "",
                )
            )
        if choices := frame.get("choices"):
            self._read_choice(choices[0], events)
        if usage := frame.get("usage"):
            events.append(UsageReport(usage_from(usage)))
        return events

    def _read_choice(self, choice: dict[str, Any], events: list[Event]) -> None:
        # `message` in place of `delta` is the whole reply of a server that did not stream.
        delta = choice.get("delta") or choice.get("message") or {}
        thinking = delta.get("reasoning_content") or delta.get("reasoning")
        if thinking and isinstance(thinking, str):
            events.append(ThinkingDelta(thinking))
        answer = delta.get("content")
        if answer and isinstance(answer, str):
            events.append(AnswerDelta(answer))
        if reason := choice.get("finish_reason"):
            self.finished = True
            events.append(Finished(_FINISH.get(reason, "stop")))


def usage_from(told: Mapping[str, Any]) -> Usage:
    """Return the token counts of a `usage` object; what it lacks is None.

    Source: protocol.md §4.2, the table of usage fields.
    """
    output_details = told.get("completion_tokens_details") or {}
    input_details = told.get("prompt_tokens_details") or {}
    return Usage(
        input=_count(told.get("prompt_tokens")),
        output=_count(told.get("completion_tokens")),
        total=_count(told.get("total_tokens")),
        thinking=_count(output_details.get("reasoning_tokens")),
        cached=_count(input_details.get("cached_tokens")),
        raw=told,
    )


def _count(value: Any) -> int | None:
    return (
        value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
    )


def _error(status: int, told: Mapping[str, Any], server: Server) -> ApiError:
    error = told.get("error") or told
    if not isinstance(error, dict):
        error = {"message": str(error)}
    code = str(error.get("code") or error.get("type") or "")
    words = _excerpt(str(error.get("message") or error.get("detail") or ""))
    request_id = str(told.get("request_id") or "")
    kind, key = _classify(status, code, words, server)
    label = " ".join(part for part in (str(status) if status != 200 else "", code) if part)
    return kind(
        key,
        status=status,
        code=code,
        request_id=request_id,
        server=server.name,
        told=": ".join(part for part in (label, words) if part),
    )


def _classify(status: int, code: str, words: str, server: Server) -> tuple[type[ApiError], str]:
    if "inspection" in code.lower() or "inappropriate content" in words.lower():
        return ContentRefused, "error.refused"
    if status in (401, 403):
        if server.model_studio:
            return AuthFailed, "error.auth"
        return AuthFailed, "error.auth_other" if server.key else "error.auth_none"
    if status == 429:
        return RateLimited, "error.rate"
    if status == 404:
        return BadRequest, "error.not_found"
    if 400 <= status < 500:
        return BadRequest, "error.bad_request"
    return ServerFailed, "error.in_stream" if status == 200 else "error.server"


def _excerpt(words: str) -> str:
    words = " ".join(words.split())
    return words if len(words) <= _EXCERPT else words[: _EXCERPT - 1] + "…"


def _is_page(body: bytes) -> bool:
    return body.lstrip()[:1] == b"<"
