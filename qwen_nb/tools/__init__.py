"""Functions as tools with their schemas, and structured answers."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.tools.calling import Calling, has_json, owed
    from qwen_nb.tools.json_types import Problem, Unfit
    from qwen_nb.tools.portal import Portal
    from qwen_nb.tools.structured import (
        Form,
        Structure,
        alone,
        asking_for,
        conversion,
        forms,
        in_form,
        is_refusal,
        repair,
        thinks_first,
    )
    from qwen_nb.tools.tools import Tool, sent_text, tool_name, tools_of

_NAMES = {
    "calling": "Calling has_json owed",
    "json_types": "Problem Unfit",
    "portal": "Portal",
    "structured": (
        "Form Structure alone asking_for conversion forms in_form is_refusal repair "
        "thinks_first"
    ),
    "tools": "Tool sent_text tool_name tools_of",
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
