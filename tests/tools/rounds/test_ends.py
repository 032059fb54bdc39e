"""Turns that end among their calls: stopped, not allowed, too dear, or run by somebody else."""

import _thread
import asyncio
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from qwen_nb import BudgetReached, Chat, ConfigError, Reply, Stopped
from qwen_nb.conversation.exchange import api_list, from_api_list
from qwen_nb.front_end import asks
from qwen_nb.ledger.budgets import Budget
from qwen_nb.tools.calling import Calling
from qwen_nb.tools.tools import tools_of
from qwen_nb.values import Frame, Opening, ToolCall
from qwen_nb.values.question import Question, options_of
from qwen_nb.values.turn_json import carried, turn_from
from tests._turns import replaced
from tests.tools.rounds._asked import Asked
from tests.tools.rounds.test_rounds import (
    CITIES,
    MUNICIPALITIES,
    get_current_weather,
    then_goes_on,
)

NewChat = Callable[..., Chat]
Scripted = Callable[..., None]

SCHEMA = {"type": "function", "function": {"name": "get_current_weather", "parameters": {}}}
LONG = 60.0


class Pressed:
    """A display whose Stop is pressed while tools run, from another thread."""

    def __init__(self, after: int) -> None:
        self.after = after

    def open(self, asking: Opening, stop: Any = None) -> None:
        self.stop = stop

    def frame(self, frame: Frame) -> None:
        if frame.state == "calling" and len(frame.calls) == self.after:
            threading.Timer(0.3, self.stop).start()

    def settle(self, interrupts: Any) -> int:
        return 0

    def close(self, reply: Reply, failure: str = "") -> None:
        self.reply = reply


def check_stopped(reply: Reply, asked: Asked) -> None:
    assert reply.finish_reason == "stopped"
    assert [call.result for call in reply.calls] == [
        "It rains in Beijing.", *["Stopped by the user."] * 3,
    ]  # fmt: skip
    assert [call.stopped for call in reply.calls] == [False, True, True, True]
    assert len(asked.bodies) == 1
    assert reply.usage == reply.round_usage[0]


def slow(location: str) -> str:
    """Look up the weather of a place."""
    if location != "Beijing":
        time.sleep(LONG)
    return get_current_weather(location)


slow.__name__ = "get_current_weather"


async def slow_async(location: str) -> str:
    """Look up the weather of a place."""
    if location != "Beijing":
        await asyncio.sleep(LONG)
    return get_current_weather(location)


slow_async.__name__ = "get_current_weather"


