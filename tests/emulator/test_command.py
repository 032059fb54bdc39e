import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from qwen_nb.emulator.of_process import embedded, stop_embedded
from qwen_nb.emulator.server import Emulator

from .conftest import Post, send

COMMAND = "from qwen_nb.emulator.command import main; import sys; sys.exit(main({}))"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_command_serves_until_it_is_told_to_stop(number: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-W", "error", "-c", COMMAND.format("key='sk-mine'")],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stdout is not None
        compatible, native = (process.stdout.readline().strip() for _ in range(2))
        headers = {"Authorization": "Bearer sk-mine"}
        assert send(f"{compatible}/models", b"", headers, "GET").status == 200
        assert native == compatible.replace("/compatible-mode/v1", "/api/v1")
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (0, "", "")


def test_a_random_key_is_told_and_a_taken_port_too(emulator: Emulator) -> None:
    port = urlsplit(emulator.openai_base_url).port
    taken = subprocess.run(
        [sys.executable, "-c", COMMAND.format(f"port={port}")],
        capture_output=True, text=True, timeout=10, check=False,
    )  # fmt: skip
    assert (taken.returncode, taken.stdout) == (1, "")
    assert f"port {port}: Address already in use" in taken.stderr
    with subprocess.Popen(
        [sys.executable, "-c", COMMAND.format("")], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
        process.terminate()
    assert lines[2].startswith("export DASHSCOPE_API_KEY=sk-emulator-")


def test_the_journal_keeps_the_latest() -> None:
    with Emulator(key="sk-x", pace=0, keep=2) as emulator:
        for number in range(4):
            url = f"{emulator.openai_base_url}/{number}"
            assert send(url, b"", {}).status == 404
        assert [record.path[-1] for record in emulator.journal] == ["2", "3"]


def test_the_embedded_one_does_not_grow_without_end() -> None:
    try:
        assert embedded(0).journal._keep == 1_000
    finally:
        stop_embedded()


def test_a_native_request_is_in_the_journal_without_its_key(
    emulator: Emulator, native: Post
) -> None:
    native("Hello", sse=True)
    (record,) = emulator.journal
    assert record.headers["x-dashscope-sse"] == "enable"
    assert record.body["input"]["messages"][0]["content"] == "Hello"
    assert emulator.key not in repr(record)
