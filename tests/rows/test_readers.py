"""The threads that read rows: used again, and left behind where they cannot be woken."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import qwen_nb
from qwen_nb import Stopped
from qwen_nb.asking.readers import SharedReaders

from ._limited import ANSWER, Limit

NAME = "qwen_nb-reader"
HANG_S = 10.0


def reading() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == NAME]


@pytest.fixture
def readers() -> Iterator[SharedReaders]:
    readers = SharedReaders()
    yield readers
    readers.close()


def test_a_few_read_all_rows(
    elsewhere: Any, eventually: Callable[..., bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    from qwen_nb.asking import readers as module

    began: list[threading.Thread] = []
    start = threading.Thread.start

    def counted(self: threading.Thread) -> None:
        began.append(self)
        start(self)

    monkeypatch.setattr(module._Reader, "start", counted)
    with elsewhere(Limit()):
        rows = qwen_nb.map(range(200), "Row {item}", thinking=False, concurrency=4)
    assert {row.answer for row in rows} == {ANSWER}
    # one that still takes leave of its server is not free yet
    assert 4 <= len(began) <= 12
    assert eventually(lambda: not reading())


def test_one_after_another_in_one(readers: SharedReaders) -> None:
    seen: list[int] = []
    for _ in range(5):
        given = readers.read(lambda: seen.append(threading.get_ident()))
        given.join(HANG_S)
        while not readers._free:
            time.sleep(0.001)
    assert len(seen) == 5
    assert len(set(seen)) == 1


def test_one_that_cannot_be_woken_is_given_nothing_more(
    readers: SharedReaders, eventually: Callable[..., bool]
) -> None:
    wakes, ended = threading.Event(), threading.Event()
    stuck = readers.read(lambda: wakes.wait(HANG_S))
    stuck.join(0.01)  # in vain
    other = readers.read(ended.set)
    other.join(HANG_S)
    assert ended.is_set()
    readers.close()
    assert eventually(lambda: len(reading()) == 1)
    wakes.set()
    stuck.join(HANG_S)
    assert eventually(lambda: not reading())


@pytest.fixture
def never_greets(monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A server that lets a secure connection begin and then says nothing."""
    listener = socket.create_server(("127.0.0.1", 0))
    monkeypatch.setenv("QWEN_NB_BASE_URL", f"https://127.0.0.1:{listener.getsockname()[1]}/v1")
    monkeypatch.setenv("QWEN_NB_API_KEY", "sk-x")
    monkeypatch.setenv("QWEN_NB_MODEL", "m")
    monkeypatch.setenv("QWEN_NB_RETRIES", "1")
    yield listener
    listener.close()


def test_rows_go_on_without_those_that_are_stuck(
    never_greets: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_IDLE_TIMEOUT", "0.2")
    rows = qwen_nb.map(range(4), "Row {item}", concurrency=2, on_error="keep", keep=False)
    assert [type(error).__name__ for error in rows.errors.values()] == ["TimedOut"] * 4


def test_a_stop_does_not_wait_for_them(
    never_greets: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    peers: list[socket.socket] = []

    def press() -> None:
        peers.append(never_greets.accept()[0])
        time.sleep(0.1)  # the others are on their way, too
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=press, daemon=True).start()
    began = time.monotonic()
    with pytest.raises(Stopped) as caught:
        qwen_nb.map(range(4), "Row {item}", concurrency=2, keep=False)
    took = time.monotonic() - began
    assert took < HANG_S / 2  # their connections alone have ten seconds
    assert list(caught.value.rows) == [None] * 4
    peers[0].close()
