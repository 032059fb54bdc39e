"""`use`, `config`, `%config`, `models`, `servers` as a person types them."""

import os
import re
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

import pytest

from qwen_nb import Chat
from qwen_nb.emulator.server import Emulator
from qwen_nb.settings.settings import NAMES
from qwen_nb.texts import text


def chat_of(notebook: Any) -> Chat:
    registry = notebook.shell.magics_manager.registry
    chat: Chat = registry["QwenMagics"].chat
    return chat


USED = {
    "singapore": ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", None),
    "sg": ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", None),
    "Beijing": ("https://dashscope.aliyuncs.com/compatible-mode/v1", None),
    "北京": ("https://dashscope.aliyuncs.com/compatible-mode/v1", None),
    "us-east-1": ("https://dashscope-us.aliyuncs.com/compatible-mode/v1", None),
    "virginia": ("https://dashscope-us.aliyuncs.com/compatible-mode/v1", None),
    "ollama": ("http://127.0.0.1:11434/v1", None),
    "llama.cpp": ("http://127.0.0.1:8080/v1", None),
    "LM Studio": ("http://127.0.0.1:1234/v1", None),
    "硅基流动": ("https://api.siliconflow.cn/v1", None),
    "http://127.0.0.1:8123/v1/": ("http://127.0.0.1:8123/v1", None),
    "https://dashscope.aliyuncs.com/compatible-mode/v1": (
        "https://dashscope.aliyuncs.com/compatible-mode/v1", None,
    ),
    "emulator": ("", "qwen-plus"),
    "qwen-max": ("", "qwen-max"),
    "qwen3-vl-plus": ("", "qwen3-vl-plus"),
    "ollama/qwen3:8b": ("http://127.0.0.1:11434/v1", "qwen3:8b"),
    "openrouter/qwen/qwen3-32b": ("https://openrouter.ai/api/v1", "qwen/qwen3-32b"),
    "beijing/qwen-long": (
        "https://dashscope.aliyuncs.com/compatible-mode/v1", "qwen-long",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wanted", USED)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_use(notebook: Any, folder: Path, wanted: str, lang: str) -> None:
    url, model = USED[wanted]
    notebook.run(f"%qwen_nb config lang {lang}")
    ran = notebook.run(f"%qwen_nb use {wanted}")
    assert ran.error is None
    chat = chat_of(notebook)
    server = chat.server(started=False)
    assert server.base_url == url
    assert server.scripted is not bool(url)
    assert server.name in ran.out
    if model is not None:
        assert chat.default_options(server).model == model
        assert model in ran.out


UNKNOWN = {
    "singapur": "singapore",
    "olama": "ollama",
    "qwen-pluss": "qwen-plus",
    "gpu:11434": "",
    "my-own-model": "",
    "dashscope.aliyuncs.com": "",
}


@pytest.mark.parametrize("wanted", UNKNOWN)
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_use_of_something_unknown_names_the_nearest(
    notebook: Any, folder: Path, wanted: str, lang: Any
) -> None:
    notebook.run(f"%qwen_nb config lang {lang}")
    before = dict(chat_of(notebook).session)
    ran = notebook.run(f"%qwen_nb use {wanted}")
    near = UNKNOWN[wanted]
    told = str(ran.error)
    assert wanted in told
    assert "\n" not in told
    assert chat_of(notebook).session == before
    if near:
        assert text("command.near", lang, name=near) in told


REFUSED = {
    "https://{WorkspaceId}.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1": "WorkspaceId",
    "http://": "no address",
    "ftp://host/v1": "no address",
    "http://h:99999/v1": "no address",
    "frankfurt": "DASHSCOPE_WORKSPACE_ID",
    "raw": "base_url",
    "": "servers",
}


@pytest.mark.parametrize("wanted", REFUSED)
def test_use_of_something_that_cannot_be_changes_nothing(
    notebook: Any, folder: Path, wanted: str
) -> None:
    notebook.run("%qwen_nb use ollama")
    ran = notebook.run(f"%qwen_nb use {wanted}")
    assert REFUSED[wanted] in str(ran.error)
    assert "\n" not in str(ran.error)
    assert chat_of(notebook).session == {"server": "ollama"}


WORKSPACES = {
    "ws-1": "https://ws-1.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1",
    "llm-A_9": "https://llm-A_9.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1",
}


@pytest.mark.parametrize("workspace", WORKSPACES)
def test_a_workspace_has_a_host_of_its_own(
    notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, workspace: str
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-x")
    monkeypatch.setenv("DASHSCOPE_WORKSPACE_ID", workspace)
    server = chat_of(notebook).server(started=False)
    assert server.base_url == WORKSPACES[workspace]
    assert server.native_url == WORKSPACES[workspace].replace("compatible-mode/v1", "api/v1")
    notebook.run("%qwen_nb use frankfurt")
    url = chat_of(notebook).server(started=False).base_url
    assert url == f"https://{workspace}.eu-central-1.maas.aliyuncs.com/compatible-mode/v1"
    notebook.run("%qwen_nb use ollama")
    assert chat_of(notebook).server(started=False).base_url == "http://127.0.0.1:11434/v1"


BAD_WORKSPACES = [
    "{WorkspaceId}",
    "evil.example/x",
    "a b",
    "-x",
    "a" * 65,
    "ws@evil",
    "ws#",
    "工",
]


@pytest.mark.parametrize("workspace", BAD_WORKSPACES)
def test_what_is_no_workspace_is_refused(
    notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, workspace: str
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-x")
    monkeypatch.setenv("DASHSCOPE_WORKSPACE_ID", workspace)
    ran = notebook.run("%qwen Hi")
    assert type(ran.error).__name__ == "ConfigError"
    assert "workspace" in str(ran.error)
    assert workspace in str(ran.error)


# -- config --------------------------------------------------------------------------------

GOOD = {
    "base_url": "http://127.0.0.1:1/v1", "carry": "off", "confirm_tools": "on",
    "context": "truncate 5", "dialect": "dashscope", "display": "static",
    "emulator_pace": "2",
    "idle_timeout": "7",
    "lang": "zh", "model": "m", "region": "beijing", "retries": "3", "server": "ollama",
    "thinking": "500", "tool_rounds": "4", "workspace": "ws-1",
}  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_config_shows_sets_and_gives_back(notebook: Any, folder: Path, name: str) -> None:
    default = notebook.run(f"%qwen_nb config {name}").out
    told = notebook.run(f"%qwen_nb config {name} {GOOD[name]}").out
    assert GOOD[name] in told
    assert f"(%qwen_nb config {name})" in told
    assert told.strip() in notebook.run("%qwen_nb config").out.splitlines()
    notebook.run(f"%qwen_nb config {name} default")
    assert notebook.run(f"%qwen_nb config {name}").out == default
    assert chat_of(notebook).session == {}
    assert chat_of(notebook).language == "en"


def test_config_knows_its_names(notebook: Any, folder: Path) -> None:
    error = str(notebook.run("%qwen_nb config modell x").error)
    assert "modell" in error and "idle_timeout" in error
    for name in ("api_key", "dashscope_api_key"):
        assert notebook.run(f"%qwen_nb config {name} sk-x").error is not None
    error = str(notebook.run("%qwen_nb config thinking maybe").error)
    assert "maybe" in error and "%qwen_nb config thinking" in error
    assert chat_of(notebook).session == {}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_without_a_notebook_a_setting_for_it_is_the_sessions(
    notebook: Any, folder: Path, home: Path, lang: Any
) -> None:
    notebook.run(f"%qwen_nb config lang {lang}")
    here_only = text("budget.here_only", lang)
    for line in ("thinking --notebook 500", "--notebook thinking 500"):
        told = notebook.run(f"%qwen_nb config {line}").out.splitlines()
        assert told == ["thinking: 500 (%qwen_nb config thinking)", here_only]
        assert chat_of(notebook).session == {"lang": lang, "thinking": "500"}
        told = notebook.run("%qwen_nb config thinking default --notebook").out.splitlines()
        assert told == [f"thinking: {text('config.default', lang)}", here_only]
    told = notebook.run("%qwen_nb config context truncate 5 --notebook").out
    assert told.startswith("context: truncate 5 (")
    for line in ("--notebook", "context --notebook"):
        told = notebook.run(f"%qwen_nb config {line}").out.strip()
        assert told == text("config.notebook_none", lang)
    assert not (home / "store.sqlite").exists()


def test_config_has_one_option(notebook: Any, folder: Path) -> None:
    for line in ("model m --notbook", "model --session m", "--all"):
        error = str(notebook.run(f"%qwen_nb config {line}").error)
        assert "--notebook" in error and "\n" not in error
    for line in ("thinking maybe --notebook", "api_key sk-x --notebook"):
        assert notebook.run(f"%qwen_nb config {line}").error is not None
    assert chat_of(notebook).session == {}


def test_the_language_may_come_from_any_place(
    notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_LANG", "zh")
    assert "没有" in str(notebook.run("%qwen_nb nonsense").error)
    monkeypatch.delenv("QWEN_NB_LANG")
    (folder / ".env").write_text("QWEN_NB_LANG=zh\n", encoding="utf-8")
    assert "没有" in str(notebook.run("%qwen_nb config nonsense").error)


# -- %config -------------------------------------------------------------------------------


def test_percent_config_is_the_same_list(notebook: Any, folder: Path) -> None:
    shown = notebook.run("%config QwenMagics").out
    assert re.findall(r"QwenMagics\.(\w+)=", shown) == sorted(NAMES)
    assert "QWEN_NB_THINKING" in shown and "on|off|N" in shown
    assert "QwenMagics" in notebook.run("%config").out


@pytest.mark.parametrize("name", NAMES)
def test_percent_config_sets_what_config_shows(
    notebook: Any, folder: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QWEN_NB_RETRIES")
    ran = notebook.run(f"%config QwenMagics.{name} = {GOOD[name]!r}")
    assert ran.error is None
    assert chat_of(notebook).session == {name: GOOD[name]}
    assert GOOD[name] in notebook.run(f"%qwen_nb config {name}").out
    read = {
        "carry": "False",
        "confirm_tools": "True",
        "emulator_pace": "2.0",
        "idle_timeout": "7.0",
    }.get(name, GOOD[name])
    assert str(notebook.run(f"%config QwenMagics.{name}").result) == read
    notebook.run(f"%qwen_nb config {name} default")
    assert notebook.run(f"%config QwenMagics.{name}").result is None
    notebook.run(f"%config QwenMagics.{name} = {GOOD[name]!r}")
    notebook.run(f"%config QwenMagics.{name} = None")
    assert chat_of(notebook).session == {}
    assert chat_of(notebook).language == "en"


def test_percent_config_shows_what_holds(
    notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_MODEL", "of-the-environment")
    monkeypatch.setenv("QWEN_NB_BASE_URL", "http://me:secret@127.0.0.1/v1")
    shown = notebook.run("%config QwenMagics").out
    assert "Current: 'of-the-environment'" in shown
    assert "secret" not in shown
    assert "secret" not in notebook.run("%qwen_nb config").out


def test_percent_config_takes_pythons_own_values(notebook: Any, folder: Path) -> None:
    notebook.run("%config QwenMagics.thinking = False\n%config QwenMagics.retries = 2")
    settings = chat_of(notebook).settings()
    assert (settings.value("thinking"), settings.value("retries")) == (False, 2)


def test_a_bad_value_in_percent_config_changes_nothing(
    notebook: Any, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    notebook.run("%config QwenMagics.retries = 'many'")
    assert chat_of(notebook).session == {}


def test_a_profile_may_set_something(shell: Any, folder: Path) -> None:
    from traitlets.config import Config

    before = shell.config
    try:
        shell.config = Config({"QwenMagics": {"model": "of-the-profile"}})
        shell.run_line_magic("load_ext", "qwen_nb")
        magics = shell.magics_manager.registry["QwenMagics"]
        assert magics.chat.session == {"model": "of-the-profile"}
    finally:
        shell.run_line_magic("unload_ext", "qwen_nb")
        assert shell.config == Config({"QwenMagics": {"model": "of-the-profile"}})
        shell.config = before


def test_unloading_leaves_no_trace(shell: Any, folder: Path) -> None:
    configurables = list(shell.configurables)
    registry = dict(shell.magics_manager.registry)
    shell.run_line_magic("load_ext", "qwen_nb")
    shell.run_line_magic("config", "QwenMagics.model = 'x'")
    shell.run_line_magic("unload_ext", "qwen_nb")
    assert list(shell.configurables) == configurables
    assert shell.magics_manager.registry == registry
    assert "QwenMagics" not in shell.config


# -- tables --------------------------------------------------------------------------------


def width(words: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in words)


def columns_of(table: str) -> list[int]:
    """Return where a wide gap ends in every line of a table."""
    gaps = []
    for line in table.splitlines():
        at = {width(line[: found.end()]) for found in re.finditer(r" {2,}(?=\S)", line)}
        gaps.append(at)
    return sorted(set.union(*gaps))


@pytest.mark.parametrize("lang", ["en", "zh"])
@pytest.mark.parametrize(
    "command", ["models plus", "models vl hybrid", "servers", "servers studio"]
)
def test_tables_are_aligned(notebook: Any, folder: Path, lang: str, command: str) -> None:
    notebook.run(f"%qwen_nb config lang {lang}")
    table = notebook.run(f"%qwen_nb {command}").out
    lines = table.splitlines()
    assert len(lines) > 2
    starts = columns_of(lines[0])
    assert len(starts) >= 2
    for start in starts:
        for line in lines:
            cells = "".join(letter + ("\0" if width(letter) == 2 else "") for letter in line)
            # a column begins after a gap, in every line that reaches it
            assert cells[start - 1 : start] in ("", " ", "─", "-"), (start, line)
    if lang == "zh":
        assert re.search("[一-鿿]", lines[0])


def test_models_and_servers_find(notebook: Any, folder: Path) -> None:
    assert "qwen3-vl-plus" in notebook.run("%qwen_nb models vl plus").out
    assert "qwen-max" not in notebook.run("%qwen_nb models vl plus").out
    assert "no known model" in str(notebook.run("%qwen_nb models nonsense").error).lower()
    assert "Ollama" in notebook.run("%qwen_nb servers ollama").out
    assert "SGLang" not in notebook.run("%qwen_nb servers ollama").out
    assert "beijing" in notebook.run("%qwen_nb servers").out


def test_use_then_ask(notebook: Any, folder: Path, emulator: Emulator) -> None:
    os.environ.pop("QWEN_NB_BASE_URL", None)
    with Emulator(pace=0) as other:
        notebook.run(f"%qwen_nb use {other.openai_base_url}\n%qwen_nb config model qwen-plus")
        ran = notebook.run("%qwen Hello")
        assert type(ran.error).__name__ == "AuthFailed"
        assert len(other.journal) == 1
        notebook.run("%qwen_nb use emulator")
        assert notebook.run("%qwen Hello").error is None
        assert len(other.journal) == 1


def test_a_setting_that_was_given_up_does_not_come_back(notebook: Any, folder: Path) -> None:
    notebook.run("%config QwenMagics.model = 'x'")
    notebook.run("%qwen_nb config model default")
    notebook.run("%config QwenMagics.retries = 2")
    assert chat_of(notebook).session == {"retries": 2}
