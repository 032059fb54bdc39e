"""A key whose region nobody named is asked elsewhere, whoever waits for the answer."""

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from _servers import HANG_S

from qwen_nb import AuthFailed, Chat
from qwen_nb.emulator.server import Emulator
from qwen_nb.render.html.still import SilentDisplay
from qwen_nb.values import Reply
from qwen_nb.values.events import Finished


@pytest.fixture
def beijing(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Emulator]:
    """The region the key belongs to; the one that is asked first does not know the key."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(tmp_path)
    with Emulator(pace=0) as beijing:
        urls = {"singapore": emulator.openai_base_url, "beijing": beijing.openai_base_url}
        rows = [
            f'[[server]]\nname = "{name}"\nhost = ""\nworkspace_host = ""\nbase_url = "{url}"\n'
            for name, url in urls.items()
        ]
        rows += [
            f'[[server]]\nname = "{name}"\nhost = ""\n' for name in ("virginia", "hongkong")
        ]
        (home / "servers.toml").write_text("\n".join(rows), encoding="utf-8")
        monkeypatch.setenv("DASHSCOPE_API_KEY", beijing.key)
        yield beijing


def streamed(chat: Chat) -> Reply:
    assert any(isinstance(event, Finished) for event in chat.stream("Hello"))
    return chat.turns[-1].reply


WAYS: dict[str, Callable[[Chat], Reply]] = {
    "ask": lambda chat: chat.ask("Hello"),
    "ask_async": lambda chat: asyncio.run(chat.ask_async("Hello")),
    "stream": streamed,
    "start": lambda chat: chat.start("Hello", display=SilentDisplay()).wait(HANG_S),
}


@pytest.mark.parametrize("way", WAYS)
def test_the_region_is_found(way: str, chat: Chat, beijing: Emulator) -> None:
    reply = WAYS[way](chat)
    assert (reply.finish_reason, reply.server) == ("stop", "Model Studio (Beijing)")
    assert any("Beijing" in note for note in reply.notes)
    assert len(chat.turns) == 1
    assert chat.server().region_name == "beijing"
    assert chat.ask("Who are you?").turn == 2


@pytest.mark.parametrize("way", WAYS)
def test_a_key_that_belongs_nowhere_is_refused(
    way: str, chat: Chat, beijing: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-of-nobody")
    with pytest.raises(AuthFailed, match="Singapore"):
        WAYS[way](chat)
    assert chat.turns == ()
