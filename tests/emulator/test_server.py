import asyncio
import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import openai
import pytest

from qwen_nb.emulator.of_process import embedded, stop_embedded
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator

from .conftest import Post

HANG_S = 10.0  # far above what anything here takes


def open_stream(
    emulator: Emulator, question: str = "9.9 or 9.11?"
) -> tuple[socket.socket, bytes]:
    """Ask for a stream over a bare socket; return it with its first bytes."""
    body = json.dumps(
        {
            "model": "qwen-plus",
            "messages": [{"role": "user", "content": question}],
            "stream": True,
        }
    ).encode()
    base = urlsplit(emulator.openai_base_url)
    head = (
        f"POST {base.path}/chat/completions HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Bearer {emulator.key}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    connection = socket.create_connection((base.hostname, base.port), timeout=HANG_S)
    connection.sendall(head.encode() + body)
    first = b""
    while b"}\n\n" not in first:
        first += connection.recv(4096)
    return connection, first


def eventually(holds: Callable[[], bool], within_s: float = 1.0) -> bool:
    deadline = time.monotonic() + within_s
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.005)
    return holds()


def test_the_journal_has_what_was_sent_and_no_key(emulator: Emulator, post: Post) -> None:
    post("Hello", temperature=0.5)
    post("Hello", key="sk-somebody-elses")
    post("", path="/nowhere?key=1", method="PUT")
    right, wrong, lost = emulator.journal
    assert (right.method, right.path) == ("POST", "/compatible-mode/v1/chat/completions")
    assert (right.status, wrong.status, lost.status) == (200, 401, 404)
    assert right.body["temperature"] == 0.5
    assert right.body == json.loads(right.raw)
    assert right.headers["content-length"] == str(len(right.raw))
    assert lost.path == "/compatible-mode/v1/nowhere"
    for secret in (emulator.key, "sk-somebody-elses"):
        assert secret not in repr(emulator.journal)
        assert secret not in repr(emulator)


def test_a_body_that_is_no_json_is_kept_as_bytes(emulator: Emulator, post: Post) -> None:
    post(b"\xff")
    (record,) = emulator.journal
    assert (record.raw, record.body) == (b"\xff", None)


def test_a_long_prompt_arrives_byte_for_byte(emulator: Emulator, post: Post) -> None:
    prompt = "".join(chr(0x4E00 + at % 20000) for at in range(70_000)) + '\r\n\t\0 \\ " 🙂'
    body = json.dumps(
        {"model": "qwen-plus", "messages": [{"role": "user", "content": prompt}]},
        ensure_ascii=False,
    ).encode()
    assert len(body) > 200_000
    assert post(body).status == 200
    (record,) = emulator.journal
    assert record.raw == body
    assert record.body["messages"][0]["content"] == prompt


def test_the_journal_sees_a_client_leave_in_mid_stream(emulator: Emulator) -> None:
    emulator.pace = 5.0
    connection, first = open_stream(emulator)
    assert b'"role":"assistant"' in first
    assert emulator.journal[0].closed_early is False
    connection.close()
    assert eventually(lambda: emulator.journal[0].closed_early)


def test_a_client_that_hears_all_has_not_left_early(
    emulator: Emulator, client: openai.OpenAI
) -> None:
    for pace in (0, 0.001):
        emulator.pace = pace
        for _ in client.chat.completions.create(
            model="qwen-plus", messages=[{"role": "user", "content": "Hello"}], stream=True
        ):
            pass
    client.close()
    assert not eventually(
        lambda: any(record.closed_early for record in emulator.journal), within_s=0.05
    )


def test_a_slow_reader_holds_up_nobody_else(emulator: Emulator, post: Post) -> None:
    emulator.script(Script(name="much", asks="^much$", answer="word " * 20_000))
    connection, _ = open_stream(emulator, "much")  # fills its buffers and waits
    with connection:
        assert post("Hello").status == 200
    assert eventually(lambda: emulator.journal[0].closed_early)


def test_a_cleared_journal_forgets_streams_that_are_still_open(emulator: Emulator) -> None:
    emulator.pace = 5.0
    connection, _ = open_stream(emulator)
    emulator.journal.clear()
    connection.close()
    assert not eventually(lambda: len(emulator.journal) > 0, within_s=0.05)


def test_a_stop_cuts_an_open_stream_and_does_not_hang() -> None:
    emulator = Emulator(pace=60.0).start()
    connection, first = open_stream(emulator)
    started = time.monotonic()
    emulator.stop()
    assert time.monotonic() - started < HANG_S / 2
    with connection:
        try:
            rest = connection.recv(4096)
        except ConnectionResetError:
            rest = b""
    assert b"[DONE]" not in first + rest


def serving() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name == "qwen_nb emulator"}


def test_stop_and_start_may_be_repeated() -> None:
    before = serving()  # one that other tests share may run
    emulator = Emulator(pace=0)
    emulator.stop()
    with emulator:
        assert emulator.start() is emulator
        port = urlsplit(emulator.openai_base_url).port
    emulator.stop()
    with pytest.raises(RuntimeError, match="not running"):
        _ = emulator.openai_base_url
    assert "stopped" in repr(emulator)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port or 0), timeout=HANG_S)
    with emulator:
        assert emulator.openai_base_url
        assert len(serving() - before) == 1
    assert serving() <= before


def test_a_taken_port_is_an_error_of_start() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
    ):
        Emulator(port=taken.getsockname()[1]).start()


def test_it_starts_where_a_loop_is_running_already() -> None:
    async def in_a_kernel() -> int:
        with Emulator(key="sk-x") as emulator:
            base = urlsplit(emulator.openai_base_url)
            connection = http.client.HTTPConnection("127.0.0.1", base.port, timeout=HANG_S)
            connection.request("GET", f"{base.path}/models", headers={"authorization": "x"})
            response = connection.getresponse()
            response.read()
            connection.close()
            return response.status

    assert asyncio.run(in_a_kernel()) == 401


def test_the_embedded_one_is_the_same_until_it_is_stopped() -> None:
    try:
        first = embedded(0)
        assert embedded(1.5) is first
        assert first.pace == 1.5
        assert embedded().pace is None
        stop_embedded()
        stop_embedded()
        assert embedded(0) is not first
    finally:
        stop_embedded()


def test_importing_is_cheap_and_leaving_with_an_open_stream_is_silent() -> None:
    script = """
import json, socket, sys, urllib.parse
from qwen_nb.emulator import embedded
assert not {"uvicorn", "starlette", "openai"} & set(sys.modules)
emulator = embedded(60)
base = urllib.parse.urlsplit(emulator.openai_base_url)
messages = [{"role": "user", "content": "x"}]
body = json.dumps({"model": "qwen-plus", "stream": True, "messages": messages})
client = socket.create_connection(("127.0.0.1", base.port))
client.sendall(
    f"POST {base.path}/chat/completions HTTP/1.1\\r\\nHost: x\\r\\n"
    f"Authorization: Bearer {emulator.key}\\r\\n"
    f"Content-Length: {len(body)}\\r\\n\\r\\n{body}".encode()
)
assert client.recv(12) == b"HTTP/1.1 200"
client.detach()  # stays open until the process has gone
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script],
        capture_output=True,
        text=True,
        timeout=3 * HANG_S,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
