"""What a model is sent and says: messages, calls of tools, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

__all__ = ["CallRecord", "Content", "Message", "Role", "ToolCall", "estimate_tokens"]

Role: TypeAlias = Literal["system", "user", "assistant", "tool"]

Content: TypeAlias = str | tuple[Mapping[str, Any], ...] | None
"""A text, or the API's own list of parts (text, image, …), or nothing."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool, as the model wrote it.

    `arguments` is the JSON text exactly as it came: empty where a tool takes none, and
    possibly cut off in a reply that ended at its length (protocol.md §4.4).
    """

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CallRecord:
    """A call that was run, or was to be run, and what the model was told of it.

    Parameters
    ----------
    name, arguments, id
        As in `ToolCall`.
    result : str
        The text that was sent to the model, also where it tells of an error.
    failed : bool
        The tool raised, or it could not be run: unknown, or arguments that do not fit.
    stopped : bool
        The person stopped it, or it before its turn; the model is told so.
    seconds : float
        How long it ran.
    outputs : tuple of mappings
        What it printed and displayed, as MIME bundles in order; cut where it is long.
    """

    name: str
    arguments: str = ""
    result: str = ""
    failed: bool = False
    stopped: bool = False
    id: str = ""
    seconds: float = field(default=0.0, compare=False)
    outputs: tuple[Mapping[str, Any], ...] = field(default=(), compare=False)


@dataclass(frozen=True, slots=True)
class Message:
    """One entry of the list a model is sent (protocol.md §2.3).

    Parameters
    ----------
    role : str
        Who says it; `tool` is the result of a call.
    content : str or tuple of mappings, optional
        A text, or the API's parts; None where an assistant only calls tools.
    tool_calls : tuple of ToolCall
        What an assistant called.
    tool_call_id : str
        Whose result a tool message is.
    thinking : str
        Thinking that is sent back: inside an unfinished tool round, or with
        preserve_thinking (protocol.md §2.2); else empty.
    partial : bool
        The last message is the beginning of the answer (protocol.md §7.5).
    """

    role: Role
    content: Content = None
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str = ""
    thinking: str = ""
    partial: bool = False


def estimate_tokens(text: str) -> int:
    """Estimate the tokens of a text, for shows and bounds, never for a bill.

    About four characters a token where letters take one byte, about 1.6 where they
    take three, as Chinese does (protocol.md §6.3). Works on lengths alone, so it costs
    next to nothing on long texts.
    """
    wide = (len(text.encode("utf-8", "surrogatepass")) - len(text)) / 2
    return round(wide / 1.6 + max(len(text) - wide, 0) / 4)
