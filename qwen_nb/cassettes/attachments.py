"""Large attachments of a cassette: files beside it, each named by its hash."""

from __future__ import annotations

import contextlib
import hashlib
import mimetypes
import re
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import Any

from qwen_nb.cassettes.reports import called
from qwen_nb.cassettes.requests import Attachment, hashes_in
from qwen_nb.errors import BadCassette
from qwen_nb.files import write_whole

__all__ = ["check", "folder_of", "keep", "prune"]

_HASH = re.compile(r"[0-9a-f]{64}")


def folder_of(path: Path) -> Path:
    """Return where a cassette's attachments are."""
    return path.with_name(f"{path.name}.files")


def keep(attachment: Attachment, path: Path) -> Path:
    """Put an attachment beside its cassette, once; return its file."""
    folder = folder_of(path)
    suffix = mimetypes.guess_extension(attachment.media_type) or ".bin"
    file = folder / f"{attachment.sha256}{suffix}"
    if not file.exists() or file.read_bytes() != attachment.data:
        write_whole(file, attachment.data, make_folder=True)
    return file


def prune(path: Path, kept: Collection[str]) -> None:
    """Remove the attachments of a cassette that this one has taken the place of.

    Parameters
    ----------
    path : Path
        The cassette.
    kept : collection of str
        The names of the files that it has.
    """
    for file in _files(path):
        if file.name not in kept and _HASH.fullmatch(file.stem):
            with contextlib.suppress(OSError):
                file.unlink()
    with contextlib.suppress(OSError):  # other files are in it
        folder_of(path).rmdir()


def check(path: Path, bodies: Iterable[Any]) -> None:
    """Refuse a cassette whose attachments are missing or are others.

    Raises
    ------
    BadCassette
        It names the file.
    """
    there = {file.stem: file for file in _files(path)}
    wanted = (hash_ for body in bodies for hash_ in hashes_in(body))
    for hash_ in dict.fromkeys(wanted):
        file = there.get(hash_)
        if file is None:
            raise BadCassette("error.cassette_attachment", name=called(path), file=hash_[:12])
        try:
            found = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise BadCassette("error.cassette_unread", name=file.name, reason=reason) from error
        if found != hash_:
            raise BadCassette("error.cassette_changed", name=called(path), file=file.name[:12])


def _files(path: Path) -> Iterator[Path]:
    folder = folder_of(path)
    if folder.is_dir():
        yield from sorted(folder.iterdir())
