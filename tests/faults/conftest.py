import re
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qwen_nb import Chat
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator

REGION = """\
[[server]]
name = "singapore"
host = ""
base_url = "{url}"
"""

THINKING = "Let me see: the one thing follows from the other, and so it has to be."
ANSWER = "It is **so**, for more than one reason, as anybody can see by looking."


class Studio:
    """An emulator in the place of a region of Model Studio."""

    def __init__(self, emulator: Emulator) -> None:
        self.emulator = emulator
        self._known: set[str] = set()

    def fails(self, fault: str) -> str:
        """Return a question that meets this fault; without it, ANSWER is answered."""
        if fault not in self._known:
            self._known.add(fault)
            asks = f"^{re.escape(fault)}$"
            self.emulator.script(
                Script(name=fault, asks=asks, thinking=THINKING, answer=ANSWER, fault=fault)
            )
        return fault

    def mend(self, fault: str) -> None:
        """Let the question that met this fault be answered from now on."""
        self._known.discard(fault)
        asks = f"^{re.escape(fault)}$"
        self.emulator.script(Script(name=fault, asks=asks, thinking=THINKING, answer=ANSWER))

    @property
    def asked(self) -> int:
        """How many requests came, questions or not."""
        return len(self.emulator.journal)

    @property
    def paths(self) -> list[str]:
        return [record.path.rpartition("/api/v1")[2] for record in self.emulator.journal]

    def sent(self, at: int = -1) -> list[tuple[str, str]]:
        """Return role and text of the messages of one request, of either dialect."""
        body = self.emulator.journal[at].body
        messages = body.get("input", body)["messages"]
        return [(message["role"], said(message["content"])) for message in messages]


def said(content: object) -> str:
    if isinstance(content, list):
        return "".join(part["text"] for part in content)
    assert isinstance(content, str)
    return content


@pytest.fixture(scope="session")
def region() -> Iterator[Studio]:
    import openai  # noqa: F401  # at the first question otherwise, and its time would count

    with Emulator(pace=0) as emulator:
        # hundreds of answers: none waits 40 ms for the acknowledgement of its first packet
        emulator._running._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        yield Studio(emulator)


@pytest.fixture
def studio(region: Studio, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Studio:
    """Let the emulator be Model Studio's Singapore: its rules, and both dialects."""
    region.emulator.journal.clear()
    home = tmp_path / "home"
    home.mkdir()
    url = region.emulator.openai_base_url
    (home / "servers.toml").write_text(REGION.format(url=url), encoding="utf-8")
    monkeypatch.setenv("QWEN_NB_HOME", str(home))
    monkeypatch.setenv("QWEN_NB_REGION", "singapore")
    monkeypatch.setenv("DASHSCOPE_API_KEY", region.emulator.key)
    monkeypatch.setenv("QWEN_NB_MODEL", "qwen-plus")
    return region


@pytest.fixture
def new_chat() -> Iterator[Callable[..., Chat]]:
    """Make chats that are closed afterwards."""
    chats: list[Chat] = []

    def new_chat(model: str | None = None, **options: object) -> Chat:
        chats.append(Chat(model, **options))  # type: ignore[arg-type]
        return chats[-1]

    yield new_chat
    for chat in chats:
        chat.close()


@pytest.fixture
def chat(new_chat: Callable[..., Chat]) -> Chat:
    return new_chat()
