"""Frames, and what an interrupt does."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from _servers import HANG_S, WHOLE, Misbehaving, delta, hang, stream

from qwen_nb import Chat, Reply, Stopped
from qwen_nb.asking.pump import FRAMES_PER_SECOND, Outcome, Pump
from qwen_nb.emulator.server import Emulator
from qwen_nb.values import Frame, Opening
from qwen_nb.values.events import AnswerDelta, Event, Finished, ThinkingDelta


@dataclass
class Watch:
    """A display that keeps what it was shown, and when."""

    on_frame: Callable[[Frame], object] = lambda frame: None
    opened: list[Opening] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    times: list[float] = field(default_factory=list)
    closed: list[Reply] = field(default_factory=list)
    callers: set[int] = field(default_factory=set)

    def open(self, asking: Opening, stop: object = None) -> None:
        self.opened.append(asking)

    def frame(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.times.append(time.monotonic())
        self.on_frame(frame)

    def settle(self, interrupts: Any) -> int:
        return 0

    def close(self, reply: Reply, failure: str = "") -> None:
        self.closed.append(reply)


class NoExchange:
    """An exchange with nobody; events come from the test."""

    status = 200
    content_type = ""

    def __init__(self) -> None:
        self.stopped = threading.Event()
        self.closed = threading.Event()

    def send(self, call: object) -> None: ...

    def chunks(self) -> Iterator[bytes]:
        return iter(())

    def read(self) -> bytes:
        return b""

    def stop(self) -> None:
        self.stopped.set()

    def close(self) -> None:
        self.closed.set()


def run(events: Callable[[], Iterator[Event]], watch: Watch) -> Outcome:
    return Pump(NoExchange(), events, watch).run(Opening(model="m", server="s"))


def many() -> Iterator[Event]:
    for at in range(5000):
        yield ThinkingDelta(f"t{at} ")
        if at % 50 == 0:
            time.sleep(0.002)
    for at in range(5000):
        yield AnswerDelta(f"答{at} ")
        if at % 50 == 0:
            time.sleep(0.002)
    yield Finished("stop")


@pytest.fixture(scope="module")
def long_run() -> tuple[Watch, Reply, float]:
    """Return what was shown of a long reply at full speed, and how long it took."""
    watch, begin = Watch(), time.monotonic()
    watch.on_frame = lambda frame: watch.callers.add(threading.get_ident())
    return watch, run(many, watch).reply, time.monotonic() - begin


def test_frames_are_few_and_hold_every_word(long_run: tuple[Watch, Reply, float]) -> None:
    watch, reply, seconds = long_run
    assert 2 <= len(watch.frames) <= seconds * FRAMES_PER_SECOND + 2  # the first, the last
    assert "".join(frame.thinking for frame in watch.frames) == reply.thinking
    assert "".join(frame.answer for frame in watch.frames) == reply.answer
    assert reply.answer.endswith("答4999 ")


def test_frames_tell_where_their_text_begins_and_what_goes_on(
    long_run: tuple[Watch, Reply, float],
) -> None:
    watch, _, _ = long_run
    thinking = answer = 0
    for frame in watch.frames:
        assert (frame.thinking_at, frame.answer_at) == (thinking, answer)
        assert frame.state == ("answering" if answer or frame.answer else "thinking")
        thinking, answer = thinking + len(frame.thinking), answer + len(frame.answer)
    tokens = [frame.tokens for frame in watch.frames]
    assert tokens == sorted(tokens)
    assert tokens[-1] > 0


def test_the_first_word_is_shown_before_the_second_comes() -> None:
    shown = threading.Event()

    def events() -> Iterator[Event]:
        yield ThinkingDelta("first")
        assert shown.wait(HANG_S)
        yield AnswerDelta("second")
        yield Finished("stop")

    watch = Watch(on_frame=lambda frame: shown.set())
    outcome = run(events, watch)
    assert outcome.error is None
    assert watch.frames[0].thinking == "first"
    assert watch.frames[0].answer == ""


def test_the_display_is_called_by_the_asking_thread_alone(
    long_run: tuple[Watch, Reply, float],
) -> None:
    watch, _, _ = long_run
    assert watch.callers == {threading.get_ident()}


def test_an_error_of_the_reader_is_the_outcomes() -> None:
    def events() -> Iterator[Event]:
        yield ThinkingDelta("Hm")
        raise RuntimeError("unforeseen")

    outcome = run(events, Watch())
    assert isinstance(outcome.error, RuntimeError)
    assert (outcome.reply.finish_reason, outcome.reply.thinking) == ("cut", "Hm")


def test_a_reader_that_cannot_be_woken_is_left_behind() -> None:
    release = threading.Event()

    def events() -> Iterator[Event]:
        yield ThinkingDelta("Hm")
        release.wait(HANG_S)  # as in a name look-up: nothing wakes it
        yield AnswerDelta("too late")

    watch = Watch()
    pump = Pump(NoExchange(), events, watch)
    watch.on_frame = lambda frame: pump.stop()
    outcome = pump.run(Opening(model="m", server="s"))
    release.set()
    assert (outcome.reply.finish_reason, outcome.reply.answer) == ("stopped", "")


def test_what_is_handed_over_after_the_end_is_stopped() -> None:
    first, second, left = NoExchange(), NoExchange(), threading.Event()

    def events() -> Iterator[Event]:
        yield ThinkingDelta("Hm")
        left.wait(HANG_S)  # it looks for another server, and nobody waits any more
        pump.hand_over(second)

    pump = Pump(first, events, Watch(on_frame=lambda frame: pump.stop()))
    assert pump.run(Opening(model="m", server="s")).reply.finish_reason == "stopped"
    assert first.stopped.is_set()
    left.set()
    assert second.stopped.wait(HANG_S)


def test_the_clock_is_given() -> None:
    ticks = iter(range(1000, 100_000))
    pump = Pump(
        NoExchange(), lambda: iter([ThinkingDelta("Hm"), Finished("stop")]), Watch(),
        clock=lambda: float(next(ticks)),
    )  # fmt: skip
    timing = pump.run(Opening(model="m", server="s")).reply.timing
    assert timing.first_s is not None
    assert timing.total_s is not None
    assert 0 < timing.first_s < timing.total_s


# -- an interrupt -----------------------------------------------------------------------


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize(
    ("steps", "thinking", "answer"),
    [
        ((hang,), "", ""),
        ((*stream(delta(thinking="Hm"), done=False), hang), "Hm", ""),
        ((*stream(delta(thinking="Hm"), delta(answer="It"), done=False), hang), "Hm", "It"),
    ],
    ids=["waiting", "thinking", "answering"],
)
def test_an_interrupt_keeps_the_partial_reply(
    steps: tuple[object, ...], thinking: str, answer: str, chat: Chat, misbehaves: Misbehaving
) -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = threading.Event()

    def look(*_: object) -> None:
        if "".join(f.thinking + f.answer for f in watch.frames) == thinking + answer:
            seen.set()

    def press() -> None:
        misbehaves.reached.wait(HANG_S)
        seen.wait(HANG_S)
        interrupt()

    watch = Watch(on_frame=look)
    look()
    misbehaves.answers(*steps)
    timer = threading.Thread(target=press)
    timer.start()
    with pytest.raises(Stopped, match="stopped by you") as caught:
        chat.ask("one", display=watch)
    timer.join(HANG_S)
    assert signal.getsignal(signal.SIGINT) is before
    assert misbehaves.left.wait(HANG_S)
    reply = caught.value.reply
    assert (reply.finish_reason, reply.thinking, reply.answer) == ("stopped", thinking, answer)
    assert watch.closed == [reply]
    misbehaves.streams(*WHOLE)
    assert chat.ask("two").answer == "It is."
    said = [message["content"] for message in misbehaves.requests[-1].body["messages"]]
    assert said == (["one", "It", "two"] if answer else ["two"])


def test_a_second_interrupt_waits_for_nothing_more(chat: Chat, misbehaves: Misbehaving) -> None:
    shown: list[str] = []

    def press_twice(frame: Frame) -> None:
        interrupt()
        interrupt()
        time.sleep(HANG_S)  # a display that is stuck
        shown.append("the rest")

    misbehaves.answers(*stream(delta(thinking="Hm"), done=False), hang)
    before = signal.getsignal(signal.SIGINT)
    watch = Watch(on_frame=press_twice)
    begin = time.monotonic()
    with pytest.raises(Stopped) as caught:
        chat.ask("one", display=watch)
    assert time.monotonic() - begin < HANG_S
    assert shown == []
    assert watch.closed == [caught.value.reply] == [turn.reply for turn in chat.turns]
    assert misbehaves.left.wait(HANG_S)
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_main_thread_signals_are_left_alone(chat: Chat, settled: Emulator) -> None:
    replies: list[Reply] = []
    thread = threading.Thread(target=lambda: replies.append(chat.ask("Hello")))
    before = signal.getsignal(signal.SIGINT)
    thread.start()
    thread.join(HANG_S)
    assert replies[0].finish_reason == "stop"
    assert signal.getsignal(signal.SIGINT) is before


def test_a_plain_program_sees_nothing(settled: Emulator) -> None:
    program = "import qwen_nb; assert qwen_nb.Chat().ask('Hello').answer"
    command = [sys.executable, "-c", program]
    ran = subprocess.run(command, capture_output=True, timeout=60, check=False)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, b"", b"")
    assert len(settled.journal) == 1
