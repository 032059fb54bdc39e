"""What the report says of each thing that can be wrong: its cause, and never a key."""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from _servers import Misbehaving, response, usage

from qwen_nb import Chat
from qwen_nb.asking.doctor import Finding
from qwen_nb.emulator.server import Emulator
from qwen_nb.texts import Language, text

Examined = Callable[..., list[Finding]]
LANGUAGES: tuple[Language, ...] = ("en", "zh")


def told(findings: list[Finding], state: str = "") -> str:
    return "\n".join(found.words for found in findings if state in ("", found.state))


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key(examined: Examined, language: Language) -> None:
    findings = examined(language)
    assert text("doctor.no_key", language) in told(findings, "note")
    assert "DASHSCOPE_API_KEY" in told(findings, "note")
    assert text("doctor.thinking_streams", language, model="qwen-plus") in told(findings, "ok")
    assert not told(findings, "bad")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_wrong_key(
    examined: Examined, settled: Emulator, monkeypatch: pytest.MonkeyPatch, language: Language
) -> None:
    monkeypatch.setenv("QWEN_NB_API_KEY", "sk-wrong-0123456789")
    findings = examined(language)
    origin = "QWEN_NB_API_KEY"
    assert text("doctor.key_found", language, origin=origin) in told(findings)
    assert text("doctor.key_elsewhere", language, origin=origin) == told(findings[-1:], "bad")
    assert "401" in told(findings, "bad")


