"""Large attachments of a cassette: files beside it, each named by its hash."""

from __future__ import annotations

import contextlib
import hashlib
import mimetypes
import re
from collections.abc import Iterator
from pathlib import Path

from qwen_nb._errors import BadCassette
from qwen_nb.record._requests import Attachment

__all__ = ["check", "folder_of", "keep", "prune"]

_NAMED = re.compile(r";sha256,([0-9a-f]{64})")


def folder_of(path: Path) -> Path:
    """Return where a cassette's attachments are."""
    return path.with_name(f"{path.name}.files")


def keep(attachment: Attachment, path: Path) -> None:
    """Put an attachment beside its cassette, once."""
    folder = folder_of(path)
    suffix = mimetypes.guess_extension(attachment.media_type) or ".bin"
    file = folder / f"{attachment.sha256}{suffix}"
    if not file.exists():
        folder.mkdir(exist_ok=True)
        file.write_bytes(attachment.data)


def prune(path: Path, text: str) -> None:
    """Remove the attachments of a cassette that this one has taken the place of."""
    named = set(_NAMED.findall(text))
    for file in _files(path):
        if file.stem not in named and re.fullmatch(r"[0-9a-f]{64}", file.stem):
            with contextlib.suppress(OSError):
                file.unlink()


def check(path: Path, text: str) -> None:
    """Refuse a cassette whose attachments are missing or are others.

    Raises
    ------
    BadCassette
        It names the file.
    """
    there = {file.stem: file for file in _files(path)}
    for hash_ in dict.fromkeys(_NAMED.findall(text)):
        file = there.get(hash_)
        if file is None:
            raise BadCassette("error.cassette_attachment", name=path.name, file=hash_[:12])
        if hashlib.sha256(file.read_bytes()).hexdigest() != hash_:
            raise BadCassette("error.cassette_changed", name=path.name, file=file.name[:12])


def _files(path: Path) -> Iterator[Path]:
    folder = folder_of(path)
    if folder.is_dir():
        yield from sorted(folder.iterdir())
