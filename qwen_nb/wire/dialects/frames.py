"""The JSON objects of a stream: each from one event's data, or from several it was cut across.

The cut is rare and was seen by the service's own SDK (docs/protocol.md §4.1.4).
"""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any

from qwen_nb.errors import BadEvent
from qwen_nb.values import Event, Server
from qwen_nb.wire import ServerSentEvent
from qwen_nb.wire.dialects.refusals import excerpt, refusal

decode = json.JSONDecoder().decode
"""`json.loads` would first guess the encoding of each event; here it is UTF-8 by definition."""

_MOST_PIECES = 8
_LITERALS = ("true", "false", "null", "-", "NaN", "Infinity", "-Infinity")


class FrameReader(ABC):
    """Reads one stream of JSON objects; what an object means is its dialect's business.

    Attributes
    ----------
    done : bool
        The stream has said that nothing more comes.
    finished : bool
        The model has said why it ended.
    """

    _end: bytes | None = None
    """The data that says that nothing more comes, where the dialect has any."""

    _code_is_error = False
    """Whether a frame with a `code` and without an `output` reports an error."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self.done = False
        self.finished = False
        self._started = False
        self._pieces: list[bytes] = []

    def events(self, sse: ServerSentEvent) -> list[Event]:
        """Return what one server-sent event means.

        Raises
        ------
        ApiError
            When it is an error reported inside a stream of status 200 (docs/protocol.md §4.6).
        BadEvent
            When its data is no JSON object, nor the beginning of one.
        """
        data, frame = sse.data, None
        if data == self._end:
            self.done = True
            return self.close()
        if not self._pieces:
            try:
                frame = decode(data.decode())
            except ValueError:
                frame = None  # the beginning of one, perhaps
        if not isinstance(frame, dict):
            frame = self._joined(data)
            if frame is None:
                return []
        # The status stands in a comment, which says nothing; the name and the data do.
        has_code = self._code_is_error and frame.get("code") and not frame.get("output")
        if frame.get("error") or has_code or sse.name == "error":
            raise refusal(200, frame, self._server)
        try:
            return self._meaning(frame)
        except (AttributeError, LookupError, TypeError) as error:
            # A field of another shape than any server of this dialect is known to send.
            raise bad_event(str(frame)) from error

    @abstractmethod
    def close(self) -> list[Event]:
        """Tell that nothing more comes; return what was held back until that was clear."""

    @abstractmethod
    def _meaning(self, frame: dict[str, Any]) -> list[Event]: ...

    def _joined(self, data: bytes) -> dict[str, Any] | None:
        """Take in a piece of a frame; return the frame, or None while it is not whole."""
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
