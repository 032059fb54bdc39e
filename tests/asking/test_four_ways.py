"""Whoever waits, it is one flow: each script of the emulator, asked in each way there is."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qwen_nb import Chat, ConfigError, Turn
from qwen_nb.emulator.scripts import Script, packaged
from qwen_nb.render.html import SilentDisplay
from tests.emulator.test_both import ASKED, rules_of

WEATHER = "It is sunny in {}, 24 degrees."


def get_current_weather(location: str) -> str:
    """Tell the weather of a city."""
    return WEATHER.format(location)


def get_current_time() -> str:
    """Tell the time."""
    return "12:00"


TOOLS = [get_current_weather, get_current_time]


def by_ask(chat: Chat, prompt: str) -> None:
    chat.ask(prompt)


def by_ask_async(chat: Chat, prompt: str) -> None:
    asyncio.run(chat.ask_async(prompt))


def by_stream(chat: Chat, prompt: str) -> None:
    for _ in chat.stream(prompt):
        pass


def by_start(chat: Chat, prompt: str) -> None:
    chat.start(prompt, display=SilentDisplay()).wait(60)


WAYS: dict[str, Callable[[Chat, str], None]] = {
    "ask": by_ask, "ask_async": by_ask_async, "stream": by_stream, "start": by_start,
}  # fmt: skip


@pytest.fixture
def new_chat() -> Iterator[Callable[..., Chat]]:
    chats: list[Chat] = []

    def new_chat(dialect: str, **options: Any) -> Chat:
        chats.append(Chat(thinking=True, **options))
        chats[-1].session["dialect"] = dialect
        return chats[-1]

    yield new_chat
    for chat in chats:
        chat.close()


def booked(chat: Chat) -> list[tuple[Any, ...]]:
    """Return what the ledger holds of a chat's calls, but for times and ids."""
    calls = chat.ledger.calls(conversation=chat.kept().booked_as)
    return [
        (call.kind, call.model, call.region, call.usage, call.cost, call.turn) for call in calls
    ]


def gone_through(way: str, chat: Chat, script: Script) -> tuple[tuple[Turn, ...], list[Any]]:
    for prompt in ASKED[script.name]:
        WAYS[way](chat, prompt)
    return chat.turns, booked(chat)


@pytest.mark.parametrize("dialect", ["openai", "dashscope"])
@pytest.mark.parametrize("script", packaged(), ids=lambda script: script.name)
def test_all_ways_are_one(script: Script, dialect: str, new_chat: Callable[..., Chat]) -> None:
    """Turns hold prompt, options, what was said between, and the reply with its notes."""
    asked: dict[str, Any] = {}
    for way in WAYS:
        if script.calls and way == "start":
            continue  # tools are refused in the background, see below
        tools = TOOLS if script.calls else ()
        chat = new_chat(dialect, system=rules_of(script), tools=tools)
        asked[way] = gone_through(way, chat, script)
    turns, calls = asked["ask"]
    assert len(turns) == len(ASKED[script.name])
    assert len(calls) >= len(turns)
    for way, found in asked.items():
        assert found[0] == turns, way
        assert found[1] == calls, way


def test_tools_are_refused_in_the_background(new_chat: Callable[..., Chat]) -> None:
    chat = new_chat("openai", tools=TOOLS)
    with pytest.raises(ConfigError):
        chat.start("Weather in Hangzhou", display=SilentDisplay())
    assert not chat.turns
    assert not booked(chat)
    assert not chat.conversation.pending
