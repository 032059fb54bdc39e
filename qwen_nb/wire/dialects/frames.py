"""One JSON object from an event's data, or from several that it was cut across.

The cut is rare and was seen by the service's own SDK (docs/protocol.md §4.1.4).
"""

from __future__ import annotations

import json
from typing import Any

from qwen_nb.errors import BadEvent
from qwen_nb.wire.dialects.refusals import excerpt

decode = json.JSONDecoder().decode
"""`json.loads` would first guess the encoding of each event; here it is UTF-8 by definition."""

_MOST_PIECES = 8
_LITERALS = ("true", "false", "null", "-", "NaN", "Infinity", "-Infinity")


class HalfFrame:
    """The beginning of a frame whose end is still to come; falsy while there is none."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def __bool__(self) -> bool:
        return bool(self._pieces)

    def whole(self, data: bytes) -> dict[str, Any] | None:
        """Take in an event's data; return the frame, or None while it is not whole.

        Raises
        ------
        BadEvent
            When this is no JSON object and cannot become one, or needs too many pieces.
        """
        self._pieces.append(data)
        joined = b"".join(self._pieces)
        try:
            frame = decode(joined.decode())
        except ValueError as error:
            if _is_cut(joined, error) and len(self._pieces) < _MOST_PIECES:
                return None
            self._pieces.clear()
            raise bad_event(joined) from None
        self._pieces.clear()
        if not isinstance(frame, dict):
            raise bad_event(joined)
        return frame


def bad_event(data: bytes | str) -> BadEvent:
    """Return the error for something that is no event of any protocol here."""
    words = data if isinstance(data, str) else data.decode("utf-8", "replace")
    return BadEvent("error.bad_event", begins=excerpt(words))


def _is_cut(data: bytes, error: ValueError) -> bool:
    if not data.lstrip().startswith(b"{"):
        return False
    if isinstance(error, UnicodeDecodeError):
        return error.reason == "unexpected end of data"
    if not isinstance(error, json.JSONDecodeError):
        return False
    rest = error.doc[error.pos :].strip()
    return (
        not rest
        or error.msg.startswith("Unterminated string")
        or (error.msg.startswith("Invalid \\") and len(rest) < 6)
        or any(word.startswith(rest) for word in _LITERALS)
    )
