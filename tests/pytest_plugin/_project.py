"""A folder with notebooks and tests, checked as its owner would: with `pytest`, in a shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode

from tests.notebooks._clean import environment
from tests.notebooks._tools import new_notebook

HANG_S = 600

_ALONE = ("unshare", "-rn", "sh", "-c", 'ip link set lo up && exec "$0" "$@"')


def alone() -> tuple[str, ...]:
    """Return what runs the command after it without any network but loopback."""
    if shutil.which("unshare") is None or subprocess.run((*_ALONE, "true")).returncode:
        pytest.skip("no network can be taken away here")
    return _ALONE


@dataclass(frozen=True)
class Ran:
    """What a run of pytest came to."""

    code: int
    said: str

    @property
    def outcomes(self) -> dict[str, str]:
        """Outcome by the short name of each test; a cell is `asked 3`."""
        found = re.findall(
            r"^(PASSED|FAILED|ERROR|SKIPPED) (\S+?::.+?)(?: - .*)?$", self.said, re.M
        )
        return {_short(name): outcome for outcome, name in found}

    @property
    def failed(self) -> set[str]:
        """The tests that did not pass."""
        return {name for name, outcome in self.outcomes.items() if outcome != "PASSED"}


def _short(name: str) -> str:
    return re.sub(r"\.ipynb::Cell (\d+)(?:@.*)?$", r" \1", name)


class Project:
    """A folder of somebody's, with a home of its own."""

    def __init__(
        self, folder: Path, *, at: Path | None = None, python: str = sys.executable
    ) -> None:
        self.folder = at or folder / "project"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._python = python
        path = os.pathsep.join([str(Path(python).parent), os.environ.get("PATH", "")])
        self._environment = environment(folder, PATH=path)

    @property
    def home(self) -> Path:
        """Where qwen_nb keeps what is the person's own."""
        return Path(self._environment["HOME"]) / "qwen_nb"

    def path(self, name: str) -> Path:
        """Return the path of a file."""
        return self.folder / name

    def write(self, name: str, text: str) -> Path:
        """Write a file; folders are made."""
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def put(self, name: str, notebook: NotebookNode | Sequence[str]) -> Path:
        """Write a notebook, or the cells of a new one."""
        made = notebook if isinstance(notebook, NotebookNode) else new_notebook(notebook)
        nbformat.write(made, self.path(name))
        return self.path(name)

    def read(self, name: str) -> NotebookNode:
        """Return a notebook as it is saved."""
        return nbformat.read(self.path(name), as_version=4)

    def execute(self, name: str, **variables: str) -> NotebookNode:
        """Run a notebook with nbclient and save it, as `jupyter execute` does."""
        run = "from nbclient.cli import NbClientApp; NbClientApp.launch_instance()"
        ran = self._run(self._python, "-c", run, "--inplace", name, variables=variables)
        assert ran.code == 0, ran.said
        return self.read(name)

    def pytest(
        self,
        *arguments: str,
        variables: Mapping[str, str] | None = None,
        wrapped: Sequence[str] = (),
    ) -> Ran:
        """Run `pytest` here."""
        command = (*wrapped, self._python, "-m", "pytest", "-rA", "--color=no")
        return self._run(*command, *arguments, variables=variables or {})

    def _run(self, *command: str, variables: Mapping[str, str]) -> Ran:
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self._environment | {"QWEN_NB_HOME": str(self.home)} | variables,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=HANG_S,
        )
        return Ran(done.returncode, done.stdout + done.stderr)
