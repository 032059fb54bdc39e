"""Thinking, calls, results, answer: rounds of tools end to end, in both dialects."""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from qwen_nb import Chat, ConfigError
from qwen_nb.asking.kept import Kept
from qwen_nb.conversation.conversation import Conversation
from qwen_nb.conversation.exchange import from_lines, lines
from qwen_nb.emulator.server import Emulator
from qwen_nb.tools.tools import MOST_SENT
from qwen_nb.values import Frame, Opening, Reply
from qwen_nb.values.events import Finished, ToolCallStarted, ToolResult
from qwen_nb.values.question import Question
from tests.tools.rounds._asked import Asked

NewChat = Callable[..., Chat]
Scripted = Callable[..., None]

MUNICIPALITIES = "What is the weather of the four municipalities?"
CITIES = ["Beijing", "Shanghai", "Tianjin", "Chongqing"]


def get_current_weather(location: str) -> str:
    """Look up the weather of a place.

    Args:
        location: A city.
    """
    return f"It rains in {location}."


def get_current_time() -> str:
    """Look up the time."""
    return "It is noon."


def then_goes_on(chat: Chat, asked: Asked) -> None:
    """Ask on, here and after a restart: the history has to be one a server accepts."""
    before = len(asked.statuses)
    chat.ask("Who are you?", quiet=True)
    written = lines(chat.conversation)
    again = Chat("qwen-plus", thinking=True)
    again.session.update(chat.session)
    again._own = Kept(Conversation(from_lines(written).entries))
    assert [turn.said for turn in again.turns] == [turn.said for turn in chat.turns]
    again.ask("And who else?", quiet=True)
    again.close()
    assert asked.statuses[before:] == [200, 200]
    assert asked.messages(-1)[: len(asked.messages(-2))] == asked.messages(-2)


def test_the_weather_of_four_cities_at_once(new_chat: NewChat, asked: Asked) -> None:
    chat = new_chat(get_current_time, get_current_weather)
    reply = chat.ask(MUNICIPALITIES, quiet=True)
    assert [json.loads(call.arguments) for call in reply.calls] == [
        {"location": city} for city in CITIES
    ]
    assert [call.result for call in reply.calls] == [f"It rains in {city}." for city in CITIES]
    assert all(f"- It rains in {city}." in reply.answer for city in CITIES)
    assert (reply.finish_reason, reply.tool_calls) == ("stop", ())
    assert "four calls" in reply.thinking
    assert reply.thinking[reply.thinking_from :].startswith("All four results")

    assert len(asked.bodies) == 2
    assert asked.option("parallel_tool_calls", 0) is True
    assert asked.option("parallel_tool_calls", 1) is True
    names = [tool["function"]["name"] for tool in asked.option("tools", 1)]
    assert names == ["get_current_time", "get_current_weather"]
    question, called, *results = asked.messages(1)
    assert question["role"] == "user"
    # the thinking of a round that is still open goes back with its calls
    assert called["reasoning_content"] == reply.thinking[: reply.thinking_from].rstrip("\n")
    ids = [call["id"] for call in called["tool_calls"]]
    assert [each["tool_call_id"] for each in results] == ids
    assert [each["role"] for each in results] == ["tool"] * 4

    then_goes_on(chat, asked)
    assert "reasoning_content" not in asked.messages(-1)[1]


def test_one_city_and_two_tools(new_chat: NewChat, asked: Asked) -> None:
    chat = new_chat(get_current_time, get_current_weather)
    reply = chat.ask("How is the weather in Hangzhou?", quiet=True)
    assert [call.name for call in reply.calls] == ["get_current_weather"]
    assert "It rains in Hangzhou." in reply.answer
    then_goes_on(chat, asked)


