"""What can happen while a reply arrives, one small frozen class for each kind.

A dialect turns bytes into these events, `ReplyBuilder` folds them into a `Reply`.
Nothing here knows a socket, a clock or a screen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from qwen_nb._messages import FinishReason, Usage

__all__ = [
    "AnswerDelta",
    "Event",
    "Finished",
    "Started",
    "ThinkingDelta",
    "UsageReport",
]


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
class UsageReport:
    """The token counts so far; a later report replaces an earlier one."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Finished:
    """The model said why it ended."""

    reason: FinishReason


Event: TypeAlias = ThinkingDelta | AnswerDelta | UsageReport | Started | Finished
