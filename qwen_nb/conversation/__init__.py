"""Turns by cell and their versions; which notebook this is; import and export."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.conversation import exchange, identity
    from qwen_nb.conversation.conversation import Conversation
    from qwen_nb.conversation.exchange import Copied
    from qwen_nb.conversation.identity import Continued, Decision
    from qwen_nb.conversation.rounds import (
        Past,
        Round,
        called,
        digest_of,
        last_switch,
        message_tokens,
        round_of,
        rounds_before,
        text_of,
        with_text,
        without_switches,
    )

_NAMES = {
    "conversation": "Conversation",
    "exchange": "Copied",
    "identity": "Continued Decision",
    "rounds": (
        "Past Round called digest_of last_switch message_tokens round_of rounds_before "
        "text_of with_text without_switches"
    ),
}
"""What other rooms may use, by the file where it lives."""

_HOMES = {name: file for file, names in _NAMES.items() for name in names.split()}

__all__ = [*_HOMES, "exchange", "identity"]


if not TYPE_CHECKING:  # or no name would be unknown to a type checker

    def __getattr__(name: str) -> Any:
        """Fetch a name when it is first used: a load imports what it needs and no more."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
