"""The facts in real kernels, whose requests say what the front ends' do."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.conversation.identity._kernels import READY, Kernel, Server, kernel
from tests.conversation.identity._notebooks import cell, write

pytestmark = pytest.mark.kernel

HERE = (
    "{**__import__('dataclasses').asdict(_notebook.here(shell)),"
    " 'deleted': _notebook.deleted_cells(shell)}"
)
NOTHING: dict[str, Any] = {
    "cell": None, "in_file": False, "path": None, "kernel": None, "deleted": [],
}  # fmt: skip
URI = "vscode-notebook-cell:{path}#W0sZmlsZQ%3D%3D"


@dataclass(frozen=True)
class Started:
    kernel: Kernel
    folder: Path

    def here(self, **options: Any) -> dict[str, Any]:
        told: dict[str, Any] = self.kernel.value(HERE, self.folder / "value", **options)
        return told

    def path(self, name: str) -> str:
        return os.path.realpath(self.folder / name)


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Started]:
    folder = tmp_path_factory.mktemp("kernel")
    write(folder / "my nb.ipynb", cell("c1"))
    with kernel(folder, str(folder / "my nb.ipynb")) as running:
        running.run("import os; began = os.getcwd()")
        yield Started(running, folder)


def test_jupyterlab(started: Started) -> None:
    here = started.here(cellId="c1", deletedCells=["c2", "c3"], trusted=True)
    assert here == {
        "cell": "c1", "in_file": True, "path": started.path("my nb.ipynb"),
        "deleted": ["c2", "c3"], "kernel": None,  # no server started it
    }  # fmt: skip


def test_a_request_without_a_cell_is_nowhere(started: Started) -> None:
    assert started.here() == NOTHING
    assert started.here(watched=False) == NOTHING


@pytest.mark.parametrize("forged", [None, 7, "", [], {"a": 1}, "x" * 10_000], ids=type)
def test_a_cell_that_is_none(started: Started, forged: object) -> None:
    assert started.here(cellId=forged, deletedCells=forged) == NOTHING


@pytest.mark.parametrize("forged", [None, 7, "c1", {"c1": 1}, [None, 7, "", []]], ids=repr)
def test_deleted_cells_that_are_none(started: Started, forged: object) -> None:
    assert started.here(cellId="c1", deletedCells=forged)["deleted"] == []


def test_a_child_kernel_has_no_identity(started: Started) -> None:
    child = (
        f"{READY}\nimport os, json\nprint(json.dumps([{HERE}, os.environ['JPY_SESSION_NAME']]))"
    )
    write(started.folder / "child.ipynb", cell("c1") | {"source": child})
    child_path = started.folder / "child.ipynb"
    started.kernel.run(f"!jupyter execute {child_path} --inplace", cellId="c1")
    saved = json.loads((started.folder / "child.ipynb").read_text())
    (output,) = saved["cells"][0]["outputs"]
    here, inherited = json.loads("".join(output["text"]))
    assert here == NOTHING
    assert inherited == str(started.folder / "my nb.ipynb")  # the parent's, and not trusted


def test_vscode_tells_a_uri(started: Started) -> None:
    uri = URI.format(path=str(started.folder / "my nb.ipynb").replace(" ", "%20"))
    here = started.here(cellId=uri)
    assert (here["cell"], here["in_file"]) == ("W0sZmlsZQ%3D%3D", False)
    assert here["path"] == started.path("my nb.ipynb")


def test_vscode_untitled_or_on_another_machine_has_no_path(started: Started) -> None:
    for path in ("Untitled-1.ipynb", "//ssh-remote%2Bhost/no/such/nb.ipynb"):
        here = started.here(cellId=URI.format(path=path))
        assert (here["cell"], here["path"]) == ("W0sZmlsZQ%3D%3D", None)


def test_vscode_with_only_the_name_in_the_namespace(started: Started) -> None:
    path = str(started.folder / "my nb.ipynb")
    started.kernel.run(f"__vsc_ipynb_file__ = {path!r}")
    here = started.here(cellId=URI.format(path="/no/such/nb.ipynb"))
    assert here["path"] == started.path("my nb.ipynb")
    started.kernel.run("__vsc_ipynb_file__ = 7")
    assert started.here(cellId=URI.format(path="/no/such/nb.ipynb"))["path"] is None
    started.kernel.run("del __vsc_ipynb_file__")


@pytest.mark.parametrize(
    ("told", "is_at"),
    [
        ("my nb.ipynb", "my nb.ipynb"),  # relative to the kernel's folder
        ("sub/my nb.ipynb", "my nb.ipynb"),  # relative to the server's root
        ("link.ipynb", "my nb.ipynb"),
        ("gone.ipynb", "gone.ipynb"),
        ("text.py", "text.py"),  # a notebook kept as text
        ("console-1-7a0f", None),
        ("", None),
    ],
)
def test_the_path_as_jupyter_tells_it(started: Started, told: str, is_at: str | None) -> None:
    (started.folder / "text.py").touch()
    if not (started.folder / "link.ipynb").exists():
        (started.folder / "link.ipynb").symlink_to("my nb.ipynb")
    inside = f"import os; os.environ['JPY_SESSION_NAME'] = {told!r}; os.chdir('/')"
    started.kernel.run(f"before = os.environ['JPY_SESSION_NAME']; {inside}")
    try:
        expected = is_at and started.path(is_at)
        assert started.here(cellId="c1")["path"] == expected
    finally:
        started.kernel.run("os.environ['JPY_SESSION_NAME'] = before; os.chdir(began)")


def test_without_a_server_nobody_is_asked(started: Started) -> None:
    asked = "[_notebook.paths_from_server(shell), _identity.moved_to(shell, '/no/such')]"
    value = started.kernel.value(asked, started.folder / "value", cellId="c1")
    assert value == [[], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pytest.importorskip("jupyter_server")
    server = Server(tmp_path_factory.mktemp("server"))
    yield server
    server.close()


# a store that holds nothing, and shows that nothing but the path came of asking
FOUND = """
class Empty:
    def records_at(self, path): return ()
    def record(self, id): return None
    def forgotten(self, ids): return frozenset()
