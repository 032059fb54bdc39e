"""Reading the tables: ours, and those a person keeps in a folder of their own.

A file of a person's own adds rows and overrides ours: models by id, servers by name,
cell by cell, so that what it leaves out keeps its value; prices by model and region, all
tiers at once. A file that cannot be read is one error that names file and line, and is
never written to.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from qwen_nb.catalogue.rows import (
    MODEL_CELLS,
    OWN,
    PRICE_CELLS,
    PRICE_COLUMNS,
    SERVER_CELLS,
    BadCell,
    Model,
    Price,
    Reader,
    ServerRow,
)
from qwen_nb.errors import ConfigError
from qwen_nb.files import HomeFile

NAMES = (HomeFile.MODELS, HomeFile.PRICES, HomeFile.SERVERS)
"""The files of a catalogue, also in a person's own folder."""

_PRICE_FIELDS = {column: field for field, column in PRICE_COLUMNS.items()}


@dataclass(frozen=True, slots=True)
class Tables:
    """All rows: models by id, prices by (id, region), servers by name.

    The ids of models are keys in lower case. The tiers of a price stand in their order.
    """

    models: Mapping[str, Model]
    prices: Mapping[tuple[str, str], tuple[Price, ...]]
    servers: Mapping[str, ServerRow]


@dataclass(frozen=True, slots=True)
class _File:
    """One file: what it is called in an error, and its text."""

    name: str
    text: str

    def wrong(self, line: int, key: str, **facts: Any) -> ConfigError:
        return ConfigError(f"models.{key}", file=self.name, line=line, **facts)


_Row = tuple[int, dict[str, Any]]
"""The line a row begins at, and its cells, read."""


@cache
def _packaged() -> Tables:
    folder = files(__package__)
    empty = Tables({}, {}, {})
    return _over(
        empty,
        {name: _File(name, folder.joinpath(name).read_text("utf-8")) for name in NAMES},
    )


def read(folder: Path | None) -> Tables:
    """Return our tables, with those of the folder over them.

    Raises
    ------
    ConfigError
        When a file of the folder cannot be read.
    """
    if folder is None:
        return _packaged()
    given: dict[str, _File] = {}
    for name in NAMES:
        path = folder / name
        try:
            # -sig: spreadsheets begin their files with a byte order mark
            given[name] = _File(str(path), path.read_text("utf-8-sig"))
        except FileNotFoundError:
            continue
        except UnicodeDecodeError as error:
            line = error.object[: error.start].count(b"\n") + 1
            raise ConfigError("models.not_utf8", file=str(path), line=line) from error
        except OSError as error:
            raise ConfigError(
                "models.unreadable", file=str(path), reason=error.strerror or error
            ) from error
    return _over(_packaged(), given) if given else _packaged()


def _over(base: Tables, given: Mapping[str, _File]) -> Tables:
    models, prices, servers = dict(base.models), dict(base.prices), dict(base.servers)
    if file := given.get(HomeFile.MODELS):
        for cells in _keyed(file, _csv(file, MODEL_CELLS), "id"):
            key = cells["id"].casefold()
            models[key] = _merged(models.get(key), Model, {"source": OWN} | cells)
    if file := given.get(HomeFile.SERVERS):
        for cells in _keyed(file, _toml(file), "name"):
            key = cells["name"].casefold()
            servers[key] = _merged(servers.get(key), ServerRow, cells)
    if file := given.get(HomeFile.PRICES):
        prices |= _prices(file, _regions(servers.values()))
    return Tables(models, prices, servers)


def _merged(row: Any, kind: type[Any], cells: dict[str, Any]) -> Any:
    known = {name: getattr(row, name) for name in row.__slots__} if row else {}
    return kind(**known | cells)


def _keyed(file: _File, rows: Iterator[_Row], name: str) -> Iterator[dict[str, Any]]:
    # refuses a row without its key, and a second row with the same key
    seen: dict[str, int] = {}
    for line, cells in rows:
        if not cells.get(name):
            raise file.wrong(line, "missing", column=name)
        if (first := seen.setdefault(cells[name].casefold(), line)) != line:
            raise file.wrong(line, "twice", id=cells[name], first=first)
        yield cells


