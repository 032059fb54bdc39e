from collections.abc import Iterator

import pytest

from qwen_nb import Chat
from qwen_nb.asking.job import JOBS
from tests.stop._watch import Watch


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def chat() -> Iterator[Chat]:
    chat = Chat()
    yield chat
    JOBS.stop()
    chat.close()