def test_a_server_that_wants_a_key(
    examined: Examined, settled: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QWEN_NB_API_KEY")
    findings = examined()
    assert findings[-1] == Finding("bad", text("doctor.key_wanted"))


def test_a_region_without_a_key_is_not_asked(
    examined: Examined, regions: dict[str, Emulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_SERVER", "singapore")
    findings = examined()
    assert "no API key for Model Studio (Singapore)" in told(findings[-1:], "bad")
    assert not list(regions["singapore"].journal)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_key_that_no_region_accepts(
    examined: Examined,
    regions: dict[str, Emulator],
    monkeypatch: pytest.MonkeyPatch,
    language: Language,
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-wrong-0123456789")
    findings = examined(language)
    assert findings[-1] == Finding("bad", text("doctor.key_fits_nowhere", language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_key_of_another_region(
    examined: Examined,
    regions: dict[str, Emulator],
    monkeypatch: pytest.MonkeyPatch,
    language: Language,
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", regions["beijing"].key)
    findings = examined(language)
    fits = text("doctor.key_fits", language, server="Model Studio (Beijing)", region="beijing")
    assert findings[-1] == Finding("ok", fits)
    assert "Model Studio (Singapore)" in told(findings, "bad")


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_question_finds_its_region_and_says_why(
    regions: dict[str, Emulator], monkeypatch: pytest.MonkeyPatch, home: Path,
    language: Language,
) -> None:  # fmt: skip
    monkeypatch.setenv("DASHSCOPE_API_KEY", regions["beijing"].key)
    chat, later = Chat(language=language), Chat(language=language)
    try:
        reply = chat.ask("Hello")
        assert reply.answer.startswith("Hello!")
        assert reply.server == "Model Studio (Beijing)"
        note = text("note.region_found", language, server="Model Studio (Beijing)")
        assert reply.notes == (note,)
        assert chat.server().region_name == "beijing"
        before = len(regions["singapore"].journal)
        reply = later.ask("Hello")
        assert (reply.server, reply.notes) == ("Model Studio (Beijing)", ())
        assert len(regions["singapore"].journal) == before
    finally:
        chat.close()
        later.close()
    kept = (home / "regions.json").read_text("utf-8")
    assert "beijing" in kept
    assert regions["beijing"].key not in kept


def test_a_region_that_was_named_stays(
    regions: dict[str, Emulator], monkeypatch: pytest.MonkeyPatch
) -> None:
    from qwen_nb import AuthFailed

    monkeypatch.setenv("DASHSCOPE_API_KEY", regions["beijing"].key)
    monkeypatch.setenv("QWEN_NB_REGION", "singapore")
    chat = Chat()
    with pytest.raises(AuthFailed, match="Singapore"):
        chat.ask("Hello")
    chat.close()
    assert not list(regions["beijing"].journal)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_server_that_is_down(
    examined: Examined, monkeypatch: pytest.MonkeyPatch, language: Language
) -> None:
    with Emulator(pace=0) as gone:
        monkeypatch.setenv("QWEN_NB_BASE_URL", gone.openai_base_url)
    findings = examined(language)
    bad = told(findings, "bad")
    reached = {"en": "could not be reached", "zh": "无法连接 127.0.0.1"}
    assert reached[language] in bad
    assert len(findings) == sum(found.state == "note" for found in findings) + 1
    assert "QWEN_NB_BASE_URL" in told(findings, "note")


@pytest.fixture
def proxy(misbehaving: Misbehaving, monkeypatch: pytest.MonkeyPatch) -> Misbehaving:
    """A proxy that has nothing but 502 for anybody, with a password."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        address = f"http://me:secret@127.0.0.1:{misbehaving.port}"
        monkeypatch.setenv(name, address)
        monkeypatch.setenv(name.lower(), address)
    for _ in range(9):
        misbehaving.answers(response("Bad Gateway", 502, "text/plain"))
    return misbehaving


def test_a_proxy_is_no_way_to_this_machine(
    examined: Examined, settled: Emulator, proxy: Misbehaving
) -> None:
    findings = examined()
    assert not told(findings, "bad")
    assert "proxies are set" in told(findings, "note")
    assert "secret" not in told(findings)
    assert proxy.requests == []


@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_proxy_that_fails(
    examined: Examined,
    proxy: Misbehaving,
    monkeypatch: pytest.MonkeyPatch,
    scheme: str,
    language: Language,
) -> None:
    monkeypatch.setenv("QWEN_NB_BASE_URL", f"{scheme}://server.invalid/v1")
    findings = examined(language)
    assert findings[-1].state == "bad"
    assert f"http://127.0.0.1:{proxy.port}" in findings[-1].words
    assert "server.invalid" in findings[-1].words
    assert "502" in findings[-2].words
    assert "secret" not in told(findings)
    assert "Traceback" not in told(findings)


def test_a_question_through_a_proxy_that_fails_is_one_clear_line(
    home: Path, proxy: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qwen_nb import QwenError

    monkeypatch.setenv("QWEN_NB_BASE_URL", "https://server.invalid/v1")
    monkeypatch.setenv("QWEN_NB_MODEL", "m")
    chat = Chat()
    with pytest.raises(QwenError, match="502") as caught:
        chat.ask("Hi")
    chat.close()
    assert "server.invalid" in str(caught.value)
    assert "\n" not in str(caught.value)


# -- servers that are not Model Studio -----------------------------------------------------


def own_server(home: Path, server: Misbehaving, *lines: str) -> None:
    rows = ["[[server]]", 'name = "mine"', 'title = "My server"', *lines]
    rows.append(f'base_url = "{server.base_url}"')
    (home / "servers.toml").write_text("\n".join(rows), encoding="utf-8")


def piece(finish: str | None = None, **fields: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": fields, "finish_reason": finish}
    return {"id": "chatcmpl-1", "model": "qwen3:8b", "choices": [choice]}


INLINE = (
    piece(role="assistant", content="<th"),
    piece(content="ink>\nHm"),
    piece(content=", yes\n</think>\n\nHello."),
    piece("stop", content=""),
    usage(),
)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_server_that_only_speaks_inline_thinking(
    examined: Examined, home: Path, misbehaving: Misbehaving, lists: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch, language: Language,
) -> None:  # fmt: skip
    own_server(home, misbehaving, 'thinking = "none"', "inline_think = true")
    monkeypatch.setenv("QWEN_NB_SERVER", "mine")
    monkeypatch.setenv("QWEN_NB_MODEL", "qwen3:8b")
    lists("qwen3:8b")
    misbehaving.streams(*INLINE)
    findings = examined(language)
    assert text("doctor.thinking_streams", language, model="qwen3:8b") in told(findings, "ok")
    assert text("doctor.thinking_inline", language) in told(findings, "note")
    assert not told(findings, "bad")


@pytest.mark.parametrize("language", LANGUAGES)
def test_inline_thinking_that_nobody_splits(
    examined: Examined, misbehaving: Misbehaving, lists: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch, language: Language,
) -> None:  # fmt: skip
    monkeypatch.setenv("QWEN_NB_BASE_URL", misbehaving.base_url)
    monkeypatch.setenv("QWEN_NB_MODEL", "qwen3:8b")
    lists("qwen3:8b")
    misbehaving.streams(*INLINE)
    bad = told(examined(language), "bad")
    assert bad == text("doctor.thinking_unsplit", language, model="qwen3:8b")
    assert "inline_think" in bad


OLLAMA = (
    piece(role="assistant", content="", reasoning="Hm"),
    piece(role="assistant", content="", reasoning=", yes"),
    piece(role="assistant", content="Hello."),
    piece("stop", role="assistant", content=""),
    usage(),
)


def test_a_server_like_ollama(
    examined: Examined, home: Path, misbehaving: Misbehaving, lists: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    rows = f'[[server]]\nname = "ollama"\nbase_url = "{misbehaving.base_url}"\n'
    (home / "servers.toml").write_text(rows, encoding="utf-8")
    monkeypatch.setenv("QWEN_NB_SERVER", "ollama")
    lists("qwen3:8b")
    lists("qwen3:8b")  # asked again: nobody named a model, and it is the only one
    misbehaving.streams(*OLLAMA)
    findings = examined()
    assert "server: Ollama" in told(findings)
    assert "no key is sent to this server" in told(findings)
    assert "lists 1 models: qwen3:8b" in told(findings, "ok")
    assert "thinking streams (qwen3:8b)" in told(findings, "ok")
    assert "reasoning_effort" in told(findings, "note")
    asked = misbehaving.requests[-1]
    assert asked.body["reasoning_effort"] == "medium"
    assert "enable_thinking" not in asked.body
    assert "authorization" not in asked.headers


def test_which_of_several_models(
    examined: Examined, misbehaving: Misbehaving, lists: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("QWEN_NB_BASE_URL", misbehaving.base_url)
    lists("one", "two")
    lists("one", "two")
    findings = examined()
    assert "QWEN_NB_MODEL: one, two" in told(findings, "bad")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_model_that_does_not_think(
    examined: Examined, misbehaving: Misbehaving, lists: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch, language: Language,
) -> None:  # fmt: skip
    monkeypatch.setenv("QWEN_NB_BASE_URL", misbehaving.base_url)
    monkeypatch.setenv("QWEN_NB_MODEL", "m")
    lists("m")
    misbehaving.streams(
        piece(role="assistant", content="Hello."), piece("stop", content=""), usage()
    )
    findings = examined(language)
    none = text("doctor.thinking_none", language, model="qwen3:8b")
    assert none in told(findings, "note")


# -- where things came from, and the command -----------------------------------------------


def test_every_setting_is_named_with_its_place(
    examined: Examined, settled: Emulator, home: Path
) -> None:
    (home / "config.toml").write_text("idle_timeout = 9\n", encoding="utf-8")
    Path(".env").write_text("QWEN_NB_LANG=en\n", encoding="utf-8")
    Path("qwen_nb.toml").write_text("thinking = 77\n", encoding="utf-8")
    notes = told(examined(), "note")
    for line in (
        f"base_url = {settled.openai_base_url}, from QWEN_NB_BASE_URL",
        "model = qwen-plus, from QWEN_NB_MODEL",
        "idle_timeout = 9.0, from config.toml (idle_timeout)",
        "lang = en, from .env (QWEN_NB_LANG)",
        "thinking = 77, from qwen_nb.toml (thinking)",
        "retries = 1, from QWEN_NB_RETRIES",
    ):
        assert line in notes


def test_a_setting_that_cannot_be_read_is_the_cause(
    examined: Examined, settled: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_IDLE_TIMEOUT", "soon")
    findings = examined()
    assert "QWEN_NB_IDLE_TIMEOUT" in findings[-1].words
    assert findings[-1].state == "bad"


def test_a_password_in_an_address_is_not_shown(
    examined: Examined, emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = emulator.openai_base_url.replace("//", "//me:secret@")
    monkeypatch.setenv("QWEN_NB_BASE_URL", url)
    assert "secret" not in told(examined())


@pytest.mark.parametrize(("language", "is_right"), [("en", True), ("zh", False)])
def test_the_command(settled: Emulator, home: Path, language: Language, is_right: bool) -> None:
    key = settled.key if is_right else "sk-wrong-0123456789"
    environ = {**os.environ, "QWEN_NB_LANG": language, "QWEN_NB_API_KEY": key}
    environ["PYTHONIOENCODING"] = "utf-8"
    ran = subprocess.run(
        [sys.executable, "-m", "qwen_nb", "doctor"],
        env=environ, capture_output=True, encoding="utf-8", timeout=60, check=False,
    )  # fmt: skip
    assert ran.stderr == ""
    assert ran.returncode == (0 if is_right else 1)
    lines = ran.stdout.splitlines()
    assert all(re.match("[✓·✗] ", line) for line in lines)
    if is_right:
        thinks = text("doctor.thinking_streams", language, model="qwen-plus")
        assert f"✓ {thinks}" in lines
    else:
        refused = text("doctor.key_elsewhere", language, origin="QWEN_NB_API_KEY")
        assert lines[-1] == f"✗ {refused}"
    assert key not in ran.stdout
