"""A turn as the messages that are sent for it; the smallest piece that is left out.

What goes back to the model is the question, finished rounds of tool calls, and the answer
(docs/protocol.md §6.1). Thinking goes back only inside a tool round that is still open, or
with preserve_thinking (§2.2). Calls and their results belong together: where one is missing,
all of that round of calls are left out, since a server refuses half of it (§5.3).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from hashlib import blake2b
from itertools import pairwise
from typing import Any

from qwen_nb.conversation.order import ANSWERED
from qwen_nb.values import (
    CallRecord,
    Content,
    Message,
    Turn,
    estimate_tokens,
    tool_call_list,
)

SOFT_SWITCH = re.compile(r"\s*/(?:no_)?think(?![\w/])")
"""`/think` and `/no_think`, glued to a word or not (docs/protocol.md §6.1)."""

_AROUND = 5
"""Tokens that the chat template puts around a message."""

_PART = 1_000
"""A guess at the tokens of an attachment; once it was sent, the server has told."""


@dataclass(frozen=True, slots=True)
class Past:
    """A turn of the conversation, as far as it matters for what is sent.

    Parameters
    ----------
    id : str
        The id of this version of the turn.
    turn : Turn
        Prompt and reply.
    said : tuple of Message
        What was said between them, where the turn itself does not hold it.
    prompt : str or tuple of mappings, optional
        The question with its attachments, where `turn.prompt` is only its text.
    older : bool
        It was answered on a history that has changed since.
    """

    id: str
    turn: Turn
    said: tuple[Message, ...] = ()
    prompt: Content = None
    older: bool = False


@dataclass(frozen=True)
class Round:
    """One question and all that followed it, as messages.

    Parameters
    ----------
    id : str
        The id of the turn's version.
    messages : tuple of Message
        What is sent for it, the question first.
    answer_tokens : int, optional
        The answer's size as the server told it.
    sent_with : int, optional
        The size of the whole request that it ended, where that still holds.
    """

    id: str
    messages: tuple[Message, ...]
    answer_tokens: int | None = field(default=None, compare=False)
    sent_with: int | None = field(default=None, compare=False)

    @cached_property
    def digest(self) -> bytes:
        """The content in sixteen bytes: equal messages have equal digests."""
        return digest_of(self.messages)

    @cached_property
    def estimates(self) -> tuple[int, int]:
        """Estimated tokens of all but the answer, and of the answer."""
        *others, answer = self.messages
        return sum(map(message_tokens, others)), message_tokens(answer)

    @cached_property
    def switch(self) -> str | None:
        """The soft switch that the question leaves in force, if it has one."""
        return last_switch(self.messages)


def digest_of(messages: Iterable[Message]) -> bytes:
    """Return sixteen bytes that stand for the messages."""
    told = [
        (
            message.role,
            message.content
            if isinstance(message.content, str | None)
            else json.dumps(message.content, sort_keys=True, default=str),
            message.tool_call_id,
            message.thinking,
            *((call.id, call.name, call.arguments) for call in message.tool_calls),
        )
        for message in messages
    ]
    return blake2b(repr(told).encode("utf-8", "surrogatepass"), digest_size=16).digest()


def message_tokens(message: Message) -> int:
    """Estimate the tokens of a message."""
    content = message.content
    tokens = _AROUND + estimate_tokens(text_of(content)) + estimate_tokens(message.thinking)
    if isinstance(content, tuple):
        tokens += _PART * sum(not isinstance(part.get("text"), str) for part in content)
    for call in message.tool_calls:
        tokens += estimate_tokens(call.name) + estimate_tokens(call.arguments)
    return tokens


def round_of(past: Past, *, keep_thinking: bool = False, at: int | None = None) -> Round | None:
    """Return what is sent for a turn, or None where nothing of it can be.

    A turn without an answer is no history that a server accepts; a stopped or cut answer
    is sent as far as it came, since the person has read it (docs/protocol.md §6.1).

    Parameters
    ----------
    past : Past
        The turn.
    keep_thinking : bool
        With preserve_thinking: the thinking goes along.
    at : int, optional
        How many rounds stand before it; tells whether its usage speaks of just those.
    """
    reply = past.turn.reply.final
    said = tuple(called(past.said or past.turn.said, keep_thinking=keep_thinking))
    if not (reply.answer or said) or reply.finish_reason not in ANSWERED:
        return None
    question = past.turn.prompt if past.prompt is None else past.prompt
    thinking = reply.thinking if keep_thinking else ""
    messages: tuple[Message, ...] = (Message("user", question), *said)
    if not reply.answer:
        return Round(past.id, messages)  # stopped, or cut, among its calls
    messages = (*messages, Message("assistant", reply.answer, thinking=thinking))
    answer, whole = None, None
    usage = reply.usage
    if usage is not None and not usage.estimated and usage.output is not None:
        thought = usage.thinking if usage.thinking is not None or reply.thinking else 0
        if keep_thinking:
            answer = usage.output
        elif thought is not None:
            answer = usage.output - thought
        if answer is not None and usage.input is not None:
            is_whole = at == reply.turns_sent and not past.older and not past.turn.starts_anew
            whole = usage.input + answer if is_whole else None
    return Round(past.id, messages, answer, whole)


def api_messages(turns: Iterable[Turn], system: str | None) -> list[dict[str, Any]]:
    """Return the API's own list of what is sent for these turns."""
    messages = [Message("system", system)] if system else []
    for turn in turns:
        made = round_of(Past("", turn))
        messages += made.messages if made is not None else ()
    return [_api_message(message) for message in messages]


