"""A price that a person sets: what stands in the file then, and what never happens to it."""

import os
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from qwen_nb import ConfigError
from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.catalogue.own_prices import set_price
from qwen_nb.catalogue.rows import PRICE_CELLS, Price

TODAY = date(2026, 11, 22)
HEADER = "id,region,currency,up_to_input_tokens,in,out,out_thinking,source,date\n"


def written(folder: Path) -> str:
    return (folder / "prices.csv").read_bytes().decode("utf-8")


def test_folder_and_file_are_made(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "home"
    price = set_price(folder, "qwen-plus", "sg", "0.5", 1, Decimal("3.25"), today=TODAY)
    assert price == Price(
        id="qwen-plus", region="sg", currency="USD", input=Decimal("0.5"), output=Decimal(1),
        output_thinking=Decimal("3.25"), source="user", date="2026-11-22",
    )  # fmt: skip
    assert written(folder) == HEADER + "qwen-plus,sg,USD,,0.5,1,3.25,,2026-11-22\n"
    assert Catalogue.load(folder).price("qwen-plus", "sg", 900_000) == price
    assert [path.name for path in folder.iterdir()] == ["prices.csv"]


REGIONS = [
    ("sg", "sg", "USD"),
    ("Singapore", "sg", "USD"),
    ("ap-southeast-1", "sg", "USD"),
    ("https://dashscope-intl.aliyuncs.com/compatible-mode/v1", "sg", "USD"),
    ("北京", "bj", "CNY"),
    ("virginia", "us", "USD"),
    ("LM Studio", "lmstudio", "USD"),
    ("api.deepseek.com", "api.deepseek.com", "USD"),
    ("LLM.lab.example", "llm.lab.example", "USD"),
    ("gpu:11434", "gpu:11434", "USD"),
]


@pytest.mark.parametrize(("region", "where", "currency"), REGIONS)
def test_a_region_by_any_name_or_any_server(
    tmp_path: Path, region: str, where: str, currency: str
) -> None:
    price = set_price(tmp_path, "my-model", region, 1, 2, today=TODAY)
    assert (price.region, price.currency) == (where, currency)
    catalogue = Catalogue.load(tmp_path)
    for name in (region, where, region.upper()):
        if not name.startswith("HTTPS"):
            assert catalogue.price("my-model", name) == price


def test_the_currency_is_that_of_the_region_unless_given(tmp_path: Path) -> None:
    assert set_price(tmp_path, "a", "lab", 1, 2, currency="eur", today=TODAY).currency == "EUR"
    assert set_price(tmp_path, "b", "lab", 1, 2, today=TODAY).currency == "EUR"
    assert set_price(tmp_path, "c", "bj", 1, 2, currency="USD", today=TODAY).currency == "USD"


def test_an_alias_is_the_model(tmp_path: Path) -> None:
    price = set_price(tmp_path, "qwen-plus-0428", "sg", 1, 2, today=TODAY)
    assert price.id == "qwen-plus-2025-04-28"
    assert Catalogue.load(tmp_path).price("qwen-plus-2025-04-28", "sg") == price


# -- what stood there ------------------------------------------------------------------------

# before, and after qwen-plus in Singapore is set to 0.5 and 1
FILES: dict[str, tuple[str, str]] = {
    "nothing": ("", HEADER + "qwen-plus,sg,USD,,0.5,1,,,2026-11-22\n"),
    "empty lines": ("\n\n", "\n\n" + HEADER + "qwen-plus,sg,USD,,0.5,1,,,2026-11-22\n"),
    "a header": (HEADER, HEADER + "qwen-plus,sg,USD,,0.5,1,,,2026-11-22\n"),
    "all its tiers": (
        HEADER + "a,sg,USD,,1,1,,x,\n"
        "QWEN-Plus,singapore,CNY,9,1,1,,x,\nb,sg,USD,,1,1,,x,\nqwen-plus,SG,CNY,,2,2,,x,\n",
        HEADER + "a,sg,USD,,1,1,,x,\nqwen-plus,sg,USD,,0.5,1,,,2026-11-22\nb,sg,USD,,1,1,,x,\n",
    ),
    "other regions and the snapshots stay": (
        HEADER + "qwen-plus,bj,CNY,,1,1,,x,\nqwen-plus-2025-04-28,sg,USD,,1,1,,x,\n",
        HEADER + "qwen-plus,bj,CNY,,1,1,,x,\nqwen-plus-2025-04-28,sg,USD,,1,1,,x,\n"
        "qwen-plus,sg,USD,,0.5,1,,,2026-11-22\n",
    ),
    "other columns, blanks, quotes, a missing line end": (
        'region , in,id,currency,date,out\n sg , 1 ,"a",USD,"2026-01",1\n\n,,,,,\n'
        'sg,1,"b,c",USD,,1',
        'region , in,id,currency,date,out\n sg , 1 ,"a",USD,"2026-01",1\n\n,,,,,\n'
        'sg,1,"b,c",USD,,1\n'
        "sg,0.5,qwen-plus,USD,2026-11-22,1\n",
    ),
    "columns are added": (
        'id,region,currency,in\na,sg,USD,1\n"b\nc",sg,USD,"2"\n',
        'id,region,currency,in,out,date\na,sg,USD,1,,\n"b\nc",sg,USD,"2",,\n'
        "qwen-plus,sg,USD,0.5,1,2026-11-22\n",
    ),
    "a spreadsheet's": (
        "\ufeff\"id\",region,currency,in,out,date\r\na,sg,USD,1,1,\r\n",
        "\ufeff\"id\",region,currency,in,out,date\r\na,sg,USD,1,1,\r\n"
        "qwen-plus,sg,USD,0.5,1,2026-11-22\r\n",
    ),
    "a price of cached input goes with its row": (
        "id,region,currency,in,in_cached,out,date\nqwen-plus,sg,USD,1,0.5,1,\n",
        "id,region,currency,in,in_cached,out,date\nqwen-plus,sg,USD,0.5,,1,2026-11-22\n",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after"), FILES.values(), ids=FILES)
def test_what_stood_in_the_file_stays(tmp_path: Path, before: str, after: str) -> None:
    (tmp_path / "prices.csv").write_bytes(before.encode("utf-8"))
    others = {
        key: rows
        for key, rows in Catalogue.load(tmp_path)._tables.prices.items()
        if key != ("qwen-plus", "sg")
    }
    price = set_price(tmp_path, "qwen-plus", "sg", "0.5", "1", today=TODAY)
    assert written(tmp_path) == after
    found = dict(Catalogue.load(tmp_path)._tables.prices)
    assert found.pop(("qwen-plus", "sg")) == (price,)
    assert found == others
    # once more changes nothing but the price
    set_price(tmp_path, "qwen-plus", "sg", "0.5", "1", today=TODAY)
    assert written(tmp_path) == after


def test_a_price_set_at_once_again_holds(tmp_path: Path) -> None:
    for amount in ("1", "2", "3", "4", "5"):  # within one tick of the clock, of one length
        set_price(tmp_path, "m", "sg", amount, amount, today=TODAY)
        price = Catalogue.load(tmp_path).price("m", "sg")
        assert price is not None
        assert price.input == Decimal(amount)


def test_a_linked_file_is_written_where_it_is(tmp_path: Path) -> None:
    meant, folder = tmp_path / "mine.csv", tmp_path / "home"
    meant.write_text(HEADER, "utf-8")
    meant.chmod(0o640)
    folder.mkdir()
    (folder / "prices.csv").symlink_to(meant)
    set_price(folder, "m", "sg", 1, 2, today=TODAY)
    assert (folder / "prices.csv").is_symlink()
    assert meant.read_text("utf-8") == HEADER + "m,sg,USD,,1,2,,,2026-11-22\n"
    assert meant.stat().st_mode & 0o777 == 0o640


# -- what is refused -------------------------------------------------------------------------

AMOUNTS: list[Any] = [
    "-1", "nan", "NaN", "inf", "-Infinity", "sNaN", "", "free", "0,4", "1e10", "1e999999",
    "0.0000000000001", "1/2", Decimal("NaN"), Decimal(-1), -1, True, None, 0.4, b"1", [1],
]  # fmt: skip


@pytest.mark.parametrize("amount", AMOUNTS, ids=repr)
@pytest.mark.parametrize("place", ["input", "output", "output_thinking"])
def test_what_is_no_price_is_refused(tmp_path: Path, amount: Any, place: str) -> None:
    prices = {"input": 1, "output": 2, "output_thinking": 3} | {place: amount}
    if place == "output_thinking" and amount is None:
        assert set_price(tmp_path, "m", "sg", **prices, today=TODAY).output_thinking is None
        return
    with pytest.raises(ConfigError, match="is no price for") as caught:
        set_price(tmp_path, "m", "sg", **prices, today=TODAY)
    message = str(caught.value)
    assert repr(amount) in message
    assert place.replace("_", " after ") in message
    assert "\n" not in message
    assert repr(amount) in caught.value.message("zh")
    assert list(tmp_path.iterdir()) == []


WRITTEN = [
    ("0", "0"),
    ("-0", "0"),
    (" 1_000 ", "1000"),
    ("1e3", "1000"),
    (".50", "0.50"),
    (7, "7"),
]


@pytest.mark.parametrize(("amount", "cell"), WRITTEN)
def test_a_price_is_written_plainly(tmp_path: Path, amount: Any, cell: str) -> None:
    set_price(tmp_path, "m", "sg", amount, 2, today=TODAY)
    assert written(tmp_path) == HEADER + f"m,sg,USD,,{cell},2,,,2026-11-22\n"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"model_id": " "}, "no model or region"),
        ({"region": ""}, "no model or region"),
        ({"region": "s\ng"}, "no model or region"),
        ({"currency": "dollars"}, "no currency"),
        ({"currency": "$"}, "no currency"),
    ],
)
def test_what_names_nothing_is_refused(
    tmp_path: Path, options: dict[str, Any], words: str
) -> None:
    asked: dict[str, Any] = {"model_id": "m", "region": "sg", "input": 1, "output": 2} | options
    with pytest.raises(ConfigError, match=words) as caught:
        set_price(tmp_path, **asked, today=TODAY)
    assert "\n" not in str(caught.value)
    assert list(tmp_path.iterdir()) == []


