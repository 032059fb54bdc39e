"""Events one by one, asking without blocking, and a conversation from elsewhere."""

import asyncio
import os
import signal
import threading
import time
from collections.abc import Callable, Generator, Iterator
from itertools import pairwise
from types import SimpleNamespace
from typing import Any, cast

import pytest
from _servers import (
    HANG_S,
    LAST_CHUNK,
    WHOLE,
    Misbehaving,
    close,
    delta,
    hang,
    hold,
    response,
    stream,
)

from qwen_nb import Chat, ConfigError, Reply, Stopped, TimedOut
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.errors import BrokenStream
from qwen_nb.values import Message, ReplyBuilder, ToolCall
from qwen_nb.values.events import (
    AnswerDelta,
    Event,
    Finished,
    Retrying,
    Started,
    ThinkingDelta,
    ToolCallStarted,
    UsageReport,
)
from qwen_nb.wire import http

THINKING, ANSWER = delta(thinking="Hm"), delta(answer="It ")
FELT_S = 0.5
HELD_S = 0.2


def closable(events: Iterator[Event]) -> Generator[Event, None, None]:
    return cast("Generator[Event, None, None]", events)


# -- stream ----------------------------------------------------------------------------------


def test_the_events_join_to_the_reply(chat: Chat, settled: Emulator) -> None:
    whole = chat.ask("9.9 or 9.11?", thinking=True, once=True)
    events = list(chat.stream("9.9 or 9.11?", thinking=True))
    assert isinstance(events[0], Started)
    builder = ReplyBuilder()
    for event in events:
        builder.add(event)
    (turn,) = chat.turns
    reply = turn.reply
    built = builder.reply()
    for got in (reply, built):
        assert (got.thinking, got.answer, got.usage) == (
            whole.thinking, whole.answer, whole.usage
        )  # fmt: skip
        assert got.finish_reason == "stop"
    kinds = [type(event) for event in events]
    assert kinds.index(ThinkingDelta) < kinds.index(AnswerDelta) < kinds.index(Finished)
    assert UsageReport in kinds
    assert "".join(e.text for e in events if isinstance(e, AnswerDelta)) == reply.answer


def test_nothing_is_sent_before_the_first_event_is_wanted(
    chat: Chat, settled: Emulator
) -> None:
    events = chat.stream("Hello")
    assert len(settled.journal) == 0
    next(events)
    assert len(settled.journal) == 1
    list(events)
    assert len(chat.turns) == 1
    assert chat.ask("Who are you?").turn == 2


def test_events_come_one_by_one(chat: Chat, misbehaves: Misbehaving) -> None:
    misbehaves.streams(THINKING, done=False, then=(lambda c: c.server.go_on.wait(HANG_S),))
    events = closable(chat.stream("Hi"))
    assert [type(next(events)) for _ in range(2)] == [Started, ThinkingDelta]
    misbehaves.go_on.set()
    events.close()


def test_closing_early_keeps_a_stopped_turn(chat: Chat, misbehaves: Misbehaving) -> None:
    misbehaves.streams(THINKING, ANSWER, done=False, then=(hang,))
    misbehaves.streams(*WHOLE)
    events = closable(chat.stream("one"))
    for event in events:
        if isinstance(event, AnswerDelta):
            break
    begin = time.monotonic()
    events.close()
    assert misbehaves.left.wait(FELT_S)
    assert time.monotonic() - begin < FELT_S
    (turn,) = chat.turns
    assert (turn.reply.finish_reason, turn.reply.answer) == ("stopped", "It ")
    assert list(events) == []
    chat.ask("two")
    said = [message["content"] for message in misbehaves.requests[-1].body["messages"]]
    assert said == ["one", "It ", "two"]


def test_closing_before_the_first_event_asks_nothing(chat: Chat, settled: Emulator) -> None:
    closable(chat.stream("one")).close()
    assert (len(settled.journal), chat.turns) == (0, ())


def test_a_stream_that_is_left_alone_is_closed(chat: Chat, misbehaves: Misbehaving) -> None:
    misbehaves.streams(ANSWER, done=False, then=(hang,))
    for event in chat.stream("one"):  # its last reference goes with the loop
        if isinstance(event, AnswerDelta):
            break
    assert misbehaves.left.wait(FELT_S)
    assert chat.turns[-1].reply.finish_reason == "stopped"


