"""SIGINT at each line of the interrupt code, in a process that a deadlock ends."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from qwen_nb.front_end import Interrupts
from tests.stop._every_line import press


@pytest.mark.parametrize(("way", "lines"), [("press", 100), ("breaking", 15), ("both", 50)])
def test_it_never_deadlocks(way: str, lines: int) -> None:
    script = str(Path(__file__).parent / "_every_line.py")
    ran = subprocess.run(
        [sys.executable, script, way], env={**os.environ}, capture_output=True, text=True,
        timeout=120, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert int(ran.stdout) >= lines  # it was raised at so many


def test_each_press_breaks_into_what_is_open() -> None:
    swallowed = 0
    with Interrupts() as interrupts:
        with pytest.raises(KeyboardInterrupt), interrupts.open():
            try:
                press()
            except KeyboardInterrupt:
                swallowed += 1
            press()
        press()  # behind it nothing is raised
    assert (swallowed, interrupts.count) == (1, 3)


def test_a_question_to_the_person_ends_at_the_first_press() -> None:
    stops: list[None] = []
    ended_well = False
    with Interrupts(lambda: stops.append(None)) as interrupts:
        with pytest.raises(KeyboardInterrupt), interrupts.open(once=True):
            try:
                press()
            finally:  # where `input` gives back what it took
                press()
                ended_well = True
        press()
    assert (ended_well, interrupts.count, len(stops)) == (True, 3, 3)


def test_input_ends_at_the_first_press(monkeypatch: pytest.MonkeyPatch) -> None:
    read, write = os.pipe()
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    with os.fdopen(read) as stdin, os.fdopen(write, "w"), Interrupts() as interrupts:
        monkeypatch.setattr(sys, "stdin", stdin)
        timer.start()
        with pytest.raises(KeyboardInterrupt), interrupts.open(once=True):
            input()
    timer.join()
    assert interrupts.count == 1
