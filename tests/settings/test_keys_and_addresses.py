"""Whose key goes to whose address, over a real server that listens."""

import itertools
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from qwen_nb import Chat, ConfigError, QwenError
from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.settings import keys
from qwen_nb.settings.servers import server_from
from qwen_nb.settings.settings import Settings
from qwen_nb.values import Server

from .conftest import Listening

URLS = ("session", "call", "environment", ".env", ".env server", "qwen_nb.toml",
        "pyproject.toml", "user")  # fmt: skip
KEYS = ("environment", "environment, Model Studio's", ".env", ".env, Model Studio's",
        "user", "stored for Model Studio", "stored for the address")  # fmt: skip

# of all pairs, those in which the key is given away
GIVEN = {
    ("session", "environment"),
    ("session", ".env"),
    ("session", "user"),
    ("call", "environment"),
    ("call", ".env"),
    ("call", "user"),
    ("environment", "environment"),
    (".env", ".env"),
    (".env server", ".env"),
    ("user", "user"),
    ("session", "stored for the address"),
    ("call", "stored for the address"),
    ("environment", "stored for the address"),
    ("user", "stored for the address"),
}
THEIRS = (".env", ".env server", "qwen_nb.toml", "pyproject.toml")


@pytest.mark.parametrize(("url", "key"), [*itertools.product(URLS, KEYS)])
def test_every_place_of_an_address_with_every_place_of_a_key(
    url: str, key: str, chat: Chat, folder: Path, home: Path, listening: Listening,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    dotenv, config, named = "", 'model = "m"\n', None
    match url:
        case "session":
            chat.session["server"] = listening.url
        case "call":
            named = listening.url
        case "environment":
            monkeypatch.setenv("QWEN_NB_BASE_URL", listening.url)
        case ".env":
            dotenv += f"QWEN_NB_BASE_URL={listening.url}\n"
        case ".env server":
            dotenv += f"QWEN_NB_SERVER={listening.url}\n"
        case "qwen_nb.toml":
            (folder / url).write_text(f'base_url = "{listening.url}"\n', "utf-8")
        case "pyproject.toml":
            toml = f'[tool.qwen_nb]\nserver = "{listening.url}"\n'
            (folder / url).write_text(toml, "utf-8")
        case "user":
            config += f'base_url = "{listening.url}"\n'
    match key:
        case "environment":
            monkeypatch.setenv("QWEN_NB_API_KEY", "sk-marked")
        case "environment, Model Studio's":
            monkeypatch.setenv("DASHSCOPE_API_KEY", "sk-marked")
        case ".env":
            dotenv += "QWEN_NB_API_KEY=sk-marked\n"
        case ".env, Model Studio's":
            dotenv += "DASHSCOPE_API_KEY=sk-marked\n"
        case "user":
            config += 'api_key = "sk-marked"\n'
        case "stored for Model Studio":
            keys.store(home, "model-studio", "sk-marked")
        case "stored for the address":
            keys.store(home, listening.url, "sk-marked")
    (folder / ".env").write_text(dotenv, "utf-8")
    (home / "config.toml").write_text(config, "utf-8")
    from qwen_nb.values.question import Question

    with pytest.raises(QwenError):
        chat.put(Question(prompt="Hi", server=named))
    expected = "Bearer sk-marked" if (url, key) in GIVEN else None
    assert set(listening.came_with) == {expected}


def test_no_pair_of_the_table_gives_a_foreign_file_ones_own_key() -> None:
    own = [key for key in KEYS if not key.startswith(".env")]
    assert not {(url, key) for url in THEIRS for key in own} & GIVEN


@pytest.mark.parametrize("name", THEIRS)
def test_model_studios_key_in_the_environment_stays_at_home(
    name: str, folder: Path, home: Path
) -> None:
    """Not even to Model Studio's own hosts, if the address is somebody else's."""
    url = "https://ws-of-somebody.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1"
    if name.startswith(".env"):
        variable = "QWEN_NB_SERVER" if name.endswith("server") else "QWEN_NB_BASE_URL"
        (folder / ".env").write_text(f"{variable}={url}\n", "utf-8")
    else:
        table = "[tool.qwen_nb]\n" if name == "pyproject.toml" else ""
        (folder / name).write_text(f'{table}base_url = "{url}"\n', "utf-8")
    environ = {"QWEN_NB_HOME": str(home), "DASHSCOPE_API_KEY": "sk-own"}
    keys.store(home, "model-studio", "sk-own")
    server = server_from(Settings(environ, folder), Catalogue.load(home))
    assert server.key is None
    assert "ws-of-somebody" in server.base_url


@pytest.mark.parametrize("name", ["server", "base_url"])
def test_an_address_of_this_notebook_is_the_persons_own(
    name: str, folder: Path, home: Path
) -> None:
    """What a person set for a notebook is in the store, and never in the notebook."""
    studio = "https://dashscope.aliyuncs.com/compatible-mode/v1"
    (folder / "qwen_nb.toml").write_text('server = "ollama"\n', "utf-8")

    def server(url: str, session: dict[str, str] | None = None, **environ: str) -> Server:
        told = {"QWEN_NB_HOME": str(home), "DASHSCOPE_API_KEY": "sk-own", **environ}
        return server_from(Settings(told, folder, session, {name: url}), Catalogue.load(home))

    assert server(studio).key == "sk-own"
    assert server("http://127.0.0.1:1/v1").key is None
    keys.store(home, "http://127.0.0.1:1/v1", "sk-of-it")
    assert server("http://127.0.0.1:1/v1").key == "sk-of-it"
    # a key of the environment belongs to the address it was set with
    there = {"QWEN_NB_BASE_URL": "http://127.0.0.1:2/v1", "QWEN_NB_API_KEY": "sk-2"}
    nearer = server("http://127.0.0.1:3/v1", **there)
    assert (nearer.base_url, nearer.key) == ("http://127.0.0.1:3/v1", None)
    nearest = server("http://127.0.0.1:3/v1", {"server": "http://127.0.0.1:4/v1"}, **there)
    assert (nearest.base_url, nearest.key) == ("http://127.0.0.1:4/v1", None)


# -- plans ---------------------------------------------------------------------------------

PLAN = "https://coding-intl.dashscope.aliyuncs.com/v1"


@pytest.mark.parametrize("region", ["", "beijing", "virginia"])
def test_a_plans_key_goes_to_its_plans_host(region: str, folder: Path, home: Path) -> None:
    environ = {"QWEN_NB_HOME": str(home), "DASHSCOPE_API_KEY": "sk-sp-x"}
    if region:
        environ["QWEN_NB_REGION"] = region
    server = server_from(Settings(environ, folder), Catalogue.load())
    assert (server.base_url, server.key) == (PLAN, "sk-sp-x")


@pytest.mark.parametrize(
    "name",
    [
        "singapore", "beijing", "virginia", "hongkong", "token-plan",
        "https://dashscope.aliyuncs.com/compatible-mode/v1",
        "https://ws-1.cn-beijing.maas.aliyuncs.com/compatible-mode/v1",
    ],
)  # fmt: skip
def test_a_plans_key_goes_to_no_other_host(name: str, folder: Path, home: Path) -> None:
    environ = {"QWEN_NB_HOME": str(home), "DASHSCOPE_API_KEY": "sk-sp-x"}
    with pytest.raises(ConfigError, match="use coding-plan") as caught:
        server_from(Settings(environ, folder), Catalogue.load(), name)
    assert "DASHSCOPE_API_KEY" in str(caught.value)
    assert "sk-sp-" not in str(caught.value)


def test_a_plan_that_is_named_wants_a_key_of_its_own(folder: Path, home: Path) -> None:
    environ = {"QWEN_NB_HOME": str(home), "DASHSCOPE_API_KEY": "sk-x"}
    server = server_from(Settings(environ, folder), Catalogue.load(), "coding-plan")
    assert (server.base_url, server.key) == (PLAN, None)


# -- login ---------------------------------------------------------------------------------


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What a person types at the hidden prompt, and the prompts they saw."""
    prompts: list[str] = []

    def getpass(prompt: str = "") -> str:
        prompts.append(prompt)
        return " sk-typed "

    monkeypatch.setattr("getpass.getpass", getpass)
    yield prompts


def test_login_keeps_the_key_in_a_file_of_ones_own(
    notebook: object, folder: Path, home: Path, typed: list[str], listening: Listening
) -> None:
    run = notebook.run  # type: ignore[attr-defined]
    ran = run(f"%qwen_nb login {listening.url}")
    assert ran.error is None
    host = listening.url.removeprefix("http://").removesuffix("/v1")
    assert host in typed[0] and host in ran.out
    assert "sk-typed" not in ran.out
    file = home / "keys.json"
    if sys.platform != "win32":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(keys._read(home)) == [f"http://{host}"]
    run(f"%qwen_nb use {listening.url}\n%qwen_nb config model m")
    run("%qwen Hi")
    assert listening.came_with == ["Bearer sk-typed"]
    assert "sk-typed" not in run("%qwen_nb config\n%qwen").out
    ran = run(f"%qwen_nb logout {listening.url}")
    assert host in ran.out
    assert "sk-typed" not in file.read_text("utf-8")
    run("%qwen Hi")
    assert listening.came_with[1:] == [None]
    assert "no kept key" in run(f"%qwen_nb logout {listening.url}").out


@pytest.mark.parametrize("line", ["", " singapore", " beijing", " 新加坡"])
def test_login_for_model_studio(
    line: str, notebook: object, folder: Path, home: Path, typed: list[str]
) -> None:
    run = notebook.run  # type: ignore[attr-defined]
    assert "Model Studio" in run(f"%qwen_nb login{line}").out
    settings = Settings({"QWEN_NB_HOME": str(home)}, folder)
    server = server_from(settings, Catalogue.load())
    assert (server.key, server.region_name) == ("sk-typed", "singapore")
    environ = {"QWEN_NB_HOME": str(home), "DASHSCOPE_API_KEY": "sk-nearer"}
    assert server_from(Settings(environ, folder), Catalogue.load()).key == "sk-nearer"
    assert "forgotten" in run(f"%qwen_nb logout{line}").out
    assert server_from(settings, Catalogue.load()).scripted


def test_a_stored_key_is_bound_to_scheme_and_host(home: Path) -> None:
    keys.store(home, "https://me@Host.example:8443/v1", "sk-x")
    found = ["https://host.example:8443/other", "https://HOST.example:8443"]
    lost = ["http://host.example:8443/v1", "https://host.example/v1",
            "https://evil.example:8443/v1", "model-studio"]  # fmt: skip
    assert [bool(keys.stored(home, url)) for url in found + lost] == [True] * 2 + [False] * 4


@pytest.mark.parametrize("typed_key", ["", "  "])
def test_an_empty_key_is_not_kept(
    typed_key: str, notebook: object, folder: Path, home: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("getpass.getpass", lambda prompt="": typed_key)
    ran = notebook.run("%qwen_nb login singapore")  # type: ignore[attr-defined]
    assert "nothing was kept" in str(ran.error)
    assert not (home / "keys.json").exists()


def test_where_nobody_can_type(
    notebook: object, folder: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(prompt: str = "") -> str:
        raise EOFError

    monkeypatch.setattr("getpass.getpass", nobody)
    ran = notebook.run("%qwen_nb login singapore")  # type: ignore[attr-defined]
    assert "DASHSCOPE_API_KEY" in str(ran.error)


class Ring(ModuleType):
    """A keyring in a dict; `locked`, it raises as backends do."""

    def __init__(self) -> None:
        super().__init__("keyring")
        self.kept: dict[tuple[str, str], str] = {}
        self.locked = False

    def _look(self) -> None:
        if self.locked:
            raise RuntimeError("locked")

    def get_password(self, service: str, place: str) -> str | None:
        self._look()
        return self.kept.get((service, place))

    def set_password(self, service: str, place: str, key: str) -> None:
        self._look()
        self.kept[service, place] = key

    def delete_password(self, service: str, place: str) -> None:
        self._look()
        del self.kept[service, place]


@pytest.fixture
def ring(monkeypatch: pytest.MonkeyPatch) -> Ring:
    ring = Ring()
    monkeypatch.setitem(sys.modules, "keyring", ring)
    return ring


def test_the_systems_keyring_is_used_where_there_is_one(
    ring: Ring, notebook: object, folder: Path, home: Path, typed: list[str]
) -> None:
    run = notebook.run  # type: ignore[attr-defined]
    assert "keyring" in run("%qwen_nb login singapore").out
    assert ring.kept == {("qwen_nb", "model-studio"): "sk-typed"}
    assert not (home / "keys.json").exists()
    server = server_from(Settings({"QWEN_NB_HOME": str(home)}, folder), Catalogue.load())
    assert (server.key, server.key_origin) == ("sk-typed", "keyring")
    run("%qwen_nb logout singapore")
    assert ring.kept == {}


def test_a_locked_keyring_is_no_hindrance(
    ring: Ring, notebook: object, folder: Path, home: Path, typed: list[str]
) -> None:
    ring.locked = True
    assert "file" in notebook.run("%qwen_nb login singapore").out  # type: ignore[attr-defined]
    server = server_from(Settings({"QWEN_NB_HOME": str(home)}, folder), Catalogue.load())
    assert server.key == "sk-typed"