def _regions(servers: Iterable[ServerRow]) -> dict[str, str]:
    # every name by which prices.csv may call a region, and the one that the table uses
    return {
        name.casefold(): row.price_region
        for row in servers
        if row.kind == "region"
        for name in (row.price_region, row.name, row.id, *row.aliases)
    }


def _prices(
    file: _File, regions: Mapping[str, str]
) -> dict[tuple[str, str], tuple[Price, ...]]:
    found: dict[tuple[str, str], list[tuple[int, Price]]] = {}
    for line, cells in _csv(file, PRICE_CELLS):
        for name in ("id", "region", "currency"):
            if not cells.get(name):
                raise file.wrong(line, "missing", column=name)
        region = cells["region"].casefold()
        cells["region"] = regions.get(region, region)
        fields = {_PRICE_FIELDS.get(name, name): cell for name, cell in cells.items()}
        price = Price(**{"source": OWN} | fields)
        found.setdefault((price.id.casefold(), price.region), []).append((line, price))
    return {key: _tiers(file, rows) for key, rows in found.items()}


def _tiers(file: _File, rows: list[tuple[int, Price]]) -> tuple[Price, ...]:
    # The tiers of one model in one region: sorted by bound, at most one of them without a
    # bound (it comes last), all in one currency.
    bounds: dict[int | None, int] = {}
    for line, price in rows:
        if (first := bounds.setdefault(price.up_to_input_tokens, line)) != line:
            raise file.wrong(line, "twice", id=f"{price.id} {price.region}", first=first)
        if price.currency != rows[0][1].currency:
            raise file.wrong(line, "two_currencies", id=price.id, region=price.region)
    ordered = sorted(
        (price for _, price in rows),
        key=lambda price: (price.up_to_input_tokens is None, price.up_to_input_tokens or 0),
    )
    return tuple(ordered)


def _csv(file: _File, readers: Mapping[str, Reader]) -> Iterator[_Row]:
    lines = csv.reader(io.StringIO(file.text, newline=""), strict=True)
    header: list[str] = []
    try:
        for row in lines:
            cells = [cell.strip() for cell in row]
            line = lines.line_num - sum(cell.count("\n") for cell in row)
            if not any(cells):
                continue
            if not header:
                header = [_known(file, line, name, readers) for name in cells]
                continue
            if len(cells) != len(header):
                raise file.wrong(line, "cells", found=len(cells), wanted=len(header))
            filled = {name: cell for name, cell in zip(header, cells, strict=True) if cell}
            yield line, _read(file, line, filled, readers)
    except csv.Error as error:
        raise file.wrong(lines.line_num, "no_csv", reason=error) from error


def _toml(file: _File) -> Iterator[_Row]:
    import tomllib

    try:
        document = tomllib.loads(file.text)
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"line (\d+)", str(error))
        line = int(at[1]) if at else file.text.count("\n") + 1
        raise file.wrong(line, "no_toml", reason=error) from error
    rows = document.pop("server", [])
    if document or not isinstance(rows, list):
        raise file.wrong(1, "only_servers", found=", ".join(document) or "server")
    begins = [
        number
        for number, text in enumerate(file.text.splitlines(), 1)
        if re.match(r"\s*\[\[\s*server\s*\]\]", text)
    ]
    for number, row in enumerate(rows):
        line = begins[number] if number < len(begins) else 1
        if not isinstance(row, dict):
            raise file.wrong(line, "only_servers", found=str(row))
        row.pop("reasoning_fields", None)  # a file made for an older version may name it
        for name in row:
            _known(file, line, name, SERVER_CELLS)
        yield line, _read(file, line, row, SERVER_CELLS)


def _known(file: _File, line: int, name: str, readers: Mapping[str, Reader]) -> str:
    if name in readers:
        return name
    import difflib

    near = difflib.get_close_matches(name, readers, 1)
    known = near[0] if near else ", ".join(readers)
    raise file.wrong(line, "column", column=name, known=known)


def _read(
    file: _File, line: int, cells: Mapping[str, Any], readers: Mapping[str, Reader]
) -> dict[str, Any]:
    read: dict[str, Any] = {}
    for name, cell in cells.items():
        try:
            read[name] = readers[name](cell)
        except BadCell as error:
            raise file.wrong(
                line, f"cell_{error.kind}", column=name, value=cell, allowed=error.allowed
            ) from error
    return read
