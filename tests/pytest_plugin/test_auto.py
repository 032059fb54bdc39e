"""`auto`: a cassette that is there is replayed, and never added to."""

from pathlib import Path

import pytest

from qwen_nb import CassetteError, Chat, recording
from qwen_nb.emulator.server import Emulator
from tests.pytest_plugin._counting import Counting


def test_it_records_what_is_not_there_and_replays_what_is(
    settled: Emulator, counting: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with recording(tmp_path / "hello", "auto"):
        said = Chat().ask("Hello").answer
    assert len(settled.journal) == 1
    recorded = (tmp_path / "hello.cassette").read_bytes()

    before = counting.connections
    monkeypatch.setenv("QWEN_NB_BASE_URL", counting.base_url)
    with recording(tmp_path / "hello", "auto"):
        assert Chat().ask("Hello").answer == said
        with pytest.raises(CassetteError, match="recorded “Hello”, asked “Goodbye”"):
            Chat().ask("Goodbye")
    assert (tmp_path / "hello.cassette").read_bytes() == recorded
    assert (len(settled.journal), counting.connections) == (1, before)


def test_the_settings_of_who_recorded_it_hold_and_only_those_that_shape_a_request(
    settled: Emulator, counting: Counting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_MODEL", "qwen3-max")
    monkeypatch.setenv("QWEN_NB_THINKING", "300")
    path = tmp_path / "hello.cassette"
    with recording(path, "record"):
        Chat().ask("Hello")
    for name in ("MODEL", "THINKING", "BASE_URL", "API_KEY"):
        monkeypatch.delenv(f"QWEN_NB_{name}")
    with recording(path, "replay"):
        assert Chat().ask("Hello").model == "qwen3-max"

    # a cassette comes from somebody else: it may not say where questions go
    planted = f'"model": "qwen3-max",\n  "base_url": "{counting.base_url}"'
    text = path.read_text()
    assert text.count('"settings": {\n  "model": "qwen3-max"') == 1
    path.write_text(text.replace('"model": "qwen3-max"', planted, 1))
    with recording(path, "replay"):
        settings = Chat().settings()
    assert settings.value("model") == "qwen3-max"
    assert settings.get("base_url") is None
