import os
from decimal import Decimal
from pathlib import Path

import pytest

from qwen_nb import ConfigError
from qwen_nb.catalogue.catalogue import Catalogue

PACKAGED = Catalogue.load()


def load(folder: Path, **files: str) -> Catalogue:
    for name, text in files.items():
        stem, _, ending = name.rpartition("_")
        (folder / f"{stem}.{ending}").write_text(text, "utf-8")
    return Catalogue.load(folder)


def test_an_empty_or_missing_folder_changes_nothing(tmp_path: Path) -> None:
    for folder in (tmp_path, tmp_path / "missing"):
        catalogue = Catalogue.load(folder)
        assert catalogue.models() == PACKAGED.models()
        assert catalogue.servers == PACKAGED.servers


def test_a_row_adds_a_model(tmp_path: Path) -> None:
    catalogue = load(
        tmp_path, models_csv="id,mode,aliases,max_cot\nmy-model,hybrid_on,mine;my,1000\n"
    )
    model = catalogue.find("MINE")
    assert (model.id, model.mode, model.max_cot) == ("my-model", "hybrid_on", 1000)
    assert len(catalogue.models()) == len(PACKAGED.models()) + 1
    assert not PACKAGED.find("my-model").known


def test_a_cell_overrides_and_an_empty_one_keeps(tmp_path: Path) -> None:
    catalogue = load(tmp_path, models_csv="id,max_cot,max_output\nQWEN-Plus,99,\n")
    model, before = catalogue.find("qwen-plus"), PACKAGED.find("qwen-plus")
    assert (model.max_cot, model.max_output, model.mode) == (99, before.max_output, before.mode)
    assert before.max_cot != 99


def test_prices_replace_all_tiers_of_model_and_region(tmp_path: Path) -> None:
    catalogue = load(
        tmp_path,
        prices_csv="id,region,currency,in,out,out_thinking,date\nqwen-plus,sg,USD,1,2,3,2026-12\n",
    )
    price = catalogue.price("qwen-plus", "sg", 900_000)
    assert price is not None
    assert (price.input, price.output_thinking, price.date) == (
        Decimal(1),
        Decimal(3),
        "2026-12",
    )
    assert catalogue.price("qwen-plus", "bj") == PACKAGED.price("qwen-plus", "bj")


def test_prices_add_a_region_and_an_unknown_model(tmp_path: Path) -> None:
    catalogue = load(
        tmp_path,
        prices_csv=(
            "id,region,currency,up_to_input_tokens,in,out\n"
            "qwen-plus,us,USD,,1,2\n"
            "qwen-plus-2026-03-01,sg,USD,2000,3,4\n"
            "qwen-plus-2026-03-01,sg,USD,1000,1,2\n"
        ),
    )
    assert catalogue.price("qwen-plus", "virginia") is not None
    snapshot = [catalogue.price("qwen-plus-2026-03-01", "sg", n) for n in (1000, 1001, 9999)]
    assert [price and price.input for price in snapshot] == [1, 3, 3]


@pytest.mark.parametrize("region", ["sg", "SG", "singapore", "ap-southeast-1"])
def test_a_region_may_have_any_of_its_names(tmp_path: Path, region: str) -> None:
    catalogue = load(tmp_path, prices_csv=f"id,region,currency,in\nqwen-plus,{region},USD,7\n")
    price = catalogue.price("qwen-plus", "sg")
    assert price is not None
    assert (price.input, price.region, price.source) == (7, "sg", "user")
    assert len(catalogue.prices("qwen-plus")) == 4  # one here, three tiers in Beijing


def test_servers_are_added_and_overridden(tmp_path: Path) -> None:
    catalogue = load(
        tmp_path,
        servers_toml=(
            '[[server]]\nname = "lab"\nbase_url = "https://llm.lab.example/v1"\n'
            'thinking = "chat_template_kwargs"\ninline_think = true\n'
            '[[server]]\nname = "ollama"\nbase_url = "http://gpu:11434/v1"\n'
        ),
    )
    lab, ollama = catalogue.server("https://llm.lab.example/v1/"), catalogue.server("ollama")
    assert lab is not None and lab == catalogue.server("LAB")
    assert (lab.thinking, lab.inline_think, lab.kind) == (
        "chat_template_kwargs",
        True,
        "server",
    )
    assert ollama is not None
    assert (ollama.url(), ollama.thinking) == ("http://gpu:11434/v1", "reasoning_effort")