def test_an_interrupt_in_a_stream_keeps_what_had_come(
    chat: Chat, misbehaves: Misbehaving
) -> None:
    misbehaves.streams(THINKING, ANSWER, done=False, then=(hang,))
    answered = threading.Event()

    def press() -> None:
        answered.wait(HANG_S)
        time.sleep(0.1)  # the loop waits for the next event again
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    seen = []
    with pytest.raises(Stopped) as caught:
        for event in chat.stream("one"):
            seen.append(event)
            if isinstance(event, AnswerDelta):
                answered.set()
    thread.join(HANG_S)
    assert AnswerDelta("It ") in seen
    assert misbehaves.left.wait(FELT_S)
    assert (caught.value.reply.finish_reason, caught.value.reply.answer) == ("stopped", "It ")
    assert chat.turns[-1].reply == caught.value.reply


def test_an_error_comes_after_the_events(chat: Chat, misbehaves: Misbehaving) -> None:
    misbehaves.answers(*stream(THINKING, ANSWER, done=False), close)
    seen = []
    with pytest.raises(BrokenStream) as caught:
        for event in chat.stream("one"):
            seen.append(event)
    assert seen[-1] == AnswerDelta("It ")
    assert caught.value.reply is not None
    assert chat.turns[-1].reply == caught.value.reply


