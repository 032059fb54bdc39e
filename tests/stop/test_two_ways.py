"""Stop by message ends the call well; an interrupt halts; at any moment."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from typing import Any

import pytest
from _servers import HANG_S, LAST_CHUNK, WHOLE, Misbehaving, delta, hang, hold, response, stream

from qwen_nb import Chat, RateLimited, Reply, Stopped
from tests.stop._watch import Watch

THINKING, ANSWER = delta(thinking="Hm"), delta(answer="It ")
MOMENTS: dict[str, tuple[tuple[Any, ...], str]] = {
    "before the first byte": ((hang,), ""),
    "in the wait for a retry": ((response("{}", 503), hang), ""),
    "in the thinking": ((*stream(THINKING, done=False), hang), "Hm"),
    "in the answer": ((*stream(THINKING, ANSWER, done=False), hang), "HmIt "),
}


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def when_there(
    misbehaves: Misbehaving, is_there: Callable[[], bool], act: Callable[[], None]
) -> threading.Thread:
    def wait() -> None:
        misbehaves.reached.wait(HANG_S)
        while not is_there():
            threading.Event().wait(0.002)
        act()

    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def asked(
    moment: str, chat: Chat, watch: Watch, misbehaves: Misbehaving, act: Callable[[], None]
) -> Reply:
    steps, words = MOMENTS[moment]
    misbehaves.answers(*steps)

    def is_there() -> bool:
        if "retry" in moment:
            return any(frame.state == "retrying" for frame in watch.frames)
        return watch.shown == words

    thread = when_there(misbehaves, is_there, act)
    try:
        return chat.ask("one", display=watch)
    finally:
        thread.join(HANG_S)


@pytest.fixture(autouse=True)
def tries(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_NB_RETRIES", "5")


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_message_ends_the_call_well(
    moment: str, chat: Chat, watch: Watch, misbehaves: Misbehaving
) -> None:
    def stop_twice() -> None:
        watch.stops[0]()
        watch.stops[0]()

    reply = asked(moment, chat, watch, misbehaves, stop_twice)
    assert reply.finish_reason == "stopped"
    assert reply.thinking + reply.answer == MOMENTS[moment][1]
    assert watch.closed == [(reply, "")]
    assert [turn.reply for turn in chat.turns] == ([reply] if MOMENTS[moment][1] else [])
    misbehaves.streams(*WHOLE)
    assert chat.ask("two").answer == "It is."


@pytest.mark.parametrize("moment", MOMENTS)
def test_an_interrupt_halts(
    moment: str, chat: Chat, watch: Watch, misbehaves: Misbehaving
) -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(Stopped) as caught:
        asked(moment, chat, watch, misbehaves, interrupt)
    assert signal.getsignal(signal.SIGINT) is before
    reply = caught.value.reply
    assert reply.finish_reason == "stopped"
    assert reply.thinking + reply.answer == MOMENTS[moment][1]
    assert watch.closed == [(reply, "")]


def test_an_interrupt_after_the_message_still_halts(
    chat: Chat, watch: Watch, misbehaves: Misbehaving
) -> None:
    def both() -> None:
        watch.stops[0]()
        interrupt()

    watch.on_close = lambda reply: threading.Event().wait(0.05)
    with pytest.raises(Stopped):
        asked("in the answer", chat, watch, misbehaves, both)
    assert len(watch.closed) == len(chat.turns) == 1


def test_a_message_that_comes_too_late_stops_nothing(
    chat: Chat, watch: Watch, misbehaves: Misbehaving
) -> None:
    misbehaves.streams(*WHOLE)
    watch.on_close = lambda reply: watch.stops[0]()
    assert chat.ask("one", display=watch).finish_reason == "stop"
    misbehaves.streams(*WHOLE)
    assert chat.ask("two").finish_reason == "stop"
    watch.stops[0]()
    assert [turn.reply.answer for turn in chat.turns] == ["It is.", "It is."]


@pytest.mark.parametrize("presses", [1, 2, 3])
def test_an_interrupt_while_the_end_is_drawn_loses_nothing(
    presses: int, chat: Chat, watch: Watch, misbehaves: Misbehaving
) -> None:
    misbehaves.streams(*WHOLE)
    watch.on_close = lambda reply: [interrupt() for _ in range(presses)]
    with pytest.raises(Stopped) as caught:
        chat.ask("one", display=watch)
    assert (caught.value.reply.answer, caught.value.reply.finish_reason) == ("It is.", "stop")
    assert [turn.reply for turn in chat.turns] == [caught.value.reply]


def test_an_interrupt_while_the_stream_closes_loses_nothing(
    chat: Chat, watch: Watch, misbehaves: Misbehaving
) -> None:
    misbehaves.streams(*WHOLE, then=(hold, LAST_CHUNK))
    watch.on_close = lambda reply: (misbehaves.reached.wait(HANG_S), interrupt())
    with pytest.raises(Stopped):
        chat.ask("one", display=watch)
    misbehaves.go_on.set()
    misbehaves.streams(*WHOLE)
    assert chat.ask("two", display=Watch()).turn == 2


def test_an_interrupt_beside_an_error_is_not_lost(
    chat: Chat, watch: Watch, misbehaves: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_RETRIES", "1")
    misbehaves.answers(response("{}", 429))
    watch.on_close = lambda reply: interrupt()
    with pytest.raises(Stopped) as caught:
        chat.ask("one", display=watch)
    assert isinstance(caught.value.__cause__, RateLimited)


def test_a_message_ends_an_awaited_question_well(
    chat: Chat, watch: Watch, misbehaves: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qwen_nb.asking.screen import Screen

    monkeypatch.setattr(Screen, "display", lambda *_, **__: watch)
    misbehaves.answers(*MOMENTS["in the answer"][0])
    watch.on_frame = lambda frame: watch.shown == "HmIt " and watch.stops[0]()
    reply = asyncio.run(chat.ask_async("one"))
    assert (reply.finish_reason, reply.answer) == ("stopped", "It ")
    assert [turn.reply for turn in chat.turns] == [reply]
