"""What is known about models, prices and servers, as tables with their sources and dates.

`models.csv` and `prices.csv` hold what the vendor's guides, documents and price page say,
and litellm and models.dev. Tables age, so each row names its sources and the date of the
first of them, and a person's own files go over them. Limits are in tokens, prices per
million tokens; an empty cell means "not known"; names in one cell are separated by `;`.
What the columns and keys mean stands at `Model` and `Price`, and in `servers.toml`.
Nothing is read until `Catalogue.load()`.
"""

from __future__ import annotations

from qwen_nb.catalogue._age import is_old
from qwen_nb.catalogue._catalogue import Catalogue
from qwen_nb.catalogue._own_prices import set_price
from qwen_nb.catalogue._rows import Mode, Model, Price, ServerRow, Switch

__all__ = [
    "Catalogue",
    "Mode",
    "Model",
    "Price",
    "ServerRow",
    "Switch",
    "is_old",
    "set_price",
]
