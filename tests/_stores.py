"""A store of a test's own, and how to open it again; for the `conftest` of a room."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qwen_nb.store.store import Store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "home" / "store.sqlite"


@pytest.fixture
def open_store(path: Path) -> Iterator[Callable[..., Store]]:
    """Open the store at `path`; what a test opens is closed after it."""
    opened: list[Store] = []

    def open_store(**options: float) -> Store:
        opened.append(Store(path, **options))
        return opened[-1]

    yield open_store
    for store in opened:
        store.close()


@pytest.fixture
def store(open_store: Callable[..., Store]) -> Store:
    return open_store()
