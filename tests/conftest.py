"""What all tests share: a clean environment, no network, and servers on loopback."""

import ipaddress
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from _servers import Misbehaving

from qwen_nb.emulator.server import Emulator

_OURS = ("DASHSCOPE_", "QWEN_NB_", "OPENAI_")

# What was started in the background ignores the interrupt, and so does all that it starts:
# tests that press it would hang.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        if name.startswith(_OURS) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("QWEN_NB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("QWEN_NB_RETRIES", "1")  # a test of failures need not wait for them


@pytest.fixture(autouse=True)
def interrupts_as_they_were() -> Iterator[None]:
    """No test may leave an interrupt to somebody who is gone."""
    before = signal.getsignal(signal.SIGINT)
    yield
    after = signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, before)
    assert after is before


@pytest.fixture(autouse=True)
def calls_of_this_test_only() -> Iterator[None]:
    """What is in no store counts as long as the process does; a test is no process."""
    yield
    if (module := sys.modules.get("qwen_nb.asking.notebook")) is not None:
        archives = [module.Notebook._of_program, *module.Notebook._of_shells.values()]
        for ledger in (archive.ledger for archive in archives if archive is not None):
            with ledger.held():
                ledger._own = None
                ledger._only_here.clear()
        module.Notebook._of_program = None


# folders whose tests take their time; `make fast` leaves them out
_SERVICE = {"code", "doctor", "emulator", "faults", "seeds", "settings"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent.name in _SERVICE:
            item.add_marker(pytest.mark.service)


_guarded = False


def _stay_here(name: str, arguments: tuple[Any, ...]) -> None:
    if not _guarded or name != "socket.connect" or not isinstance(arguments[1], tuple):
        return
    host = arguments[1][0]
    if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
        raise AssertionError(f"a test reached out to {host}")


sys.addaudithook(_stay_here)


@pytest.fixture(autouse=True)
def loopback_only(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let nothing of this process leave the machine; whole notebooks are their own affair."""
    global _guarded
    _guarded = not any(map(request.node.get_closest_marker, ("kernel", "notebook", "browser")))
    yield
    _guarded = False


@pytest.fixture(scope="session")
def running_emulator() -> Iterator[Emulator]:
    with Emulator(pace=0) as emulator:
        yield emulator


@pytest.fixture
def emulator(running_emulator: Emulator) -> Emulator:
    running_emulator.journal.clear()
    running_emulator.pace = 0
    return running_emulator


@pytest.fixture
def settled(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """Point the settings at the emulator, as at any other server that wants a key."""
    monkeypatch.setenv("QWEN_NB_BASE_URL", emulator.openai_base_url)
    monkeypatch.setenv("QWEN_NB_API_KEY", emulator.key)
    monkeypatch.setenv("QWEN_NB_MODEL", "qwen-plus")
    return emulator


@pytest.fixture
def misbehaving() -> Iterator[Misbehaving]:
    server = Misbehaving()
    yield server
    server.stop()


@pytest.fixture
def misbehaves(misbehaving: Misbehaving, monkeypatch: pytest.MonkeyPatch) -> Misbehaving:
    """Point the settings at the misbehaving server."""
    monkeypatch.setenv("QWEN_NB_BASE_URL", misbehaving.base_url)
    monkeypatch.setenv("QWEN_NB_MODEL", "m")
    return misbehaving


@dataclass
class Ran:
    """What running a cell did."""

    result: Any = None
    error: BaseException | None = None
    out: str = ""
    err: str = ""
    displayed: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Notebook:
    """A terminal shell, its cells run as a person would run them."""

    shell: Any

    def run(self, cell: str, *, silent: bool = False) -> Ran:
        """Run a cell; `displayed` holds the bundles it displayed."""
        from IPython.utils.capture import capture_output

        with capture_output() as captured:
            ran = self.shell.run_cell(cell, store_history=not silent)
        error = ran.error_before_exec or ran.error_in_exec
        displayed = [output.data for output in captured.outputs]
        return Ran(ran.result, error, captured.stdout, captured.stderr, displayed)

    @property
    def names(self) -> dict[str, Any]:
        namespace: dict[str, Any] = self.shell.user_ns
        return namespace


@pytest.fixture(scope="session")
def shell() -> Iterator[Any]:
    from IPython.core.interactiveshell import InteractiveShell
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = InteractiveShell.instance(config=config)
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def notebook(shell: Any) -> Iterator[Notebook]:
    """A shell with the extension loaded, and a clean one afterwards."""
    names = set(shell.user_ns)
    shell.run_line_magic("load_ext", "qwen_nb")
    yield Notebook(shell)
    shell.run_line_magic("unload_ext", "qwen_nb")
    for name in set(shell.user_ns) - names:
        del shell.user_ns[name]
    shell.user_ns["_oh"].clear()


@pytest.fixture
def eventually() -> Callable[..., bool]:
    """Wait for something that another thread does."""
    import time

    def eventually(holds: Callable[[], bool], within_s: float = 30.0) -> bool:
        deadline = time.monotonic() + within_s
        while not holds() and time.monotonic() < deadline:
            time.sleep(0.005)
        return holds()

    return eventually
