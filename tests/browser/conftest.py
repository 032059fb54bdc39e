from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache

import pytest

from tests.browser._lab import Lab, Theme
from tests.browser._seen import Seen, look
from tests.notebooks._tools import Tools


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with Lab(tmp_path_factory.mktemp("lab")) as lab:
        yield lab


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    return Tools(tmp_path_factory.mktemp("tools"))


@pytest.fixture(scope="session")
def seen_in(lab: Lab) -> Callable[[Theme], Seen]:
    """Look at the first questions in a theme; once, whoever asks."""
    return cache(lambda theme: look(lab, theme))


@pytest.fixture(params=["light", "dark"])
def seen(seen_in: Callable[[Theme], Seen], request: pytest.FixtureRequest) -> Seen:
    return seen_in(request.param)
