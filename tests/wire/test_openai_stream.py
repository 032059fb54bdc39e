"""What the events of a stream mean: one table of (data, events)."""

import json
from typing import Any

import pytest

from qwen_nb import ContentRefused, ServerFailed
from qwen_nb.errors import BadEvent
from qwen_nb.values import Server
from qwen_nb.values.events import (
    AnswerDelta,
    Event,
    Finished,
    Started,
    ThinkingDelta,
    UsageReport,
)
from qwen_nb.values.usage import Usage
from qwen_nb.wire.dialects.openai import OpenAIDialect, OpenAIReader
from qwen_nb.wire.sse import ServerSentEvent

COUNTS = {"prompt_tokens": 18, "completion_tokens": 1015, "total_tokens": 1033}
USAGE = Usage(input=18, output=1015, total=1033)


def begun() -> OpenAIReader:
    """Return a reader that has told of the start already."""
    reader = OpenAIDialect().reader(Server(name="the server"))
    reader.events(ServerSentEvent(b"{}"))
    return reader


def told(reader: OpenAIReader, frame: Any) -> list[Event]:
    return reader.events(ServerSentEvent(json.dumps(frame).encode()))


def choice(delta: Any, finish: Any = None) -> dict[str, Any]:
    return {"choices": [{"delta": delta, "finish_reason": finish, "index": 0}], "usage": None}


def usage(**more: Any) -> dict[str, Any]:
    return {"choices": [], "usage": {**COUNTS, **more}}


MEANINGS: dict[str, tuple[Any, list[Event]]] = {
    "role only": (choice({"role": "assistant"}), []),
    "reasoning empty, content null": (choice({"content": None, "reasoning_content": ""}), []),
    "reasoning null, content empty": (choice({"content": "", "reasoning_content": None}), []),
    "reasoning text": (
        choice({"content": None, "reasoning_content": "Hm"}), [ThinkingDelta("Hm")]
    ),
    "content, reasoning absent": (choice({"content": "I"}), [AnswerDelta("I")]),
    "content, reasoning null": (
        choice({"content": "I", "reasoning_content": None}), [AnswerDelta("I")]
    ),
    "content, reasoning empty": (
        choice({"content": "I", "reasoning_content": ""}), [AnswerDelta("I")]
    ),
    "both": (
        choice({"content": "I", "reasoning_content": "Hm"}),
        [ThinkingDelta("Hm"), AnswerDelta("I")],
    ),
    "a space is text": (choice({"content": " "}), [AnswerDelta(" ")]),
    "zero is text": (choice({"content": "0"}), [AnswerDelta("0")]),
    "reasoning under its other name": (choice({"reasoning": "Hm"}), [ThinkingDelta("Hm")]),
    "the same reasoning under both names": (
        choice({"reasoning": "Hm", "reasoning_content": "Hm"}), [ThinkingDelta("Hm")]
    ),
    "reasoning that is an object": (choice({"reasoning": {"effort": "high"}}), []),
    "inline tags are text": (choice({"content": "<think>"}), [AnswerDelta("<think>")]),
    "no choices": ({"choices": []}, []),
    "choices absent": ({"object": "chat.completion.chunk"}, []),
    "choices null": ({"choices": None, "usage": None}, []),
    "delta null": (choice(None), []),
    "stop": (choice({"content": ""}, "stop"), [Finished("stop")]),
    "length": (choice({}, "length"), [Finished("length")]),
    "tool calls": (choice({}, "tool_calls"), [Finished("tool_calls")]),
    "moderation of other servers": (choice({}, "content_filter"), [Finished("blocked")]),
    "a server's error finish": (choice({}, "error"), [Finished("failed")]),
    "an unknown finish is an end": (choice({}, "eos_token"), [Finished("stop")]),
    "an empty finish is none": (choice({}, ""), []),
    "last words with the finish": (
        choice({"content": "!"}, "stop"), [AnswerDelta("!"), Finished("stop")]
    ),
    "usage": (usage(), [UsageReport(USAGE)]),
    "usage with null details": (
        usage(completion_tokens_details=None, prompt_tokens_details=None), [UsageReport(USAGE)]
    ),
    "usage with details": (
        usage(
            completion_tokens_details={"reasoning_tokens": 900, "text_tokens": None},
            prompt_tokens_details={"cached_tokens": 4},
        ),
        [UsageReport(Usage(input=18, output=1015, total=1033, thinking=900, cached=4))],
    ),
    "details of null": (
        usage(completion_tokens_details={"reasoning_tokens": None}), [UsageReport(USAGE)]
    ),
    "details that are none": (
        usage(completion_tokens_details="x", prompt_tokens_details=[1]), [UsageReport(USAGE)]
    ),
    "zero is not unknown": (
        usage(completion_tokens_details={"reasoning_tokens": 0}),
        [UsageReport(Usage(input=18, output=1015, total=1033, thinking=0))],
    ),
    "counts that are no counts": (
        {"usage": {"prompt_tokens": "18", "completion_tokens": True, "total_tokens": -1}},
        [UsageReport(Usage())],
    ),
    "usage and text in one chunk": (
        {**choice({"content": "I"}), "usage": COUNTS}, [AnswerDelta("I"), UsageReport(USAGE)]
    ),
    "a whole reply that was not streamed": (
        {"choices": [{"message": {"content": "I", "reasoning_content": "Hm"},
                      "finish_reason": "stop"}], "usage": COUNTS},
        [ThinkingDelta("Hm"), AnswerDelta("I"), Finished("stop"), UsageReport(USAGE)],
    ),
    "unknown keys": ({"timings": {}, "choices": [{"delta": {"x": 1}, "y": 2}], "z": []}, []),
}  # fmt: skip


