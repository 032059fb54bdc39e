"""Writes a cassette: all of it or nothing of each part, so that it can always be read."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

from qwen_nb.cassettes.attachments import keep, prune
from qwen_nb.cassettes.reports import called
from qwen_nb.cassettes.requests import Attachment
from qwen_nb.errors import CassetteError
from qwen_nb.files import write_whole

__all__ = ["CassetteFile"]


class CassetteFile:
    """A cassette that is being written.

    Parameters
    ----------
    path : Path
        Where; what is there stays until something else is written.
    header : str
        What it begins with.

    Raises
    ------
    CassetteError
        When no file can be made there.
    """

    def __init__(self, path: Path, header: str) -> None:
        if path.is_dir() or not path.parent.is_dir():
            raise CassetteError("error.cassette_no_folder", name=called(path))
        if not os.access(path if path.exists() else path.parent, os.W_OK):
            raise CassetteError("error.cassette_unwritable", name=called(path))
        self._path = path
        self._header = header
        self.is_made = False

    def add(self, text: str, attachments: Iterable[Attachment] = ()) -> None:
        """Write a part.

        Raises
        ------
        OSError
            When that cannot be; the file is then as it was before.
        """
        kept = [keep(each, self._path) for each in attachments]
        if self.is_made:
            self._append(text.encode())
            return
        write_whole(self._path, f"{self._header}{text}")
        self.is_made = True
        prune(self._path, {each.name for each in kept})

    def _append(self, data: bytes) -> None:
        with self._path.open("r+b", buffering=0) as file:
            end, left = file.seek(0, os.SEEK_END), memoryview(data)
            try:
                while left:
                    left = left[file.write(left) :]
            except OSError:
                # half a recording would make the whole file one that is cut off
                with contextlib.suppress(OSError):
                    os.ftruncate(file.fileno(), end)
                raise