def _api_message(message: Message) -> dict[str, Any]:
    data: dict[str, Any] = {"role": message.role, "content": message.content or ""}
    if message.tool_calls:
        data["tool_calls"] = tool_call_list(message)
    if message.tool_call_id:
        data["tool_call_id"] = message.tool_call_id
    return data


def called(said: Sequence[Message], *, keep_thinking: bool) -> Iterator[Message]:
    """Yield the calls that have all their results, each followed by them, in order."""
    at = 0
    while at < len(said):
        message, at = said[at], at + 1
        if message.role != "assistant":
            continue
        if not keep_thinking and message.thinking:
            message = replace(message, thinking="")
        if not message.tool_calls:
            if text_of(message.content):
                yield message
            continue
        results: dict[str, Message] = {}
        ids = [call.id for call in message.tool_calls]
        while at < len(said) and said[at].role == "tool":
            results.setdefault(said[at].tool_call_id, said[at])
            at += 1
        if len(set(ids)) == len(ids) and results.keys() == set(ids) and _is_whole(message):
            yield message
            yield from (results[id_] for id_ in ids)


def records_of(said: Sequence[Message]) -> tuple[CallRecord, ...]:
    """Return the calls of such messages with their results, as far as they tell of them."""
    results = {each.tool_call_id: text_of(each.content) for each in said if each.tool_call_id}
    return tuple(
        CallRecord(call.name, call.arguments, results.get(call.id, ""), id=call.id)
        for message in said
        for call in message.tool_calls
    )


def _is_whole(message: Message) -> bool:
    # the service's own parser fails on arguments that broke off (docs/protocol.md §5.2)
    try:
        for call in message.tool_calls:
            json.loads(call.arguments or "{}")
    except ValueError:
        return False
    return True


def rounds_before(messages: Sequence[Message]) -> tuple[tuple[Message, ...], tuple[Round, ...]]:
    """Cut a given list into its system messages and its rounds.

    Returns
    -------
    tuple of Message
        What stands before the first question.
    tuple of Round
        Each question with what follows it, as it was given.
    """
    starts = [at for at, message in enumerate(messages) if message.role == "user"]
    pairs = pairwise([*starts, len(messages)])
    rounds = tuple(
        Round(f"given {number}", tuple(messages[start:end]))
        for number, (start, end) in enumerate(pairs, 1)
    )
    return tuple(messages[: starts[0]] if starts else messages), rounds


# -- texts and switches ---------------------------------------------------------------------


def text_of(content: Content) -> str:
    """Return the words of a content, without its attachments."""
    if isinstance(content, tuple):
        texts = (part.get("text") for part in content)
        return "\n".join(text for text in texts if isinstance(text, str))
    return content or ""


def with_text(content: Content, *, before: str = "", after: str = "") -> Content:
    """Return a content with text put before and after it."""
    if isinstance(content, tuple):
        head = ({"type": "text", "text": before},) if before else ()
        tail = ({"type": "text", "text": after},) if after else ()
        return (*head, *content, *tail)
    return before + (content or "") + after


def last_switch(messages: Iterable[Message]) -> str | None:
    """Return the soft switch that is in force after these messages: the latest one."""
    found = None
    for message in messages:
        if message.role in ("user", "system"):
            for match in SOFT_SWITCH.finditer(text_of(message.content)):
                found = match[0].strip()
    return found


def without_switches(text: str) -> str:
    """Return a text in which no soft switch works."""
    return SOFT_SWITCH.sub("", text)
