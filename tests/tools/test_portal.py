"""What is awaited in a thread of its own: its context, its cancelling, its end."""

import asyncio
import subprocess
import sys
import threading
from concurrent.futures import CancelledError, wait
from contextvars import ContextVar

import pytest

from qwen_nb.tools import Portal

NAME: ContextVar[str] = ContextVar("NAME", default="")


async def name() -> str:
    return NAME.get()


def test_work_has_the_context_of_its_start() -> None:
    with Portal("test-portal", 3.0) as portal:
        first = portal.start(name())
        token = NAME.set("mine")
        second = portal.start(name())
        NAME.reset(token)
        assert (first.result(3), second.result(3)) == ("", "mine")
    assert "test-portal" not in {each.name for each in threading.enumerate()}


def test_what_is_cancelled_ends_in_its_own_time() -> None:
    ends: list[str] = []

    async def slow() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.05)
            ends.append("tidied")

    with Portal("test-portal", 3.0) as portal:
        works = [portal.start(slow()) for _ in range(3)]
        wait([portal.start(asyncio.sleep(0))], 3)  # they have begun
        portal.cancel()
        for work in works:
            with pytest.raises(CancelledError):
                work.result(3)
    assert ends == ["tidied"] * 3


def test_the_end_cancels_what_is_left() -> None:
    with Portal("test-portal", 3.0) as portal:
        work = portal.start(asyncio.sleep(60))
    assert work.cancelled()


def test_work_that_ends_the_loop_leaves_nobody_waiting() -> None:
    async def leave() -> None:
        raise SystemExit

    with Portal("test-portal", 3.0) as portal:
        other = portal.start(asyncio.sleep(60))
        left = portal.start(leave())
        with pytest.raises(SystemExit):
            left.result(3)
        with pytest.raises(CancelledError):
            other.result(3)
        portal.cancel()


def test_what_blocks_does_not_hold_up_the_exit_of_the_program() -> None:
    program = """
import time
from qwen_nb.tools import Portal

async def block():
    time.sleep(60)

with Portal("test-portal", 0.1) as portal:
    portal.start(block())
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=30)
