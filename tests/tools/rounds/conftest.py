from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from qwen_nb import Chat
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from tests.tools.rounds._asked import Asked

REGION = '[[server]]\nname = "singapore"\nhost = ""\nbase_url = "{url}"\n'


@pytest.fixture(params=["openai", "dashscope"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Emulator]:
    """Let an emulator of the test's own be a region of Model Studio."""
    home = tmp_path / "home"
    home.mkdir()
    with Emulator(pace=0) as emulator:
        servers = REGION.format(url=emulator.openai_base_url)
        (home / "servers.toml").write_text(servers, encoding="utf-8")
        monkeypatch.setenv("QWEN_NB_HOME", str(home))
        monkeypatch.setenv("QWEN_NB_REGION", "singapore")
        monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
        yield emulator


@pytest.fixture
def new_chat(emulator: Emulator, dialect: str) -> Iterator[Callable[..., Chat]]:
    """Make chats that are closed afterwards."""
    chats: list[Chat] = []

    def new_chat(*tools: Any, **options: Any) -> Chat:
        chats.append(Chat("qwen-plus", tools=tools, **{"thinking": True, **options}))
        chats[-1].session["dialect"] = dialect
        return chats[-1]

    yield new_chat
    for chat in chats:
        chat.close()


@pytest.fixture
def script(emulator: Emulator) -> Callable[..., None]:
    """Script a turn: the question, and the calls in it."""

    def script(asks: str, *calls: tuple[str, Any], **more: Any) -> None:
        emulator.script(
            Script(
                name=asks,
                asks=asks,
                answer=more.pop("answer", "{{results}}"),
                thinking="Let me call.",
                thinking_after_tools="They are back.",
                calls=[{"name": name, "arguments": given} for name, given in calls],
                **more,
            )
        )

    return script


@pytest.fixture
def asked(emulator: Emulator) -> Asked:
    return Asked(emulator)
