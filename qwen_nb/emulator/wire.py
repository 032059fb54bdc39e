"""What the two dialects have in common, seen from the server: frames, JSON, ids."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from qwen_nb.emulator.answers import Answer
from qwen_nb.emulator.question import Question, Refused


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream, before it becomes bytes.

    Parameters
    ----------
    phase : str
        `open`, `thinking`, `answer`, `call`, `finish`, `usage` or `done`.
    payload : mapping
        Its JSON; empty for `done`.
    usage : mapping
        What has been used so far, whether or not this event tells it.
    """

    phase: str
    payload: Mapping[str, Any]
    usage: Mapping[str, Any]


class Wire(Protocol):
    """A dialect; both are modules."""

    def frames(self, question: Question, answer: Answer, request_id: str) -> Iterator[Frame]:
        """Yield the events of a streamed answer."""

    def framed(self, frame: Frame, number: int) -> bytes:
        """Return an event as bytes."""

    def completion(self, question: Question, answer: Answer, request_id: str) -> dict[str, Any]:
        """Return the body of an answer in one piece."""

    def error(self, refused: Refused, request_id: str) -> dict[str, Any]:
        """Return the body of an error."""

    def error_event(self, refused: Refused, request_id: str, *, named: bool = True) -> bytes:
        """Return an error as an event."""


def identity(raw: bytes) -> str:
    """Return the request id for a body: a pure function of what it means as JSON."""
    with suppress(ValueError, RecursionError):
        raw = json.dumps(json.loads(raw), sort_keys=True).encode()
    digits = sha256(raw).hexdigest()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def encoded(value: Mapping[str, Any]) -> bytes:
    """Return a JSON text as the service writes it: UTF-8, nothing escaped."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    # half a surrogate pair, mirrored from a prompt, is no UTF-8
    return text.encode("utf-8", "replace")
