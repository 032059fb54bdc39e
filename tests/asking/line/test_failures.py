"""A server at its worst: each failure is one clear error, and what had come is kept."""

import json
import socket
from collections.abc import Callable
from typing import Any

import pytest
from _servers import (
    LAST_CHUNK,
    WHOLE,
    Misbehaving,
    chunk,
    close,
    delta,
    event,
    hang,
    reset,
    response,
    stream,
    stream_head,
    usage,
)

from qwen_nb import (
    ApiError,
    AuthFailed,
    BadRequest,
    ConfigError,
    ConnectionFailed,
    ContentRefused,
    QwenError,
    RateLimited,
    ServerFailed,
    StreamError,
)
from qwen_nb.errors import BadEvent, BrokenStream
from qwen_nb.values import Server, Usage
from qwen_nb.wire import Connections, Exchange
from qwen_nb.wire.stream import only_model

from .conftest import KEY, Line


def refusal(message: str = "no", code: str = "c-1") -> str:
    return json.dumps({"error": {"code": code, "message": message}, "request_id": "r-1"})


PAGE = "<!doctype html><title>Welcome</title>"
SSE = "text/event-stream"

# what the server answers → the error, and words of its message
REFUSALS: dict[str, tuple[tuple[Any, ...], type[QwenError], str]] = {
    "wrong key": ((response(refusal(), 401),), AuthFailed, "did not accept"),
    "unknown model": ((response(refusal(), 404),), BadRequest, "model id"),
    "throttled": ((response(refusal(), 429),), RateLimited, "Wait a minute"),
    "server fault": ((response(refusal(), 500),), ServerFailed, "fault of its own"),
    "overloaded": ((response(b"", 503),), ServerFailed, "fault of its own"),
    "bad option": ((response(refusal("top_k"), 400),), BadRequest, "top_k"),
    "moderation": (
        (response(refusal(code="data_inspection_failed"), 400),), ContentRefused, "the question"
    ),
    "refusal as an event stream": (
        (response(refusal(), 400, SSE),), BadRequest, "c-1"
    ),
    "page with 200": ((response(PAGE, 200, "text/html; charset=utf-8"),), BadEvent, "web page"),
    "page with 200 and no type": ((response(PAGE, 200, "x/y"),), BadEvent, "web page"),
    "page as an event stream": ((response(PAGE, 200, SSE),), BadEvent, "web page"),
    "page with 404": ((response(PAGE, 404, "text/html"),), BadRequest, "base URL ends in /v1"),
    "nothing": ((response(b"", 200, SSE),), BadEvent, "nothing at all"),
    "nothing, as JSON": ((response(b""),), BadEvent, "nothing at all"),
    "a JSON that is no reply": ((response('{"ok":true}'),), BadEvent, "no event stream"),
    "a JSON list": ((response("[]"),), BadEvent, "no event stream"),
    "an error as JSON with 200": ((response(refusal("late")),), ServerFailed, "late"),
    "plain text": ((response("hello", 200, "text/plain"),), BadEvent, "no event stream"),
    "comments only": ((response(": hi\n\n: hi\n\n", 200, SSE),), BadEvent, "no event stream"),
    "done at once": ((response("data: [DONE]\n\n", 200, SSE),), BrokenStream, "closed"),
    "closed at once": ((close,), ConnectionFailed, "the server"),
    "reset at once": ((reset,), ConnectionFailed, "the server"),
    "half a status line": ((b"HTTP/1.1 20", close), ConnectionFailed, "the server"),
    "no HTTP at all": ((b"SSH-2.0-x\r\n\r\n", close), ConnectionFailed, "the server"),
    "cut in the first event": (
        (stream_head(), chunk(b'data: {"choi'), close), BrokenStream, "ask again"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSALS.values(), ids=REFUSALS)
def test_a_failure_before_the_first_word(
    case: tuple[tuple[Any, ...], type[QwenError], str], line: Line, misbehaving: Misbehaving
) -> None:
    steps, kind, words = case
    misbehaving.answers(*steps)
    outcome = line.ask()
    assert type(outcome.error) is kind
    assert words in str(outcome.error)
    assert "\n" not in str(outcome.error)
    assert outcome.reply.finish_reason == ("blocked" if kind is ContentRefused else "failed")
    assert not (outcome.reply.answer or outcome.reply.thinking or line.watch.frames)


@pytest.mark.parametrize("name", ["wrong key", "page with 200", "closed at once", "nothing"])
def test_the_next_question_works(name: str, line: Line, misbehaving: Misbehaving) -> None:
    misbehaving.answers(*REFUSALS[name][0])
    misbehaving.streams(*WHOLE)
    line.ask()
    outcome = line.ask()
    assert outcome.error is None
    assert (outcome.reply.thinking, outcome.reply.answer) == ("Hm, yes", "It is.")


def test_a_refusal_has_the_facts_of_the_server(line: Line, misbehaving: Misbehaving) -> None:
    misbehaving.answers(response(refusal("slow down"), 429))
    error = line.ask().error
    assert isinstance(error, ApiError)
    assert (error.status, error.code, error.request_id) == (429, "c-1", "r-1")


def test_nobody_listens(line: Line) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    outcome = line.to(base_url=f"http://127.0.0.1:{port}/v1").ask()
    assert type(outcome.error) is ConnectionFailed
    assert "%qwen_nb status" in str(outcome.error)
    assert outcome.reply.finish_reason == "failed"


THINKING, ANSWER = delta(thinking="Hm"), delta(answer="It ")
FAULT = {"error": {"code": "internal_error", "message": "Oops"}}
NOT_FINISHED = stream(THINKING, ANSWER, done=False)

# what comes after the first words → the error
CUTS: dict[str, tuple[tuple[Any, ...], type[QwenError]]] = {
    "closed": ((close,), BrokenStream),
    "reset": ((reset,), BrokenStream),
    "closed well, without a finish": ((LAST_CHUNK,), BrokenStream),
    "done without a finish": ((chunk(b"data: [DONE]\n\n"), LAST_CHUNK), BrokenStream),
    "half an event": ((chunk(b'data: {"choi'), close), BrokenStream),
    "half an event, closed well": ((chunk(b'data: {"choi'), LAST_CHUNK), BrokenStream),
    "a malformed event": ((chunk(event(b"{]")), LAST_CHUNK), BadEvent),
    "an event of another shape": ((chunk(event({"choices": 3})), LAST_CHUNK), BadEvent),
    "an error in the stream": ((chunk(event(FAULT)), LAST_CHUNK), ServerFailed),
    "an error event": (
        (chunk(b"event: error\n" + event({"code": "c", "message": "Oops"})), LAST_CHUNK),
        ServerFailed,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("end", "kind"), CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("begin", [[THINKING], [THINKING, ANSWER]], ids=["thinking", "answer"])
def test_a_cut_keeps_what_had_come(
    begin: list[Any], end: tuple[Any, ...], kind: type[QwenError], line: Line,
    misbehaving: Misbehaving,
) -> None:  # fmt: skip
    misbehaving.answers(*stream(*begin, done=False), *end)
    outcome = line.ask()
    assert isinstance(outcome.error, kind)
    assert outcome.reply.finish_reason == "cut"
    assert outcome.reply.thinking == "Hm"
    assert outcome.reply.answer == ("It " if ANSWER in begin else "")
    assert "".join(frame.thinking for frame in line.watch.frames) == "Hm"


def test_moderation_in_the_answer_keeps_it_and_says_blocked(
    line: Line, misbehaving: Misbehaving
) -> None:
    blocked = {"error": {"code": "data_inspection_failed", "message": "Output data may"}}
    misbehaving.streams(ANSWER, blocked)
    outcome = line.ask()
    assert type(outcome.error) is ContentRefused
    assert (outcome.reply.finish_reason, outcome.reply.answer) == ("blocked", "It ")


STOP = delta("stop", answer="")

FORMALITIES: dict[str, tuple[list[Any], Usage | None]] = {
    "closed after the finish": ([*stream(ANSWER, STOP, done=False), close], None),
    "reset after the finish": ([*stream(ANSWER, STOP, done=False), reset], None),
    "closed after the usage": (
        [*stream(ANSWER, STOP, usage(), done=False), close], Usage(5, 7, 12)
    ),
    "ended without [DONE]": (
        [*stream(ANSWER, STOP, usage(), done=False), LAST_CHUNK], Usage(5, 7, 12)
    ),
    "nonsense after the finish": (
        [*stream(ANSWER, STOP, usage(), b"{]", done=False), LAST_CHUNK], Usage(5, 7, 12)
    ),
    "no last empty line": (
        [stream_head(), *map(chunk, (event(ANSWER), event(STOP).rstrip())), LAST_CHUNK], None
    ),
    "usage on every chunk": (
        [*stream({**ANSWER, "usage": {"prompt_tokens": 1}}, STOP, usage()), LAST_CHUNK],
        Usage(5, 7, 12),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("steps", "counts"), FORMALITIES.values(), ids=FORMALITIES)
def test_what_is_missing_after_the_finish_is_no_error(
    steps: list[Any], counts: Usage | None, line: Line, misbehaving: Misbehaving
) -> None:
    misbehaving.answers(*steps)
    outcome = line.ask()
    assert outcome.error is None
    assert (outcome.reply.finish_reason, outcome.reply.answer) == ("stop", "It ")
    assert outcome.reply.usage == counts


def test_a_server_that_never_closes_after_the_end_is_not_waited_for(
    line: Line, misbehaving: Misbehaving
) -> None:
    misbehaving.streams(*WHOLE, then=(hang,))
    outcome = line.ask()
    assert outcome.error is None
    assert outcome.reply.answer == "It is."
    assert not misbehaving.left.is_set()  # we came back before anybody hung up


def test_a_reply_that_was_not_streamed_is_read(line: Line, misbehaving: Misbehaving) -> None:
    message = {"content": "It is.", "reasoning_content": "Hm"}
    choices = [{"message": message, "finish_reason": "length"}]
    body = json.dumps({"model": "m-1", "choices": choices, "usage": {"prompt_tokens": 5}})
    misbehaving.answers(response(body, kind="application/json; charset=utf-8"))
    reply = line.ask().reply
    assert (reply.thinking, reply.answer, reply.model) == ("Hm", "It is.", "m-1")
    assert (reply.finish_reason, reply.usage) == ("length", Usage(input=5))


def test_an_event_of_3_megabytes_is_read(line: Line, misbehaving: Misbehaving) -> None:
    misbehaving.streams(delta(answer="x" * 3_000_000), STOP)
    assert len(line.ask().reply.answer) == 3_000_000


QUOTES: dict[str, tuple[Any, ...]] = {
    "refusal": (response(refusal(f"Incorrect key {KEY}"), 401),),
    "plain text": (response(f"key {KEY}", 403, "text/plain"),),
    "page": (response(f"<p>{KEY}", 200, "text/html"),),
    "page as an event stream": (response(f"<p>{KEY}", 200, SSE),),
    "cut by the excerpt": (response("<" + "p" * 70 + KEY, 200, SSE),),
    "error in the stream": (
        *stream({"error": {"code": KEY, "message": f"{KEY} is bad"}, "request_id": KEY}),
        LAST_CHUNK,
    ),
    "cut by the excerpt in the stream": (
        *stream({"error": {"message": "x" * 285 + KEY}}), LAST_CHUNK,
    ),
    "malformed event": (*stream(b"{" + KEY.encode()), LAST_CHUNK),
    "event of another shape": (*stream({"choices": [KEY]}), LAST_CHUNK),
}  # fmt: skip


@pytest.mark.parametrize("steps", QUOTES.values(), ids=QUOTES)
def test_a_key_the_server_quotes_is_not_repeated(
    steps: tuple[Any, ...], line: Line, misbehaving: Misbehaving
) -> None:
    misbehaving.answers(*steps)
    error = line.ask().error
    assert isinstance(error, ApiError | StreamError)
    assert KEY[:8] not in f"{error} {error!r} {error.facts}"


def models(*ids: str) -> bytes:
    return response(json.dumps({"data": [{"id": id_} for id_ in ids]}))


def test_the_only_model_is_taken(line: Line, misbehaving: Misbehaving) -> None:
    misbehaving.answers(models("just-one"))
    assert only_model(line.server) == "just-one"
    (request,) = misbehaving.requests
    assert (request.method, request.path) == ("GET", "/v1/models")


def test_what_opens_the_exchange_is_handed_in(line: Line, misbehaving: Misbehaving) -> None:
    misbehaving.answers(models("just-one"))
    opened: list[str] = []

    def opens(server: Server, begin: Callable[[], Exchange]) -> Exchange:
        opened.append(server.name)
        return begin()

    assert only_model(line.server, opens) == "just-one"
    connections = Connections(opens)
    connections.exchange(line.server, 5, native=False).close()
    connections.close()
    assert opened == [line.server.name] * 2
    assert len(misbehaving.requests) == 1


LISTINGS = {
    "several": (models("a", "b"), "choose one with -m or QWEN_NB_MODEL: a, b."),
    "many": (models(*map(str, range(30))), "18, 19 …"),
    "none": (models(), "lists no model"),
    "no list": (response("{}"), "lists no model"),
    "no JSON": (response("<p>", kind="text/html"), "lists no model"),
    "models without ids": (response('{"data":[{}]}'), "lists no model"),
}


@pytest.mark.parametrize(("answer", "words"), LISTINGS.values(), ids=LISTINGS)
def test_a_choice_of_models_is_the_persons(
    answer: bytes, words: str, line: Line, misbehaving: Misbehaving
) -> None:
    misbehaving.answers(answer)
    with pytest.raises(ConfigError) as caught:
        only_model(line.server)
    assert words in str(caught.value)


def test_a_refused_model_list_is_the_servers_error(
    line: Line, misbehaving: Misbehaving
) -> None:
    misbehaving.answers(response(refusal(), 401))
    with pytest.raises(AuthFailed):
        only_model(line.server)
