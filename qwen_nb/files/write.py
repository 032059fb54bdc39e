"""Write a small file whole or not at all: the only place of the package that does.

A file is written beside its place and takes it when all of it is on the disk. A reader, a
second writer, a full disk and a power cut meet the old content or the new, never a part.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import time
from pathlib import Path

__all__ = ["write_whole"]

_TRIES = 50 if os.name == "nt" else 1
"""Windows refuses to replace a file at the moment somebody reads it."""

_PAUSE_S = 0.02


def write_whole(
    path: Path,
    content: bytes | str,
    *,
    private: bool = False,
    over: bool = True,
    make_folder: bool = False,
) -> None:
    """Write a file, all of it or nothing.

    A link leads to the file that is meant and stays. A file that is there keeps its
    permissions; a new one has those that the user's umask leaves.

    Parameters
    ----------
    path : Path
        Where.
    content : bytes or str
        Text is written as UTF-8, its line ends as they are.
    private : bool
        Only the user may read it, whatever the permissions were.
    over : bool
        Write over a file that is there.
    make_folder : bool
        Make the folder, and those it is in, where it is missing.

    Raises
    ------
    OSError
        When it cannot be written; what was there is unchanged. FileExistsError when there
        is a file that shall not be written over.
    """
    data = content.encode() if isinstance(content, str) else content
    path = Path(os.path.realpath(path)) if over else path
    if make_folder:
        path.parent.mkdir(parents=True, exist_ok=True)
    if not over:
        path.open("xb").close()  # the name is ours, whoever else wants it now
    try:
        there = _permissions(path)
        _replace(path, data, 0o600 if private else there)
    except BaseException:
        if not over:
            _remove(path)
        raise


def _replace(path: Path, data: bytes, permissions: int | None) -> None:
    # a name of its own: that of the file may be as long as names can be
    beside = path.with_name(f".qwen_nb-{secrets.token_hex(8)}")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    # what only the user may read is never, not even empty, there for others
    handle = os.open(beside, flags, 0o666 if permissions is None else 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            if permissions is not None and permissions != 0o600:
                # a file system that knows no permissions refuses to set them
                with contextlib.suppress(OSError):
                    beside.chmod(permissions)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        _take_place(beside, path)
    except BaseException:
        _remove(beside)
        raise


def _take_place(beside: Path, path: Path) -> None:
    for tries_left in reversed(range(_TRIES)):
        try:
            beside.replace(path)
        except PermissionError:
            if not tries_left:
                raise
            time.sleep(_PAUSE_S)
        else:
            return


def _permissions(path: Path) -> int | None:
    """Return the permissions of a file that is there; refuse what is no file."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        return None
    if not stat.S_ISREG(mode):
        number = errno.EISDIR if stat.S_ISDIR(mode) else errno.EINVAL
        raise OSError(number, os.strerror(number), str(path))
    return stat.S_IMODE(mode)


def _remove(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()
