"""The course in a folder of the person's own, where it may be changed and run."""

from __future__ import annotations

from pathlib import Path

from qwen_nb.errors import ConfigError
from qwen_nb.files import write_whole

__all__ = ["first_notebook", "own_copy"]

_CASSETTE = ".cassette"
_NOTEBOOK = ".ipynb"
_LEFT_OUT = frozenset((".py", ".pyc"))  # what executes the course is none of it


def own_copy(folder: Path, course: Path | None = None) -> Path:
    """Copy the course into a folder, as far as it is not there yet; return the folder.

    What is there stays as it is, so nothing a person has changed is overwritten. A cassette
    comes only together with its notebook: where the notebook is there already, the person
    may have taken the cassette away.

    Parameters
    ----------
    folder : Path
        Where to; made if it is not there.
    course : Path, optional
        Where from, in place of the course that came with this package.

    Raises
    ------
    ConfigError
        When the folder cannot be written.
    """
    origin = _packaged() if course is None else course
    wanted = [path.relative_to(origin) for path in sorted(origin.rglob("*")) if path.is_file()]
    there = {path for path in wanted if (folder / path).exists()}
    try:
        for path in sorted(wanted, key=_is_notebook):  # its cassette comes before it
            has_notebook = path.suffix == _CASSETTE and path.with_suffix(_NOTEBOOK) in there
            if _is_course(path) and path not in there and not has_notebook:
                content = (origin / path).read_bytes()
                write_whole(folder / path, content, over=False, make_folder=True)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise ConfigError("error.course_copy", path=str(folder), reason=reason) from error
    return folder


def first_notebook(folder: Path, language: str) -> Path:
    """Return the notebook that the course begins with, in a language if it has that."""
    first = "01_first_question.ipynb"
    own = folder / language / first
    return own if own.exists() else folder / first


def _packaged() -> Path:
    packaged = Path(__file__).parents[1] / "notebooks"  # as in a wheel
    return packaged if packaged.exists() else Path(__file__).parents[2] / "notebooks"


def _is_notebook(path: Path) -> bool:
    return path.suffix == _NOTEBOOK


def _is_course(path: Path) -> bool:
    """Tell the course from what Jupyter, Python and others leave beside it."""
    is_hidden = any(part.startswith((".", "__")) for part in path.parts)
    return not is_hidden and path.suffix not in _LEFT_OUT
