"""How to ask, and everything one call says to a model before a dialect spells it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qwen_nb.values.messages import Message

__all__ = ["ChatOptions", "ChatRequest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatOptions:
    """How to ask. `None` means "not given", so it is not sent.

    Parameters
    ----------
    model : str, optional
        Model id.
    thinking : bool or int, optional
        True or False switches thinking; a positive number also switches it on and
        is the budget in tokens (protocol.md §2, `thinking_budget`).
    system : str, optional
        System message of the conversation.
    temperature : float, optional
        Sampling temperature, [0, 2).
    max_tokens : int, optional
        Upper bound of the answer in tokens; it does not limit thinking
        (protocol.md §10.13).
    params : mapping
        Any other request field, sent as it is at the top level of the body.
    """

    model: str | None = None
    thinking: bool | int | None = None
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    params: Mapping[str, Any] = field(default_factory=dict)

    def over(self, base: ChatOptions) -> ChatOptions:
        """Return these options, with `base` filling what they leave open."""
        return ChatOptions(
            model=_first(self.model, base.model),
            thinking=_first(self.thinking, base.thinking),
            system=_first(self.system, base.system),
            temperature=_first(self.temperature, base.temperature),
            max_tokens=_first(self.max_tokens, base.max_tokens),
            params={**base.params, **self.params},
        )


def _first(mine: Any, other: Any) -> Any:
    return other if mine is None else mine


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """Everything one call says to a model, before a dialect spells it.

    Parameters
    ----------
    model : str
        Model id.
    messages : tuple of Message
        System message first if there is one, the question last.
    options : ChatOptions
        The other options; its `model` and `system` are already worked in.
    """

    model: str
    messages: tuple[Message, ...]
    options: ChatOptions = field(default_factory=ChatOptions)
