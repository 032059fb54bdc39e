"""What the model answered, and the builder that folds events into it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, assert_never

from qwen_nb.values.code_blocks import CodeBlock, code_blocks
from qwen_nb.values.events import (
    AnswerDelta,
    Event,
    Finished,
    FinishReason,
    Retrying,
    Started,
    ThinkingDelta,
    ToolArgumentsDelta,
    ToolCallStarted,
    ToolResult,
    UsageReport,
)
from qwen_nb.values.json_text import fenced_json
from qwen_nb.values.messages import CallRecord, ToolCall
from qwen_nb.values.tables import frame_of
from qwen_nb.values.usage import Cost, Usage

__all__ = ["Reply", "ReplyBuilder", "Timing"]


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds as the asking side measured them; never part of what is compared."""

    first_s: float | None = None
    thinking_s: float | None = None
    total_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the model answered.

    Parameters
    ----------
    answer, thinking : str
        The texts, exactly as they came.
    tool_calls : tuple of ToolCall
        The tools the model wants called and nobody has run, in the order in which it
        began to call them.
    calls : tuple of CallRecord
        The calls that were run, of all rounds in order.
    answer_from, thinking_from : int
        Where the last round's text begins in `answer` and `thinking`, in characters; what
        stands before was said between calls of tools.
    usage : Usage, optional
        Token counts, of all rounds together; None when the server told none.
    round_usage : tuple of Usage or None
        Those of each round, where there were several; the last tells how long the
        conversation has become.
    cost : Cost, optional
        What it cost by the prices of its day; None where that is not known.
    finish_reason : str
        One of stop, length, tool_calls, stopped, cut, failed, blocked.
    model : str
        The id the server named, else the one that was asked.
    request_id : str
        The server's id for the request, or empty.
    server : str
        Who answered, in words a person knows (a host, or the emulator).
    scripted : bool
        True when the emulator answered: the text is scripted, no model was asked.
    turn : int, optional
        Which turn of its conversation this is, from 1; None outside one.
    turns_sent : int
        How many earlier turns were sent along.
    notes : tuple of str
        Remarks a reader of the answer needs, ready to show.
    thinking_cut : bool
        True where the thinking ended at its budget.
    structured : bool
        The answer is JSON that was asked for in a form.
    draft : str
        What was answered freely before it was brought into that form, if it was.
    data : object
        What the answer says in that form, as a value of the type that was asked for; None
        in a reply that comes from the store, which keeps the text. Not compared.
    timing : Timing
        Measured seconds; ignored when replies are compared.
    """

    answer: str = ""
    thinking: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    calls: tuple[CallRecord, ...] = ()
    answer_from: int = 0
    thinking_from: int = 0
    usage: Usage | None = None
    round_usage: tuple[Usage | None, ...] = ()
    cost: Cost | None = None
    finish_reason: FinishReason = "stop"
    model: str = ""
    request_id: str = ""
    server: str = ""
    scripted: bool = False
    turn: int | None = None
    turns_sent: int = 0
    notes: tuple[str, ...] = ()
    thinking_cut: bool = False
    structured: bool = False
    draft: str = ""
    data: Any = field(default=None, compare=False, repr=False)
    timing: Timing = field(default=Timing(), compare=False)

    @property
    def code(self) -> list[CodeBlock]:
        """The fenced blocks of code of the answer, in order."""
        return code_blocks(self.answer)

    @property
    def shown(self) -> str:
        """The answer as it is shown, in Markdown: one of a given form stands in a fence."""
        return fenced_json(self.answer) if self.structured else self.answer

    @property
    def table(self) -> Any:
        """The data as a `pandas.DataFrame`: a list of objects is its rows.

        Raises
        ------
        ConfigError
            Where pandas is not installed, or there is no data.
        """
        return frame_of(self.data)

    @property
    def final(self) -> Reply:
        """What the last round brought: its texts, and its usage."""
        if not self.round_usage:
            return self
        return replace(
            self,
            answer=self.answer[self.answer_from :],
            thinking=self.thinking[self.thinking_from :],
            answer_from=0,
            thinking_from=0,
            usage=self.round_usage[-1],
            round_usage=(),
        )


_BETWEEN = "\n\n"
"""What stands between the texts of two rounds of tools."""


class ReplyBuilder:
    """Folds events into a reply; linear in the number of events.

    One thread adds; another may read `thinking`, `answer` (lists that only grow) and
    call `reply` at any time.
    """

    def __init__(self) -> None:
        self.thinking: list[str] = []
        self.answer: list[str] = []
        self.usage: Usage | None = None
        self.finish_reason: FinishReason | None = None
        self.model = ""
        self.request_id = ""
        self.retrying: Retrying | None = None
        self.thinking_start = self.answer_start = 0  # of the round that comes now
        self._breaks = [False, False]
        self._calls: dict[int, tuple[str, str]] = {}
        self._arguments: dict[int, list[str]] = {}

    def add(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case ThinkingDelta(text):
                if self._breaks[0]:
                    self._breaks[0] = False
                    self.thinking.append(_BETWEEN)
                    self.thinking_start = len(self.thinking)
                self.thinking.append(text)
            case AnswerDelta(text):
                if self._breaks[1]:
                    self._breaks[1] = False
                    self.answer.append(_BETWEEN)
                    self.answer_start = len(self.answer)
                self.answer.append(text)
            case ToolArgumentsDelta(slot, text):
                self._arguments.setdefault(slot, []).append(text)
            case UsageReport(usage):
                self._take(usage)
            case ToolCallStarted(slot, call_id, name):
                self._calls[slot] = call_id, name
            case Finished(reason):
                self.finish_reason = reason
            case Started(model, request_id):
                self.model, self.request_id = model, request_id
                self.retrying = None
            case Retrying():
                self.retrying = event
            case ToolResult():
                pass  # whoever ran it keeps it
            case _:
                assert_never(event)

    def next_round(self) -> None:
        """Let what comes now be a round of its own: calls, usage and end are told anew."""
        self._calls, self._arguments = {}, {}
        self.usage = self.finish_reason = None
        self.thinking_start, self.answer_start = len(self.thinking), len(self.answer)
        self._breaks = [bool(self.thinking), bool(self.answer)]

    def reply(self, finish_reason: FinishReason | None = None, **facts: Any) -> Reply:
        """Return the reply so far.

        Parameters
        ----------
        finish_reason : str, optional
            Why it ended, where the caller knows better than the server.
        **facts
            Further fields of `Reply`; `model` serves where the server named none.
        """
        reply = Reply(
            answer="".join(self.answer),
            thinking="".join(self.thinking),
            tool_calls=self._tool_calls(),
            thinking_from=sum(map(len, self.thinking[: self.thinking_start])),
            answer_from=sum(map(len, self.answer[: self.answer_start])),
            usage=self._usage(),
            finish_reason=finish_reason or self.finish_reason or "cut",
            request_id=self.request_id,
        )
        return replace(reply, **facts | ({"model": self.model} if self.model else {}))

    def _take(self, usage: Usage) -> None:
        # overwritten, never added (protocol.md §10.3)
        if self.usage is not None:
            self.usage = usage.over(self.usage)
        elif usage.tells:
            self.usage = usage

    def _usage(self) -> Usage | None:
        usage = self.usage
        if usage is None:
            return None
        # Some servers fill in a zero for what they did not count: the text says otherwise.
        if usage.thinking == 0 and any(map(str.strip, self.thinking)):
            usage = replace(usage, thinking=None)
        if usage.output == 0 and (self.thinking or self.answer or self._calls):
            usage = replace(usage, output=None, total=None)
        return usage

    def _tool_calls(self) -> tuple[ToolCall, ...]:
        # A copy first: the reading thread may add a call at any time.
        return tuple(
            ToolCall(
                call_id or self._invented(slot), name, "".join(self._arguments.get(slot, ()))
            )
            for slot, (call_id, name) in sorted(self._calls.copy().items())
        )

    def _invented(self, slot: int) -> str:
        # The tool's result must name its call, also where the server named none; the
        # request id keeps the rounds of one conversation apart.
        return "_".join(part for part in ("call", self.request_id, str(slot)) if part)
