"""Where the browser of these tests comes from."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.browser import _chromium


@pytest.fixture
def empty_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A machine without any browser; return the only folder on its path."""
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "none"))
    return tmp_path


def program(path: Path) -> Path:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_named_one_comes_first(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(empty_machine / "chromium")
    named = program(empty_machine / "my-own")
    monkeypatch.setenv("CHROMIUM", str(named))
    assert _chromium.find() == named


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_one_on_the_path_is_found(empty_machine: Path, name: str) -> None:
    there = program(empty_machine / name)
    assert _chromium.find() == there


def test_a_wrong_name_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHROMIUM", "no-such-program")
    with pytest.raises(RuntimeError, match="no-such-program"):
        _chromium.find()


def test_none_names_the_command(
    empty_machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert shutil.which("chromium") is None
    assert _chromium.main([]) == 1
    assert "playwright install chromium" in capsys.readouterr().err


@pytest.mark.parametrize(("user", "asked"), [(0, True), (1000, False)])
def test_only_root_uses_apt(
    empty_machine: Path, monkeypatch: pytest.MonkeyPatch, user: int, asked: bool
) -> None:
    # Playwright's download fails; apt-get leaves a trace
    monkeypatch.setattr(_chromium, "_download", lambda: [sys.executable, "-c", "exit(1)"])
    monkeypatch.setattr(_chromium.os, "geteuid", lambda: user)
    trace = empty_machine / "trace"
    program(empty_machine / "apt-get").write_text(f"#!/bin/sh\necho $@ >> '{trace}'\n")
    assert _chromium.main(["--install"]) == 1
    assert trace.exists() == asked
    if asked:
        assert trace.read_text().splitlines() == [
            "update",
            "install -y chromium fonts-noto-cjk",
        ]
