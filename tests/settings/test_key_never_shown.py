"""A marked key is looked for in everything that is printed, raised, logged or saved."""

import logging
import traceback
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from _servers import Misbehaving, close, delta, response

from qwen_nb import Chat, QwenError
from qwen_nb.emulator.server import Emulator
from qwen_nb.settings import keys
from qwen_nb.settings.settings import Settings

from .conftest import Listening

KEY = "sk-marked-4c1d9e7a2b6f"
HALF = "4c1d9e7a2b6f"

PLACES = ("DASHSCOPE_API_KEY", "QWEN_NB_API_KEY", ".env", "login")


def set_key(place: str, url: str, folder: Path, home: Path, monkeypatch: Any) -> None:
    """Put the key into a place from which it goes to that address."""
    if place == "DASHSCOPE_API_KEY":  # to Model Studio only, so the address is a region's
        row = '[[server]]\nname = "singapore"\nhost = ""\nworkspace_host = ""\n'
        (home / "servers.toml").write_text(f'{row}base_url = "{url}"\n', "utf-8")
        monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
        monkeypatch.setenv("QWEN_NB_REGION", "singapore")
    elif place == ".env":
        lines = f"QWEN_NB_BASE_URL={url}\nQWEN_NB_API_KEY={KEY}\n"
        (folder / ".env").write_text(lines, "utf-8")
    else:
        monkeypatch.setenv("QWEN_NB_BASE_URL", url)
        if place == "login":
            keys.store(home, url, KEY)
        else:
            monkeypatch.setenv(place, KEY)
    monkeypatch.setenv("QWEN_NB_MODEL", "qwen-plus")


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


