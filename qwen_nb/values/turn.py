"""One prompt and its reply."""

from __future__ import annotations

from dataclasses import dataclass, field

from qwen_nb.values.messages import Message
from qwen_nb.values.options import ChatOptions
from qwen_nb.values.reply import Reply

__all__ = ["Turn"]


@dataclass(frozen=True, slots=True)
class Turn:
    """One prompt and its reply.

    Parameters
    ----------
    prompt : str
        What was asked.
    reply : Reply
        What was answered.
    options : ChatOptions
        How it was asked.
    starts_anew : bool
        The conversation began again here: earlier turns stay in the list and are not
        sent any more.
    said : tuple of Message
        What was said between prompt and answer: assistant messages with calls of tools,
        each followed by the results, in the API's order.
    """

    prompt: str
    reply: Reply
    options: ChatOptions = field(default_factory=ChatOptions)
    starts_anew: bool = False
    said: tuple[Message, ...] = ()
