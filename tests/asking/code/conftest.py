from collections.abc import Iterator
from pathlib import Path

import pytest

from qwen_nb import Chat
from qwen_nb.emulator.server import Emulator


@pytest.fixture
def studio(tmp_path: Path, emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """Put the emulator in place of a region, so that both of its protocols are known."""
    home = tmp_path / "home"
    home.mkdir()
    row = (
        '[[server]]\nname = "singapore"\nhost = ""\nworkspace_host = ""\n'
        f'base_url = "{emulator.openai_base_url}"\n'
    )
    (home / "servers.toml").write_text(row, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DASHSCOPE_API_KEY", emulator.key)
    monkeypatch.setenv("QWEN_NB_REGION", "singapore")
    return emulator


@pytest.fixture
def chat(studio: Emulator) -> Iterator[Chat]:
    chat = Chat()
    yield chat
    chat.close()
