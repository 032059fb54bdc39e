"""What of the history is sent: whole, truncated, summarised, retrieved."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.context.bound import most_input, most_tokens
    from qwen_nb.context.limits import Limits, limit_in
    from qwen_nb.context.needs import Need, learn, learn_refusal, preparing
    from qwen_nb.context.planning import plan
    from qwen_nb.context.plans import Plan
    from qwen_nb.context.retrieval import (
        EMBEDDING_MODEL,
        InMemory,
        RetrievalNeed,
        Vectors,
        nearest,
    )
    from qwen_nb.context.sizes import Memory, Weighed
    from qwen_nb.context.summary import Summary, SummaryNeed

_NAMES = {
    "bound": "most_input most_tokens",
    "limits": "Limits limit_in",
    "needs": "Need learn learn_refusal preparing",
    "planning": "plan",
    "plans": "Plan",
    "retrieval": "EMBEDDING_MODEL InMemory RetrievalNeed Vectors nearest",
    "sizes": "Memory Weighed",
    "summary": "Summary SummaryNeed",
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
