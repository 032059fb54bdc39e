"""Executes the notebooks again, in place: from their cassettes, or with the embedded emulator.

Nobody watches such a run, so each answer is saved as its static form only. What changes
from run to run (times, kernel versions) is left out, so that a new run of an unchanged
notebook changes no line of it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent


def execute(path: Path) -> None:
    """Execute one notebook and save it."""
    notebook = nbformat.read(path, as_version=4)
    cassette = path.with_suffix(".cassette").resolve()
    environment = dict(os.environ)
    if cassette.exists():
        environment["QWEN_NB_CASSETTE"] = f"replay:{cassette}"
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        record_timing=False,
        store_widget_state=False,
        coalesce_streams=True,  # how a kernel cuts its prints is chance
    )
    client.execute(env=environment)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            output.get("metadata", {}).get("qwen_nb", {}).pop("timing", None)
    notebook.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    }
    nbformat.write(notebook, path)


if __name__ == "__main__":
    for name in list(os.environ):
        if name.startswith(("QWEN_NB_", "DASHSCOPE_")):
            del os.environ[name]
    chosen = [Path(name) for name in sys.argv[1:]]
    for notebook_path in chosen or sorted(HERE.rglob("*.ipynb")):
        if ".ipynb_checkpoints" not in notebook_path.parts:
            print(notebook_path.name)
            execute(notebook_path)
