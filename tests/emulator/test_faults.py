"""Each fault, as the bytes on the wire show it."""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from qwen_nb.emulator.errors import _rows
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator

from .conftest import Post

QUESTION = "9.9 or 9.11?"
THINK = {"enable_thinking": True}
NATIVE = {"enable_thinking": True, "result_format": "message", "incremental_output": True}
USAGE = {"stream": True, "stream_options": {"include_usage": True}}


def fault(written: str) -> dict[str, str]:
    return {"X-Emulator-Fault": written}


Raw = tuple[bytes, BaseException | None]


@pytest.fixture(scope="module")
def http() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False, timeout=httpx.Timeout(5, read=0.4)) as client:
        yield client


@pytest.fixture
def stream(emulator: Emulator, http: httpx.Client) -> Any:
    """Ask for a stream with a fault; return what came, and how it broke if it did."""

    def stream(written: str, *, native: bool = False, **options: Any) -> Raw:
        messages = [{"role": "user", "content": options.pop("said", QUESTION)}]
        headers = {"Authorization": f"Bearer {emulator.key}", **fault(written)}
        if native:
            url = f"{emulator.dashscope_base_url}/services/aigc/text-generation/generation"
            headers["X-DashScope-SSE"] = "enable"
            body = {
                "model": "qwen-plus",
                "input": {"messages": messages},
                "parameters": {**NATIVE, **options},
            }
        else:
            url = f"{emulator.openai_base_url}/chat/completions"
            body = {"model": "qwen-plus", "messages": messages, **THINK, **USAGE, **options}
        came: list[bytes] = []
        try:
            with http.stream("POST", url, json=body, headers=headers) as response:
                came.extend(response.iter_raw())  # what came before a break is kept
        except httpx.TransportError as error:
            return b"".join(came), error
        return b"".join(came), None

    return stream


def events(raw: bytes) -> list[Any]:
    lines = [line for line in raw.decode().splitlines() if line.startswith("data:")]
    return [json.loads(line[5:]) for line in lines if "[DONE]" not in line]


def heard(raw: bytes) -> tuple[str, str, str | None]:
    """Return thinking, answer and finish reason of a stream in either dialect."""
    thinking, answer, finish = "", "", None
    for event in events(raw):
        for choice in event.get("output", event).get("choices", []):
            said = choice.get("delta") or choice["message"]
            thinking += said.get("reasoning_content") or ""
            answer += said["content"] or ""
            finish = choice["finish_reason"]
    return thinking, answer, finish


DIALECTS = pytest.mark.parametrize("is_native", [False, True], ids=["compatible", "native"])


# -- instead of an answer ------------------------------------------------------------------


@DIALECTS
@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 418])
def test_a_status_happens_so_many_times(
    post: Post, native: Post, is_native: bool, status: int
) -> None:
    ask = native if is_native else post
    written = fault(f"status={status};times=2;retry-after=1")
    answered = [ask("Hello", headers=written) for _ in range(3)]
    assert [one.status for one in answered] == [status, status, 200]
    assert answered[0].headers["retry-after"] == "1"
    assert "retry-after" not in answered[2].headers
    body = answered[0].json
    assert body["message" if is_native else "error"]
    assert ask("Hello, you", headers=written).status == status


def test_without_times_it_never_ends(post: Post) -> None:
    statuses = {post("Hello", headers=fault("status=503")).status for _ in range(4)}
    assert statuses == {503}


def test_clearing_the_journal_forgets_the_faults(emulator: Emulator, post: Post) -> None:
    once = fault("status=500;times=1")
    assert post("Hello", headers=once).status == 500
    assert post("Hello", headers=once).status == 200
    emulator.journal.clear()
    assert post("Hello", headers=once).status == 500


@pytest.mark.parametrize("name", list(_rows()))
def test_each_named_error_has_its_status_and_words(post: Post, native: Post, name: str) -> None:
    row = _rows()[name]
    compatible = post("Hello", headers=fault(f"error={name}"))
    assert compatible.status == row["status"]
    assert compatible.json["error"]["code"] == row.get("code", name)
    assert row["message"] in compatible.json["error"]["message"]
    answered = native("Hello", headers=fault(f"error={name}"))
    assert answered.status == row["status"]
    assert row.get("native_message", row["message"]) in answered.json["message"]
    assert post("Hello", headers=fault(f"error-200={name}")).status == 200


