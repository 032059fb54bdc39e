"""Folders of tests, for programs that give up being root."""

import tempfile
from itertools import takewhile
from pathlib import Path


def let_everybody_in(folder: Path) -> None:
    """Let anybody read a temporary folder, and pass through those that hold it."""
    root = Path(tempfile.gettempdir())
    for each in takewhile(lambda each: each != root, (folder, *folder.parents)):
        each.chmod(0o755)
