"""What the journal says of the usage that a client was sent."""

import http.client
import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from qwen_nb.emulator.journal import Record
from qwen_nb.emulator.server import Emulator

Post = Callable[..., Any]


def record(emulator: Emulator) -> Record:
    (only,) = emulator.journal
    return only


def ask(post: Post, stream: bool = True, fault: str = "", **options: Any) -> Any:
    headers = {"X-Emulator-Fault": fault} if fault else {}
    streams = {"stream_options": {"include_usage": True}} if stream else {}
    return post("Why is the sky blue?", stream=stream, headers=headers, **streams, **options)


def test_a_stream_with_usage(emulator: Emulator, post: Post) -> None:
    told = ask(post).chunks[-1]["usage"]
    assert record(emulator).usage == told
    assert told["completion_tokens"] > 0


def test_a_stream_that_was_asked_for_none(emulator: Emulator, post: Post) -> None:
    post("Why?", stream=True)
    assert record(emulator).usage is None


def test_an_answer_in_one_piece(emulator: Emulator, post: Post) -> None:
    assert record_of(emulator, ask(post, stream=False)) is not None


def record_of(emulator: Emulator, answered: Any) -> Any:
    assert record(emulator).usage == answered.json["usage"]
    return record(emulator).usage


def test_embeddings(emulator: Emulator, post: Post) -> None:
    body = json.dumps({"model": "text-embedding-v4", "input": ["a b", "c"]}).encode()
    assert record_of(emulator, post(body, path="/embeddings")) == {
        "prompt_tokens": 3, "total_tokens": 3,
    }  # fmt: skip


@pytest.mark.parametrize("incremental", [True, False])
def test_the_native_dialect_tells_it_in_each_event(
    emulator: Emulator, native: Post, incremental: bool
) -> None:
    answered = native("Why?", sse=True, incremental_output=incremental, result_format="message")
    assert record(emulator).usage == answered.frames[-1]["usage"]


def test_the_native_dialect_in_one_piece(emulator: Emulator, native: Post) -> None:
    assert record_of(emulator, native("Why?")) is not None


@pytest.mark.parametrize(
    "fault",
    [
        "no-finish", "usage-missing", "cut-answer=2", "cut-thinking=1", "status=503", "error",
        "error-200", "html", "hangup", "moderation=2", "error-event=internal_error;after=2",
    ],
)  # fmt: skip
def test_none_where_none_was_sent(emulator: Emulator, post: Post, fault: str) -> None:
    with suppress(http.client.HTTPException, ConnectionError):
        ask(post, fault=fault, enable_thinking=True)
    assert record(emulator).usage is None


@pytest.mark.parametrize(
    "fault",
    [
        "no-done", "usage-every", "usage-cumulative", "malformed=2", "split=3", "crlf",
        "long-line=1", "two-events", "two-lines",
    ],
)  # fmt: skip
def test_what_is_spoilt_otherwise_still_tells_it(
    emulator: Emulator, post: Post, fault: str
) -> None:
    whole = ask(post).chunks[-1]["usage"]
    emulator.journal.clear()
    ask(post, fault=fault)
    assert record(emulator).usage == whole


@pytest.mark.parametrize("after", [1, 4])
def test_a_native_stream_that_is_cut(emulator: Emulator, native: Post, after: int) -> None:
    with pytest.raises(http.client.IncompleteRead) as caught:
        native(
            "Why?",
            sse=True,
            headers={"X-Emulator-Fault": f"cut-answer={after}"},
            enable_thinking=False,
        )
    sent = caught.value.partial
    told = json.loads(sent.decode().split("\n\n")[-2].partition("data:")[2])
    assert record(emulator).usage == told["usage"]


def test_bits_of_an_event_do_not_tell_it(emulator: Emulator, post: Post) -> None:

    emulator.pace = 0.02
    connection = http.client.HTTPConnection(
        "127.0.0.1", int(emulator.openai_base_url.split(":")[2].split("/")[0]), timeout=10
    )
    body = {
        "model": "qwen-plus", "messages": [{"role": "user", "content": "Why?"}],
        "stream": True, "stream_options": {"include_usage": True},
    }  # fmt: skip
    connection.request(
        "POST", "/compatible-mode/v1/chat/completions", json.dumps(body),
        {"Authorization": f"Bearer {emulator.key}", "X-Emulator-Fault": "usage-cumulative"},
    )  # fmt: skip
    response = connection.getresponse()
    lines: list[Any] = []
    while len(lines) < 3:
        line = response.readline()
        if line.startswith(b"data:"):
            lines.append(json.loads(line[5:]))
    response.close()
    connection.close()
    deadline = time.monotonic() + 10
    while not record(emulator).closed_early and time.monotonic() < deadline:
        time.sleep(0.01)
    left = record(emulator)
    assert left.closed_early
    assert left.usage is not None
    # what was sent by then, and not what the whole answer would have taken
    whole = lines[0]["usage"]["completion_tokens"]
    assert whole <= lines[-1]["usage"]["completion_tokens"] <= left.usage["completion_tokens"]
    assert left.usage["completion_tokens"] < 20


def test_each_of_two_equal_requests_has_its_own(emulator: Emulator, post: Post) -> None:
    first, second = ask(post).chunks[-1], ask(post, fault="usage-missing")
    assert second.status == 200
    assert [each.usage for each in emulator.journal] == [first["usage"], None]
