"""Setting a price of one's own: one row of the person's `prices.csv` is written.

All other rows stay as they stand, to the byte; where the first line lacks a column that is
needed, each row gets an empty cell more. A file that cannot be read is never written over.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.catalogue.rows import OWN, PRICE_COLUMNS, BadCell, Price, money
from qwen_nb.errors import ConfigError
from qwen_nb.files import HomeFile, write_whole

_HEADER = "id,region,currency,up_to_input_tokens,in,out,out_thinking,source,date"


def set_price(
    folder: Path,
    model_id: str,
    region: str,
    input: Decimal | str | int,
    output: Decimal | str | int,
    output_thinking: Decimal | str | int | None = None,
    *,
    currency: str | None = None,
    today: date,
) -> Price:
    """Write a price into the person's own `prices.csv`, in place of all tiers it had there.

    Parameters
    ----------
    folder : Path
        Where the file is, or shall be.
    model_id : str
        Id or alias.
    region : str
        A region of Model Studio by any of its names; else a server, as it is called where
        one asks it: its name in `servers.toml` or its host.
    input, output, output_thinking : Decimal, str or int
        Prices per million tokens, for input, for output, and for all output of a reply with
        thinking; without the last, `output` holds for that too.
    currency : str, optional
        Three letters; unless given the region's currency, else USD.
    today : datetime.date
        The day as of which the price is known.

    Returns
    -------
    Price
        As it holds from now on.

    Raises
    ------
    ConfigError
        When a value cannot be a price, or the file cannot be read or written; nothing has
        changed then.
    """
    asked, made = _amount(input, "input"), _amount(output, "output")
    made_thinking = (
        None if output_thinking is None else _amount(output_thinking, "output_thinking")
    )
    catalogue = Catalogue.load(folder)  # refuses a file that cannot be read
    where, usual = _place(catalogue, _word(region))
    price = Price(
        id=catalogue.find(_word(model_id)).id,
        region=where,
        currency=_currency(currency or usual),
        input=asked,
        output=made,
        output_thinking=made_thinking,
        source=OWN,
        date=today.isoformat(),
    )
    path = folder / HomeFile.PRICES
    try:
        before = path.read_bytes().decode("utf-8") if path.exists() else ""
        write_whole(path, _with(before, price, catalogue), make_folder=True)
    except OSError as error:
        raise ConfigError(
            "prices.not_written", file=str(path), reason=error.strerror or error
        ) from error
    return price


def _amount(value: Any, name: str) -> Decimal:
    try:
        return money(value.strip() if isinstance(value, str) else value)
    except BadCell as error:
        raise ConfigError(f"prices.amount_{name}", value=value) from error


def _word(value: str) -> str:
    word = value.strip()
    if not word or not word.isprintable():
        raise ConfigError("prices.which", value=value)
    return word


def _currency(value: str) -> str:
    currency = value.strip().upper()
    if len(currency) != 3 or not (currency.isascii() and currency.isalpha()):
        raise ConfigError("prices.currency", value=value)
    return currency


def _place(catalogue: Catalogue, region: str) -> tuple[str, str]:
    """Return what the price table calls a region or server, and its usual currency."""
    where, row = region.casefold(), catalogue.server(region)
    if row is not None:
        names = (row.name, row.title, row.id, *row.aliases)
        if row.price_region:
            where = row.price_region
        elif where in map(str.casefold, names):
            where = row.name.casefold()  # a host stays: its port may have others
    return where, catalogue.currency(where) or (row.currency if row else "") or "USD"


def _with(before: str, price: Price, catalogue: Catalogue) -> str:
    """Return the file's text with this price in it; the file has been read once already."""
    end = "\r\n" if "\r\n" in before else "\n"
    mark = before[: before.startswith("\ufeff")]  # spreadsheets begin their files with it
    rows = _rows(before.removeprefix(mark))
    if not any(any(cells) for _, cells in rows):
        rows = [*rows, (_HEADER + end, _HEADER.split(","))]
    at = next(number for number, (_, cells) in enumerate(rows) if any(cells))
    header = rows[at][1]
    row = _cells(price)
    missing = [name for name, cell in row.items() if cell and name not in header]
    written = _line([row.get(name, "") for name in (*header, *missing)], end)
    lines: list[str] = []
    is_put = False
    for number, (raw, cells) in enumerate(rows):
        if not any(cells) or number < at:
            lines.append(_more(raw, "", end))
        elif number == at:
            lines.append(_more(raw, "".join(f",{name}" for name in missing), end))
        elif not _is_of(price, dict(zip(header, cells, strict=False)), catalogue):
            lines.append(_more(raw, "," * len(missing), end))
        elif not is_put:
            lines.append(written)
            is_put = True
    return mark + "".join(lines if is_put else [*lines, written])


def _rows(written: str) -> list[tuple[str, list[str]]]:
    # each row twice: as its text in the file, line ends included, and as cells
    taken: list[str] = []

    def lines() -> Any:
        for line in io.StringIO(written, newline=""):
            taken.append(line)
            yield line

    rows = []
    for cells in csv.reader(lines(), strict=True):
        rows.append(("".join(taken), [cell.strip() for cell in cells]))
        taken.clear()
    return rows


def _more(raw: str, cells: str, end: str) -> str:
    body = raw.rstrip("\r\n")
    return body + cells + (raw[len(body) :] or end)


def _line(cells: list[str], end: str) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator=end).writerow(cells)
    return line.getvalue()


def _cells(price: Price) -> dict[str, str]:
    amounts = {column: getattr(price, field) for field, column in PRICE_COLUMNS.items()}
    return {
        "id": price.id,
        "region": price.region,
        "currency": price.currency,
        **{name: "" if amount is None else f"{amount:f}" for name, amount in amounts.items()},
        "date": price.date,
    }


def _is_of(price: Price, cells: Mapping[str, str], catalogue: Catalogue) -> bool:
    if catalogue.find(cells["id"]).id.casefold() != price.id.casefold():
        return False
    return _place(catalogue, cells["region"])[0].casefold() == price.region.casefold()