def test_a_page_of_html(post: Post) -> None:
    for written, status in (("html", 200), ("html=502", 502)):
        answered = post("Hello", headers=fault(written))
        assert (answered.status, answered.headers["content-type"]) == (
            status, "text/html; charset=utf-8"
        )  # fmt: skip
        assert answered.raw.startswith(b"<!DOCTYPE html>")


@DIALECTS
@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("reset", httpx.ReadError),
        ("refused", httpx.ReadError),
        ("hangup", httpx.RemoteProtocolError),
        ("silence=0", httpx.ReadTimeout),
    ],
)
def test_nothing_before_the_first_byte(
    stream: Any, is_native: bool, written: str, kind: type[Exception]
) -> None:
    came, error = stream(written, native=is_native)
    assert came == b""
    assert isinstance(error, kind)
    if written == "reset":
        came, error = stream("reset;times=1", native=is_native)
        assert error is not None
        assert heard(stream("reset;times=1", native=is_native)[0])[2] == "stop"


def test_a_stopped_emulator_refuses_and_comes_back_where_it_was() -> None:
    with Emulator(key="sk-x", pace=0) as emulator:
        base = urlsplit(emulator.openai_base_url)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((base.hostname, base.port))
    with emulator:
        assert urlsplit(emulator.openai_base_url).port == base.port


def test_silence_is_felt_until_the_client_leaves(
    emulator: Emulator, stream: Any, eventually: Any
) -> None:
    for written in ("silence=0", "silence=1"):
        emulator.journal.clear()
        stream(written)
        assert eventually(lambda: emulator.journal[0].closed_early)


# -- in an answer ----------------------------------------------------------------------------


@DIALECTS
def test_cuts_leave_what_came_before(stream: Any, is_native: bool) -> None:
    for written, has_answer in (("cut-thinking=4", False), ("cut-answer=2", True)):
        came, error = stream(written, native=is_native)
        assert isinstance(error, httpx.RemoteProtocolError)
        assert "incomplete" in str(error)
        thinking, answer, finish = heard(came)
        assert thinking.startswith("The user compares")
        assert answer == ("**" if has_answer else "")
        assert finish in (None, "null")
    came, error = stream("cut-thinking=9999", native=is_native)
    assert error is not None
    assert heard(came)[0].endswith("settles it.")
    assert heard(came)[1] == ""


def test_a_cut_in_the_calls(stream: Any) -> None:
    tool = {"type": "function", "function": {"name": "get_current_weather", "parameters": {}}}
    came, error = stream("cut-calls", said="Weather in Hangzhou", tools=[tool])
    assert error is not None
    (call,) = events(came)[-1]["choices"][0]["delta"]["tool_calls"]
    assert call["function"]["arguments"] == '{"location": "Hangzhou'


@DIALECTS
def test_an_end_without_finish(stream: Any, is_native: bool) -> None:
    came, error = stream("no-finish", native=is_native)
    assert error is None
    assert heard(came)[2] in (None, "null")
    assert b"[DONE]" not in came
    came, error = stream("no-done", native=is_native)
    assert error is None
    assert heard(came)[2] == "stop"
    assert b"[DONE]" not in came


@DIALECTS
def test_silence_and_comments(stream: Any, is_native: bool) -> None:
    came, error = stream("silence=4", native=is_native)
    assert isinstance(error, httpx.ReadTimeout)
    assert len(events(came)) == 4


@DIALECTS
def test_comments_only_until_the_client_leaves(
    emulator: Emulator, http: httpx.Client, is_native: bool, eventually: Any
) -> None:
    question: dict[str, Any] = {"messages": [{"role": "user", "content": "Hi"}]}
    body: dict[str, Any] = {"model": "qwen-plus", "stream": True, **question}
    url = f"{emulator.openai_base_url}/chat/completions"
    if is_native:
        url = f"{emulator.dashscope_base_url}/services/aigc/text-generation/generation"
        body = {"model": "qwen-plus", "input": question}
    headers = {
        "Authorization": f"Bearer {emulator.key}", "X-DashScope-SSE": "enable",
        **fault("comments=1"),
    }  # fmt: skip
    came = b""
    with http.stream("POST", url, json=body, headers=headers) as response:
        for chunk in response.iter_raw():
            came += chunk
            if came.count(b": keep-alive\n\n") == 2:
                break
    assert len(events(came)) == 1
    assert eventually(lambda: emulator.journal[0].closed_early)


