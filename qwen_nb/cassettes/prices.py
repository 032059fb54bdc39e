"""The prices of the day a cassette was recorded: a replayed answer costs what it did then."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any, TypeAlias

from qwen_nb.catalogue import Catalogue, Price

Rows: TypeAlias = list[dict[str, Any]]
"""The tiers of one price, as JSON: amounts as text, since a float is no money."""


_Find: TypeAlias = Callable[[], tuple[Price, ...]]


class _Prices:
    """Another look-up of prices over that of a catalogue."""

    def __init__(self) -> None:
        self._made: tuple[Catalogue, Catalogue] | None = None

    def over(self, base: Catalogue) -> Catalogue:
        """Return the catalogue with this look-up; the same for the same."""
        if self._made is None or self._made[0] is not base:
            self._made = base, base.with_tiers(self._looked_up)
        return self._made[1]

    def _looked_up(self, model: str, region: str, find: _Find) -> tuple[Price, ...]:
        raise NotImplementedError


class NotedPrices(_Prices):
    """Notes each price that is looked up, once.

    Parameters
    ----------
    note : callable
        Told what was looked up and what was found.
    """

    def __init__(self, note: Callable[[str, Rows], object]) -> None:
        super().__init__()
        self._note = note
        self._known: set[str] = set()

    def _looked_up(self, model: str, region: str, find: _Find) -> tuple[Price, ...]:
        found, asked = find(), f"{model} {region}"
        if asked not in self._known:
            self._known.add(asked)
            self._note(asked, [_row(price) for price in found])
        return found


class RecordedPrices(_Prices):
    """Gives the prices of a cassette before those of the catalogue."""

    def __init__(self) -> None:
        super().__init__()
        self._tiers: dict[str, tuple[Price, ...]] = {}

    def take_in(self, asked: str, rows: Any) -> None:
        """Take in what was looked up, and what was found then; nothing, too.

        Raises
        ------
        TypeError, ArithmeticError
            When the rows are no prices.
        """
        self._tiers[asked] = tuple(map(_price, rows))

    def _looked_up(self, model: str, region: str, find: _Find) -> tuple[Price, ...]:
        known = self._tiers.get(f"{model} {region}")
        return find() if known is None else known


def _row(price: Price) -> dict[str, Any]:
    return {
        name: str(value) if isinstance(value, Decimal) else value
        for name, value in asdict(price).items()
        if value is not None and value != ""
    }


_AMOUNTS = ("input", "output", "output_thinking", "input_cached")


def _price(row: Mapping[str, Any]) -> Price:
    amounts = {name: Decimal(row[name]) for name in _AMOUNTS if name in row}
    return Price(**{**row, **amounts})
