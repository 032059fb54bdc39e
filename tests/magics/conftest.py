from collections.abc import Callable

import pytest

from qwen_nb.emulator.server import Emulator


@pytest.fixture
def asked(settled: Emulator) -> Callable[[], str]:
    """Return the prompt of the last request, as the server read it."""
    return lambda: settled.journal[-1].body["messages"][-1]["content"]
