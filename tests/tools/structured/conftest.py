from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qwen_nb import Chat
from qwen_nb.emulator.server import Emulator


@pytest.fixture(params=["openai", "dashscope"])
def ask(request: pytest.FixtureRequest, scripted: Emulator) -> Iterator[Callable[..., Chat]]:
    """Make chats that ask the emulator as Model Studio is asked, in either dialect."""
    chats: list[Chat] = []

    def ask(model: str | None = None, **options: Any) -> Chat:
        chat = Chat(model, **options)
        chat.session["dialect"] = request.param
        chats.append(chat)
        return chat

    yield ask
    for chat in chats:
        chat.close()


@pytest.fixture
def scripted() -> Iterator[Emulator]:
    """The embedded emulator, with an empty journal."""
    from qwen_nb.emulator.of_process import embedded, stop_embedded

    emulator = embedded(pace=0.0)
    emulator.journal.clear()
    yield emulator
    stop_embedded()
