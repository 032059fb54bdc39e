"""What `pytest --nbval` needs to check notebooks with answers: no key, no network, no chance.

Each notebook's kernel starts with an environment in which the same cells give the same
outputs: answers come from the cassette beside the notebook (`NAME.cassette`), or from the
embedded emulator where there is none; keys, addresses and everything the person has set are
out of sight; words and prices are the packaged ones. `--qwen-record` makes or refreshes the
cassettes instead, with the keys that are there.

Projects that have no notebooks, or do not run nbval, notice nothing of it; nor do notebooks
that do not use qwen_nb.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from qwen_nb.cassettes import Cassette
    from qwen_nb.emulator import Emulator

__all__ = ["qwen_cassette", "qwen_emulator"]

_OURS = ("QWEN_NB_", "DASHSCOPE_")
_CASSETTE, _JOURNAL = "QWEN_NB_CASSETTE", "QWEN_NB_CASSETTE_JOURNAL"
_FIXED = {
    "LC_ALL": "C.UTF-8",
    # a key that was kept with `login` is no key of the notebook's, nor is one in `.env`
    "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
    "QWEN_NB_DOTENV": "off",
}
_IN_FILES = (
    "DASHSCOPE_API_KEY",
    "QWEN_NB_API_KEY",
    "QWEN_NB_BASE_URL",
    "QWEN_NB_LANG",
    "QWEN_NB_MODEL",
    "QWEN_NB_SERVER",
)
"""What a notebook that calls `load_dotenv` might find."""

_LONGEST = 120
_USES_US = re.compile(r"\bqwen_nb\b|^[ \t]*%%?qwen\b", re.MULTILINE)
_STASH = pytest.StashKey["_Notebooks"]()
_TOLD = "qwen_nb_unused"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--qwen-record`."""
    group = parser.getgroup("qwen_nb", "notebooks and tests that ask reasoning models")
    group.addoption(
        "--qwen-record",
        action="store_true",
        help="record the cassettes of notebooks (with --nbval) and of tests that use the "
        "fixture qwen_cassette, with the keys that are set; without it they are replayed",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin to keep the books of this run."""
    config.stash[_STASH] = _Notebooks()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep the cells of one notebook together where pytest-xdist would deal them out."""
    if not _checks_notebooks(config) or config.option.dist not in _DEALS_OUT:
        return None
    from xdist.scheduler import LoadGroupScheduling

    class Scheduling(LoadGroupScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file, is_notebook, _ = nodeid.partition(".ipynb::")
            return file if is_notebook else str(super()._split_scope(nodeid))

    return Scheduling(config, log)


_DEALS_OUT = ("load", "loadgroup", "worksteal")


def _checks_notebooks(config: pytest.Config) -> bool:
    return any(config.getoption(name, False) for name in ("nbval", "nbval_lax"))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, object, object]:
    """Start the kernel of a notebook in an environment of its own."""
    if not _is_cell(item):
        return (yield)
    notebooks = item.config.stash[_STASH]
    changes = notebooks.environment(item, is_recording=item.config.getoption("qwen_record"))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in changes.items():
            if value is None:
                patch.delenv(name, raising=False)
            else:
                patch.setenv(name, value)
        return (yield)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note which cells ran to their end, whatever came of it."""
    report = yield
    if call.when == "call" and not report.skipped and _is_cell(item):
        item.config.stash[_STASH].note(item)
    return report


def _is_cell(item: pytest.Item) -> bool:
    # nbval need not be installed, so its class cannot be asked
    return type(item).__name__ == "IPyNbCell"


class _Notebooks:
    """The notebooks of this run: where each keeps its things, and what of it ran."""

    def __init__(self) -> None:
        self._homes: dict[Path, Path] = {}
        self._left: dict[Path, int] = {}

    def environment(self, item: pytest.Item, *, is_recording: bool) -> dict[str, str | None]:
        """Return what the kernel's environment has to differ in; None takes one away."""
        path, code = item.path, _code(item)
        if not any(map(_USES_US.search, code)):
            return {}
        if path not in self._homes:
            factory: pytest.TempPathFactory = item.config._tmp_path_factory  # type: ignore[attr-defined]
            self._homes[path] = factory.mktemp("qwen_nb")
            self._left[path] = len(code)
        home, cassette = self._homes[path], _cassette_of(path)
        if is_recording:
            record = f"record:{cassette}"
            return {"LC_ALL": _FIXED["LC_ALL"], _CASSETTE: record, _JOURNAL: None}
        changes: dict[str, str | None] = {
            **{name: None for name in os.environ if name.startswith(_OURS)},
            **_FIXED,
            "QWEN_NB_HOME": str(home / "home"),
        }
        if any("dotenv" in each for each in code):
            changes |= dict.fromkeys(_IN_FILES, "")  # what is there, though empty, stays
        if told := os.environ.get(_CASSETTE):
            changes[_CASSETTE] = told
            self._left[path] = -1  # it is no cassette of this notebook's own
        elif cassette.exists():
            changes[_CASSETTE] = f"replay:{cassette}"
            changes[_JOURNAL] = str(home / "journal")
        elif _names_a_server(path.parent, home):
            changes["QWEN_NB_SERVER"] = "emulator"
        return changes

    def note(self, item: pytest.Item) -> None:
        """Take in that a cell ran."""
        if item.path in self._left:
            self._left[item.path] -= 1

    def unused(self) -> Iterator[str]:
        """Yield a line for each cassette of which a whole notebook did not ask everything."""
        for path, home in self._homes.items():
            cassette = _cassette_of(path)
            if self._left[path] == 0 and cassette.exists():
                yield from _unused(cassette, home / "journal")


def _unused(cassette: Path, journal: Path) -> Iterator[str]:
    from qwen_nb.cassettes import Replayer
    from qwen_nb.errors import CassetteError
    from qwen_nb.texts import machine_language, text

    given = journal.read_text().split() if journal.exists() else []
    try:
        numbers = Replayer(cassette, {}).numbers()
    except CassetteError:
        return  # the notebook has said so
    if unused := [words for number, words in numbers if str(number) not in given]:
        language = machine_language(os.environ)
        asked_not = text("cassettes.unused", language, unused="; ".join(unused))
        yield f"{cassette.name}: {asked_not}"


def _cassette_of(path: Path) -> Path:
    return path.with_suffix(".cassette")


def _code(item: pytest.Item) -> list[str]:
    """Return what the code cells of an item's notebook say."""
    cells = item.parent.nb.cells  # type: ignore[union-attr]
    return [cell.source for cell in cells if cell.cell_type == "code"]


def _names_a_server(folder: Path, home: Path) -> bool:
    """Tell whether a file beside a notebook would send its questions to some server."""
    from qwen_nb.errors import ConfigError
    from qwen_nb.settings import Settings

    try:
        settings = Settings({**_FIXED, "QWEN_NB_HOME": str(home)}, folder)
        return bool(settings.get("server") or settings.get("base_url"))
    except ConfigError:
        return False  # the notebook will say so


# -- what was recorded and not asked for -------------------------------------------------------


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Find out what was not asked for; a worker of pytest-xdist tells it to the others."""
    notebooks = session.config.stash.get(_STASH, None)
    if notebooks is None or session.config.getoption("qwen_record"):
        return
    lines = list(notebooks.unused())
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output[_TOLD] = lines
    else:
        session.config.stash.setdefault(_UNUSED, []).extend(lines)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take in what a worker of pytest-xdist found out."""
    lines = getattr(node, "workeroutput", {}).get(_TOLD, [])
    node.config.stash.setdefault(_UNUSED, []).extend(lines)


_UNUSED = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say it at the end."""
    if lines := config.stash.get(_UNUSED, []):
        terminalreporter.section("qwen_nb")
        for line in sorted({*lines}):
            terminalreporter.line(line)


# -- for tests of one's own -------------------------------------------------------------------


@pytest.fixture
def qwen_emulator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Emulator]:
    """Give the embedded emulator, which answers whatever this test asks.

    Keys and settings are out of sight, and nothing is kept beyond the test. It is at full
    speed; `.script(…)` and `.journal` are those of `qwen_nb.emulator.Emulator`.
    """
    from qwen_nb import cassettes
    from qwen_nb.emulator import embedded, stop_embedded

    _hide_settings(monkeypatch, tmp_path)
    monkeypatch.setenv("QWEN_NB_SERVER", "emulator")  # whatever a file in this folder says
    cassettes.leave()
    stop_embedded()  # another test's scripts and journal
    try:
        yield embedded(pace=0.0)
    finally:
        stop_embedded()


@pytest.fixture
def qwen_cassette(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Cassette]:
    """Give a cassette of this test's own, in `cassettes/` beside its file.

    It is replayed, without a key and without a network; with `--qwen-record` it is recorded
    with the keys that are set.
    """
    from qwen_nb.cassettes import recording

    folder = request.path.parent / "cassettes"
    name = _file_name(request.node)
    is_recording = request.config.getoption("qwen_record")
    if is_recording:
        folder.mkdir(exist_ok=True)
    else:
        _hide_settings(monkeypatch, tmp_path)
    path, mode = folder / f"{name}.cassette", "record" if is_recording else "replay"
    with recording(path, mode) as cassette:  # type: ignore[arg-type]
        yield cassette


def _file_name(test: pytest.Item) -> str:
    """Return a name for a test's files, which no other test of its folder has."""
    nodes = test.listchain()
    inside = [node.name for node in nodes if isinstance(node, pytest.Class)]
    named = ".".join((test.path.stem, *inside, test.name))
    name = re.sub(r"[^\w.-]+", "-", named).strip("-")
    function, _, parameters = test.name.partition("[")
    is_told = re.fullmatch(r"[\w.-]*\]?", parameters) and "-" not in function
    if is_told and len(name.encode()) <= _LONGEST:
        return name
    hashed = hashlib.sha256(named.encode()).hexdigest()[:8]
    return f"{name.encode()[:_LONGEST].decode(errors='ignore')}-{hashed}"


def _hide_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(_OURS)]:
        monkeypatch.delenv(name)
    for name, value in _FIXED.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("QWEN_NB_HOME", str(tmp_path / "qwen_nb"))
