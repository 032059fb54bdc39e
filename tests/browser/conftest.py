from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.browser._lab import App, Lab, Theme
from tests.browser._seen import Seen, look
from tests.notebooks._tools import Tools


@pytest.fixture(scope="session")
def labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[App], Lab]]:
    """Start a server and a browser for an app; once, and only where somebody asks."""
    with ExitStack() as stack:
        yield cache(lambda app: stack.enter_context(Lab(tmp_path_factory.mktemp(app), app)))


@pytest.fixture(scope="session")
def lab(labs: Callable[[App], Lab]) -> Lab:
    return labs("lab")


@pytest.fixture(params=["lab", "notebook"])
def either(labs: Callable[[App], Lab], request: pytest.FixtureRequest) -> Lab:
    """JupyterLab, then Notebook 7."""
    return labs(request.param)


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Tools:
    return Tools(tmp_path_factory.mktemp("tools"))


@pytest.fixture(scope="session")
def seen_in(labs: Callable[[App], Lab]) -> Callable[[App, Theme], Seen]:
    """Look at the first questions in an app and a theme; once, whoever asks."""
    return cache(lambda app, theme: look(labs(app), theme))


@pytest.fixture(params=["lab-light", "lab-dark", "notebook-light", "notebook-dark"])
def seen(seen_in: Callable[[App, Theme], Seen], request: pytest.FixtureRequest) -> Seen:
    app, theme = request.param.split("-")
    return seen_in(app, theme)
