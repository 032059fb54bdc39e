"""What a cassette was used for so far, and what of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Report:
    """How a cassette was used.

    Parameters
    ----------
    mode : {"record", "replay"}
        What it was used for.
    path : Path
        The file.
    used : int
        How many requests were recorded, or how many of its recordings were asked for.
    recordings : int
        How many it has.
    unused : tuple of str
        Those that nobody asked for, as a person would know them.
    other_results : int
        How many were given although tools had given something else than then.
    problem : str
        Why it could not be written.
    """

    mode: Literal["record", "replay"]
    path: Path
    used: int
    recordings: int = 0
    unused: tuple[str, ...] = ()
    other_results: int = 0
    problem: str = ""


def called(path: Path) -> str:
    """Return what a person calls a cassette: as it can be typed here, where it is near."""
    try:
        return path.relative_to(Path.cwd()).as_posix()
    except (ValueError, OSError):
        return path.name