def test_the_ledger_has_a_call_for_each_round(
    new_chat: NewChat, asked: Asked, emulator: Emulator
) -> None:
    chat = new_chat(get_current_weather)
    reply = chat.ask(MUNICIPALITIES, quiet=True)
    calls = chat.ledger.calls()
    told = [record.usage for record in emulator.journal]
    assert [call.usage and call.usage.total for call in calls] == [
        each["total_tokens"] for each in told if each
    ]
    assert len({call.entry for call in calls}) == 1
    assert {call.kind for call in calls} == {"answer"}
    assert reply.usage is not None and reply.cost is not None
    assert reply.usage.total == sum(each["total_tokens"] for each in told if each)
    assert reply.cost.amount == sum(call.cost.amount for call in calls if call.cost)
    assert reply.round_usage == tuple(call.usage for call in calls)


def test_a_question_after_it_knows_its_size(new_chat: NewChat, emulator: Emulator) -> None:
    chat = new_chat(get_current_weather)
    chat.ask(MUNICIPALITIES, quiet=True)
    preview = chat.preview(Question(prompt="Who are you?"))
    last = chat.ask("Who are you?", quiet=True)
    assert last.usage is not None and last.usage.input is not None
    assert preview.tokens == pytest.approx(last.usage.input, rel=0.15)


