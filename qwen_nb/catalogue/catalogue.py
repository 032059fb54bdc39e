"""The lookups: which model is this, what does it cost, who is this server."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeAlias

from qwen_nb.catalogue import costs, hosts
from qwen_nb.catalogue.files import NAMES, Tables, read
from qwen_nb.catalogue.rows import Model, Price, ServerRow
from qwen_nb.catalogue.table import model_rows
from qwen_nb.texts import Language
from qwen_nb.values import Cost, Usage

LookUp: TypeAlias = Callable[[str, str, Callable[[], tuple[Price, ...]]], tuple[Price, ...]]
"""Finds the prices of a model in a region."""

_DATED = re.compile(r"(?P<base>.+)-(?P<date>20\d\d-\d\d-\d\d|\d{4})")


class Catalogue:
    """Everything known about models, prices and servers.

    `Catalogue.load()` gives the one of this package, with a person's own files over it;
    nothing is read before that.
    """

    def __init__(self, tables: Tables) -> None:
        self._tables = tables
        self._look: LookUp | None = None

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

    def with_tiers(self, look: LookUp) -> Catalogue:
        """Return this catalogue with another look-up of the prices of calls.

        Parameters
        ----------
        look : callable
            Given a model, a region, and what finds the tiers here.
        """
        other = Catalogue(self._tables)
        other._look = look
        return other

    def find(self, model_id: str) -> Model:
        """Return what is known about a model, whatever the id.

        A dated snapshot that is not in the table has the facts of its family; an id with a
        vendor before a slash, as other servers spell it, has the facts of the model behind
        the slash. `inferred_from` then names the row. Of any other id nothing is known.
        """
        asked = model_id.strip()
        key = asked.casefold()
        if row := self._row(key):
            return row
        if base := self._family(key) or self._family(key.rpartition("/")[2]):
            return replace(base, id=asked, inferred_from=base.id, aliases=())
        return Model(id=asked, known=False)

    def near(self, model_id: str) -> str | None:
        """Return the id or alias most like one that is not known, if any is like it."""
        if self.find(model_id).known:
            return None
        import difflib

        names = [name for model in self.models() for name in (model.id, *model.aliases)]
        found = difflib.get_close_matches(model_id.strip().casefold(), names, n=1)
        return found[0] if found else None

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
            All input of the request; it chooses the tier (docs/protocol.md §3.3).
        """
        tiers = self._tiers(model_id, region)
        return costs.tier_for(tiers, input_tokens) if tiers else None

    def cost(
        self, model_id: str, region: str, usage: Usage | None, *, has_thinking: bool
    ) -> Cost | None:
        """Return what a call cost by the price list, before a free quota.

        Estimated usage is priced as any other.

        Parameters
        ----------
        model_id, region : str
            As for `price`.
        usage : Usage, optional
            Its tokens.
        has_thinking : bool
            The reply has thinking: decides the price of output where the server did not
            count the thinking (docs/protocol.md §6.5).

        Returns
        -------
        Cost or None
            None where a figure or a price that it needs is not known.
        """
        tiers = self._tiers(model_id, region)
        if not tiers or usage is None:
            return None
        studio = tiers[0].region in self._studio_regions
        return costs.cost_of(tiers, usage, has_thinking=has_thinking, model_studio=studio)

    def bound(
        self,
        model_id: str,
        region: str,
        input_tokens: int,
        output_tokens: int,
        *,
        may_think: bool,
    ) -> Cost | None:
        """Return the most that a call with at most so many tokens can cost.

        That is the dearest price among the tiers so much input can fall in, with nothing
        taken off for cached input, and the price after thinking where it may think. What
        an explicit cache costs to make is not in it. None where a price is not known.
        """
        tiers = self._tiers(model_id, region)
        if not tiers:
            return None
        return costs.dearest(tiers, input_tokens, output_tokens, may_think=may_think)

    def most_output(
        self, model_id: str, *, thinking: bool | int | None, max_tokens: int | None
    ) -> int | None:
        """Return the most tokens a call can put out, or None where no limit is known.

        Parameters
        ----------
        model_id : str
            Any id.
        thinking : bool or int, optional
            What is asked for: on, off, a budget in tokens; None: nothing, so the model's
            own default.
        max_tokens : int, optional
            What is asked for; it limits the answer alone (docs/protocol.md §10.13).
        """
        model = self.find(model_id)
        return costs.most_output(model, thinking=thinking, max_tokens=max_tokens)

    def currency(self, region: str) -> str:
        """Return the currency of a region's prices, or an empty text where it has none."""
        places = {place.casefold() for place in self._places(region)}
        for (_, where), tiers in self._tables.prices.items():
            if where in places:
                return tiers[0].currency
        return ""

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
        return self._server_names.get(wanted.casefold()) or hosts.find(wanted, self.servers)

    def table(
        self,
        filter: str = "",
        language: Language = "en",
        *,
        today: date | None = None,
    ) -> list[dict[str, str]]:
        """Return the models as rows a person can read.

        Parameters
        ----------
        filter : str
            Words that all have to be found in a model's names or thinking mode; or an id
            that is not in the table, shown with its family's facts and marked so.
        language : {"en", "zh"}
            The language of our own words.
        today : datetime.date, optional
            Mark prices that are old by then; None marks nothing.

        Returns
        -------
        list of dict
            Each with the same keys, which are the headings.
        """
        found = self.models(filter)
        if not found and (inferred := self.find(filter)).inferred_from:
            found = [inferred]
        return model_rows(found, self.prices, language, today)

    def _row(self, key: str) -> Model | None:
        return self._tables.models.get(key) or self._aliases.get(key)

    def _family(self, key: str) -> Model | None:
        if row := self._row(key):
            return row
        dated = _DATED.fullmatch(key)
        if dated is None or (base := self._row(dated["base"])) is None:
            return None
        # A snapshot older than the first one of its family in the table belongs to an earlier
        # generation (docs/protocol.md §3.4); one dated by month and day may do so.
        prefix = f"{dated['base']}-20"
        snapshots = [id for id in self._tables.models if id.startswith(prefix)]
        is_older = bool(snapshots) and (len(dated["date"]) == 4 or key < min(snapshots))
        return None if is_older else base

    def _tiers(self, model_id: str, region: str) -> tuple[Price, ...]:
        if self._look is not None:
            return self._look(model_id, region, lambda: self._listed(model_id, region))
        return self._listed(model_id, region)

    def _listed(self, model_id: str, region: str) -> tuple[Price, ...]:
        for name in self._priced_as(model_id):
            for where in self._places(region):
                if tiers := self._tables.prices.get((name, where.casefold())):
                    return tiers
        return ()

    def _places(self, region: str) -> tuple[str, ...]:
        # The price table has one name for a region of Model Studio. Any other server stands
        # there under the name that the person wrote.
        row = self.server(region)
        if row is None:
            return (region.strip(),)
        if row.kind == "region":
            return (row.price_region,)
        places = (region.strip(), row.price_region, row.name, *row.aliases, *row.hosts)
        return tuple(filter(None, places))

    def _of(self, key: str) -> list[tuple[str, tuple[Price, ...]]]:
        return [
            (region, rows) for (of, region), rows in self._tables.prices.items() if of == key
        ]

    def _priced_as(self, model_id: str) -> list[str]:
        # an id may have a price in a person's own file and no row in the table of models
        return list(
            dict.fromkeys((model_id.strip().casefold(), self.find(model_id).id.casefold()))
        )

    @cached_property
    def _studio_regions(self) -> frozenset[str]:
        return frozenset(row.price_region for row in self.servers if row.kind == "region")

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


def _haystack(model: Model) -> str:
    words = (model.id, *model.aliases, model.family, model.vendor, model.mode)
    return " ".join(word for word in words if word).casefold()


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    # the inode too: a file that replaced another within one tick of the clock has its time
    return state.st_mtime_ns, state.st_size, state.st_ino


@lru_cache(maxsize=8)
def _load(
    user_folder: Path | None, stamps: tuple[tuple[int, int, int] | None, ...]
) -> Catalogue:
    return Catalogue(read(user_folder))
