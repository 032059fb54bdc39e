"""Each fault of the emulator: what is seen, what is kept, what is sent again, what is next."""

import re
import ssl
import time
from dataclasses import dataclass
from typing import Any

import pytest

from qwen_nb import (
    ApiError,
    AuthFailed,
    BadRequest,
    Chat,
    ConnectionFailed,
    ContentRefused,
    QwenError,
    RateLimited,
    Reply,
    ServerFailed,
    TimedOut,
)
from qwen_nb.emulator.errors import _rows
from qwen_nb.emulator.faults import _BARE, _NAMED, _NUMBERED
from qwen_nb.emulator.scripts import Script
from qwen_nb.errors import BadEvent, BrokenStream
from qwen_nb.render.terminal.display import TerminalDisplay
from qwen_nb.wire import retries

from .conftest import ANSWER, THINKING, Studio

TRIES = 3
IDLE_S = 0.8
LATE_S = 5.0  # whatever else the machine is doing; the usual limit is two minutes

DIALECTS = pytest.mark.parametrize("dialect", ["openai", "dashscope"])

NEXT_STEP = re.compile(
    r"ask again|check |wait (a|up)|reword|--dry-run|set QWEN_NB|-m\b|in the console|shorten"
    r"|leave|take both|let the account|should end|drop a|take stream|one path|use the native",
    re.IGNORECASE,
)
NEXT_STEP_ZH = re.compile(r"请|可|须")


@dataclass(frozen=True)
class Case:
    """What one fault comes to; a reply is whole where there is no error."""

    fault: str
    error: type[QwenError] | None = None
    words: str = ""
    keeps: str = ""
    finish: str = "failed"
    requests: int = 1


CASES = [
    # -- instead of an answer ----------------------------------------------------------
    Case("status=500", ServerFailed, "again in a moment", requests=3),
    Case("status=503", ServerFailed, "again in a moment", requests=3),
    Case("status=408", BadRequest, "300 seconds", requests=3),
    Case("status=409", BadRequest, "again in a moment", requests=3),
    Case("status=429", RateLimited, "wait up to a minute", requests=3),
    Case("status=418", BadRequest, "again in a moment"),
    Case("status=503;times=2;retry-after=0.1", requests=3),
    Case("status=429;times=1;retry-after=0.1", requests=2),
    Case("status=429;retry-after=121", RateLimited, "wait up to a minute"),
    Case("error=internal_error;times=1", requests=2),
    Case("error-200=internal_error", ServerFailed, "again in a moment", requests=3),
    Case("error-200=limit_requests;times=1", requests=2),
    Case("error-200=invalid_api_key", AuthFailed, "get-api-key"),
    Case("error-200=arrearage", BadRequest, "in the console"),
    Case("html", BadEvent, "The base URL is probably wrong"),
    Case("html=502", ServerFailed, "Ask again", requests=3),
    Case("html=403", AuthFailed, "check DASHSCOPE_API_KEY"),
    Case("html=404", BadRequest, "Check the model id"),
    Case("html=502;times=2", requests=3),
    Case("reset", ConnectionFailed, "Ask again", requests=3),
    Case("refused", ConnectionFailed, "Ask again", requests=3),
    Case("hangup", ConnectionFailed, "Ask again", requests=3),
    Case("reset;times=2", requests=3),
    Case("hangup;times=1", requests=2),
    Case("silence=0", TimedOut, "did not answer in time"),
    # -- in an answer ------------------------------------------------------------------
    Case("cut-thinking=3", BrokenStream, "ask again", "thinking", "cut"),
    Case("cut-answer=3", BrokenStream, "ask again", "answer", "cut"),
    Case("cut-answer=0", BrokenStream, "ask again", "thought", "cut"),
    Case("no-finish", BrokenStream, "ask again", "all", "cut"),
    Case("no-done"),
    Case("silence=3", TimedOut, "ask again", "thinking", "cut"),
    Case("comments=3", TimedOut, "ask again", "thinking", "cut"),
    Case("malformed=4", BadEvent, "Check", "thinking", "cut"),
    Case("malformed=0", BadEvent, "Check"),
    Case("malformed=9999"),
    Case("error-event=internal_error;after=4", ServerFailed, "again", "thinking", "cut"),
    Case("error-event=internal_error;after=0", ServerFailed, "again", requests=3),
    Case("error-event=limit_requests;after=0;times=1", requests=2),
    Case("error-event=arrearage;after=4", BadRequest, "in the console", "thinking", "cut"),
    Case("moderation=3", ContentRefused, "Reword", "answer", "blocked"),
    Case("moderation=0", ContentRefused, "Reword", "thought", "blocked"),
    Case("usage-missing"),
    Case("usage-every"),
    Case("usage-cumulative"),
    Case("split=5"),
    Case("crlf"),
    Case("long-line=1"),
    Case("two-events"),
    Case("two-lines"),
]
ELSEWHERE = {"cut-calls", "refusal-in-stream"}  # they want another question; see below