class Seen:
    """A display that keeps what it is shown."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.closed: list[Reply] = []
        self.opened = 0

    def open(self, asking: Opening, stop: Any = None) -> None:
        self.opened += 1
        self.stop = stop

    def frame(self, frame: Frame) -> None:
        self.frames.append(frame)

    def settle(self, interrupts: Any) -> int:
        return 0

    def close(self, reply: Reply, failure: str = "") -> None:
        self.closed.append(reply)


def test_one_display_shows_all_rounds(new_chat: NewChat) -> None:
    seen = Seen()
    reply = new_chat(get_current_weather).ask(MUNICIPALITIES, display=seen)
    assert (seen.opened, len(seen.closed)) == (1, 1)
    for text, at in (("thinking", "thinking_at"), ("answer", "answer_at")):
        whole = ""
        for frame in seen.frames:
            assert getattr(frame, at) == len(whole)
            whole += getattr(frame, text)
        assert whole == getattr(reply, text)
    calling = [frame for frame in seen.frames if frame.state == "calling"]
    assert [(len(each.calls), len(each.calling)) for each in calling] == [
        (0, 4), (1, 3), (2, 2), (3, 1), (4, 0),
    ]  # fmt: skip
    states = list(dict.fromkeys(frame.state for frame in seen.frames))
    assert states.index("calling") < states.index("answering")
    assert all(len(frame.calls) == 4 for frame in seen.frames if frame.answer)


def test_events_of_a_stream(new_chat: NewChat) -> None:
    events = list(new_chat(get_current_weather).stream("Weather in Hangzhou?"))
    kinds = [type(each) for each in events]
    (result,) = [each for each in events if isinstance(each, ToolResult)]
    assert result.call.result == "It rains in Hangzhou."
    assert kinds.index(ToolCallStarted) < kinds.index(ToolResult)
    reasons = [each.reason for each in events if isinstance(each, Finished)]
    assert reasons == ["tool_calls", "stop"]


def test_async_tools_run_together(new_chat: NewChat, asked: Asked) -> None:
    running: Counter[str] = Counter()
    most = 0

    async def get_current_weather(location: str) -> str:
        nonlocal most
        running["now"] += 1
        most = max(most, running["now"])
        for _ in range(1000):
            if most == 4:
                break
            await asyncio.sleep(0.005)
        running["now"] -= 1
        print("looked at", location)
        return f"Snow in {location}."

    chat = new_chat(get_current_weather)
    reply = chat.ask(MUNICIPALITIES, quiet=True)
    assert most == 4
    assert [call.result for call in reply.calls] == [f"Snow in {city}." for city in CITIES]
    assert [call.outputs[0]["text/plain"] for call in reply.calls] == [
        f"looked at {city}\n" for city in CITIES
    ]
    most = 0
    other = asyncio.run(chat.ask_async(MUNICIPALITIES, quiet=True))
    assert most == 4
    assert "Snow in Tianjin." in other.answer
    then_goes_on(chat, asked)


def test_plain_tools_run_in_the_loop_of_an_async_question(new_chat: NewChat) -> None:
    reply = asyncio.run(
        new_chat(get_current_weather).ask_async("Weather in Hangzhou?", quiet=True)
    )
    assert "It rains in Hangzhou." in reply.answer


# -- what goes wrong in a tool --------------------------------------------------------------


def test_a_tool_that_raises(new_chat: NewChat, asked: Asked, script: Scripted) -> None:
    def broken(x: int) -> int:
        raise ZeroDivisionError("no such " + "n" * 5_000)

    script("break it", ("broken", {"x": 1}))
    chat = new_chat(broken)
    (call,) = chat.ask("break it", quiet=True).calls
    assert call.failed
    assert call.result.startswith("broken raised ZeroDivisionError: no such n")
    assert len(call.result) < 1_000
    assert asked.results() == [call.result]
    then_goes_on(chat, asked)


def test_a_tool_that_prints(
    new_chat: NewChat, script: Scripted, capsys: pytest.CaptureFixture[str]
) -> None:
    def loud(n: int) -> list[int]:
        for _ in range(n):
            print("x" * 99)
        return [n]

    script("be loud", ("loud", {"n": 3}), ("loud", {"n": 100_000}))
    few, many = new_chat(loud).ask("be loud", quiet=True).calls
    assert few.outputs == ({"text/plain": ("x" * 99 + "\n") * 3},)
    assert few.result == "[3]"
    assert "10000000" in many.outputs[-1]["text/plain"]
    assert sum(len(each["text/plain"]) for each in many.outputs) < 21_000
    assert capsys.readouterr().out == ""
    print("as ever")
    assert capsys.readouterr().out == "as ever\n"


def test_a_tool_that_returns_five_megabytes(
    new_chat: NewChat, asked: Asked, script: Scripted
) -> None:
    def big() -> str:
        return "长" * 5_000_000

    script("much", ("big", {}), answer="So much.")
    chat = new_chat(big)
    (call,) = chat.ask("much", quiet=True).calls
    (sent,) = asked.results()
    assert sent == call.result
    assert sent[:MOST_SENT] == "长" * MOST_SENT
    assert sent[MOST_SENT:] == f"\n[cut here: {MOST_SENT} of 5000000 characters]"
    then_goes_on(chat, asked)


def test_results_of_all_kinds(new_chat: NewChat, asked: Asked, script: Scripted) -> None:
    import datetime
    import decimal

    values = [
        None, {"a": [1, float("nan")]}, datetime.date(2026, 1, 2), decimal.Decimal("1.10"),
        "\ud83d", {1}, object, [], "",
    ]  # fmt: skip

    def value(at: int):  # type: ignore[no-untyped-def]
        return values[at]

    script("values", *(("value", {"at": at}) for at in range(len(values))))
    chat = new_chat(value)
    results = [call.result for call in chat.ask("values", quiet=True).calls]
    assert results[:6] == ["null", '{"a":[1,NaN]}', '"2026-01-02"', '"1.10"', "?", "[1]"]
    assert results[7:] == ["[]", ""]
    then_goes_on(chat, asked)


@pytest.mark.parametrize(
    ("name", "arguments", "told"),
    [
        ("get_current_weather", '{"location": "Bei', "not valid JSON"),
        ("get_current_weather", "[1, 2]", "do not fit get_current_weather"),
        ("get_current_weather", {"location": {"city": 1}}, "location"),
        ("get_current_weather", {"place": "Beijing"}, "location"),
    ],
)
def test_calls_that_cannot_be_run(
    new_chat: NewChat, asked: Asked, script: Scripted, name: str, arguments: Any, told: str
) -> None:
    script("call it", (name, arguments))
    chat = new_chat(get_current_time, get_current_weather)
    reply = chat.ask("call it", quiet=True)
    (call,) = reply.calls
    assert call.failed
    assert told in call.result
    assert asked.results() == [call.result]
    assert reply.finish_reason == "stop"
    then_goes_on(chat, asked)


def test_a_dozen_rounds(new_chat: NewChat, asked: Asked, script: Scripted) -> None:
    def step(n: int) -> int:
        return n * n

    script("go on", *(("step", {"n": n}) for n in range(12)))
    one_by_one = {"parallel_tool_calls": False}
    chat = new_chat(step, params=one_by_one)
    reply = chat.ask("go on", quiet=True, max_rounds=12)
    assert [call.result for call in reply.calls] == [str(n * n) for n in range(12)]
    assert len(reply.round_usage) == len(asked.bodies) == 13
    assert reply.finish_reason == "stop"
    assert reply.thinking.count("Let me call.") == 12
    assert reply.thinking[reply.thinking_from :] == "They are back."
    then_goes_on(chat, asked)


def test_a_model_that_never_stops(new_chat: NewChat, asked: Asked, script: Scripted) -> None:
    def step(n: int) -> int:
        return n

    script("for ever", *(("step", {"n": n}) for n in range(99)))
    chat = new_chat(step, params={"parallel_tool_calls": False})
    reply = chat.ask("for ever", quiet=True)
    assert len(asked.bodies) == 11
    assert len(reply.calls) == 11
    assert reply.calls[-1].result == "Not run: the limit of 10 rounds of calls is reached."
    assert (reply.finish_reason, reply.answer, reply.tool_calls) == ("tool_calls", "", ())
    (note,) = reply.notes
    assert note.startswith("The model was still calling tools after 10 rounds")
    assert len(chat.turns) == 1
    then_goes_on(chat, asked)


def test_the_setting_bounds_the_rounds(
    new_chat: NewChat, asked: Asked, script: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    def step(n: int) -> int:
        return n

    script("for ever", *(("step", {"n": n}) for n in range(99)))
    one_by_one = {"parallel_tool_calls": False}
    chat = new_chat(step, params=one_by_one)
    chat.session["tool_rounds"] = "2"
    reply = chat.ask("for ever", quiet=True)
    assert len(reply.calls) == len(asked.bodies) == 3
    note = reply.notes[-1]
    assert "after 2 rounds" in note and "%qwen_nb config tool_rounds" in note
    assert len(chat.ask("for ever", quiet=True, max_rounds=1, new=True).calls) == 2
    of_its_own = new_chat(step, params=one_by_one, max_rounds=3)
    monkeypatch.setenv("QWEN_NB_TOOL_ROUNDS", "2")
    assert len(of_its_own.ask("for ever", quiet=True).calls) == 4


# -- refused before anything is sent --------------------------------------------------------


def test_names_that_do_not_serve(new_chat: NewChat, asked: Asked) -> None:
    def search(words: str) -> str:
        return words

    def other(location: str) -> str:
        return location

    other.__name__ = "get_current_weather"
    for tools, said in (
        ([lambda x: x], "lambda"),
        ([get_current_weather, other], "Two tools have the name get_current_weather"),
        ([search], "search"),
        ([3], "3 is no tool"),
        ([{"name": "f"}], "is no tool"),
        (["get_current_weather"], "is no tool"),
    ):
        with pytest.raises(ConfigError, match=said):
            new_chat().ask("Hello", tools=tools, quiet=True)
    with pytest.raises(ConfigError, match="max_rounds"):
        new_chat(get_current_time).ask("Hello", max_rounds=0)
    assert asked.bodies == []


def test_no_type_hints(new_chat: NewChat, asked: Asked, script: Scripted) -> None:
    def plain(a, b=2, **more):  # type: ignore[no-untyped-def]
        return [a, b, more]

    script("plainly", ("plain", {"a": "x", "c": 3}))
    (call,) = new_chat(plain).ask("plainly", quiet=True).calls
    assert call.result == '["x",2,{"c":3}]'


def test_no_tools_in_the_background(new_chat: NewChat, asked: Asked) -> None:
    with pytest.raises(ConfigError, match="--bg takes no tools"):
        new_chat(get_current_time).start("Hello")
    assert asked.bodies == []
