"""What can happen while a reply arrives, one small frozen class for each kind.

A dialect turns bytes into these events, `ReplyBuilder` folds them into a `Reply`.
Nothing here knows a socket, a clock or a screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from qwen_nb.values.messages import CallRecord
    from qwen_nb.values.usage import Usage

__all__ = [
    "AnswerDelta",
    "Event",
    "FinishReason",
    "Finished",
    "Retrying",
    "Started",
    "ThinkingDelta",
    "ToolArgumentsDelta",
    "ToolCallStarted",
    "ToolResult",
    "UsageReport",
]

FinishReason: TypeAlias = Literal[
    "stop", "length", "tool_calls", "stopped", "cut", "failed", "blocked"
]
"""Why a reply ended: `stop`, `length` and `tool_calls` are the server's words
(protocol.md §4.5); `stopped` = by the person, `cut` = the stream broke off,
`failed` = no reply at all, `blocked` = refused by moderation."""


@dataclass(frozen=True, slots=True)
class Started:
    """The server has begun to answer.

    Parameters
    ----------
    model : str
        The model id as the server names it; empty when it names none.
    request_id : str
        The server's id for this request; empty when it gives none.
    """

    model: str
    request_id: str


@dataclass(frozen=True, slots=True)
class ThinkingDelta:
    """A further piece of the thinking (`reasoning_content` on the wire)."""

    text: str


@dataclass(frozen=True, slots=True)
class AnswerDelta:
    """A further piece of the answer."""

    text: str


@dataclass(frozen=True, slots=True)
class ToolCallStarted:
    """The model calls a tool.

    It comes again for the same slot when the server tells the id or the rest of the
    name only later; the last one holds.

    Parameters
    ----------
    slot : int
        Which call of this reply it is, from 0.
    id : str
        The server's id of the call; empty as long as it gives none.
    name : str
        The name of the tool, as far as it is known.
    """

    slot: int
    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ToolArgumentsDelta:
    """A further piece of the JSON text of a call's arguments."""

    slot: int
    text: str


@dataclass(frozen=True, slots=True)
class ToolResult:
    """A call was run here, or could not be; the result is on its way to the model."""

    call: CallRecord


@dataclass(frozen=True, slots=True)
class UsageReport:
    """The token counts so far; a later report replaces an earlier one."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Finished:
    """The model said why it ended."""

    reason: FinishReason


@dataclass(frozen=True, slots=True)
class Retrying:
    """The call failed before anything came and will be sent again.

    Parameters
    ----------
    wait_s : float
        Seconds until then.
    attempt, tries : int
        Which try that will be, and how many there are at most.
    reason : str
        What went wrong, in a word a person may look up.
    """

    wait_s: float
    attempt: int
    tries: int
    reason: str


Event: TypeAlias = (
    ThinkingDelta
    | AnswerDelta
    | ToolArgumentsDelta
    | ToolCallStarted
    | ToolResult
    | UsageReport
    | Started
    | Finished
    | Retrying
)
