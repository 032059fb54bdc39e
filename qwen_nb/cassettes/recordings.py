"""What a cassette holds: recordings, and the servers that were asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Ending: TypeAlias = Literal["end", "failed", "broken", "stopped"]
"""How an answer ended: as it should; never begun; broken off in the middle; by the person."""


@dataclass(frozen=True, slots=True)
class AskedServer:
    """A server that was asked: what a `Server` says, without its key.

    Parameters
    ----------
    facts : mapping
        The fields of the `Server`, as JSON; addresses name no workspace and no port. With
        `settings`, what the person's own settings added to requests.
    is_default : bool
        Whether it was asked because the notebook named none.
    """

    facts: Mapping[str, Any]
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What came for a request.

    Parameters
    ----------
    status : int
        HTTP status; 0 where nothing came.
    headers : mapping
        The few that matter, in lower case.
    data : bytes
        The body, as it came.
    ending : str
        How it ended; see `Ending`.
    error : mapping
        For an answer that failed or broke off: `type`, `key` and `facts` of the error.
    """

    status: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    data: bytes = b""
    ending: Ending = "end"
    error: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Recording:
    """One request and its answer.

    Parameters
    ----------
    number : int
        Which of the cassette's, from 1, in the order in which they were asked.
    at : str
        When it was asked: UTC, ISO 8601.
    server : int
        The number of the server that was asked, from 1.
    method, path : str
        As in `HttpCall`.
    body : object
        The JSON that was sent, without secrets; large attachments by their hash.
    answer : Answer
        What came.
    """

    number: int
    at: str
    server: int
    method: str
    path: str
    body: Any
    answer: Answer
