"""Files are read once for as long as they stay as they are, and no longer."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from qwen_nb.errors import ConfigError
from qwen_nb.settings import settings as module
from qwen_nb.settings.settings import Settings

FILES: dict[str, tuple[str, str]] = {  # where it is, and how it names a model
    ".env": ("folder", "QWEN_NB_MODEL={}\n"),
    "qwen_nb.toml": ("folder", 'model = "{}"\n'),
    "pyproject.toml": ("folder", '[tool.qwen_nb]\nmodel = "{}"\n'),
    "config.toml": ("home", 'model = "{}"\n'),
}


@pytest.fixture
def resting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every file count as one that was not written just now."""
    monkeypatch.setattr(module, "_SETTLED_NS", -(10**18))


@pytest.fixture(params=FILES)
def write(request: pytest.FixtureRequest, folder: Path, home: Path) -> Callable[[str], Path]:
    """Let one of the files name a model."""
    place, line = FILES[request.param]
    path: Path = {"folder": folder, "home": home}[place] / request.param

    def write(model: str) -> Path:
        path.write_text(line.format(model), encoding="utf-8")
        return path

    return write


@pytest.fixture
def model(folder: Path, home: Path) -> Callable[[], Any]:
    return lambda: Settings({"QWEN_NB_HOME": str(home)}, folder).value("model")


@pytest.mark.usefixtures("resting")
def test_a_change_holds_at_once(write: Callable[[str], Path], model: Callable[[], Any]) -> None:
    assert model() is None
    for name in ("qwen-max", "qwen-turbo", "qwen-flash"):
        path = write(name)
        assert [model(), model()] == [name, name]
    path.rename(path.with_name("elsewhere"))
    assert model() is None
    path.with_name("elsewhere").rename(path)
    assert model() == "qwen-flash"
    path.unlink()
    assert model() is None
    path.mkdir()  # as a virtual environment may be called
    assert model() is None


def test_what_was_written_just_now_is_not_trusted_to_show_the_next_change(
    write: Callable[[str], Path], model: Callable[[], Any]
) -> None:
    for number in range(200):  # of one length, many within one tick of the file system
        write(f"model-{number:03}")
        assert model() == f"model-{number:03}"


@pytest.mark.usefixtures("resting")
def test_what_a_file_says_is_not_changed_by_who_reads_it(
    write: Callable[[str], Path], model: Callable[[], Any], folder: Path, home: Path
) -> None:
    write("qwen-max")
    settings = Settings({"QWEN_NB_HOME": str(home)}, folder)
    for place in settings._places:
        if place.has("model"):
            assert isinstance(place.values, dict)
            place.values["model"] = "spoiled"
    assert model() == "qwen-max"


@pytest.mark.usefixtures("resting")
def test_a_file_is_parsed_once(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch, model: Callable[[], Any]
) -> None:
    (folder / "qwen_nb.toml").write_text('model = "qwen-max"\n', encoding="utf-8")
    parsed: list[str] = []
    loads = tomllib.loads

    def counted(text: str) -> dict[str, Any]:
        parsed.append(text)
        return loads(text)

    monkeypatch.setattr(tomllib, "loads", counted)
    assert {model() for _ in range(7)} == {"qwen-max"}
    assert len(parsed) == 1


@pytest.mark.usefixtures("resting")
def test_what_is_broken_is_said_each_time_until_it_is_mended(
    folder: Path, model: Callable[[], Any]
) -> None:
    path = folder / "qwen_nb.toml"
    path.write_text("model = \n", encoding="utf-8")
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"qwen_nb\.toml"):
            model()
    path.write_text('model = "m"\n', encoding="utf-8")
    assert model() == "m"


@pytest.mark.usefixtures("resting")
def test_other_peoples_secrets_in_dotenv_are_not_kept(
    folder: Path, model: Callable[[], Any]
) -> None:
    (folder / ".env").write_text("THEIR_SECRET=abc\nQWEN_NB_MODEL=m\n", encoding="utf-8")
    assert model() == "m"
    assert "abc" not in str(module._kept)
