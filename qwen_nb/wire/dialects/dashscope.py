"""Model Studio's native dialect (docs/protocol.md §1.3, §1.5, §2.3, §4.3).

Two routes, text and multimodal, and each model knows one of them. Frames hold a whole
message object each; we ask for increments, and understand a server that repeats the whole
text all the same. There is no terminator: the stream ends when its body does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from qwen_nb.errors import ApiError, QwenError
from qwen_nb.values import (
    AnswerDelta,
    ChatRequest,
    Event,
    Finished,
    Server,
    Started,
    ThinkingDelta,
    UsageReport,
)
from qwen_nb.wire.dialects.dialect import HttpCall
from qwen_nb.wire.dialects.frames import FrameReader
from qwen_nb.wire.dialects.growing import GrowingText
from qwen_nb.wire.dialects.native_messages import Route, has_media, native_message
from qwen_nb.wire.dialects.openai import FINISH, overlaid, sampling
from qwen_nb.wire.dialects.thinking import switch, thinking_in
from qwen_nb.wire.dialects.token_counts import usage_from
from qwen_nb.wire.dialects.tool_calls import ToolCalls

_PATHS: Mapping[Route, str] = {
    "text": "/services/aigc/text-generation/generation",
    "multimodal": "/services/aigc/multimodal-generation/generation",
}
_HEADERS = {"X-DashScope-SSE": "enable", "Accept": "text/event-stream"}

_MULTIMODAL = re.compile(r"qwen3\.[56](?!-max)|qwen\d?(\.\d)?-?vl|qvq|.*-ocr|.*-captioner")
"""Families of docs/protocol.md §1.3, for models whose route is not in the table."""

_NOT_HERE = frozenset(("stream", "stream_options"))
"""Fields of the compatible dialect that have no place here: a header asks for the stream."""


class DashScopeDialect:
    """`POST …/services/aigc/…/generation`, always streamed.

    Parameters
    ----------
    routes : mapping, optional
        The route of each model, where it is known.
    """

    def __init__(self, routes: Mapping[str, Route] | None = None) -> None:
        self._routes: dict[str, Route] = dict(routes or {})

    def route(self, model: str) -> Route:
        """Return the route a model is asked on: as given or learned, else by its family."""
        if known := self._routes.get(model):
            return known
        return "multimodal" if _MULTIMODAL.match(model.lower()) else "text"

    def suggest_route(self, model: str, route: str | None) -> None:
        """Take a route from the catalogue, unless the server has taught another."""
        match route:
            case "text" | "multimodal":
                self._routes.setdefault(model, route)

    def is_wrong_route(self, error: QwenError) -> bool:
        """Whether an error, at once or inside a stream, means that the other route is right."""
        if not isinstance(error, ApiError) or error.status not in (200, 400):
            return False
        return "url error" in str(error.facts.get("told", "")).lower()

    def take_other_route(self, model: str) -> Route:
        """Ask a model on its other route from now on; return that route."""
        other: Route = "text" if self.route(model) == "multimodal" else "multimodal"
        self._routes[model] = other
        return other

    def takes_another_way(self, error: QwenError, model: str) -> bool:
        """Take the other route after a "url error", and remember it for the model."""
        if not self.is_wrong_route(error):
            return False
        self.take_other_route(model)
        return True

    def encode(self, request: ChatRequest, server: Server) -> HttpCall:
        """Return the call that asks the request.

        Fields of `options.params` win over ours; they go to the place this protocol has
        for them (`input`, `parameters` or the top level).
        """
        options = request.options
        route = self._route_for(request)
        # The native protocol is Model Studio's own, so its switch has one spelling.
        style = server.thinking_style if server.thinking_style == "none" else "top_level"
        fields, notes = switch(options.thinking, style)
        parameters: dict[str, Any] = {"result_format": "message", "incremental_output": True}
        body: dict[str, Any] = {
            "model": request.model,
            "input": {"messages": [native_message(m, route) for m in request.messages]},
            "parameters": parameters | fields | sampling(options),
        }
        path = _PATHS[route]
        return HttpCall("POST", path, overlaid(body, _placed(options.params)), _HEADERS, notes)

    def reader(self, server: Server) -> DashScopeReader:
        """Return a reader for one stream."""
        return DashScopeReader(server)

    def _route_for(self, request: ChatRequest) -> Route:
        if request.model not in self._routes and has_media(request.messages):
            return "multimodal"
        return self.route(request.model)


def _placed(params: Mapping[str, Any]) -> dict[str, Any]:
    placed: dict[str, Any] = {}
    for key, value in params.items():
        if key in ("messages", "prompt"):
            placed.setdefault("input", {})[key] = value
        elif key in ("input", "parameters") and isinstance(value, Mapping):
            placed[key] = {**placed.get(key, {}), **value}
        elif key == "model":
            placed[key] = value
        elif key not in _NOT_HERE:
            placed.setdefault("parameters", {})[key] = value
    return placed


class DashScopeReader(FrameReader):
    """Reads one native stream.

    Attributes
    ----------
    done : bool
        Always False: this protocol has no event that ends the stream.
    finished : bool
        A real finish_reason was seen; `"null"` is none.
    """

    _code_is_error = True

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._thinking = GrowingText()
        self._answer = GrowingText()
        self._calls = ToolCalls(may_repeat=True)
        self._search: Any = None

    def close(self) -> list[Event]:
        """Return the events that were held back until their meaning would be clear."""
        events: list[Event] = []
        _put(ThinkingDelta, self._thinking.close(), events)
        _put(AnswerDelta, self._answer.close(), events)
        return events + self._calls.close()

    def _meaning(self, frame: dict[str, Any]) -> list[Event]:
        events: list[Event] = []
        if not self._started:
            self._started = True
            # `requestId` is how a dumped SDK object spells it (docs/protocol.md §4.3).
            request_id = frame.get("request_id") or frame.get("requestId")
            events.append(Started("", request_id if isinstance(request_id, str) else ""))
        output = frame.get("output") or {}
        if choices := output.get("choices"):
            choice = choices[0]
            self._read(choice.get("message") or {}, choice.get("finish_reason"), events)
        elif "text" in output:
            # the answer to a request with result_format "text"
            message = output | {"content": output["text"]}
            self._read(message, output.get("finish_reason"), events)
        self._search = output.get("search_info") or self._search
        if usage := frame.get("usage"):
            events.append(UsageReport(usage_from(usage, self._search)))
        return events

    def _read(self, message: dict[str, Any], finish: Any, events: list[Event]) -> None:
        thinking, answer = thinking_in(message), _joined(message.get("content"))
        ends = bool(finish) and finish != "null"
        if thinking:
            _put(ThinkingDelta, self._thought(thinking, answer), events)
        if answer:
            if self._answer.repeats is None:
                self._begin_answer(events)
            _put(AnswerDelta, self._answer.delta(answer), events)
        if calls := message.get("tool_calls"):
            events += self._calls.events(calls, repeats=self._repeats())
        if ends:
            # A server that repeats the whole text repeats it in the last frame too; a last
            # frame without text means that the text came in pieces.
            _put(AnswerDelta, self._answer.close(repeats=bool(answer)), events)
            events += self.close()
            self.finished = True
            reason = FINISH.get(finish, "stop")
            events.append(
                Finished("tool_calls" if reason == "stop" and self._calls else reason)
            )

    def _thought(self, thinking: str, answer: str) -> str:
        piece = self._thinking.delta(thinking)
        # Where the thinking comes in pieces, they end when the answer begins; where it is
        # repeated whole, it goes on standing beside the answer.
        return piece + self._thinking.close(repeats=True) if answer else piece

    def _begin_answer(self, events: list[Event]) -> None:
        _put(ThinkingDelta, self._thinking.close(), events)
        self._answer.learn(self._thinking)

    def _repeats(self) -> bool | None:
        for text in (self._answer, self._thinking):
            if text.is_sure:
                return text.repeats
        return None


def _put(kind: type[ThinkingDelta | AnswerDelta], text: str, events: list[Event]) -> None:
    if text:
        events.append(kind(text))


def _joined(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    texts = (part.get("text") if isinstance(part, dict) else part for part in content)
    return "".join(text for text in texts if isinstance(text, str))