def test_a_file_may_name_a_key_of_an_older_version(tmp_path: Path) -> None:
    text = '[[server]]\nname = "mine"\nreasoning_fields = ["reasoning"]\nkey_env = "K"\n'
    row = load(tmp_path, servers_toml=text).server("mine")
    assert row is not None and row.key_env == "K"


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    first = load(tmp_path, models_csv="id,max_cot\nm,1\n")
    assert Catalogue.load(tmp_path) is first
    second = load(tmp_path, models_csv="id,max_cot\nm,22\n")
    assert second.find("m").max_cot == 22


def test_a_spreadsheets_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "models.csv").write_bytes(
        '\ufeffid,vendor,max_cot\r\n\r\n"m","a, b",5\r\n,,\r\n'.encode()
    )
    model = Catalogue.load(tmp_path).find("m")
    assert (model.vendor, model.max_cot) == ("a, b", 5)


SERVER = '[[server]]\nname = "a"\n\n[[server]]\nname = "b"\n'

# file, its text, the line it is wrong in, and a word of the message
BROKEN = [
    ("models.csv", "id,max_cot\nm,many\n", 2, "whole number"),
    ("models.csv", "id,max_cot\nm,1\n\nn,-1\n", 4, "whole number"),
    ("models.csv", "id,mode\nm,sometimes\n", 2, "thinking_only"),
    ("models.csv", "id,vision\nm,maybe\n", 2, "yes, no"),
    ("models.csv", "id,max_cots\nm,1\n", 1, "max_cot"),
    ("models.csv", "id,zzz\nm,1\n", 1, "stream_required"),
    ("models.csv", "id,mode\nm\n", 2, "1 cells"),
    ("models.csv", "id,mode\n,none\n", 2, "id is missing"),
    ("models.csv", "mode\nnone\n", 2, "id is missing"),
    ("models.csv", "id\nm\nM\n", 3, "line 2"),
    ("models.csv", 'id,vendor\nm,"open\n', 2, "no CSV"),
    ("models.csv", 'id,vendor,max_cot\nm,"two\nlines",x\n', 2, "whole number"),
    ("prices.csv", "id,region,currency,in\nm,sg,USD,free\n", 2, "price"),
    ("prices.csv", "id,region,currency,in\nm,sg,USD,NaN\n", 2, "price"),
    ("prices.csv", "id,region,currency,in\nm,sg,USD,-1\n", 2, "price"),
    ("prices.csv", "id,region,in\nm,sg,1\n", 2, "currency is missing"),
    ("prices.csv", "id,region,currency,in\nm,sg,USD,1\nm,sg,USD,2\n", 3, "line 2"),
    (
        "prices.csv",
        "id,region,currency,up_to_input_tokens,in\nm,sg,USD,9,1\nm,sg,CNY,,2\n",
        3,
        "two currencies",
    ),
    ("servers.toml", SERVER + "port = 1\n", 4, "no column 'port'"),
    ("servers.toml", SERVER + 'thinking = "loud"\n', 4, "top_level"),
    ("servers.toml", SERVER + 'hosts = "h"\naliases = 3\n', 4, "list of texts"),
    ("servers.toml", SERVER + "inline_think = 1\n", 4, "yes, no"),
    ("servers.toml", "[[server]]\ntitle = 'x'\n", 1, "name is missing"),
    ("servers.toml", SERVER + SERVER, 6, "line 1"),
    ("servers.toml", SERVER + "what\n", 6, "no TOML"),
    ("servers.toml", '[ollama]\nbase_url = "x"\n', 1, "ollama"),
    ("servers.toml", "server = [1]\n", 1, "[[server]]"),
]


@pytest.mark.parametrize(("name", "text", "line", "word"), BROKEN)
def test_a_broken_file_is_one_error_that_names_the_line(
    tmp_path: Path, name: str, text: str, line: int, word: str
) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode())
    with pytest.raises(ConfigError) as caught:
        Catalogue.load(tmp_path)
    message = str(caught.value)
    assert message.startswith(f"{path}, line {line}: ")
    assert word in message
    assert "\n" not in message
    assert str(path) in caught.value.message("zh")
    # nothing is lost: the file stands as it was, ours works on, and so does a mended one
    assert path.read_bytes() == text.encode()
    assert Catalogue.load().models() == PACKAGED.models()
    path.unlink()
    assert Catalogue.load(tmp_path).models() == PACKAGED.models()


def test_another_encoding_is_told(tmp_path: Path) -> None:
    (tmp_path / "models.csv").write_bytes("id,vendor\nm,千问\n".encode("gb18030"))
    with pytest.raises(ConfigError, match=r"models\.csv, line 2: this is not UTF-8"):
        Catalogue.load(tmp_path)


def test_a_file_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    (tmp_path / "servers.toml").mkdir()
    with pytest.raises(ConfigError, match="could not be read") as caught:
        Catalogue.load(tmp_path)
    assert os.fspath(tmp_path) in str(caught.value)
