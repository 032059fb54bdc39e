from collections.abc import Callable, Iterator
from typing import Any

import pytest

from qwen_nb import Chat


@pytest.fixture
def new_chat() -> Iterator[Callable[..., Chat]]:
    """Make chats that are closed afterwards."""
    chats: list[Chat] = []

    def new_chat(model: str | None = None, **options: Any) -> Chat:
        chats.append(Chat(model, **options))
        return chats[-1]

    yield new_chat
    for chat in chats:
        chat.close()


@pytest.fixture
def chat(new_chat: Callable[..., Chat]) -> Chat:
    return new_chat()
