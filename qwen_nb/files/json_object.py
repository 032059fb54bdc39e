"""A small file that holds one JSON object: what is kept by name."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qwen_nb.files.write import write_whole

__all__ = ["read_object", "write_object"]


def read_object(path: Path) -> dict[str, Any]:
    """Return the object; an empty one where there is no file, or none that can be read."""
    with contextlib.suppress(OSError, ValueError, RecursionError):
        found = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(found, dict):
            return found
    return {}


def write_object(path: Path, content: Mapping[str, Any], *, private: bool = False) -> None:
    """Write the object, whole or not at all, and its folder where that is missing.

    Raises
    ------
    OSError
        When it cannot be written.
    """
    written = json.dumps(content, indent=1, sort_keys=True)
    write_whole(path, written, private=private, make_folder=True)