@DIALECTS
def test_a_malformed_line_and_the_rest(stream: Any, is_native: bool) -> None:
    plain, _ = stream("no-done", native=is_native)
    came, error = stream("malformed=2", native=is_native)
    assert error is None
    broken = b'data: {"choices":[{"del\n\n'
    assert broken in came
    assert came.replace(broken, b"").replace(b"data: [DONE]\n\n", b"") == plain


@DIALECTS
def test_the_same_bytes_cut_otherwise(stream: Any, is_native: bool) -> None:
    said = "你好"
    plain, _ = stream("refusal-in-stream", native=is_native, said=said)
    assert stream("split=7", native=is_native, said=said) == (plain, None)
    assert stream("crlf", native=is_native, said=said)[0].replace(b"\r\n", b"\n") == plain
    lines, _ = stream("two-lines", native=is_native, said=said)
    assert lines.count(b"data:") == 2 * plain.count(b"data:") - plain.count(b"[DONE]")
    halves, _ = stream("two-events", native=is_native, said=said)
    with pytest.raises(ValueError, match=r"Unterminated|Expecting"):
        events(halves)
    texts = [line[6 - is_native :] for line in halves.split(b"\n") if line.startswith(b"data:")]
    joined = [json.loads(a + b) for a, b in zip(texts[::2], texts[1::2], strict=False)]
    assert joined == events(plain)


@DIALECTS
def test_a_long_line(stream: Any, is_native: bool) -> None:
    came, error = stream("long-line=3", native=is_native)
    assert error is None
    assert max(map(len, came.split(b"\n"))) > 3_000_000
    assert heard(came)[2] == "stop"


@DIALECTS
def test_errors_in_mid_stream(stream: Any, is_native: bool) -> None:
    came, error = stream("error-event=internal_error;after=5", native=is_native)
    assert error is None
    assert (b"event:error\n" if is_native else b"event: error\n") in came
    *before, last = events(came)
    assert len(before) == 5
    assert (last if is_native else last["error"])["code"].lower().startswith("internal")
    came, error = stream("moderation=2", native=is_native)
    *before, last = events(came)
    assert heard(came)[1] == "**"
    code = last["code"] if is_native else last["error"]["code"]
    assert code == ("DataInspectionFailed" if is_native else "data_inspection_failed")
    assert (b"event:" in came) is is_native


@DIALECTS
def test_usage_where_it_is_not_expected(stream: Any, is_native: bool) -> None:
    plain = events(stream("no-done", native=is_native)[0])
    final = plain[-1]["usage"]
    missing = events(stream("usage-missing", native=is_native)[0])
    assert not any("usage" in event for event in missing)
    every = events(stream("usage-every", native=is_native)[0])
    assert all(event["usage"] == final for event in every)
    so_far = [
        event["usage"] for event in events(stream("usage-cumulative", native=is_native)[0])
    ]
    totals = [usage["total_tokens"] for usage in so_far]
    assert totals == sorted(totals)
    assert totals[0] < totals[-1] == final["total_tokens"]


def test_an_answer_in_one_piece_can_be_cut_too(emulator: Emulator, http: httpx.Client) -> None:
    body = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hello"}]}
    headers = {"Authorization": f"Bearer {emulator.key}", **fault("cut-answer")}
    with pytest.raises(httpx.RemoteProtocolError, match="without sending complete"):
        http.post(f"{emulator.openai_base_url}/chat/completions", json=body, headers=headers)


# -- who asks for them -----------------------------------------------------------------------


def test_a_script_has_its_fault_in_both_dialects(
    emulator: Emulator, post: Post, native: Post
) -> None:
    emulator.script(Script(name="f", asks="^fail$", answer="fine", fault="status=429;times=1"))
    for ask in (post, native):
        assert [ask("fail").status for _ in range(2)] == [429, 200]
    assert post([{"role": "user", "content": [{"text": "fail"}]}]).status == 429


def test_a_header_that_names_no_fault_is_refused(post: Post) -> None:
    answered = post("Hello", headers=fault("fire"))
    assert answered.status == 400
    assert "X-Emulator-Fault: no such fault: fire" in answered.json["error"]["message"]


def test_faults_are_the_same_each_time(stream: Any) -> None:
    assert stream("moderation=3") == stream("moderation=3")
