"""The lookups: which model is this, what does it cost, who is this server."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, lru_cache
from pathlib import Path

from qwen_nb._texts import Language
from qwen_nb.catalogue import _hosts
from qwen_nb.catalogue._files import NAMES, Tables, read
from qwen_nb.catalogue._rows import Model, Price, ServerRow
from qwen_nb.catalogue._table import model_rows

__all__ = ["Catalogue"]

_DATED = re.compile(r"(?P<base>.+)-(?P<date>20\d\d-\d\d-\d\d|\d{4})")


class Catalogue:
    """Everything known about models, prices and servers.

    `Catalogue.load()` gives the one of this package, with a person's own files over it;
    nothing is read before that.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables

    @classmethod
    def load(cls, user_folder: Path | None = None) -> Catalogue:
        """Return the catalogue, read once and again when a person's file has changed.

        Parameters
        ----------
        user_folder : Path, optional
            Where a person may keep `models.csv`, `prices.csv` and `servers.toml` with the
            columns of ours; they add rows or override them.

        Raises
        ------
        ConfigError
            When one of those files cannot be read; it names the file and the line.
        """
        stamps = tuple(_stamp(user_folder / name) for name in NAMES) if user_folder else ()
        return _load(user_folder, stamps)

    def find(self, model_id: str) -> Model:
        """Return what is known about a model, whatever the id.

        A dated snapshot that is not in the table has the facts of its family, and an id
        with a vendor before a slash, as other servers spell it, those of the model;
        `inferred_from` names it then. Of any other id nothing is known.
        """
        asked = model_id.strip()
        key = asked.casefold()
        if row := self._row(key):
            return row
        if base := self._family(key) or self._family(key.rpartition("/")[2]):
            return replace(base, id=asked, inferred_from=base.id, aliases=())
        return Model(id=asked, known=False)

    def models(self, filter: str = "") -> list[Model]:
        """Return the models of the table whose names or thinking mode have all the words."""
        words = filter.casefold().split()
        return [
            model
            for model in self._tables.models.values()
            if all(word in _haystack(model) for word in words)
        ]

    def prices(self, model_id: str) -> list[Price]:
        """Return all prices of a model; none for one whose id is not in the table."""
        names = self._priced_as(model_id)
        found = {region: tiers for name in reversed(names) for region, tiers in self._of(name)}
        return [price for tiers in found.values() for price in tiers]

    def price(self, model_id: str, region: str, input_tokens: int = 0) -> Price | None:
        """Return the price of a whole request, or None where none is known.

        Parameters
        ----------
        model_id : str
            Id or alias; a price is never inferred.
        region : str
            `sg`, `bj`, or a region by any of its names.
        input_tokens : int
            All input of the request; it chooses the tier (protocol.md §3.3).
        """
        row = self.server(region)
        where = row.price_region if row and row.kind == "region" else region.strip()
        for name in self._priced_as(model_id):
            if tiers := self._tables.prices.get((name, where.casefold())):
                # above the last bound its price goes on
                return next((tier for tier in tiers if _holds(tier, input_tokens)), tiers[-1])
        return None

    @property
    def servers(self) -> tuple[ServerRow, ...]:
        """All servers, Model Studio's regions first."""
        return tuple(self._tables.servers.values())

    def server(self, name_or_url: str) -> ServerRow | None:
        """Return the server of that name, alias, region id, address or host.

        A host is recognised only as a whole, so that no other owner's host passes for one
        that is known.
        """
        wanted = name_or_url.strip()
        return self._server_names.get(wanted.casefold()) or _hosts.find(wanted, self.servers)

    def table(
        self, filter: str = "", region: str | None = None, language: Language = "en"
    ) -> list[dict[str, str]]:
        """Return the models as rows a person can read.

        Parameters
        ----------
        filter : str
            Words that all have to be found in a model's names or thinking mode; or an id
            that is not in the table, shown with its family's facts and marked so.
        region : str, optional
            Show the prices of this region only.
        language : {"en", "zh"}
            The language of our own words.

        Returns
        -------
        list of dict
            Each with the same keys, which are the headings.
        """
        row = self.server(region) if region else None
        only = row.price_region if row and row.kind == "region" else region
        found = self.models(filter)
        if not found and (inferred := self.find(filter)).inferred_from:
            found = [inferred]
        return model_rows(found, self.prices, only, language)

    def _row(self, key: str) -> Model | None:
        return self._tables.models.get(key) or self._aliases.get(key)

    def _family(self, key: str) -> Model | None:
        if row := self._row(key):
            return row
        dated = _DATED.fullmatch(key)
        if dated is None or (base := self._row(dated["base"])) is None:
            return None
        # A snapshot older than the family's first in the table is of an earlier
        # generation (protocol.md §3.4), and one dated by month and day may be.
        prefix = f"{dated['base']}-20"
        snapshots = [id for id in self._tables.models if id.startswith(prefix)]
        is_older = bool(snapshots) and (len(dated["date"]) == 4 or key < min(snapshots))
        return None if is_older else base

    def _of(self, key: str) -> list[tuple[str, tuple[Price, ...]]]:
        return [
            (region, rows) for (of, region), rows in self._tables.prices.items() if of == key
        ]

    def _priced_as(self, model_id: str) -> list[str]:
        # an id that only a person's prices know has a price too
        return list(
            dict.fromkeys((model_id.strip().casefold(), self.find(model_id).id.casefold()))
        )

    @cached_property
    def _aliases(self) -> Mapping[str, Model]:
        models = self._tables.models.values()
        return {alias.casefold(): model for model in models for alias in model.aliases}

    @cached_property
    def _server_names(self) -> Mapping[str, ServerRow]:
        names: dict[str, ServerRow] = {}
        for row in reversed(self.servers):
            names |= {
                name.casefold(): row for name in (*row.aliases, row.id, row.title) if name
            }
        return names | {row.name.casefold(): row for row in self.servers}


def _holds(tier: Price, input_tokens: int) -> bool:
    return tier.up_to_input_tokens is None or input_tokens <= tier.up_to_input_tokens


def _haystack(model: Model) -> str:
    words = (model.id, *model.aliases, model.family, model.vendor, model.mode)
    return " ".join(word for word in words if word).casefold()


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_mtime_ns, state.st_size


@lru_cache(maxsize=8)
def _load(user_folder: Path | None, stamps: tuple[tuple[int, int] | None, ...]) -> Catalogue:
    return Catalogue(read(user_folder))
