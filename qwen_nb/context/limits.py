"""How much a model takes in: known from the table, or taught by the server's own error."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

from qwen_nb.catalogue import Model
from qwen_nb.errors import ApiError, QwenError
from qwen_nb.files import HomeFile, read_object, write_object
from qwen_nb.values import Server

__all__ = ["Limits", "limit_in", "limit_of"]

_TAUGHT = (
    # Model Studio (protocol.md §5.3) and vLLM
    re.compile(r"range of input length should be \[\d+,\s*(\d+)\]", re.IGNORECASE),
    re.compile(r"maximum context length is (\d+)", re.IGNORECASE),
)


def limit_of(model: Model, learned: int | None = None) -> int | None:
    """Return the tokens of input a model takes at most, or None where that is not known.

    What the server itself said goes first; then the table's own figure; then what is left
    of the context after the longest thinking and answer (protocol.md §6.2).
    """
    if learned is not None:
        return learned
    if model.max_input is not None:
        return model.max_input
    if model.context is None or model.max_output is None:
        return None
    left = model.context - (model.max_cot or 0) - model.max_output
    return left if left > 0 else None


def limit_in(error: QwenError) -> int | None:
    """Return the limit that a refusal names, if it refuses the length of the input."""
    if not isinstance(error, ApiError):
        return None
    told = str(error.facts.get("told", ""))
    for words in _TAUGHT:
        if (found := words.search(told)) and int(found[1]) > 0:
            return int(found[1])
    return None


class Limits:
    """What servers have said about their models, kept in a small file.

    Parameters
    ----------
    home : Path
        The folder of the user's own files.
    """

    def __init__(self, home: Path) -> None:
        self._path = home / HomeFile.LIMITS

    def of(self, server: Server, model: str) -> int | None:
        """Return what this server has said about a model, if it did."""
        return self._read().get(_key(server, model))

    def learn(self, server: Server, model: str, n: int) -> None:
        """Remember that this server takes `n` tokens of input for a model.

        A file that cannot be written costs one refused question in the next session, so
        nobody is told.
        """
        with contextlib.suppress(OSError):
            write_object(self._path, self._read() | {_key(server, model): n})

    def _read(self) -> dict[str, int]:
        return {
            key: n
            for key, n in read_object(self._path).items()
            if isinstance(n, int) and not isinstance(n, bool) and n > 0
        }


def _key(server: Server, model: str) -> str:
    # the emulator has a new port each time, and is always the same
    where = server.name if server.scripted else server.base_url.rstrip("/")
    return f"{where} {model}"