@pytest.fixture
def marked() -> Iterator[Emulator]:
    with Emulator(KEY, pace=0) as emulator:
        yield emulator


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Everything that any logger says, at its lowest level."""
    lines: list[str] = []

    class Keeping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(logging.Formatter().format(record) + repr(record.args))

    keeping, root = Keeping(logging.DEBUG), logging.getLogger()
    names = ("openai", "httpx", "httpcore", "httpx2", "httpcore2", "asyncio", "uvicorn")
    loggers = [root, *map(logging.getLogger, names)]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.DEBUG)
    root.addHandler(keeping)
    yield lines
    root.removeHandler(keeping)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def verbose(error: BaseException) -> str:
    """Return the traceback with the values of the variables, as `%xmode Verbose` has it."""
    from IPython.core.ultratb import VerboseTB

    kinds = VerboseTB(theme_name="nocolor", include_vars=True, long_header=True)
    return kinds.text(type(error), error, error.__traceback__)


def clean(*shown: object) -> bool:
    told = "\n".join(map(str, shown))
    return HALF not in told


CELLS = (
    "%qwen", "%qwen Hello", "_qwen", "%%qwen -q\nWhich is larger, 9.9 or 9.11?",
    "%qwen --dry-run Hello", "%qwen -m no-such-model Hi", "%qwen -m", "%qwen --nonsense x",
    "%qwen_nb", "%qwen_nb status", "%qwen_nb config", "%config QwenMagics", "%qwen_nb servers",
    "%qwen_nb models plus", "%qwen_nb doctor", "%qwen_nb code", "%qwen_nb code --as curl",
    "%qwen_nb code --as dashscope", "%qwen_nb last", "%qwen_nb help", "%qwen_nb help login",
    "%qwen_nb nonsense", "%qwen_nb new", "%qwen_nb resume", "%qwen --dialect dashscope Hello",
    "%qwen_nb config idle_timeout soon", "%qwen_nb use nowhere", "%qwen_nb config lang zh",
    "%qwen Hello", "%qwen_nb doctor", "%qwen_nb status", "%qwen?", "%qwen_nb?", "%%qwen?",
    "get_ipython().magics_manager.registry['QwenMagics'].chat",
    "vars(get_ipython().magics_manager.registry['QwenMagics'])",
    "vars(get_ipython().magics_manager.registry['QwenMagics'].chat)",
    "get_ipython().magics_manager.registry['QwenMagics'].chat.server()",
    "get_ipython().magics_manager.registry['QwenMagics'].chat.settings().get('api_key')",
    "%qwen_nb logout",
)  # fmt: skip


def test_in_no_output_of_a_notebook(
    place: str, notebook: Any, folder: Path, home: Path, marked: Emulator,
    monkeypatch: pytest.MonkeyPatch, logged: list[str], capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    set_key(place, marked.openai_base_url, folder, home, monkeypatch)
    notebook.run("%xmode Verbose")
    for cell in CELLS:
        ran = notebook.run(cell)
        assert clean(ran.out, ran.err, ran.displayed, repr(ran.result)), cell
        if ran.error is not None:
            assert clean(str(ran.error), repr(ran.error), vars(ran.error)), cell
            assert clean(verbose(ran.error)), cell
    notebook.run("%xmode Context")
    reached = [record for record in marked.journal if record.path.endswith("completions")]
    assert len(reached) >= 4
    assert all(record.status != 401 for record in marked.journal)
    assert clean(*logged, *capfd.readouterr())
    assert clean(marked.journal, *(record.raw for record in marked.journal))
    assert clean(*(record.headers for record in marked.journal), marked)


def echo(told: str, status: int) -> bytes:
    return response(told.replace("KEY", KEY), status)


FAILURES = {
    "echoed in a refusal": [echo('{"error": {"message": "no key KEY"}}', 401)],
    "echoed with 400": [echo('{"error": {"message": "bad KEY"}}', 400)],
    "echoed with 500": [echo('{"code": "x", "message": "oh KEY"}', 500)],
    "echoed as a code": [echo('{"error": {"message": "m", "code": "KEY"}}', 400)],
    "echoed as a page": [response(f"<html>{KEY}</html>", 200, "text/html")],
    "echoed as text": [response(f"Bearer {KEY}", 200, "text/plain")],
    "echoed in a stream": [
        response(b'data: {"error": {"message": "%s"}}\n\n' % KEY.encode(),
                 kind="text/event-stream")
    ],
    "echoed in a broken event": [
        response(b"data: {%s\n\n" % KEY.encode(), kind="text/event-stream")
    ],
    "no answer": [close],
}  # fmt: skip


@pytest.mark.parametrize("place", ["DASHSCOPE_API_KEY", ".env"])
@pytest.mark.parametrize("failure", FAILURES)
def test_in_no_error(
    place: str, failure: str, folder: Path, home: Path, misbehaving: Misbehaving,
    monkeypatch: pytest.MonkeyPatch, logged: list[str], capfd: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    set_key(place, misbehaving.base_url, folder, home, monkeypatch)
    misbehaving.answers(*FAILURES[failure], close)
    chat = Chat()
    with pytest.raises(QwenError) as caught:
        chat.ask("Hi")
    chat.close()
    assert misbehaving.requests[0].headers["authorization"] == f"Bearer {KEY}"
    error = caught.value
    assert clean(error, repr(error), error.facts, error.args, error.reply)
    assert clean(*(error.message(language) for language in ("en", "zh")))  # type: ignore[arg-type]
    told = traceback.TracebackException.from_exception(error, capture_locals=False)
    assert clean("".join(told.format()))
    assert clean(*logged, *capfd.readouterr())
    ours = _of_our_frames(verbose(error))
    assert clean(ours), [line for line in ours.splitlines() if HALF in line]


def _of_our_frames(told: str) -> str:
    """Leave out this file's own frames, whose locals are the marked key itself."""
    frames = told.split("\nFile ")
    return "\nFile ".join(frame for frame in frames if Path(__file__).name not in frame)


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/v1", "no address", "http://h:port/v1"])
def test_in_no_error_before_anything_is_sent(
    url: str, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_BASE_URL", url)
    monkeypatch.setenv("QWEN_NB_API_KEY", KEY)
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("QWEN_NB_MODEL", "m")
    with pytest.raises(QwenError) as caught:
        Chat().ask("Hi")
    assert clean(caught.value, _of_our_frames(verbose(caught.value)))


@pytest.mark.parametrize("variable", ["QWEN_NB_IDLE_TIMEOUT", "QWEN_NB_RETRIES"])
def test_in_no_error_of_another_setting(
    variable: str, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_key("QWEN_NB_API_KEY", "http://127.0.0.1:9/v1", folder, home, monkeypatch)
    monkeypatch.setenv(variable, "soon")
    with pytest.raises(QwenError) as caught:
        Chat().ask("Hi")
    assert clean(_of_our_frames(verbose(caught.value)))


def test_in_no_representation(
    place: str, folder: Path, home: Path, marked: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_key(place, marked.openai_base_url, folder, home, monkeypatch)
    chat = Chat()
    reply = chat.ask("Hello")
    settings = chat.settings()
    found = [settings.get(name) for name in ("api_key", "dashscope_api_key")]
    server = chat.server()
    assert server.key == KEY
    for thing in (
        chat,
        reply,
        server,
        settings,
        *found,
        marked,
        chat.turns,
        chat.catalogue(),
        vars(chat),
        chat.last_request,
        settings._places,
    ):
        assert clean(repr(thing), f"{thing}"), type(thing)
    chat.close()


def content(path: Path) -> bytes:
    """Return a file's content; a journal of the store may be gone by the time it is read."""
    with suppress(FileNotFoundError, IsADirectoryError):
        return path.read_bytes()
    return b""


def test_in_no_file_but_its_own(
    folder: Path, home: Path, marked: Emulator, monkeypatch: pytest.MonkeyPatch,
    notebook: Any,
) -> None:  # fmt: skip
    set_key("DASHSCOPE_API_KEY", marked.openai_base_url, folder, home, monkeypatch)
    monkeypatch.delenv("QWEN_NB_REGION")
    notebook.run("%qwen Hello\n%qwen_nb doctor")
    files = [path for root in (folder, home) for path in root.rglob("*") if path.is_file()]
    assert files
    assert clean(*(content(path).decode("utf-8", "replace") for path in files))
    monkeypatch.setattr("getpass.getpass", lambda prompt="": KEY)
    notebook.run("%qwen_nb login singapore")
    holding = [path.name for path in home.rglob("*") if HALF.encode() in content(path)]
    assert holding == ["keys.json"]


def test_in_no_other_servers_request(
    folder: Path, home: Path, listening: Listening, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DASHSCOPE_API_KEY", KEY)
    monkeypatch.setenv("QWEN_NB_BASE_URL", listening.url)
    monkeypatch.setenv("QWEN_NB_MODEL", "m")
    chat = Chat()
    with pytest.raises(QwenError):
        chat.ask("Hi")
    chat.close()
    assert listening.came_with == [None]


def test_an_answer_that_holds_the_key_is_the_models_own(
    folder: Path, home: Path, misbehaves: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a model says is not altered, whatever it says; only errors are."""
    monkeypatch.setenv("QWEN_NB_API_KEY", KEY)
    misbehaves.streams(delta(answer=f"It is {KEY}"), delta("stop", answer=""))
    chat = Chat()
    assert chat.ask("What is my key?").answer == f"It is {KEY}"
    chat.close()


@pytest.mark.kernel
def test_in_no_saved_notebook(
    folder: Path, home: Path, marked: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbformat
    from nbclient import NotebookClient

    set_key(".env", marked.openai_base_url, folder, home, monkeypatch)
    cells = ["%load_ext qwen_nb", *CELLS[:20], "%xmode Verbose", "%qwen -m no-such Hi"]
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells]
    )
    NotebookClient(notebook, timeout=60, allow_errors=True, kernel_name="python3").execute(
        cwd=str(folder)
    )
    saved = nbformat.writes(notebook)
    assert clean(saved)
    assert "Hello! " in saved
    assert sum(record.path.endswith("completions") for record in marked.journal) >= 3


def test_settings_keep_their_values_to_themselves(folder: Path, home: Path) -> None:
    settings = Settings({"QWEN_NB_HOME": str(home), "QWEN_NB_API_KEY": KEY}, folder)
    assert clean(settings, repr(settings.get("api_key")))
    assert settings.value("api_key") == KEY
