"""How many tokens the input of a call can have at most.

What the server has told is exact. Of the rest only the bytes are known: no tokenizer of
these models makes a token of less than a byte, but the chat template adds some.
"""

from __future__ import annotations

import json
from collections.abc import Iterable

from qwen_nb.context.plans import Plan
from qwen_nb.values import Message

_TEMPLATE = 32
"""Tokens that stand around a message, generously: roles, marks, an empty think block."""

_PART = 16_384
"""A guess at the most that a picture takes; its sides decide (docs/protocol.md §7.8)."""


def most_input(plan: Plan) -> int | None:
    """Return an upper bound of the input tokens of what is planned.

    Parameters
    ----------
    plan : Plan
        One that still needs something is bounded by what the model takes.

    Returns
    -------
    int or None
        Tokens; None where nothing bounds them.
    """
    if plan.needs is not None:
        return plan.limit
    told, untold = plan.weighed.told, plan.weighed.untold
    new = plan.messages if untold < 0 else plan.messages[len(plan.messages) - untold :]
    extra = plan.weighed.extra if untold < 0 else ""
    return told + most_tokens(new) + len(extra.encode("utf-8", "surrogatepass"))


def most_tokens(messages: Iterable[Message]) -> int:
    """Return an upper bound of the tokens of messages."""
    return sum(map(_most, messages))


def _most(message: Message) -> int:
    texts = [message.thinking]
    parts = 0
    if isinstance(message.content, str):
        texts.append(message.content)
    elif message.content is not None:
        written = [part.get("text") for part in message.content]
        texts += [text for text in written if isinstance(text, str)]
        parts = sum(not isinstance(text, str) for text in written)
    if message.tool_calls:
        texts.append(json.dumps([[c.id, c.name, c.arguments] for c in message.tool_calls]))
    size = sum(len(text.encode("utf-8", "surrogatepass")) for text in texts)
    return _TEMPLATE + size + _PART * parts
