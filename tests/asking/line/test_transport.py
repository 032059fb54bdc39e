"""Connections, headers, proxies, and a stop that the server feels."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from _servers import (
    HANG_S,
    LAST_CHUNK,
    WHOLE,
    Misbehaving,
    delta,
    hang,
    hold,
    response,
    stream,
)

from qwen_nb import ConnectionFailed
from qwen_nb.asking.pump import Outcome, Pump
from qwen_nb.values import Opening

from .conftest import KEY, Line

ASKING = Opening(model="m", server="the server")


def ports(server: Misbehaving) -> list[int]:
    return [request.client_port for request in server.requests]


def given_back(line: Line) -> bool:
    """Tell whether the last connection waits for its next use."""
    return bool(line.transport._free)


def test_one_connection_serves_two_questions(
    line: Line, misbehaving: Misbehaving, eventually: Callable[..., bool]
) -> None:
    for _ in range(2):
        misbehaving.streams(*WHOLE)
        assert line.ask().error is None
        assert eventually(lambda: given_back(line))
    first, second = ports(misbehaving)
    assert first == second


def test_a_connection_is_kept_though_its_stream_ends_a_moment_after_done(
    line: Line, misbehaving: Misbehaving, eventually: Callable[..., bool]
) -> None:
    misbehaving.streams(*WHOLE, then=(hold, LAST_CHUNK))
    line.ask()
    misbehaving.go_on.set()
    assert eventually(lambda: given_back(line))
    misbehaving.streams(*WHOLE)
    line.ask()
    first, second = ports(misbehaving)
    assert first == second


def test_a_refused_question_keeps_its_connection(
    line: Line, misbehaving: Misbehaving, eventually: Callable[..., bool]
) -> None:
    misbehaving.answers(response("{}", 429))
    misbehaving.streams(*WHOLE)
    line.ask()
    assert eventually(lambda: given_back(line))
    line.ask()
    first, second = ports(misbehaving)
    assert first == second


def test_questions_asked_at_once_have_a_connection_each(
    line: Line, misbehaving: Misbehaving, eventually: Callable[..., bool]
) -> None:
    for _ in range(2):
        misbehaving.streams(*WHOLE[:3], done=False, then=(hold, LAST_CHUNK))
    threads = [threading.Thread(target=line.ask) for _ in range(2)]
    for thread in threads:
        thread.start()
    assert eventually(lambda: len(misbehaving.requests) == 2, within_s=HANG_S)
    misbehaving.go_on.set()
    for thread in threads:
        thread.join(HANG_S)
    assert len(set(ports(misbehaving))) == 2


def test_a_closed_transport_keeps_no_connection(line: Line, misbehaving: Misbehaving) -> None:
    misbehaving.streams(*WHOLE, then=(hold, LAST_CHUNK, hang))
    line.ask()
    line.transport.close()
    misbehaving.go_on.set()
    assert misbehaving.left.wait(HANG_S)


# -- stop --------------------------------------------------------------------------------

STREAMS = {
    "before the first byte": ((hang,), "", ""),
    "before the first event": ((*stream(done=False), hang), "", ""),
    "in the thinking": ((*stream(delta(thinking="Hm"), done=False), hang), "Hm", ""),
    "in the answer": (
        (*stream(delta(thinking="Hm"), delta(answer="It "), done=False), hang), "Hm", "It "
    ),
}  # fmt: skip


def stopped_at(pump: Pump, line: Line, server: Misbehaving, words: str) -> Outcome:
    """Run the pump; stop it when the server has said all and these words were seen."""
    seen = threading.Event()

    def look(*_: Any) -> None:
        if words == "".join(frame.thinking + frame.answer for frame in line.watch.frames):
            seen.set()

    def stop() -> None:
        server.reached.wait(HANG_S)
        seen.wait(HANG_S)
        pump.stop()

    line.watch.on_frame = look
    look()
    thread = threading.Thread(target=stop)
    thread.start()
    outcome = pump.run(ASKING)
    thread.join(HANG_S)
    return outcome


@pytest.mark.parametrize("reused", [False, True], ids=["fresh", "reused"])
@pytest.mark.parametrize("case", STREAMS.values(), ids=STREAMS)
def test_the_server_feels_a_stop_at_once(
    case: tuple[tuple[Any, ...], str, str], reused: bool, line: Line, misbehaving: Misbehaving,
    eventually: Callable[..., bool],
) -> None:  # fmt: skip
    steps, thinking, answer = case
    if reused:
        misbehaving.streams(*WHOLE)
        line.ask()
        assert eventually(lambda: given_back(line))
        line.watch.frames.clear()
    misbehaving.answers(*steps)
    outcome = stopped_at(line.pump(), line, misbehaving, thinking + answer)
    assert misbehaving.left.wait(HANG_S)
    assert len(set(ports(misbehaving))) == 1
    assert outcome.error is None
    assert outcome.reply.finish_reason == "stopped"
    assert (outcome.reply.thinking, outcome.reply.answer) == (thinking, answer)


def test_a_question_after_a_stop_gets_a_new_connection(
    line: Line, misbehaving: Misbehaving
) -> None:
    misbehaving.answers(*STREAMS["in the answer"][0])
    misbehaving.streams(*WHOLE)
    stopped_at(line.pump(), line, misbehaving, "HmIt ")
    assert line.ask().reply.answer == "It is."
    assert len(set(ports(misbehaving))) == 2


def test_a_stop_before_the_call_sends_nothing(line: Line, misbehaving: Misbehaving) -> None:
    misbehaving.streams(*WHOLE)
    pump = line.pump()
    pump._exchange.stop()
    outcome = pump.run(ASKING)
    assert isinstance(outcome.error, ConnectionFailed)
    assert misbehaving.requests == []


def test_stopping_twice_is_stopping_once(line: Line, misbehaving: Misbehaving) -> None:
    misbehaving.answers(*STREAMS["in the answer"][0])
    pump = line.pump()
    line.watch.on_frame = lambda frame: (pump.stop(), pump.stop())
    assert pump.run(ASKING).reply.finish_reason == "stopped"
    assert misbehaving.left.wait(HANG_S)


def test_a_stop_after_the_finish_is_no_stop(line: Line, misbehaving: Misbehaving) -> None:
    misbehaving.answers(*stream(*WHOLE[:-1], done=False), hang)
    pump = line.pump()
    thread = threading.Thread(target=lambda: misbehaving.reached.wait(HANG_S) and pump.stop())
    line.watch.on_frame = lambda frame: thread.ident or thread.start()
    outcome = pump.run(ASKING)
    thread.join(HANG_S)
    assert outcome.reply.answer == "It is."
    assert outcome.reply.finish_reason in ("stop", "stopped")
    assert misbehaving.left.wait(HANG_S)


# -- what is sent ------------------------------------------------------------------------

HEADERS = {
    "accept", "accept-encoding", "authorization", "connection", "content-length",
    "content-type", "host", "user-agent", "x-stainless-raw-response",
}  # fmt: skip


@pytest.fixture
def sdk_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-openai")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-1")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-1")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://192.0.2.1/v1")
    custom = "X-Mine: 1\nAuthorization: Bearer sk-custom\nUser-Agent: custom\nCookie: a=b"
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", custom)


def test_only_our_headers_are_sent(
    line: Line, misbehaving: Misbehaving, sdk_variables: None
) -> None:
    misbehaving.streams(*WHOLE)
    line.ask()
    (request,) = misbehaving.requests
    assert set(request.headers) <= HEADERS
    assert request.headers["authorization"] == f"Bearer {KEY}"
    assert request.headers["user-agent"] == "qwen_nb"
    assert request.headers["accept"] == "text/event-stream"
    assert "sk-openai" not in str(request)


def test_without_a_key_none_is_sent(
    line: Line, misbehaving: Misbehaving, sdk_variables: None
) -> None:
    misbehaving.streams(*WHOLE)
    line.to(key=None).ask()
    (request,) = misbehaving.requests
    assert set(request.headers) <= HEADERS - {"authorization"}


def test_the_body_is_what_the_dialect_says(line: Line, misbehaving: Misbehaving) -> None:
    misbehaving.streams(*WHOLE)
    line.ask("What's {this}? 😀")
    (request,) = misbehaving.requests
    assert (request.method, request.path) == ("POST", "/v1/chat/completions")
    assert request.body == {
        "model": "m", "stream": True, "stream_options": {"include_usage": True},
        "messages": [{"role": "user", "content": "What's {this}? 😀"}],
    }  # fmt: skip


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[Misbehaving]:
    proxy = Misbehaving()
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
    yield proxy
    proxy.stop()


def test_a_server_on_this_machine_is_asked_without_a_proxy(
    line: Line, misbehaving: Misbehaving, proxy: Misbehaving
) -> None:
    misbehaving.streams(*WHOLE)
    assert line.ask().error is None
    assert proxy.requests == []


def test_any_other_server_is_asked_through_the_proxy(line: Line, proxy: Misbehaving) -> None:
    proxy.streams(*WHOLE)
    far = line.to(base_url="http://server.example/v1")
    assert far.ask().error is None
    (request,) = proxy.requests
    assert request.path == "http://server.example/v1/chat/completions"


@pytest.fixture
def elsewhere() -> Iterator[Misbehaving]:
    server = Misbehaving()
    yield server
    server.stop()


def test_a_redirect_does_not_carry_the_key_to_another_host(
    line: Line, misbehaving: Misbehaving, elsewhere: Misbehaving
) -> None:
    where = f"Location: {elsewhere.base_url}/chat/completions\r\n".encode()
    moved = b"HTTP/1.1 307 Moved\r\n" + where + b"Content-Length: 0\r\n\r\n"
    misbehaving.answers(moved)
    elsewhere.streams(*WHOLE)
    line.ask()
    assert all("authorization" not in request.headers for request in elsewhere.requests)
