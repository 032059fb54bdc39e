"""The OpenAI-compatible dialect of Model Studio (docs/protocol.md §1.5, §4.2, §5).

Everything beyond the standard fields is a top-level key of the body. A stream's phases
have no marker: reasoning first, then content; either key may be absent, null, empty or
text, and only text means anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qwen_nb.errors import QwenError
from qwen_nb.values import (
    AnswerDelta,
    ChatOptions,
    ChatRequest,
    Event,
    Finished,
    FinishReason,
    Message,
    Server,
    Started,
    ThinkingDelta,
    UsageReport,
    tool_call_list,
)
from qwen_nb.wire.dialects.dialect import HttpCall
from qwen_nb.wire.dialects.frames import FrameReader
from qwen_nb.wire.dialects.growing import GrowingText
from qwen_nb.wire.dialects.think_tags import ThinkSplitter
from qwen_nb.wire.dialects.thinking import switch, thinking_in
from qwen_nb.wire.dialects.token_counts import usage_from
from qwen_nb.wire.dialects.tool_calls import ToolCalls

FINISH: Mapping[str, FinishReason] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "content_filter": "blocked",
    "error": "failed",
}
"""A server's word for the end, and ours (docs/protocol.md §4.5); other words are ends too."""


class OpenAIDialect:
    """`POST …/chat/completions`, always streamed, usage always asked for."""

    def encode(self, request: ChatRequest, server: Server) -> HttpCall:
        """Return the call that asks the request.

        A field of `options.params` wins over ours, so that a person can send anything;
        fields that are objects are laid over ours key by key.
        """
        options = request.options
        fields, notes = switch(
            options.thinking, server.thinking_style, takes_budget=server.thinking_budget
        )
        body: dict[str, Any] = {
            "model": request.model,
            "messages": [_message(message) for message in request.messages],
            "stream": True,
            "stream_options": {"include_usage": True},
        }
        body = overlaid(body | fields | sampling(options), options.params)
        return HttpCall("POST", "/chat/completions", body, notes=notes)

    def reader(self, server: Server) -> OpenAIReader:
        """Return a reader for one stream."""
        return OpenAIReader(server)

    def takes_another_way(self, error: QwenError, model: str) -> bool:
        """Return False: there is one address for everything."""
        return False


def overlaid(ours: dict[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """Return our fields with a person's own laid over them."""
    body = ours | dict(theirs)
    for key, value in theirs.items():
        if isinstance(value, Mapping) and isinstance(ours.get(key), dict):
            body[key] = ours[key] | dict(value)
    return body


def sampling(options: ChatOptions) -> dict[str, Any]:
    """Return the fields of an answer's sampling that a person has set."""
    fields = {"temperature": options.temperature, "max_tokens": options.max_tokens}
    return {name: value for name, value in fields.items() if value is not None}


def _message(message: Message) -> dict[str, Any]:
    # A missing content is refused, so nothing is the empty text.
    content = message.content
    return spelled(message, list(content) if isinstance(content, tuple) else content or "")


def spelled(message: Message, content: Any) -> dict[str, Any]:
    """Return a message as the API spells it, with this content (docs/protocol.md §2.3)."""
    fields: dict[str, Any] = {"role": message.role, "content": content}
    if message.thinking:
        fields["reasoning_content"] = message.thinking
    if message.tool_calls:
        fields["tool_calls"] = tool_call_list(message)
    if message.tool_call_id:
        fields["tool_call_id"] = message.tool_call_id
    if message.partial:
        fields["partial"] = True
    return fields


class OpenAIReader(FrameReader):
    """Reads one stream of `chat.completion.chunk` objects.

    Attributes
    ----------
    done : bool
        `[DONE]` was seen.
    finished : bool
        A finish_reason was seen.
    """

    _end = b"[DONE]"

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self._calls = ToolCalls()
        self._splitter = (
            ThinkSplitter(missing_opener=server.missing_opener) if server.inline_think else None
        )
        self._growing: GrowingText | None = None

    def close(self) -> list[Event]:
        """Return the events that were held back until their meaning would be clear."""
        events: list[Event] = []
        if self._growing is not None and (text := self._growing.close()):
            self._answer(text, events)
        if self._splitter is not None:
            events += self._splitter.close()
        return events

    def _meaning(self, frame: dict[str, Any]) -> list[Event]:
        events: list[Event] = []
        if not self._started:
            self._started = True
            self._start(frame, events)
        if choices := frame.get("choices"):
            self._read_choice(choices[0], events)
        if usage := frame.get("usage"):
            events.append(UsageReport(usage_from(usage)))
        return events

    def _start(self, frame: dict[str, Any], events: list[Event]) -> None:
        model, answer_id = frame.get("model"), frame.get("id")
        if not isinstance(model, str):
            model = ""
        if "qwen-mt" in model.lower():
            # Some translation models repeat the whole text (docs/protocol.md §7.4).
            self._growing = GrowingText()
        request_id = answer_id if isinstance(answer_id, str) else ""
        events.append(Started(model, request_id.removeprefix("chatcmpl-")))

    def _read_choice(self, choice: dict[str, Any], events: list[Event]) -> None:
        # `message` in place of `delta` is the whole reply of a server that did not stream.
        delta = choice.get("delta") or choice.get("message") or {}
        thinking = delta.get("reasoning_content")
        if not thinking or not isinstance(thinking, str):
            thinking = thinking_in(delta) if "reasoning" in delta or _DETAILS in delta else ""
        if thinking:
            events.append(ThinkingDelta(thinking))
        answer = delta.get("content")
        if answer and isinstance(answer, str):
            if self._splitter is None and self._growing is None:
                events.append(AnswerDelta(answer))
            else:
                self._grown_answer(answer, events)
        if calls := delta.get("tool_calls"):
            events += self._calls.events(calls)
        if reason := choice.get("finish_reason"):
            self.finished = True
            events += self.close()
            finish = FINISH.get(reason, "stop")
            # Some servers end with `stop` after calls of tools (docs/protocol.md §4.4).
            events.append(
                Finished("tool_calls" if finish == "stop" and self._calls else finish)
            )

    def _grown_answer(self, text: str, events: list[Event]) -> None:
        if self._growing is not None:
            text = self._growing.delta(text)
        if text:
            self._answer(text, events)

    def _answer(self, text: str, events: list[Event]) -> None:
        if self._splitter is None:
            events.append(AnswerDelta(text))
        else:
            events += self._splitter.feed(text)


_DETAILS = "reasoning_details"
