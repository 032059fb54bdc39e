"""The durable form of a reply: HTML, safe Markdown and plain text."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.render.html.markdown import safe_markdown
    from qwen_nb.render.html.spending import spending_table
    from qwen_nb.render.html.static import bundle, metadata
    from qwen_nb.render.html.status import status_bundle
    from qwen_nb.render.html.still import Describe, SilentDisplay, StaticDisplay
    from qwen_nb.render.html.to_markdown import plain_words

_NAMES = {
    "markdown": "safe_markdown",
    "spending": "spending_table",
    "static": "bundle metadata",
    "status": "status_bundle",
    "still": "Describe SilentDisplay StaticDisplay",
    "to_markdown": "plain_words",
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
