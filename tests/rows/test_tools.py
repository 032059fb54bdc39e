"""Rows whose answers need tools."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import qwen_nb
from qwen_nb import Chat, ConfigError
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.texts import text

ROWS = 12
HANG_S = 10.0


@pytest.fixture
def weather(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """An emulator that asks for the weather of each row's own place."""
    with Emulator(pace=0) as emulator:
        for row in range(ROWS):
            emulator.script(
                Script(
                    name=f"row {row}", asks=f"^Row {row}$", answer="{{results}}",
                    calls=[{"name": "weather", "arguments": {"place": f"P{row}"}}],
                )
            )  # fmt: skip
        monkeypatch.setenv("QWEN_NB_BASE_URL", emulator.openai_base_url)
        monkeypatch.setenv("QWEN_NB_API_KEY", emulator.key)
        monkeypatch.setenv("QWEN_NB_MODEL", "qwen-plus")
        yield emulator


def mapped(*tools: Any, **how: Any) -> Any:
    given = {"tools": tools} if tools else {}
    return qwen_nb.map(range(ROWS), "Row {item}", thinking=False, **given, **how)


def named(function: Callable[..., Any]) -> Callable[..., Any]:
    function.__name__ = "weather"
    return function


def weather_of(place: str) -> str:
    return f"It rains in {place}."


def test_functions_run_one_at_a_time(weather: Emulator) -> None:
    running = threading.Lock()
    threads = set()

    @named
    def alone(place: str) -> str:
        assert running.acquire(blocking=False)
        threads.add(threading.current_thread())
        running.release()
        return weather_of(place)

    rows = mapped(alone)
    assert [row.answer for row in rows] == [f"- {weather_of(f'P{n}')}" for n in range(ROWS)]
    assert [call.failed for row in rows for call in row.calls] == [False] * ROWS
    assert len(threads) == 1
    assert threading.main_thread() not in threads
    (used,) = rows.usage()
    assert used["calls"] == len(weather.journal) == 2 * ROWS


def test_async_functions_of_all_rows_run_together(weather: Emulator) -> None:
    here = set()
    all_here: list[asyncio.Event] = []

    @named
    async def together(place: str) -> str:
        all_here.append(asyncio.Event()) if not all_here else None
        here.add(place)
        if len(here) == ROWS:
            all_here[0].set()
        await asyncio.wait_for(all_here[0].wait(), HANG_S)
        return weather_of(place)

    rows = mapped(together)
    assert [row.answer for row in rows] == [f"- {weather_of(f'P{n}')}" for n in range(ROWS)]


def test_what_a_tool_raises_is_told_to_the_model(weather: Emulator) -> None:
    @named
    def raises(place: str) -> str:
        raise ValueError(place)

    rows = mapped(raises)
    assert rows[3].answer == "- weather raised ValueError: P3"
    assert rows.errors == {}


def test_the_chats_own_tools_and_those_of_somebody_else(weather: Emulator) -> None:
    chat = Chat(tools=[named(lambda place: weather_of(place))], thinking=False)
    assert mapped(chat=chat)[5].answer == f"- {weather_of('P5')}"
    place = {"type": "object", "properties": {"place": {"type": "string"}}}
    schema = {"type": "function", "function": {"name": "weather", "parameters": place}}
    rows = mapped(schema, name="another")
    assert [row.finish_reason for row in rows] == ["tool_calls"] * ROWS
    assert rows[2].tool_calls[0].arguments == '{"place": "P2"}'


def test_an_answer_in_form_after_the_tools(weather: Emulator) -> None:
    rows = mapped(named(lambda place: weather_of(place)), json=dict[str, str])
    assert all(isinstance(row, dict) for row in rows)
    assert [len(reply.calls) for reply in rows.replies] == [1] * ROWS


def test_who_has_to_be_asked_is_told_before_anything_is_sent(
    weather: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool = named(lambda place: weather_of(place))
    with pytest.raises(ConfigError) as caught:
        mapped(tool, confirm=True)
    assert str(caught.value) == text("error.map_confirm", "en")
    monkeypatch.setenv("QWEN_NB_CONFIRM_TOOLS", "on")
    with pytest.raises(ConfigError, match="confirm=False"):
        mapped(tool)
    assert len(weather.journal) == 0
    assert mapped(tool, confirm=False)[0].answer == f"- {weather_of('P0')}"
    assert mapped()[0].finish_reason == "stop"  # nothing to confirm
