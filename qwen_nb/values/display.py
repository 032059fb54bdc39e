"""What a display is, and what it is given to show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

from qwen_nb.values.events import Retrying
from qwen_nb.values.messages import CallRecord, ToolCall
from qwen_nb.values.reply import Reply

__all__ = ["Display", "Frame", "Opening", "State"]

State: TypeAlias = Literal[
    "waiting",
    "retrying",
    "thinking",
    "calling",
    "answering",
    "done",
    "stopped",
    "cut",
    "failed",
]
"""What is going on; `calling` while tools of the person run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """What is known when a question is on its way, for a display to show at once."""

    model: str
    server: str
    scripted: bool = False
    turn: int | None = None
    turns_sent: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What is new since the last frame of a growing reply.

    Parameters
    ----------
    state : str
        What is going on now.
    thinking, answer : str
        The text that came since the last frame, often empty.
    thinking_at, answer_at : int
        How many characters (code points) came before that text.
    tokens : int
        Estimated output tokens so far; the server's figure comes only at the end.
    elapsed_s : float
        Seconds since the question was sent.
    retrying : Retrying, optional
        In the state `retrying`: what is waited for.
    calls : tuple of CallRecord
        All calls of this turn that have ended so far.
    calling : tuple of ToolCall
        In the state `calling`: those of this round that have not ended, in order.
    """

    state: State
    thinking: str = ""
    answer: str = ""
    thinking_at: int = 0
    answer_at: int = 0
    tokens: int = 0
    elapsed_s: float = 0.0
    retrying: Retrying | None = None
    calls: tuple[CallRecord, ...] = ()
    calling: tuple[ToolCall, ...] = ()


class Display(Protocol):
    """Something that shows a growing reply.

    Opened by the asking thread; from then on one thread alone calls it, the asking one
    unless the question runs in the background.
    """

    def open(self, asking: Opening, stop: Callable[[], None] | None = None) -> None:
        """Show that a question is on its way.

        Parameters
        ----------
        asking : Opening
            What is known before anything came.
        stop : callable, optional
            What a Stop button does; from any thread, more than once is once.
        """

    def frame(self, frame: Frame) -> None:
        """Show what is new."""

    def close(self, reply: Reply, failure: str = "") -> None:
        """Show the finished, stopped, cut or failed reply for good.

        Parameters
        ----------
        reply : Reply
            The reply as it is kept.
        failure : str
            The message of the error that ended it, for a display that has no cell left to
            show an error in; others leave it to the error itself.
        """

    def settle(self, interrupts: Callable[[], int]) -> int:
        """Wait, once it is closed, for what was pressed and is still under way.

        Parameters
        ----------
        interrupts : callable
            How many have come so far.

        Returns
        -------
        int
            How many of them only repeat what the Stop button had said already.
        """
