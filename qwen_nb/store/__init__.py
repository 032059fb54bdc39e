"""Every conversation of a person, in one SQLite file: one thread writes, anybody reads."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.store.answers import AnswerKey, Answers
    from qwen_nb.store.calls import Calls
    from qwen_nb.store.own_calls import OwnCalls
    from qwen_nb.store.search import Found, around, match_of, spaced
    from qwen_nb.store.store import Listing, Store
    from qwen_nb.store.vectors import VectorTable
    from qwen_nb.store.words import finder

_NAMES = {
    "answers": "AnswerKey Answers",
    "calls": "Calls",
    "own_calls": "OwnCalls",
    "search": "Found around match_of spaced",
    "store": "Listing Store",
    "vectors": "VectorTable",
    "words": "finder",
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