BROKEN = [
    b"id,region,currency,in\nm,sg,USD,free\n",
    b"what is this\n",
    b'id,region,currency,in\n"m,sg,USD,1\n',
    "id,region,currency,in\n千问,sg,USD,1\n".encode("gb18030"),
    b"id,region,currency,in\nm,sg,USD\n",
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_file_that_cannot_be_read_is_not_touched(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "prices.csv"
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        set_price(tmp_path, "m", "sg", 1, 2, today=TODAY)
    assert str(path) in str(caught.value)
    assert path.read_bytes() == content
    assert [each.name for each in tmp_path.iterdir()] == ["prices.csv"]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(ConfigError, match="could not be") as caught:
        set_price(tmp_path / "home", "m", "sg", 1, 2, today=TODAY)
    assert str(tmp_path / "home") in str(caught.value)


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_price(tmp_path, "m", "sg", 1, 2, today=TODAY)
    before = written(tmp_path)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigError, match="No space left") as caught:
        set_price(tmp_path, "m", "sg", 3, 4, today=TODAY)
    assert "not set" in str(caught.value)
    assert written(tmp_path) == before
    assert [each.name for each in tmp_path.iterdir()] == ["prices.csv"]


def test_the_header_is_one_that_is_known() -> None:
    assert set(HEADER.strip().split(",")) <= set(PRICE_CELLS)
