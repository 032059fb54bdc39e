"""An ordered list of turns in memory, and what of it the next question sends."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from itertools import takewhile

from qwen_nb._messages import ChatOptions, ChatRequest, Message, Turn

__all__ = ["Conversation", "request_for"]

_ANSWERED = frozenset(("stop", "length", "tool_calls", "stopped", "cut"))


class Conversation:
    """The turns of one conversation, in order.

    Nothing is ever taken out of `turns`: beginning anew only marks where sending starts.
    """

    def __init__(self, turns: Iterable[Turn] = ()) -> None:
        self._turns = list(turns)
        self._replaced: list[Turn] = []
        self._anew = False

    @property
    def replaced(self) -> tuple[Turn, ...]:
        """Older versions of turns that were asked again, in the order of replacing."""
        return tuple(self._replaced)

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All turns, oldest first."""
        return tuple(self._turns)

    @property
    def current(self) -> tuple[Turn, ...]:
        """The turns since the conversation last began anew."""
        if self._anew:
            return ()
        for index in range(len(self._turns) - 1, -1, -1):
            if self._turns[index].starts_anew:
                return tuple(self._turns[index:])
        return self.turns

    def begin_anew(self) -> None:
        """Let the next turn be the first of a new conversation."""
        self._anew = True

    def append(self, turn: Turn, *, in_place_of: Turn | None = None) -> None:
        """Add a finished turn; one with the mark `starts_anew` ends what was before.

        Parameters
        ----------
        turn : Turn
            The turn.
        in_place_of : Turn, optional
            The turn of which it is a new version; that one goes to `replaced`.
        """
        self._anew = False
        for index, old in enumerate(self._turns):
            if old is in_place_of:
                self._replaced.append(old)
                self._turns[index] = replace(turn, starts_anew=old.starts_anew)
                return
        self._turns.append(turn)

    @property
    def begins_anew(self) -> bool:
        """Whether the next turn is to carry the mark."""
        return self._anew

    def history(self, until: Turn | None = None) -> tuple[Turn, ...]:
        """Return the turns the next question sends along; those before `until` if given.

        A turn that has no answer is left out: half a pair is not a history that a
        server accepts (protocol.md §6.1). A stopped or cut answer is sent as far as it
        came, since the person has read it.
        """
        before = takewhile(lambda turn: turn is not until, self.current)
        return tuple(
            turn
            for turn in before
            if turn.reply.answer and turn.reply.finish_reason in _ANSWERED
        )


def request_for(
    prompt: str,
    history: Iterable[Turn],
    options: ChatOptions,
    before: Iterable[Message] = (),
) -> ChatRequest:
    """Return the request that asks `prompt` after `before` and `history`.

    Only answers go back, never the thinking (protocol.md §6.1), and no system message is
    added that the person did not give.
    """
    messages = [Message("system", options.system)] if options.system else []
    messages += before
    for turn in history:
        messages.append(Message("user", turn.prompt))
        messages.append(Message("assistant", turn.reply.answer))
    messages.append(Message("user", prompt))
    return ChatRequest(options.model or "", tuple(messages), options)