found = lambda: _identity.found(shell, Empty(), turn_from=lambda turn: None).path
"""


def test_a_notebook_renamed_while_its_kernel_runs(server: Server, tmp_path: Path) -> None:
    for name in ("another", "one"):
        write(server.root / f"{name}.ipynb", cell("c1"))
        session = server.start(f"{name}.ipynb")
    one, two = (os.path.realpath(server.root / name) for name in ("one.ipynb", "two.ipynb"))
    with server.connected(session) as kernel:
        kernel.run(FOUND)

        def tells(code: str) -> Any:
            return kernel.value(code, tmp_path / "value", cellId="c1")

        def becomes(code: str, value: Any) -> bool:
            return kernel.becomes(code, value, tmp_path / "value", cellId="c1")

        assert tells("_notebook.here(shell).kernel") == session["kernel"]["id"]
        assert tells("[found(), _identity.moved_to(shell, found())]") == [one, None]
        server.rename(session, "two.ipynb")
        assert tells("_notebook.here(shell).path") == one  # what it was told at its start
        assert becomes(f"[found(), _identity.moved_to(shell, {one!r})]", [two, two])
        # another notebook at the old path does not hold this cell
        write(server.root / "one.ipynb", cell("x1"))
        assert becomes("found()", two)
        # the old path holds the cell again: the page saved it there
        write(server.root / "one.ipynb", cell("c1"))
        assert tells("found()") == one


def test_a_kernel_started_by_a_notebooks_kernel_finds_no_server(
    server: Server, tmp_path: Path
) -> None:
    write(server.root / "parent.ipynb", cell("c1"))
    asked = f"{READY}\nprint(_notebook.paths_from_server(shell), end='')"
    write(server.root / "child.ipynb", cell("c1") | {"source": asked})
    session = server.start("parent.ipynb")
    with server.connected(session) as kernel:
        kernel.run("!jupyter execute child.ipynb --inplace", cellId="c1")
    saved = json.loads((server.root / "child.ipynb").read_text())
    assert "".join(saved["cells"][0]["outputs"][0]["text"]) == "()"


def test_a_server_that_does_not_answer_costs_a_bounded_wait(
    server: Server, tmp_path: Path
) -> None:
    write(server.root / "slow.ipynb", cell("c1"))
    session = server.start("slow.ipynb")
    with server.connected(session) as kernel:
        # listens, and never accepts
        kernel.run("import socket; deaf = socket.create_server(('127.0.0.1', 0))")
        kernel.run(
            "import os, json, pathlib\n"
            "folder = _notebook._connection_file(shell).parent\n"
            "about = json.loads((folder / f'jpserver-{os.getppid()}.json').read_text())\n"
            "about['port'] = deaf.getsockname()[1]\n"
            "(folder / 'jpserver-99999999.json').write_text(json.dumps(about))\n"
            "os.environ['JPY_PARENT_PID'] = '99999999'"
        )
        asked = "_notebook.paths_from_server(shell, within_s=0.05)"
        assert kernel.value(asked, tmp_path / "value", cellId="c1") == []
        for about in ("{", "7", "{}", '{"port": "x"}', '{"port": 1}'):
            kernel.run(f"_ = (folder / 'jpserver-99999999.json').write_text({about!r})")
            assert kernel.value(asked, tmp_path / "value", cellId="c1") == []
        kernel.run("(folder / 'jpserver-99999999.json').unlink()")
