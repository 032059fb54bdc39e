"""From which of the places a setting comes, and what is said where it cannot be read."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from qwen_nb import Chat, ConfigError
from qwen_nb.settings.settings import NAMES, Settings
from qwen_nb.values import ChatOptions
from qwen_nb.values.question import Question

VARIABLES = {
    "base_url": "QWEN_NB_BASE_URL",
    "carry": "QWEN_NB_CARRY",
    "confirm_tools": "QWEN_NB_CONFIRM_TOOLS",
    "context": "QWEN_NB_CONTEXT",
    "dialect": "QWEN_NB_DIALECT",
    "display": "QWEN_NB_DISPLAY",
    "emulator_pace": "QWEN_NB_EMULATOR_PACE",
    "idle_timeout": "QWEN_NB_IDLE_TIMEOUT",
    "lang": "QWEN_NB_LANG",
    "model": "QWEN_NB_MODEL",
    "region": "QWEN_NB_REGION",
    "retries": "QWEN_NB_RETRIES",
    "server": "QWEN_NB_SERVER",
    "thinking": "QWEN_NB_THINKING",
    "tool_rounds": "QWEN_NB_TOOL_ROUNDS",
    "workspace": "DASHSCOPE_WORKSPACE_ID",
}

# as they are written, one for each place from the nearest to the farthest
WRITTEN: Mapping[str, list[str]] = {
    "base_url": [f"http://127.0.0.{n}/v1" for n in range(1, 8)],
    "carry": ["on", "off"] * 4,
    # beside the notebook it may be on only: see below
    "confirm_tools": ["on", "off", "off", "on", "on", "on", "off"],
    "context": ["auto", "truncate 5", "retrieve 3", "off", "truncate 0", "auto", "truncate 9"],
    "dialect": ["openai", "dashscope"] * 4,
    "display": ["card", "text", "static"] * 3,
    "emulator_pace": ["0", "0.5", "1", "1.5", "2", "2.5", "3"],
    "idle_timeout": ["1", "2.5", "3", "4", "5", "6", "7"],
    "lang": ["en", "zh"] * 4,
    "model": [f"model-{n}" for n in range(7)],
    "region": [f"region-{n}" for n in range(7)],
    "retries": ["1", "2", "3", "4", "5", "6", "7"],
    "server": [f"server-{n}" for n in range(7)],
    "thinking": ["on", "off", "300", "true", "no", "400", "500"],
    "tool_rounds": ["7", "6", "5", "4", "3", "2", "1"],
    "workspace": [f"ws-{n}" for n in range(7)],
}
READ: Mapping[str, Callable[[str], Any]] = {
    "carry": {"on": True, "off": False}.__getitem__,
    "confirm_tools": {"on": True, "off": False}.__getitem__,
    "emulator_pace": float,
    "idle_timeout": float,
    "retries": int,
    "thinking": lambda told: (
        {"on": True, "true": True, "off": False, "no": False}.get(told)
        if not told.isdigit()
        else int(told)
    ),
    "tool_rounds": int,
}

ORIGINS = (
    "%qwen_nb config {name}", "%qwen_nb config {name} --notebook", "{variable}",
    ".env ({variable})", "qwen_nb.toml ({name})",
    "pyproject.toml ({name})", "config.toml ({name})",
)  # fmt: skip


def put(place: int, told: Mapping[str, str], folder: Path, home: Path) -> dict[str, Any]:
    """Write settings into one of the places; return what it adds to the others."""
    by_variable = {VARIABLES[name]: value for name, value in told.items()}
    toml = "".join(f'{name} = "{value}"\n' for name, value in told.items())
    match place:
        case 0:
            return {"session": dict(told)}
        case 1:
            return {"notebook": dict(told)}
        case 2:
            return {"environ": by_variable}
        case 3:
            lines = "".join(f"{name}={value}\n" for name, value in by_variable.items())
            (folder / ".env").write_text(lines, encoding="utf-8")
        case 4:
            (folder / "qwen_nb.toml").write_text(toml, encoding="utf-8")
        case 5:
            (folder / "pyproject.toml").write_text(f"[tool.qwen_nb]\n{toml}", encoding="utf-8")
        case _:
            (home / "config.toml").write_text(toml, encoding="utf-8")
    return {}


def settings_in(places: Any, name: str, folder: Path, home: Path) -> Settings:
    given: dict[str, dict[str, Any]] = {"session": {}, "notebook": {}, "environ": {}}
    for place in places:
        given |= put(place, {name: WRITTEN[name][place]}, folder, home)
    environ = {"QWEN_NB_HOME": str(home), **given["environ"]}
    return Settings(environ, folder, given["session"], given["notebook"])


def test_the_table_has_every_setting() -> None:
    assert set(NAMES) == VARIABLES.keys() == WRITTEN.keys()


@pytest.mark.parametrize("nearest", range(len(ORIGINS)))
@pytest.mark.parametrize("name", NAMES)
def test_the_nearest_place_wins(name: str, nearest: int, folder: Path, home: Path) -> None:
    settings = settings_in(range(nearest, len(ORIGINS)), name, folder, home)
    setting = settings.get(name)
    assert setting is not None
    assert setting.value == READ.get(name, str)(WRITTEN[name][nearest])
    assert setting.origin == ORIGINS[nearest].format(name=name, variable=VARIABLES[name])
    assert setting.is_own is (nearest in (0, 1, 2, 6))


@pytest.mark.parametrize("name", NAMES)
def test_nobody_set_it(name: str, folder: Path, home: Path) -> None:
    assert settings_in((), name, folder, home).get(name) is None


def test_a_part_of_each_place(folder: Path, home: Path) -> None:
    """A nearer place hides one name, not the others of a farther place."""
    put(3, {"model": "near"}, folder, home)
    put(4, {"model": "far", "thinking": "9"}, folder, home)
    put(6, {"retries": "7"}, folder, home)
    settings = Settings({"QWEN_NB_HOME": str(home)}, folder)
    assert [settings.value(name) for name in ("model", "thinking", "retries")] == ["near", 9, 7]


@pytest.mark.parametrize("place", [3, 4, 5])
def test_what_came_with_the_notebook_cannot_leave_the_person_unasked(
    place: int, folder: Path, home: Path
) -> None:
    put(place, {"confirm_tools": "off"}, folder, home)
    assert Settings({"QWEN_NB_HOME": str(home)}, folder).get("confirm_tools") is None
    put(6, {"confirm_tools": "on"}, folder, home)
    settings = Settings({"QWEN_NB_HOME": str(home)}, folder)
    assert (settings.value("confirm_tools"), settings.get("confirm_tools").place) == (
        True,
        "user",
    )
    put(place, {"confirm_tools": "on"}, folder, home)
    (home / "config.toml").unlink()
    assert Settings({"QWEN_NB_HOME": str(home)}, folder).value("confirm_tools") is True


def test_a_notebook_keeps_settings_and_no_keys(folder: Path, home: Path) -> None:
    kept = {"api_key": "sk-x", "dashscope_api_key": "sk-x", "of_a_later_version": "x"}
    settings = Settings({"QWEN_NB_HOME": str(home)}, folder, {}, kept | {"model": "m"})
    assert [settings.get(name) for name in ("api_key", "dashscope_api_key")] == [None, None]
    assert settings.value("model") == "m"


def test_of_the_two_files_beside_the_notebook_one_counts(folder: Path, home: Path) -> None:
    put(4, {"model": "of qwen_nb.toml"}, folder, home)
    put(5, {"model": "of pyproject.toml", "thinking": "9"}, folder, home)
    settings = Settings({"QWEN_NB_HOME": str(home)}, folder)
    assert (settings.value("model"), settings.value("thinking")) == ("of qwen_nb.toml", None)


def test_an_option_on_the_call_is_nearest(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_NB_MODEL", "qwen-max")
    monkeypatch.setenv("QWEN_NB_THINKING", "off")
    monkeypatch.setenv("QWEN_NB_DIALECT", "dashscope")
    chat.session.update(model="qwen-turbo", server="emulator")
    asked = chat.preview(Question(prompt="Hi"))
    assert asked.body["model"] == "qwen-turbo"
    assert asked.body["parameters"]["enable_thinking"] is False
    options = ChatOptions(model="qwen-plus", thinking=50)
    question = Question(prompt="Hi", options=options, dialect="openai", server="vllm")
    asked = chat.preview(question)
    assert asked.body["model"] == "qwen-plus"
    assert asked.body["chat_template_kwargs"] == {"enable_thinking": True}
    assert asked.server == "vLLM"


def test_a_chats_own_options_are_nearer_than_settings(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_MODEL", "qwen-max")
    with_own = Chat("qwen-turbo").preview(Question(prompt="Hi"))
    assert with_own.body["model"] == "qwen-turbo"


def test_the_environment_is_read_at_each_question(
    chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = []
    for name in ("qwen-max", "qwen-turbo"):
        monkeypatch.setenv("QWEN_NB_MODEL", name)
        models.append(chat.preview(Question(prompt="Hi")).body["model"])
    Path(".env").write_text("QWEN_NB_LANG=zh\n", encoding="utf-8")
    assert models == ["qwen-max", "qwen-turbo"]
    assert chat.settings().value("lang") == "zh"


# -- what cannot be understood -------------------------------------------------------------

BAD = {
    "carry": ["maybe", "500", "-1"],
    "confirm_tools": ["ask", "1"],
    "context": ["everything", "truncate", "retrieve 0", "truncate -1", "auto 3"],
    "dialect": ["native", "OpenAI", "1"],
    "display": ["widget", "Card", "off"],
    "emulator_pace": ["-1", "soon", "nan", "inf"],
    "idle_timeout": ["0", "-1", "soon", "nan", "inf", "1e999"],
    "lang": ["de", "EN", "中文"],
    "retries": ["0", "-1", "1.5", "many"],
    "tool_rounds": ["0", "-1", "2.5", "all"],
    "thinking": ["0", "-5", "maybe", "1.5", "[]"],
}
CASES = [(name, value) for name, values in BAD.items() for value in values]


@pytest.mark.parametrize("place", range(len(ORIGINS)))
@pytest.mark.parametrize(("name", "value"), CASES)
def test_a_bad_value_is_one_error_that_names_its_place(
    name: str, value: str, place: int, folder: Path, home: Path
) -> None:
    given = {"session": {}, "notebook": {}, "environ": {}}
    given |= put(place, {name: value}, folder, home)
    environ = {"QWEN_NB_HOME": str(home), **given["environ"]}
    settings = Settings(environ, folder, given["session"], given["notebook"])
    with pytest.raises(ConfigError) as caught:
        settings.get(name)
    for language in ("en", "zh"):
        told = caught.value.message(language)  # type: ignore[arg-type]
        assert ORIGINS[place].format(name=name, variable=VARIABLES[name]) in told
        assert value in told and name in told
        assert "\n" not in told


@pytest.mark.parametrize("line", ["thinking = 0", "retries = true", "idle_timeout = [1]"])
def test_a_bad_value_of_another_kind(line: str, folder: Path, home: Path) -> None:
    (home / "config.toml").write_text(line, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"config\.toml"):
        Settings({"QWEN_NB_HOME": str(home)}, folder).get(line.split()[0])


BROKEN = {
    "no toml": ("qwen_nb.toml", b"model = \n", "qwen_nb.toml"),
    "no utf-8": ("qwen_nb.toml", b'model = "\xff"\n', "qwen_nb.toml"),
    "an unknown name": ("qwen_nb.toml", b'modell = "x"\n', "modell"),
    "an unknown name in pyproject": (
        "pyproject.toml", b'[tool.qwen_nb]\nmodell = "x"\n', "pyproject.toml.*modell",
    ),
    "no table in pyproject": ("pyproject.toml", b'[tool]\nqwen_nb = "x"\n', "tool.qwen_nb"),
    ".env, no utf-8": (".env", b"QWEN_NB_MODEL=\xff\n", r"\.env"),
    ".env, no equals sign": (".env", b"A=1\nQWEN_NB_MODEL qwen-max\n", r"\.env.*line 2"),
    ".env, an open quote": (".env", b"QWEN_NB_MODEL='x\nA=1\n", r"\.env.*line 1"),
}  # fmt: skip


@pytest.mark.parametrize("case", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_named(case: tuple[str, bytes, str], folder: Path, home: Path) -> None:
    name, content, wanted = case
    (folder / name).write_bytes(content)
    with pytest.raises(ConfigError, match=wanted) as caught:
        Settings({"QWEN_NB_HOME": str(home)}, folder)
    assert "\n" not in str(caught.value)


def test_a_broken_line_with_a_key_is_not_shown(folder: Path, home: Path) -> None:
    (folder / ".env").write_text("DASHSCOPE_API_KEY sk-secret\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        Settings({"QWEN_NB_HOME": str(home)}, folder)
    assert "sk-secret" not in str(caught.value)


LET_BE = {
    "somebody else's pyproject": ("pyproject.toml", b"[tool\n"),
    "a strange pyproject": ("pyproject.toml", b"tool = 3\n"),
    "other people's lines": (".env", b"what is this\nQWEN_NB_MODEL=m\n"),
    "a mark of the byte order": (".env", b"\xef\xbb\xbfQWEN_NB_MODEL=m\n"),
    "quotes and comments": (".env", b"export QWEN_NB_MODEL='m' # mine\n"),
    "toml with a mark": ("qwen_nb.toml", b'\xef\xbb\xbfmodel = "m"\n'),
}


@pytest.mark.parametrize("case", LET_BE.values(), ids=LET_BE)
def test_what_is_none_of_our_business(
    case: tuple[str, bytes], folder: Path, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name, content = case
    (folder / name).write_bytes(content)
    settings = Settings({"QWEN_NB_HOME": str(home)}, folder)
    assert (
        settings.value("model") == ("m" if b"m" in content[-9:] else None) or b"tool" in content
    )
    assert caplog.text == ""


def test_dotenv_reads_nothing_of_the_environment(
    folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-own")
    (folder / ".env").write_text(
        "QWEN_NB_BASE_URL=http://127.0.0.1/${DASHSCOPE_API_KEY}\n", encoding="utf-8"
    )
    settings = Settings({"QWEN_NB_HOME": str(home), "DASHSCOPE_API_KEY": "sk-own"}, folder)
    assert "sk-own" not in settings.value("base_url")


@pytest.mark.parametrize("name", ["api_key", "dashscope_api_key"])
def test_a_key_in_a_committed_file_is_not_used(name: str, folder: Path, home: Path) -> None:
    (folder / "qwen_nb.toml").write_text(f'{name} = "sk-x"\n', encoding="utf-8")
    assert Settings({"QWEN_NB_HOME": str(home)}, folder).get(name) is None
