import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from _servers import Misbehaving, response

from qwen_nb import Chat
from qwen_nb.asking.doctor import Finding, examine
from qwen_nb.emulator.server import Emulator

Examined = Callable[..., list[Finding]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own folder; the notebook's is an empty one beside it."""
    folder, home = tmp_path / "notebook", tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    monkeypatch.chdir(folder)
    return home


@pytest.fixture
def examined(home: Path) -> Iterator[Examined]:
    """Return the findings; no key that is set may be in them."""
    import os

    chats: list[Chat] = []

    def examined(language: Any = "en", chat: Chat | None = None) -> list[Finding]:
        chat = chat or Chat(language=language)
        chats.append(chat)
        findings = list(examine(chat.now().derived(language=language)))
        told = "\n".join(finding.words for finding in findings)
        keys = [value for name, value in os.environ.items() if name.endswith("API_KEY")]
        assert not any(key and key in told for key in keys)
        return findings

    yield examined
    for chat in chats:
        chat.close()


@pytest.fixture
def regions(home: Path, emulator: Emulator) -> Iterator[dict[str, Emulator]]:
    """Two emulators with keys of their own in place of two regions; no others are left."""
    with Emulator(pace=0) as beijing:
        regions = {"singapore": emulator, "beijing": beijing}
        rows = [
            f'[[server]]\nname = "{name}"\nhost = ""\nworkspace_host = ""\n'
            f'base_url = "{region.openai_base_url}"\n'
            for name, region in regions.items()
        ]
        others = [
            f'[[server]]\nname = "{name}"\nhost = ""\n' for name in ("virginia", "hongkong")
        ]
        (home / "servers.toml").write_text("\n".join([*rows, *others]), encoding="utf-8")
        yield regions


@pytest.fixture
def lists(misbehaving: Misbehaving) -> Callable[..., None]:
    """Let the server list models at its next request."""

    def lists(*names: str) -> None:
        data = [{"id": name, "object": "model"} for name in names]
        misbehaving.answers(response(json.dumps({"object": "list", "data": data})))

    return lists