@pytest.mark.parametrize(("frame", "events"), MEANINGS.values(), ids=MEANINGS)
def test_a_frame_means(frame: Any, events: list[Event]) -> None:
    assert told(begun(), frame) == events


STARTS: list[tuple[dict[str, Any], Started]] = [
    ({"model": "qwq-32b", "id": "chatcmpl-6c20"}, Started("qwq-32b", "6c20")),
    ({"model": "m", "id": "other-1"}, Started("m", "other-1")),
    ({}, Started("", "")),
    ({"model": None, "id": None}, Started("", "")),
    ({"model": 3, "id": 4}, Started("", "")),
]


@pytest.mark.parametrize(("frame", "start"), STARTS)
def test_the_first_frame_tells_the_model_once(frame: dict[str, Any], start: Started) -> None:
    reader = OpenAIDialect().reader(Server(name="the server"))
    assert told(reader, {"choices": [], **frame}) == [start]
    assert told(reader, {"choices": [], **frame}) == []


def test_the_end_is_told_in_two_steps() -> None:
    reader = begun()
    assert (reader.finished, reader.done) == (False, False)
    told(reader, choice({}, "stop"))
    assert (reader.finished, reader.done) == (True, False)
    assert reader.events(ServerSentEvent(b"[DONE]")) == []
    assert (reader.finished, reader.done) == (True, True)


UNREADABLE = {
    "no JSON": b"{'a': 1}",
    "a list": b"[1]",
    "a number": b"3",
    "a text": b'"hello"',
    "null": b"null",
    "no UTF-8": b"\xff\xfe{}",
    "delta is a text": b'{"choices":[{"delta":"x"}]}',
    "delta is a list": b'{"choices":[{"delta":[1]}]}',
    "choice is null": b'{"choices":[null]}',
    "choices is an object": b'{"choices":{"a":1}}',
    "choices is a number": b'{"choices":1}',
    "finish is an object": b'{"choices":[{"delta":{},"finish_reason":{"type":"stop"}}]}',
    "finish is a list": b'{"choices":[{"delta":{},"finish_reason":["stop"]}]}',
    "usage is a list": b'{"usage":[1]}',
}


@pytest.mark.parametrize("data", UNREADABLE.values(), ids=UNREADABLE)
def test_what_is_no_event_is_said_so(data: bytes) -> None:
    with pytest.raises(BadEvent, match="no event of this protocol") as caught:
        begun().events(ServerSentEvent(data))
    assert len(str(caught.value).splitlines()) == 1


def test_unreadable_data_is_quoted_in_short() -> None:
    with pytest.raises(BadEvent) as caught:
        begun().events(ServerSentEvent(b"x" * 100_000))
    assert len(str(caught.value)) < 600


ERRORS = {
    "an error object": (
        b'{"error":{"code":"internal_error","message":"Oops"},"request_id":"r-1"}', ""
    ),
    "an error event": (
        b'{"code":"internal_error","message":"Oops","request_id":"r-1"}', "error"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "name"), ERRORS.values(), ids=ERRORS)
def test_an_error_inside_a_stream_is_raised(data: bytes, name: str) -> None:
    with pytest.raises(ServerFailed, match="internal_error: Oops") as caught:
        begun().events(ServerSentEvent(data, name))
    assert (caught.value.status, caught.value.code) == (200, "internal_error")
    assert caught.value.request_id == "r-1"


def test_moderation_inside_a_stream_is_its_own_error() -> None:
    data = b'{"error":{"code":"data_inspection_failed","message":"Output data may contain"}}'
    with pytest.raises(ContentRefused):
        begun().events(ServerSentEvent(data))


def test_a_null_error_is_none() -> None:
    assert told(begun(), {"error": None, **choice({"content": "I"})}) == [AnswerDelta("I")]
