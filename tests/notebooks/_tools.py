"""The tools that people run notebooks with, each as a command of its own."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from tests.notebooks._clean import environment

HANG_S = 180

KERNEL = {"name": "python3", "display_name": "Python 3", "language": "python"}


def new_notebook(sources: Sequence[str]) -> NotebookNode:
    """Return a notebook of code cells that were not run yet."""
    cells = [
        nbformat.v4.new_code_cell(source, id=f"cell-{index}")
        for index, source in enumerate(sources)
    ]
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": KERNEL})


class Tools:
    """Runs the commands in a folder of their own, with nothing of the person's around."""

    def __init__(self, folder: Path) -> None:
        self._environment = environment(folder)

    def execute(self, notebook: NotebookNode, path: Path) -> NotebookNode:
        """Run a notebook with nbconvert, nobody watching; return what it saves at a path."""
        nbformat.write(notebook, path)
        self._checked("nbconvert", "--to", "notebook", "--execute", "--inplace", str(path))
        return nbformat.read(path, as_version=4)

    def papermill(self, notebook: NotebookNode, path: Path) -> NotebookNode:
        """Run a notebook with papermill; return what it saves at a path."""
        given = path.with_name(f"given to {path.name}")
        nbformat.write(notebook, given)
        self._checked("papermill", str(given), str(path), "--no-progress-bar")
        return nbformat.read(path, as_version=4)

    def client(self, notebook: NotebookNode, path: Path) -> NotebookNode:
        """Run a notebook with nbclient's own command; return what it saves at a path."""
        nbformat.write(notebook, path)
        # the module has no `__main__`: this is what the command `jupyter-execute` does
        run = "from nbclient.cli import NbClientApp; NbClientApp.launch_instance()"
        self._checked_python("-c", run, "--inplace", str(path))
        return nbformat.read(path, as_version=4)

    def convert(self, path: Path, form: str) -> str:
        """Return a notebook as `html` or `markdown`, without running it."""
        return self._checked("nbconvert", "--to", form, "--stdout", str(path))

    def failures(self, *paths: Path) -> dict[str, list[int]]:
        """Run `pytest --nbval`; return the cells that failed in each notebook.

        Parameters
        ----------
        *paths : Path
            The notebooks, or the folders that hold them.
        """
        given = [str(path) for path in paths]
        # no settings of ours: an ini file that is empty
        own = ["-c", "/dev/null", f"--rootdir={paths[0].parent}"]
        pytest = ["-m", "pytest", "--nbval", "-rf", "-p", "no:cacheprovider"]
        done = self._run_python(*pytest, *own, *given)
        assert done.returncode in (0, 1), done.stdout + done.stderr
        failed: dict[str, list[int]] = {}
        for name, cell in re.findall(r"^FAILED (?:.*/)?(.+?)::Cell (\d+)", done.stdout, re.M):
            failed.setdefault(name, []).append(int(cell))
        assert bool(failed) == bool(done.returncode), done.stdout + done.stderr
        return failed

    def _checked(self, *arguments: str) -> str:
        return self._checked_python("-m", *arguments)

    def _checked_python(self, *arguments: str) -> str:
        done = self._run_python(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _run_python(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self._environment["HOME"],
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=HANG_S,
        )


def tampered(notebook: NotebookNode, form: str, pattern: str, new: str) -> NotebookNode:
    """Return a copy in which the first match in outputs of that form is another text."""
    copy = nbformat.from_dict(notebook)
    for cell in copy.cells:
        for output in cell.outputs:
            text = output.get("data", {}).get(form, "")
            changed = re.sub(pattern, new, text, count=1)
            if changed != text:
                output.data[form] = changed
                return copy
    raise AssertionError(f"no output of form {form} matches {pattern!r}")
