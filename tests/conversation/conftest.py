from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qwen_nb.emulator.server import Emulator
from tests.conversation._page import Page


@pytest.fixture
def notebook_page(emulator: Emulator, tmp_path: Path) -> Iterator[Page]:
    """A notebook with a kernel, which asks the emulator as it would any server."""
    with Page(tmp_path, emulator) as page:
        yield page


@pytest.fixture
def open_page() -> Iterator[Callable[[Page], Page]]:
    """Start a kernel for a notebook, and end it after the test."""
    opened: list[Page] = []

    def open_page(page: Page) -> Page:
        opened.append(page)
        return page.start()

    yield open_page
    for page in opened:
        page.shutdown(now=True)
