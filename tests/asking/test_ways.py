"""`server=`, `dialect=` and `force=` in Python, as a line has them."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from _servers import WHOLE, Misbehaving

import qwen_nb
from qwen_nb import Chat, ConfigError
from qwen_nb.emulator.server import Emulator

Way = Callable[..., Any]
WAYS: dict[str, Way] = {
    "ask": lambda chat, **how: chat.ask("one", **how),
    "ask_async": lambda chat, **how: asyncio.run(chat.ask_async("one", **how)),
    "stream": lambda chat, **how: list(chat.stream("one", **how)),
    "start": lambda chat, **how: chat.start("one", **how).wait(),
    "map": lambda chat, **how: qwen_nb.map(
        [1], "one {item}", chat=chat, keep=False, progress=False, **how
    ),
}


@pytest.fixture(params=WAYS)
def way(request: pytest.FixtureRequest) -> Way:
    return WAYS[request.param]


def test_another_server_for_one_call(
    way: Way, chat: Chat, settled: Emulator, misbehaving: Misbehaving
) -> None:
    misbehaving.streams(*WHOLE)
    way(chat, server=misbehaving.base_url, model="m")
    assert (len(misbehaving.requests), len(settled.journal)) == (1, 0)
    way(chat)
    assert (len(misbehaving.requests), len(settled.journal)) == (1, 1)


def test_a_retry_of_another_server(
    chat: Chat, settled: Emulator, misbehaving: Misbehaving
) -> None:
    chat.ask("one")
    misbehaving.streams(*WHOLE)
    assert chat.retry(server=misbehaving.base_url, model="m").answer == "It is."
    assert (len(misbehaving.requests), len(settled.journal)) == (1, 1)


def test_another_protocol_for_one_call(way: Way, chat: Chat) -> None:
    from qwen_nb.emulator import embedded

    journal = embedded(pace=0).journal
    journal.clear()
    way(chat, dialect="dashscope")
    way(chat, dialect="openai")
    way(chat)
    native = ["generation" in record.path for record in journal]
    assert native == [True, False, False]


def test_a_protocol_that_is_none(way: Way, chat: Chat, settled: Emulator) -> None:
    with pytest.raises(ConfigError, match="dialect takes openai"):
        way(chat, dialect="native")
    assert len(settled.journal) == 0


def test_what_a_check_refuses_is_sent_by_force(way: Way, chat: Chat) -> None:
    from qwen_nb.emulator import embedded

    journal = embedded(pace=0).journal
    journal.clear()
    refused = {"thinking": True, "params": {"tool_choice": "required"}}
    with pytest.raises(ConfigError):
        way(chat, **refused)
    assert len(journal) == 0
    with suppress(qwen_nb.BadRequest):
        way(chat, force=True, **refused)
    assert len(journal) == 1