def test_silence_in_a_stream_is_an_error(
    chat: Chat, misbehaves: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_IDLE_TIMEOUT", "0.5")
    misbehaves.streams(ANSWER, done=False, then=(hang,))
    begin = time.monotonic()
    with pytest.raises(TimedOut):
        list(chat.stream("one"))
    assert time.monotonic() - begin < HANG_S
    assert chat.turns[-1].reply.answer == "It "


def test_a_slow_reader_is_no_silence(
    chat: Chat, settled: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_IDLE_TIMEOUT", "1")
    events = chat.stream("Hello")
    seen = [next(events)]
    time.sleep(1.2)
    seen += events
    assert any(isinstance(event, Finished) for event in seen)
    assert chat.turns[-1].reply.finish_reason == "stop"


def test_an_idle_timeout_may_be_longer_than_the_usual_one(
    chat: Chat, misbehaves: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "IDLE_TIMEOUT_S", 0.1)
    monkeypatch.setenv("QWEN_NB_IDLE_TIMEOUT", "5")
    pause = lambda connection: time.sleep(0.3)  # noqa: E731
    misbehaves.answers(pause, *stream(THINKING, done=False), pause, *stream(*WHOLE)[1:],
                       b"0\r\n\r\n")  # fmt: skip
    assert chat.ask("one").answer == "It is."


def test_a_wait_for_a_retry_is_an_event(
    chat: Chat, misbehaves: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_RETRIES", "2")
    misbehaves.answers(b"HTTP/1.1 503 X\r\nRetry-After: 0\r\nContent-Length: 2\r\n\r\n{}")
    misbehaves.streams(*WHOLE)
    events = list(chat.stream("one"))
    assert events[0] == Retrying(0.0, 2, 2, "503")
    assert isinstance(events[1], Started)


def test_a_wrong_question_is_an_error_at_the_first_event(chat: Chat) -> None:
    with pytest.raises(ConfigError, match="no question"):
        next(chat.stream(" "))


def test_the_calls_of_a_tool_are_events(chat: Chat, settled: Emulator) -> None:
    tool = {"type": "function", "function": {"name": "get_current_weather", "parameters": {}}}
    events = list(chat.stream("Weather in Hangzhou", params={"tools": [tool]}))
    assert any(isinstance(event, ToolCallStarted) for event in events)
    assert Finished("tool_calls") in events


# -- ask_async -------------------------------------------------------------------------------


def test_the_loop_stays_free(chat: Chat, settled: Emulator) -> None:
    settled.pace = 0.01
    ticks: list[float] = []

    async def tick() -> None:
        while True:
            ticks.append(time.monotonic())
            await asyncio.sleep(0.005)

    async def main() -> Reply:
        ticker = asyncio.create_task(tick())
        await asyncio.sleep(0)
        try:
            return await chat.ask_async("Hello", thinking=True)
        finally:
            ticker.cancel()

    reply = asyncio.run(main())
    assert reply.answer
    assert chat.turns[-1].reply == reply
    assert len(ticks) > 20
    gaps = sorted(after - before for before, after in pairwise(ticks))
    assert gaps[len(gaps) // 2] < 0.02


def test_where_nobody_looks_it_is_told_when_the_first_came(
    chat: Chat, misbehaves: Misbehaving
) -> None:
    """Nothing is drawn then, and the moments are those of the reading thread."""
    answer = stream(ANSWER, delta("stop", answer="is."))[1:]
    misbehaves.answers(*stream(THINKING, done=False), hold, *answer, LAST_CHUNK)

    async def main() -> Reply:
        asking = asyncio.create_task(chat.ask_async("Hello", thinking=True))
        await asyncio.to_thread(misbehaves.reached.wait)
        await asyncio.sleep(HELD_S)
        misbehaves.go_on.set()
        return await asking

    reply = asyncio.run(main())
    timing = reply.timing
    assert timing.first_s is not None and timing.thinking_s is not None
    # half of it: the thinking may have come a moment after it was sent
    assert timing.first_s <= timing.total_s - HELD_S / 2
    assert HELD_S / 2 <= timing.thinking_s <= timing.total_s - timing.first_s


STREAMS = {
    "before the first byte": (hang,),
    "in the thinking": (*stream(THINKING, done=False), hang),
    "in the answer": (*stream(THINKING, ANSWER, done=False), hang),
    "in the wait for a retry": (response("{}", 503), hang),
}


@pytest.mark.parametrize("steps", STREAMS.values(), ids=STREAMS)
def test_cancelling_closes_the_stream(
    steps: tuple[Any, ...], chat: Chat, misbehaves: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_RETRIES", "3")
    misbehaves.answers(*steps)
    misbehaves.streams(*WHOLE)

    async def main() -> float:
        task = asyncio.create_task(chat.ask_async("one"))
        await asyncio.to_thread(misbehaves.reached.wait, HANG_S)
        await asyncio.sleep(0.05)
        begin = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(misbehaves.left.wait, FELT_S)
        return time.monotonic() - begin

    assert asyncio.run(main()) < FELT_S
    assert chat.turns == ()
    assert chat.ask("two").answer == "It is."


def test_what_is_cancelled_is_shown_as_stopped(
    chat: Chat, misbehaves: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qwen_nb.asking.screen import Screen

    closed: list[Reply] = []
    shown = SimpleNamespace(open=lambda *_: None, frame=lambda _: None, close=closed.append)
    monkeypatch.setattr(Screen, "display", lambda *_, **__: shown)
    misbehaves.answers(*STREAMS["in the answer"])

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(chat.ask_async("one"), 0.3)

    asyncio.run(main())
    assert [(reply.finish_reason, reply.answer) for reply in closed] == [("stopped", "It ")]


def test_five_at_once(new_chat: Callable[..., Chat], settled: Emulator) -> None:
    settled.pace = 0.01
    chat = new_chat()
    settled.script(Script(name="five", asks="^number .$", answer="It is {{first_words}} now."))

    async def main() -> list[Reply]:
        asked = [chat.ask_async(f"number {at}", once=True) for at in range(5)]
        return await asyncio.gather(*asked)

    begin = time.monotonic()
    replies = asyncio.run(main())
    together = time.monotonic() - begin
    assert [f"number {at}" in reply.answer for at, reply in enumerate(replies)] == [True] * 5
    assert chat.turns == ()
    begin = time.monotonic()
    chat.ask("number 0", once=True)
    assert together < 5 * (time.monotonic() - begin) + 0.5


def test_an_async_error_has_what_had_come(chat: Chat, misbehaves: Misbehaving) -> None:
    misbehaves.answers(*stream(THINKING, ANSWER, done=False), close)
    with pytest.raises(BrokenStream) as caught:
        asyncio.run(chat.ask_async("one"))
    assert caught.value.reply is not None
    assert (caught.value.reply.finish_reason, caught.value.reply.answer) == ("cut", "It ")
    assert chat.turns[-1].reply == caught.value.reply


# -- Chat(messages=[…]) ------------------------------------------------------------------------

CALL = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
TOOL_ROUND = [
    {"role": "user", "content": "Look."},
    {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "tool_call_id": "c1", "content": "a cat"},
    {"role": "assistant", "content": "A cat."},
]
DUMPED = {
    "content": "A cat.", "refusal": None, "role": "assistant", "annotations": None,
    "audio": None, "function_call": None, "tool_calls": None,
}  # fmt: skip
PARTS = [
    {"type": "text", "text": "What is this?"},
    {"type": "image_url", "image_url": {"url": "https://example.com/cat.png"}},
]
LISTS: dict[str, list[Any]] = {
    "texts": [{"role": "user", "content": "A"}, {"role": "assistant", "content": "B"}],
    "a system message": [{"role": "system", "content": "Be brief."}],
    "parts": [{"role": "user", "content": PARTS}, {"role": "assistant", "content": "A cat."}],
    "a tool round": TOOL_ROUND,
}


def sent(emulator: Emulator) -> Any:
    return emulator.journal[-1].body["messages"]


@pytest.mark.parametrize("messages", LISTS.values(), ids=LISTS)
def test_a_list_goes_before_the_question(
    messages: list[Any], new_chat: Callable[..., Chat], settled: Emulator
) -> None:
    model = "qwen3-vl-plus" if messages[0]["content"] is PARTS else "qwen-plus"
    chat = new_chat(model, messages=messages)
    first = chat.ask("And now?")
    assert sent(settled) == [*messages, {"role": "user", "content": "And now?"}]
    chat.ask("And then?")
    assert sent(settled) == [
        *messages,
        {"role": "user", "content": "And now?"},
        {"role": "assistant", "content": first.answer},
        {"role": "user", "content": "And then?"},
    ]
    chat.ask("Alone", once=True)
    chat.ask("Anew", new=True)
    assert sent(settled) == [{"role": "user", "content": "Anew"}]


def test_dumped_objects_go_without_their_nulls(
    new_chat: Callable[..., Chat], settled: Emulator
) -> None:
    from openai.types.chat import ChatCompletionMessage

    message = ChatCompletionMessage.model_validate(DUMPED)
    called = ChatCompletionMessage.model_validate(
        {"role": "assistant", "content": None, "tool_calls": [CALL], "reasoning_content": "Hm"}
    )
    result = {"role": "tool", "tool_call_id": "c1", "content": "a cat", "name": None}
    user = {"role": "user", "content": "Look.", "name": None}
    for last in (message, message.model_dump(), DUMPED):
        new_chat(messages=[user, called, result, last]).ask("And now?")
        told = sent(settled)
        assert [entry["role"] for entry in told] == [
            "user", "assistant", "tool", "assistant", "user",
        ]  # fmt: skip
        assert told[1]["tool_calls"] == [CALL]
        assert told[3] == {"role": "assistant", "content": "A cat."}
        assert b"null" not in settled.journal[-1].raw.replace(b'"content":null', b"")
        assert settled.journal[-1].status == 200


def test_our_own_values_are_taken_too(new_chat: Callable[..., Chat], settled: Emulator) -> None:
    messages = [
        Message("user", "Look."),
        Message("assistant", "", (ToolCall("c1", "look", "{}"),)),
        Message("tool", "a cat", tool_call_id="c1"),
    ]
    new_chat(messages=iter(messages)).ask("And now?")
    assert [entry["role"] for entry in sent(settled)] == ["user", "assistant", "tool", "user"]


BAD: dict[str, tuple[Any, str]] = {
    "a text": ("Hello", "Entry 1 "),
    "one message": ({"role": "user", "content": "Hi"}, "Entry 1 "),
    "a number": (7, "Entry 1 "),
    "a text inside": ([{"role": "user", "content": "A"}, "B"], r"Entry 2 .*'B'"),
    "no role": ([{"content": "A"}], "role: None"),
    "another role": ([{"role": "bot", "content": "A"}], "role: 'bot'"),
    "no content": ([{"role": "user", "content": None}], "content: None"),
    "a number as content": ([{"role": "user", "content": 3}], "content: 3"),
    "a result of no call": ([{"role": "tool", "content": "A"}], "tool_call_id"),
    "a call without a name": (
        [{"role": "assistant", "content": "", "tool_calls": [{"id": "c"}]}], "Entry 1 "
    ),
}  # fmt: skip


@pytest.mark.parametrize(("messages", "words"), BAD.values(), ids=BAD)
def test_a_bad_list_is_one_clear_error(messages: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        Chat(messages=messages)
    assert "\n" not in str(caught.value)
    assert "role system, user, assistant or tool" in str(caught.value)