@pytest.mark.parametrize("tool", [slow, slow_async])
@pytest.mark.parametrize("way", ["ask", "ask_async"])
def test_a_slow_tool_stopped_in_the_card(
    new_chat: NewChat,
    asked: Asked,
    tool: Any,
    way: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    chat = new_chat(tool)
    display = Pressed(1)
    began = time.monotonic()
    if way == "ask":
        reply = chat.ask(MUNICIPALITIES, display=display)
    else:
        monkeypatch.setattr(
            "qwen_nb.asking.screen.Screen.display", lambda *_args, **_more: display
        )
        reply = asyncio.run(chat.ask_async(MUNICIPALITIES))
    assert time.monotonic() - began < LONG / 2
    check_stopped(reply, asked)
    assert len(chat.ledger.calls()) == 1
    then_goes_on(chat, asked)
    # the model was told of them, so the history has what was called
    assert [each for each in asked.results(-1)][1] == "Stopped by the user."


def press_soon() -> None:
    threading.Timer(0.3, _thread.interrupt_main).start()


def slow_and_pressed(location: str) -> str:
    """Look up the weather of a place."""
    if location != "Beijing":
        press_soon()
        for _ in range(int(LONG / 0.01)):
            time.sleep(0.01)
    return get_current_weather(location)


async def slow_and_pressed_async(location: str) -> str:
    """Look up the weather of a place."""
    if location == "Shanghai":
        press_soon()
    return await slow_async(location)


@pytest.mark.parametrize("tool", [slow_and_pressed, slow_and_pressed_async])
@pytest.mark.parametrize("way", ["ask", "ask_async", "stream"])
def test_a_slow_tool_interrupted(
    new_chat: NewChat, asked: Asked, monkeypatch: pytest.MonkeyPatch, tool: Any, way: str
) -> None:
    monkeypatch.setattr(tool, "__name__", "get_current_weather")
    chat = new_chat(tool)
    with pytest.raises(Stopped) as stopped:
        if way == "ask":
            chat.ask(MUNICIPALITIES, quiet=True)
        elif way == "stream":
            list(chat.stream(MUNICIPALITIES))
        else:
            asyncio.run(chat.ask_async(MUNICIPALITIES, quiet=True))
    check_stopped(stopped.value.reply, asked)
    assert len(chat.turns) == 1
    then_goes_on(chat, asked)


def test_a_stopped_turn_goes_on_without_calling_again(new_chat: NewChat, asked: Asked) -> None:
    chat = new_chat(slow)
    chat.ask(MUNICIPALITIES, display=Pressed(1))
    reply = chat.resume()
    assert "Stopped by the user." in reply.answer
    assert "It rains in Beijing." in reply.answer
    assert len(reply.calls) == 4
    assert reply.finish_reason == "stop"
    assert len(asked.bodies) == 2
    assert asked.results() == ["It rains in Beijing.", *["Stopped by the user."] * 3]
    (turn,) = chat.turns
    assert turn.reply == reply
    then_goes_on(chat, asked)


def test_asked_again_with_the_same_tools(new_chat: NewChat, asked: Asked) -> None:
    chat = new_chat()
    chat.ask(MUNICIPALITIES, tools=[get_current_weather], quiet=True)
    again = chat.retry(quiet=True)
    assert len(again.calls) == 4
    assert "It rains in Chongqing." in again.answer
    assert [len(asked.results(at)) for at in range(4)] == [0, 4, 0, 4]
    chat.undo()
    assert chat.messages == []
    chat.restore()
    then_goes_on(chat, asked)


# -- tools that somebody else runs ----------------------------------------------------------


def test_a_schema_without_a_function(new_chat: NewChat, asked: Asked) -> None:
    chat = new_chat(SCHEMA)
    with pytest.raises(ConfigError, match="waits for no results"):
        chat.tool_results({})
    reply = chat.ask(MUNICIPALITIES, quiet=True)
    assert (reply.finish_reason, reply.calls) == ("tool_calls", ())
    assert len(reply.tool_calls) == 4
    assert asked.option("tools") == [SCHEMA]
    with pytest.raises(ConfigError, match="Results are wanted for"):
        chat.tool_results({reply.tool_calls[0].id: "Rain"})
    assert len(asked.bodies) == 1
    results = dict(zip((call.id for call in reply.tool_calls), CITIES, strict=True))
    results[reply.tool_calls[3].id] = {"sky": "clear"}  # type: ignore[assignment]
    whole = chat.tool_results(results)
    assert [call.result for call in whole.calls] == [*CITIES[:3], '{"sky":"clear"}']
    assert whole.answer.count("- ") == 4
    assert whole.thinking.startswith(reply.thinking)
    assert whole.thinking[whole.thinking_from :].startswith("All four")
    (turn,) = chat.turns
    assert turn.reply == whole
    assert len(replaced(chat.conversation)) == 1
    assert [call.usage for call in chat.ledger.calls()] == [reply.usage, whole.usage]
    then_goes_on(chat, asked)


def test_asking_on_instead_of_bringing_results(new_chat: NewChat, asked: Asked) -> None:
    chat = new_chat(SCHEMA)
    chat.ask(MUNICIPALITIES, quiet=True)
    then_goes_on(chat, asked)


def test_functions_and_schemas_together(new_chat: NewChat, asked: Asked) -> None:
    def get_current_time() -> str:
        return "Noon."

    chat = new_chat(get_current_time, params={"tools": [SCHEMA]})
    reply = chat.ask(MUNICIPALITIES, quiet=True)
    assert len(reply.tool_calls) == 4
    assert len(asked.option("tools")) == 2
    then_goes_on(chat, asked)


# -- asked before ---------------------------------------------------------------------------


def test_nobody_can_allow_it(new_chat: NewChat, asked: Asked) -> None:
    chat = new_chat(get_current_weather, confirm=True)
    reply = chat.ask("Weather in Hangzhou?", quiet=True)
    (call,) = reply.calls
    assert call.failed
    assert call.result == "Not run: it has to be confirmed, and nobody can answer here."
    then_goes_on(chat, asked)


@pytest.mark.parametrize(("answer", "runs"), [("y", True), ("", False), ("nein", False)])
def test_the_person_is_asked(
    new_chat: NewChat, monkeypatch: pytest.MonkeyPatch, answer: str, runs: bool
) -> None:
    said: list[str] = []

    def reply_with(asked: str) -> str:
        said.append(asked)
        return answer

    monkeypatch.setattr(asks, "can_answer", lambda _: True)
    monkeypatch.setattr("builtins.input", reply_with)
    chat = new_chat(get_current_weather)
    (call,) = chat.ask("Weather in Hangzhou?", quiet=True, confirm=True).calls
    assert said == [
        'The model wants to call get_current_weather({"location": "Hangzhou"}). Run it? [y/N] '
    ]
    assert call.failed is not runs
    assert call.result == (
        "It rains in Hangzhou." if runs else "The user did not allow this call."
    )


def test_the_setting_asks_where_nobody_says(
    new_chat: NewChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call's word is nearest, then the chat's, then the setting."""
    told = "Not run: it has to be confirmed, and nobody can answer here."
    rains = "It rains in Hangzhou."

    def result(chat: Chat, **how: Any) -> str:
        (call,) = chat.ask("Weather in Hangzhou?", quiet=True, **how).calls
        return str(call.result)

    assert result(new_chat(get_current_weather)) == rains
    monkeypatch.setenv("QWEN_NB_CONFIRM_TOOLS", "on")
    chat, of_its_own = (
        new_chat(get_current_weather),
        new_chat(get_current_weather, confirm=False),
    )
    assert (result(chat), result(chat, confirm=False)) == (told, rains)
    assert (result(of_its_own), result(of_its_own, confirm=True)) == (rains, told)
    chat.session["confirm_tools"] = "off"
    assert result(chat) == rains


# -- budgets --------------------------------------------------------------------------------


def test_a_budget_is_held_against_each_round(
    new_chat: NewChat, asked: Asked, script: Scripted
) -> None:
    def step(n: int) -> int:
        return n

    script("go on", *(("step", {"n": n}) for n in range(9)), usage={"completion": 1000})
    chat = new_chat(step, max_tokens=1000)
    options: dict[str, Any] = {"thinking": False, "params": {"parallel_tool_calls": False}}
    preview = chat.preview(Question(prompt="go on", options=options_of(**options)))
    assert preview.bound.cost is not None
    amount = preview.bound.cost.amount * Decimal("3.5")
    of = chat.kept().booked_as
    chat.budgets.set(Budget(scope="chat", of=of, amount=amount, currency="USD"))
    with pytest.raises(BudgetReached) as reached:
        chat.ask("go on", quiet=True, **options)
    reply = reached.value.reply
    assert reply is not None
    assert 0 < len(reply.calls) < 9
    assert len(asked.bodies) == len(chat.ledger.calls()) == len(reply.calls)
    (turn,) = chat.turns
    assert (turn.reply.finish_reason, turn.reply) == ("cut", reply)


# -- as text, and back ----------------------------------------------------------------------


def test_carried_in_a_notebook_and_in_files(new_chat: NewChat) -> None:
    chat = new_chat(get_current_weather)
    chat.ask(MUNICIPALITIES, quiet=True)
    (turn,) = chat.turns
    for keeps in (True, False):
        back = turn_from(carried(turn, keep_thinking=keeps))
        assert back is not None
        assert [each.content for each in back.said] == [each.content for each in turn.said]
        assert back.reply.calls == turn.reply.calls
        assert back.reply.final.answer == turn.reply.final.answer
        assert back.reply.final.usage == turn.reply.final.usage
        assert "tools" not in back.options.params
        assert any(each.thinking for each in back.said) is keeps
        assert carried(back, keep_thinking=keeps) == carried(turn, keep_thinking=keeps)
    copied = from_api_list(api_list(chat.conversation))
    (entry,) = copied.entries
    assert copied.left_out == 0
    assert [each.tool_calls for each in entry.turn.said] == [
        each.tool_calls for each in turn.said
    ]
    assert entry.turn.reply.answer == turn.reply.answer


# -- one round, without a model -------------------------------------------------------------


def run(*calls: ToolCall, tools: Any = (get_current_weather,)) -> Calling:
    import contextlib

    calling = Calling(
        calls,
        {tool.name: tool for tool in tools_of(tools)},
        confirm=None,
        is_stopped=lambda: False,
        language="en",
    )
    calling.run(lambda *, once=False: contextlib.nullcontext())
    return calling


def test_an_unknown_tool() -> None:
    (record,) = run(ToolCall("1", "nothing\ud83d", "{}")).records
    assert record.failed
    assert record.result == (
        "There is no tool named nothing?. The tools are: get_current_weather."
    )


def test_what_a_tool_displays_is_its_own(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shown: list[Any] = []

    class Publisher:
        def publish(self, data: Any, **_: Any) -> None:
            shown.append(data)

    class Shell:
        display_pub = Publisher()

    monkeypatch.setattr("qwen_nb.front_end.place.running_shell", Shell)

    async def draw(n: int) -> None:
        await asyncio.sleep(0.01 * (3 - n))
        print("before", n)
        Shell.display_pub.publish({"text/plain": str(n)})
        print("after", n)

    calls = [ToolCall(str(n), "draw", f'{{"n": {n}}}') for n in range(3)]
    for n, record in enumerate(run(*calls, tools=[draw]).records):
        assert [each["text/plain"] for each in record.outputs] == [
            f"before {n}\n", str(n), f"after {n}\n",
        ]  # fmt: skip
    assert shown == []
    Shell.display_pub.publish({"text/plain": "mine"})
    assert shown == [{"text/plain": "mine"}]
    assert "publish" not in vars(Shell.display_pub)
    assert capsys.readouterr().out == ""
