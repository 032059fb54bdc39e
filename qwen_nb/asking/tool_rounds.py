"""The rounds of tools within one turn: what was called, said and used so far.

A model that thinks may call tools, read the results, think on and call again before it
answers. All of that is one turn: its messages go back with each further request, with the
thinking of this round that is still open (docs/protocol.md §2.3, §6.1), and each request is a
call of its own in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from qwen_nb.texts import Language, text
from qwen_nb.tools import Calling, Tool, has_json, owed, sent_text
from qwen_nb.values import CallRecord, Cost, Message, Reply, ToolCall, cost_of_all, usage_of_all

MOST_ROUNDS = 10
"""How often a model may call before a turn ends all the same."""


@dataclass(eq=False, kw_only=True)
class ToolRounds:
    """The rounds of one turn.

    Parameters
    ----------
    tools : mapping
        What may be run, by name.
    most : int
        How many rounds of calls.
    confirm : callable, optional
        Asks the person whether a call may run; returns why not, or nothing.
    before : tuple of Message
        What was said in rounds before, of a turn that goes on.
    records : tuple of CallRecord
        The calls of those.
    language : {"en", "zh"}
        Language of what the model is told.

    Attributes
    ----------
    ended_at_bound : bool
        The model was still calling after the last round.
    """

    tools: Mapping[str, Tool] = field(default_factory=dict)
    most: int = MOST_ROUNDS
    confirm: Callable[[ToolCall], str | None] | None = None
    before: tuple[Message, ...] = ()
    records: tuple[CallRecord, ...] = ()
    language: Language = "en"
    ended_at_bound: bool = False
    _count: int = 0
    _calling: Calling | None = None
    _called: Message | None = None
    _settled: list[Reply] = field(default_factory=list)

    @property
    def any(self) -> bool:
        """Whether there were any."""
        return bool(self._count or self.before or self._settled)

    @property
    def said(self) -> tuple[Message, ...]:
        """All messages of the rounds; calls that have not ended say why."""
        if self._called is None or self._calling is None:
            return self.before
        return (*self.before, self._called, *_told(self._calling.records))

    @property
    def all_records(self) -> tuple[CallRecord, ...]:
        """Records of all calls, in order."""
        now = self._calling.records if self._calling is not None else ()
        return (*self.records, *now)

    def wants(self, came: Reply) -> bool:
        """Tell whether the calls of a round that has ended are to be run here."""
        names = [call.name for call in came.tool_calls]
        can_run = any(tool.function is not None for tool in self.tools.values())
        if came.finish_reason != "tool_calls" or not names or not can_run:
            return False  # cut off calls are reported, not run (docs/protocol.md §4.4)
        # what somebody else runs ends the turn: all results are wanted together
        return all(self.tools[name].function for name in names if name in self.tools)

    def begin(
        self, came: Reply, settled: Reply, is_stopped: Callable[[], bool]
    ) -> Calling | None:
        """Take in a round that ended with calls.

        Parameters
        ----------
        came : Reply
            All that has come, with the calls of this round.
        settled : Reply
            This round alone, with what it took.
        is_stopped : callable
            Whether the person has stopped the turn.

        Returns
        -------
        Calling or None
            The calls, to be run; None where no more rounds may follow: the calls are then
            told so.
        """
        self._end_calls()
        self._count += 1
        self._settled.append(settled)
        calls = came.tool_calls
        self._called = calling_message(settled.answer, settled.thinking, calls)
        if self._count <= self.most:
            self._calling = Calling(
                calls,
                self.tools,
                confirm=self.confirm,
                is_stopped=is_stopped,
                language=self.language,
            )
            return self._calling
        self.ended_at_bound = True
        reason = text("tools.bound", self.language, n=self.most)
        self.before = (*self.before, self._called, *_told(owed(calls, reason, failed=True)))
        self.records = (*self.records, *owed(calls, reason, failed=True))
        self._called = self._calling = None
        return None

    def take_in(self, settled: Reply) -> None:
        """Take in a round that ended without calls and is followed by another."""
        self._end_calls()
        self._settled.append(settled)

    def _end_calls(self) -> None:
        self.before, self.records = self.said, self.all_records
        self._called = self._calling = None

    def whole(self, reply: Reply, last: Reply | None) -> Reply:
        """Return the reply of the turn with all that its rounds took.

        Parameters
        ----------
        reply : Reply
            All texts.
        last : Reply, optional
            The last round, with what it took; None where it was never sent.
        """
        if not self.any:
            return reply if last is None else replace(reply, usage=last.usage, cost=last.cost)
        rounds = [*self._settled, *([last] if last is not None else ())]
        usages = tuple(each.usage for each in rounds)
        known: list[Cost | None] = [each.cost for each in rounds]
        return replace(
            reply,
            calls=self.all_records,
            usage=usage_of_all(usages),
            round_usage=usages,
            cost=cost_of_all(known),
        )


def calling_message(answer: str, thinking: str, calls: Sequence[ToolCall]) -> Message:
    """Return the assistant's message with calls, as it can stand in a history."""
    sound = tuple(
        call if has_json(call.arguments) else replace(call, arguments="{}") for call in calls
    )
    return Message("assistant", answer, sound, thinking=thinking)


def _told(records: Sequence[CallRecord]) -> tuple[Message, ...]:
    return tuple(Message("tool", record.result, tool_call_id=record.id) for record in records)


def results_of(
    calls: Sequence[ToolCall], results: Mapping[str, Any], *, language: Language
) -> tuple[tuple[Message, ...], tuple[CallRecord, ...]]:
    """Return the messages and records of results that somebody else has brought."""
    records = tuple(
        CallRecord(call.name, call.arguments, sent_text(results[call.id], language), id=call.id)
        for call in calls
    )
    return _told(records), records
