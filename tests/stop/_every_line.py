"""SIGINT at each line of the interrupt code, and what has to hold after each.

`python tests/stop/_every_line.py press` raises it in the main thread, `breaking` in a
thread that breaks in, and `both` in the main thread while two others break in all the
time. Printed is at how many lines it was raised. A deadlock ends the process with the
stacks of all threads, a broken promise with an error.
"""

from __future__ import annotations

import argparse
import faulthandler
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType
from typing import Any

from qwen_nb.front_end import interrupts as code
from qwen_nb.front_end.interrupts import Interrupts

HANG_S = 20


class AtLine:
    """A trace function that raises SIGINT at the k-th line of the interrupt code."""

    def __init__(self, k: int) -> None:
        self._left = k

    @property
    def has_fired(self) -> bool:
        return self._left <= 0

    def __call__(self, frame: FrameType, event: str, argument: Any) -> Any:
        return self._line if frame.f_code.co_filename == code.__file__ else None

    def _line(self, frame: FrameType, event: str, argument: Any) -> Any:
        if event == "line":
            self._left -= 1
            if self._left == 0:
                signal.raise_signal(signal.SIGINT)
        return self._line


@contextmanager
def traced(by: AtLine | None) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(by)
    try:
        yield
    finally:
        sys.settrace(before)


def press() -> None:
    signal.raise_signal(signal.SIGINT)


class Scene:
    """One turn as the interrupt code sees it; the handler around it only counts."""

    def __init__(self) -> None:
        self.outside = self.broken = 0
        self.wake: SimpleQueue[None] = SimpleQueue()
        self.interrupts = Interrupts(self.stop)

    def stop(self) -> None:
        self.interrupts.break_in()  # a stop of the stream does so, from a handler, too
        self.wake.put(None)

    def count(self, number: int, frame: FrameType | None) -> None:
        self.outside += 1

    def play(self, by: AtLine | None, inside: Callable[[], object]) -> None:
        """Go through it; an interrupt that escapes an opening is an error of this program."""
        before = signal.signal(signal.SIGINT, self.count)
        try:
            with traced(by), self.interrupts as interrupts:
                interrupts.impatiently(press)
                for once in (False, True):
                    try:
                        with interrupts.open(once=once):
                            inside()
                    except KeyboardInterrupt:
                        self.broken += 1
                    with traced(None):
                        press()  # behind an opening it never raises
                interrupts.impatiently(press)
                interrupts.impatiently(inside)
                interrupts.break_in()
            assert signal.getsignal(signal.SIGINT) == self.count
        finally:
            signal.signal(signal.SIGINT, before)


def pressed(k: int) -> bool:
    scene, at = Scene(), AtLine(k)
    scene.play(at, press)
    # Seven presses are the scene's own; one of them is not reached, or is ended before it
    # was counted, where the one that is raised here breaks in.
    assert scene.broken == 2, scene.broken
    assert scene.interrupts.count + scene.outside in (7, 7 + at.has_fired)
    return at.has_fired


def breaking(k: int) -> bool:
    scene, at = Scene(), AtLine(k)
    threads = []

    def break_in() -> None:
        with traced(at):
            scene.interrupts.break_in()

    def wait_for_it() -> None:
        thread = threading.Thread(target=break_in)
        thread.start()
        threads.append(thread)
        if scene.broken < 2:
            while True:
                time.sleep(0.05)

    scene.play(None, wait_for_it)
    for thread in threads:
        thread.join()
    # Four presses are the scene's own. A break-in is no press, whenever it comes; both at
    # once are one signal, and so one of them.
    assert scene.broken == 2, scene.broken
    assert scene.interrupts.count + scene.outside in (4, 4 + at.has_fired)
    return at.has_fired


def both(k: int) -> bool:
    scene, at, is_over = Scene(), AtLine(k), threading.Event()

    def break_in_always() -> None:
        while not is_over.is_set():
            scene.interrupts.break_in()

    threads = [threading.Thread(target=break_in_always) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        scene.play(at, lambda: time.sleep(0.001))
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    return at.has_fired


def main() -> None:
    """Raise it at the first line, at the second and so on, as far as there are lines."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("way", choices=["press", "breaking", "both"])
    way = {"press": pressed, "breaking": breaking, "both": both}[parser.parse_args().way]
    lines = 0
    sys.setswitchinterval(1e-4)  # threads meet more often
    while True:
        faulthandler.dump_traceback_later(HANG_S, exit=True)
        if not way(lines + 1):
            break
        lines += 1
    faulthandler.cancel_dump_traceback_later()
    print(lines)


if __name__ == "__main__":
    main()
