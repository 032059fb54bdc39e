"""The same questions twice: recorded against an emulator, then replayed with nobody there."""

import os
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, TypeVar

import pytest

from qwen_nb import Chat, cassettes, recording
from qwen_nb.cassettes.reports import Report
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator

_OURS = ("QWEN_NB_", "DASHSCOPE_")
_REGION = '[[server]]\nname = "{name}"\nhost = ""\nworkspace_host = ""\nbase_url = "{url}"\n'

T = TypeVar("T")
Do = Callable[[], T]


class Twice:
    """Where things are asked twice.

    Parameters
    ----------
    emulator : Emulator
        Who answers while it is recorded, and is stopped then.
    folder : Path
        Where homes and the cassette are.
    monkeypatch : pytest.MonkeyPatch
        Sets the environment.
    """

    def __init__(
        self, emulator: Emulator, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.emulator = emulator
        self.path = folder / "it.cassette"
        self.report: Report | None = None
        self.set = monkeypatch.setenv
        self._unset = monkeypatch.delenv
        self._folder = folder
        self._homes = 0
        self.settings: dict[str, str] = {"QWEN_NB_MODEL": "qwen-plus"}

    def script(self, asks: str, answer: str = "Yes.", **more: Any) -> None:
        self.emulator.script(Script(name=asks, asks=asks, answer=answer, **more))

    def as_any_server(self) -> None:
        """Set the emulator's address, as that of any server."""
        self.set("QWEN_NB_BASE_URL", self.emulator.openai_base_url)
        self.set("QWEN_NB_API_KEY", self.emulator.key)

    def as_a_region(self) -> None:
        """Let the emulator be Model Studio in Singapore."""
        self.regions({"singapore": self.emulator.openai_base_url})
        self.set("QWEN_NB_REGION", "singapore")
        self.set("DASHSCOPE_API_KEY", self.emulator.key)

    def regions(self, urls: dict[str, str]) -> None:
        rows = [_REGION.format(name=name, url=url) for name, url in urls.items()]
        home = self.home()
        (home / "servers.toml").write_text("\n".join(rows), encoding="utf-8")

    def home(self) -> Path:
        """Make a home with nothing in it."""
        self._homes += 1
        home = self._folder / f"home{self._homes}"
        home.mkdir()
        self.set("QWEN_NB_HOME", str(home))
        return home

    def record(self, do: Do[T]) -> T:
        for name, value in self.settings.items():
            self.set(name, value)
        with recording(self.path, "record") as cassette:
            done = do()
        self.report = cassette.report()
        assert not self.report.problem
        return done

    def replay(self, do: Do[T], *, used: bool = True) -> T:
        """Do it again with no server, no key, and nothing set but what `settings` says."""
        self.emulator.stop()
        cassettes.leave()
        for name in [name for name in os.environ if name.startswith(_OURS)]:
            self._unset(name)
        self.home()
        for name, value in self.settings.items():
            self.set(name, value)
        with recording(self.path, "replay") as cassette:
            done = do()
        self.report = cassette.report()
        assert not (used and self.report.unused)
        return done

    def same(self, do: Do[T]) -> T:
        """Do it both ways; what is returned has to be equal."""
        first = self.record(do)
        again = self.replay(do)
        assert again == first
        return first


def ask(*prompts: str, model: str = "qwen-plus", **options: Any) -> list[Any]:
    """Ask in one conversation; return the replies, or what was raised."""
    session = options.pop("session", {})
    with closing(Chat(model, **options)) as chat:
        chat.session.update(session)
        return [_asked(chat, prompt) for prompt in prompts]


def _asked(chat: Chat, prompt: str) -> Any:
    try:
        return chat.ask(prompt)
    except Exception as error:
        reply = getattr(error, "reply", None)
        return type(error), str(error), reply
