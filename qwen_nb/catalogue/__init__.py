"""What is known about models, prices and servers, as tables with their sources and dates.

`models.csv` and `prices.csv` hold what the vendor's guides, documents and price page say,
and litellm and models.dev. Tables age, so each row names its sources and the date of the
first of them, and a person's own files go over them. Limits are in tokens, prices per
million tokens; an empty cell means "not known"; names in one cell are separated by `;`.
What the columns and keys mean stands at `Model` and `Price`, and in `servers.toml`.
Nothing is read until `Catalogue.load()`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qwen_nb.catalogue.catalogue import Catalogue
    from qwen_nb.catalogue.own_prices import set_price
    from qwen_nb.catalogue.rows import Model, Price, ServerRow

_NAMES = {
    "catalogue": "Catalogue",
    "own_prices": "set_price",
    "rows": "Model Price ServerRow",
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
