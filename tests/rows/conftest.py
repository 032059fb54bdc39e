from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from ._limited import Elsewhere, Limit, limited


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Callable[[Limit], Iterator[Elsewhere]]:
    """Start an emulator in another process, and point the settings at it."""

    @contextmanager
    def started(limit: Limit) -> Iterator[Elsewhere]:
        with limited(limit) as there:
            monkeypatch.setenv("QWEN_NB_BASE_URL", there.base_url)
            monkeypatch.setenv("QWEN_NB_API_KEY", there.key)
            monkeypatch.setenv("QWEN_NB_MODEL", "qwen-plus")
            yield there

    return started
