"""What a saved notebook says of itself: its cells' ids, and what its outputs carry.

A notebook may come from anybody. All that is read here is data of unknown origin: plain
values, bounded in size and number; what is malformed is skipped, and a file that cannot
be read is a fact, not an error.
"""

from __future__ import annotations

import json
import os
import re
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE_BYTES = 256_000_000  # a larger file is not read
CELLS = 100_000
CARRIED = 5_000
PLACES = 1_000_000

_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")  # nbformat's rule; our ids follow it too
_KEY = re.compile(r"[!-~]{1,512}")  # a cell's key may be the fragment of a uri
_NAME = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedTurn:
    """What one output carries of the conversation.

    Parameters
    ----------
    chat : str
        Id of the conversation.
    name : str, optional
        Name of the conversation, if it has one.
    entry : str
        Id of the entry.
    order : tuple of int, optional
        `(place, k)` of the entry; None if it is not told.
    cell : str, optional
        The cell's key when it was asked.
    holder : str, optional
        Id of the cell that holds the output now: another one after copy and paste.
    at : int
        Position of that cell.
    turn : object
        The turn as it was written, unread.
    """

    chat: str
    entry: str
    at: int
    name: str | None = None
    order: tuple[int, int] | None = None
    cell: str | None = None
    holder: str | None = None
    turn: object = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotebookFile:
    """What a file holds; `readable` is False for one that exists and is no notebook."""

    exists: bool = False
    readable: bool = False
    cells: frozenset[str] = frozenset()
    carried: tuple[SavedTurn, ...] = ()

    @property
    def chats(self) -> dict[str, int]:
        """How often each conversation is carried, most often first."""
        return dict(Counter(each.chat for each in self.carried).most_common())


def read_notebook(path: str) -> NotebookFile:
    """Read an `.ipynb`; never fails."""
    try:
        # reading a pipe or a device would block or never end
        status = os.stat(path)  # noqa: PTH116
        if not stat.S_ISREG(status.st_mode) or status.st_size > FILE_BYTES:
            return NotebookFile(exists=True)
        content = Path(path).read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return NotebookFile()
    except (OSError, ValueError):
        return NotebookFile(exists=True)
    try:
        notebook = json.loads(content)
    except (ValueError, RecursionError):
        return NotebookFile(exists=True)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list):
        return NotebookFile(exists=True)
    known = [cell for cell in cells[:CELLS] if isinstance(cell, dict)]
    return NotebookFile(
        exists=True,
        readable=True,
        cells=frozenset(id_ for cell in known if (id_ := _matching(_ID, cell.get("id")))),
        carried=tuple(_carried(known)),
    )


def _carried(cells: list[dict[str, Any]]) -> Iterator[SavedTurn]:
    left = CARRIED
    for at, cell in enumerate(cells):
        outputs = cell.get("outputs")
        for output in outputs if isinstance(outputs, list) else ():
            metadata = output.get("metadata") if isinstance(output, dict) else None
            ours = metadata.get("qwen_nb") if isinstance(metadata, dict) else None
            if not isinstance(ours, dict):
                continue
            chat, entry = _matching(_ID, ours.get("chat")), _matching(_ID, ours.get("entry"))
            if chat is None or entry is None:
                continue
            if not left:
                return
            left -= 1
            yield SavedTurn(
                chat=chat,
                entry=entry,
                at=at,
                name=_name(ours.get("name")),
                order=_order(ours),
                cell=_matching(_KEY, ours.get("cell")),
                holder=_matching(_ID, cell.get("id")),
                turn=ours.get("turn"),
            )


def _matching(form: re.Pattern[str], value: object) -> str | None:
    return value if isinstance(value, str) and form.fullmatch(value) else None


def _name(value: object) -> str | None:
    is_one = isinstance(value, str) and 0 < len(value) <= _NAME and value.isprintable()
    return str(value) if is_one else None


def _order(ours: Mapping[str, object]) -> tuple[int, int] | None:
    place, k = ours.get("place"), ours.get("k")
    # type, not isinstance: True is an int
    if type(place) is not int or type(k) is not int:
        return None
    return (place, k) if 0 <= place < PLACES and 0 <= k < PLACES else None
