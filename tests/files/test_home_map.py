"""Every file of the folder of a person's own files has its name in one place."""

import ast
from importlib import import_module
from pathlib import Path

import pytest

import qwen_nb
from qwen_nb.files import HomeFile, home, read_object, write_object

PACKAGE = Path(qwen_nb.__file__).parent
NAMES = {str(each) for each in HomeFile}


def words(source: str) -> set[str]:
    """Return the texts of a source that stand alone: not those in its sentences."""
    return {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_the_table_names_every_file() -> None:
    rows = str(import_module("qwen_nb.files.home_map").__doc__).splitlines()
    listed = [row.split("`")[1] for row in rows if row.startswith("`")]
    assert sorted(listed) == sorted(NAMES)


def test_a_files_name_is_written_once() -> None:
    again = {
        str(path.relative_to(PACKAGE)): found
        for path in PACKAGE.rglob("*.py")
        if path.parent.name != "texts" and path.name != "home_map.py"
        if (found := words(path.read_text("utf-8")) & NAMES)
    }
    assert again == {}
    assert words("x = 'keys.json'") & NAMES  # it can be seen


def test_the_home_is_where_the_environment_says(tmp_path: Path) -> None:
    assert home({"QWEN_NB_HOME": f" {tmp_path} "}) == tmp_path
    assert home({"QWEN_NB_HOME": "~/mine"}) == Path.home() / "mine"
    assert home({"QWEN_NB_HOME": " "}) == home({})
    assert home({}).name == "qwen_nb"


# -- an object in a file ---------------------------------------------------------------------


def test_an_object_comes_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "it.json"
    assert read_object(path) == {}
    for content in ({}, {"b": 1, "a": {"多": [None, 0.5]}}):
        write_object(path, content)
        assert read_object(path) == content


@pytest.mark.parametrize(
    "written", [b"", b"[1]", b"{", b"\xff", b"null", b'{"a":' * 100_000], ids=lambda w: w[:9]
)
def test_what_is_no_object_is_an_empty_one(tmp_path: Path, written: bytes) -> None:
    path = tmp_path / "it.json"
    path.write_bytes(written)
    assert read_object(path) == {}
    assert read_object(tmp_path) == {}  # a folder
