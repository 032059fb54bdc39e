"""Wire protocols: a request becomes an HTTP call, event data become events."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.wire.dialects.dashscope import DashScopeDialect
    from qwen_nb.wire.dialects.dialect import Dialect, HttpCall
    from qwen_nb.wire.dialects.frames import FrameReader
    from qwen_nb.wire.dialects.openai import OpenAIDialect
    from qwen_nb.wire.dialects.refusals import may_retry, refusal_in
    from qwen_nb.wire.dialects.thinking import thinking_notes
    from qwen_nb.wire.dialects.token_counts import usage_from

_NAMES = {
    "dashscope": "DashScopeDialect",
    "dialect": "Dialect HttpCall",
    "frames": "FrameReader",
    "openai": "OpenAIDialect",
    "refusals": "may_retry refusal_in",
    "thinking": "thinking_notes",
    "token_counts": "usage_from",
}
"""What other rooms may use, by the file where it lives."""

_HOMES = {name: file for file, names in _NAMES.items() for name in names.split()}

__all__ = [*_HOMES]


if not TYPE_CHECKING:  # or no name would be unknown to a type checker

    def __getattr__(name: str) -> Any:
        """Fetch a name when it is first used: a load imports what it needs and no more."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
