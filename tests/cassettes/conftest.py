from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qwen_nb.emulator.server import Emulator

from ._twice import Twice


@pytest.fixture(params=["openai", "dashscope"])
def dialect(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Twice]:
    """Do the same twice: against an emulator, and from the cassette with nobody there."""
    monkeypatch.chdir(tmp_path)
    with Emulator(pace=0) as emulator:
        yield Twice(emulator, tmp_path, monkeypatch)


@pytest.fixture
def cassette(tmp_path: Path) -> Callable[[str], Path]:
    """Write a cassette's text into a file."""

    def cassette(text: str) -> Path:
        path = tmp_path / "it.cassette"
        path.write_text(text, encoding="utf-8", newline="")
        return path

    return cassette