def test_the_table_has_every_fault() -> None:
    named = {re.split("[=;]", case.fault)[0] for case in CASES}
    assert named | ELSEWHERE == {*_BARE, *_NUMBERED, *_NAMED}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try three times, with next to no wait in between."""
    monkeypatch.setenv("QWEN_NB_RETRIES", str(TRIES))
    monkeypatch.setenv("QWEN_NB_IDLE_TIMEOUT", f"{IDLE_S:g}")
    # no TLS here, and reading all certificates takes most of the time of a connection
    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", lambda *_, **__: None)
    # long enough for each to be drawn, on a busy machine too
    monkeypatch.setattr(retries, "_FIRST_S", 0.1)
    monkeypatch.setattr(retries, "_LONGEST_S", 0.1)
    monkeypatch.setattr(retries, "_THROTTLED_S", 0.002)


@dataclass(frozen=True)
class Seen:
    """What asking came to, and what the screen said."""

    reply: Reply
    error: QwenError | None
    screen: str
    seconds: float


def ask(chat: Chat, prompt: str, **options: Any) -> Seen:
    shown: list[str] = []
    display = TerminalDisplay("en", shown.append, colour=False)
    begin = time.monotonic()
    try:
        reply, problem = chat.ask(prompt, display=display, **options), None
    except QwenError as error:
        assert error.reply is not None
        reply, problem = error.reply, error
    return Seen(reply, problem, "".join(shown), time.monotonic() - begin)


def check_words(error: QwenError, words: str) -> None:
    assert words in str(error)
    assert NEXT_STEP.search(str(error))
    for line in (error.message("en"), error.message("zh")):
        assert "\n" not in line
    assert NEXT_STEP_ZH.search(error.message("zh"))


def check_next(chat: Chat, studio: Studio, before: list[tuple[str, str]]) -> None:
    """The next question is answered, and sent what the person could read before it."""
    asked = studio.asked
    seen = ask(chat, "Hello", thinking=True)
    assert (seen.error, seen.reply.finish_reason) == (None, "stop")
    assert seen.reply.answer
    assert seen.reply.thinking
    assert studio.asked == asked + 1
    assert studio.emulator.journal[-1].status == 200
    assert studio.sent() == [*before, ("user", "Hello")]


@DIALECTS
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault)
def test_a_fault(
    case: Case, dialect: str, studio: Studio, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_DIALECT", dialect)
    prompt = studio.fails(case.fault)
    seen = ask(chat, prompt, thinking=True)
    reply = seen.reply

    assert seen.seconds < IDLE_S + LATE_S
    assert type(seen.error) is (case.error or type(None))
    assert seen.screen.count(": retrying in ") == case.requests - 1
    assert f"({case.requests} of {TRIES})" in seen.screen or case.requests == 1
    assert studio.asked == case.requests
    assert len({record.raw for record in studio.emulator.journal}) == 1
    is_native = "/services/" in studio.paths[0]
    assert is_native == (dialect == "dashscope")

    if seen.error is not None:
        check_words(seen.error, case.words)
        assert reply.finish_reason == case.finish
    else:
        assert reply.finish_reason == "stop"
        assert (reply.usage is None) == (case.fault == "usage-missing")
    keeps = case.keeps if case.error else "all"
    thinking, answer = reply.thinking, reply.answer
    assert THINKING.startswith(thinking)
    assert ANSWER.startswith(answer)
    assert bool(thinking) == bool(keeps)
    assert (thinking == THINKING) == (keeps in ("thought", "answer", "all"))
    assert bool(answer) == (keeps in ("answer", "all"))
    assert (answer == ANSWER) == (keeps == "all")
    assert thinking in seen.screen
    assert answer in seen.screen
    words = {
        "cut": "broke off",
        "blocked": "The service's moderation ended the answer.",
        "stop": "turn 1",
    }
    if reply.finish_reason == "failed":  # the error is the one message; no reply is drawn
        drawn = [line for line in seen.screen.splitlines() if "retrying" not in line]
        assert drawn == []
    else:
        assert words[reply.finish_reason] in seen.screen

    assert [turn.reply for turn in chat.turns] == ([reply] if keeps else [])
    is_sent = bool(answer) and reply.finish_reason != "blocked"
    check_next(chat, studio, [("user", prompt), ("assistant", answer)] if is_sent else [])


@pytest.mark.parametrize("name", ["usage-every", "usage-cumulative", "crlf", "split=3"])
@DIALECTS
def test_the_counts_are_those_of_a_proper_stream(
    name: str, dialect: str, studio: Studio, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_DIALECT", dialect)
    plain = chat.ask(studio.fails("no-done"), once=True, thinking=True)
    got = chat.ask(studio.fails(name), once=True, thinking=True)
    assert plain.usage is not None
    assert got.usage is not None
    assert (got.usage.output, got.usage.thinking) == (plain.usage.output, plain.usage.thinking)


# -- faults that want another question -----------------------------------------------------

TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}
CALLS = [{"name": "look", "arguments": {"where": "everywhere that there is"}}]


@DIALECTS
def test_an_unknown_model_is_told_with_the_nearest(
    dialect: str, studio: Studio, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_DIALECT", dialect)
    error = ask(chat, "Hello", model="qwen-pluss").error
    assert isinstance(error, BadRequest)
    check_words(error, "Did you mean qwen-plus? Check the spelling")
    assert "qwen-plus?" in error.message("zh")
    nothing_like_it = ask(chat, "Hello", model="my-own-model").error
    assert isinstance(nothing_like_it, BadRequest)
    assert "Did you mean" not in str(nothing_like_it)


@DIALECTS
@pytest.mark.parametrize("thinking", ["", THINKING], ids=["calls only", "after thinking"])
def test_a_cut_in_the_calls(
    thinking: str, dialect: str, studio: Studio, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_DIALECT", dialect)
    prompt = "Look, please." if thinking else "Just look."
    studio.emulator.script(
        Script(
            name=prompt, asks=f"^{prompt}$", thinking=thinking, answer=ANSWER, calls=CALLS,
            fault="cut-calls=1",
        )
    )  # fmt: skip
    seen = ask(chat, prompt, thinking=bool(thinking), params={"tools": [TOOL]})
    assert type(seen.error) is BrokenStream
    check_words(seen.error, "ask again")
    assert studio.asked == 1
    assert (seen.reply.finish_reason, seen.reply.thinking) == ("cut", thinking)
    (call,) = seen.reply.tool_calls
    assert call.name == "look"
    assert '{"where": "everywhere that there is"}'.startswith(call.arguments)
    assert [turn.reply.answer for turn in chat.turns] == ([""] if thinking else [])
    check_next(chat, studio, [])


@DIALECTS
def test_a_refusal_in_a_stream_of_status_200(
    dialect: str, studio: Studio, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_DIALECT", dialect)
    prompt = studio.fails("refusal-in-stream")
    seen = ask(chat, prompt, model="no-such-model")
    assert type(seen.error) is BadRequest
    assert seen.error.status == 200
    assert studio.emulator.journal[0].status == 200
    check_words(seen.error, "Check the spelling of the model id")
    assert (studio.asked, seen.reply.finish_reason, chat.turns) == (1, "failed", ())
    check_next(chat, studio, [])


# -- the service's named errors ------------------------------------------------------------

# name → its error, and whether the same question may succeed a little later (docs/protocol.md
# §5.2, §5.3); written down by hand, so that nothing is its own judge
NAMED: dict[str, tuple[type[ApiError], bool]] = {
    "arrearage": (BadRequest, False),
    "data_inspection_failed": (ContentRefused, False),
    "output_inspection_failed": (ContentRefused, False),
    "algo_inspection_failed": (ContentRefused, False),
    "repetitive_calls": (BadRequest, False),
    "old_non_stream": (BadRequest, False),
    "no_search": (BadRequest, False),
    "no_tools": (BadRequest, False),
    "file_parsing": (BadRequest, True),
    "invalid_api_key": (AuthFailed, False),
    "not_authorized": (AuthFailed, False),
    "token_expired": (AuthFailed, False),
    "access_denied": (AuthFailed, False),
    "model_access_denied": (AuthFailed, False),
    "free_tier_only": (AuthFailed, False),
    "model_not_supported": (BadRequest, False),
    "workspace_not_found": (BadRequest, False),
    "request_timeout": (BadRequest, True),
    "conflict": (BadRequest, True),
    "too_large": (BadRequest, False),
    "limit_requests": (RateLimited, True),
    "limit_burst_rate": (RateLimited, True),
    "insufficient_quota": (RateLimited, True),
    "free_quota_exceeded": (RateLimited, False),
    "bill_overdue": (RateLimited, False),
    "internal_error": (ServerFailed, True),
    "internal_timeout": (ServerFailed, True),
    "bad_gateway": (ServerFailed, True),
    "model_unavailable": (ServerFailed, True),
    "model_serving_error": (ServerFailed, True),
    "gateway_timeout": (ServerFailed, True),
    "url_error": (BadRequest, False),  # the last: it changes the route of the native dialect
}


def test_every_named_error_is_in_the_table() -> None:
    assert set(NAMED) == set(_rows())


@DIALECTS
@pytest.mark.parametrize("fault", ["error", "error-200", "error-event"])
def test_the_named_errors(
    fault: str, dialect: str, studio: Studio, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_DIALECT", dialect)
    for name, (kind, may_pass) in NAMED.items():
        written = f"{fault}={name}" + (";after=0" if fault == "error-event" else "")
        asked = studio.asked
        seen = ask(chat, studio.fails(written), thinking=True)
        error = seen.error
        assert type(error) is kind, name
        assert isinstance(error, ApiError)
        check_words(error, error.code)
        other_route = name == "url_error" and dialect == "dashscope"
        if not other_route:  # there the rules refuse before the fault can
            assert error.status == (_rows()[name]["status"] if fault == "error" else 200), name
        sent = TRIES if may_pass else 2 if other_route else 1
        assert studio.asked - asked == sent, name
        expected = "blocked" if kind is ContentRefused else "failed"
        assert (seen.reply.finish_reason, chat.turns) == (expected, ()), name
    assert ask(chat, "Hello").error is None  # whichever route was learnt, it finds back
    check_next(chat, studio, studio_history(chat))


def studio_history(chat: Chat) -> list[tuple[str, str]]:
    (turn,) = chat.turns
    return [("user", turn.prompt), ("assistant", turn.reply.answer)]
