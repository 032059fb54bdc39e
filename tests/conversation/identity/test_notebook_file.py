"""Reading a notebook of unknown origin."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from qwen_nb.front_end import notebook_file
from qwen_nb.front_end.notebook_file import NotebookFile, read_notebook
from tests.conversation.identity._notebooks import carried, cell, write

UNREADABLE = NotebookFile(exists=True)


def read(path: Path) -> NotebookFile:
    return read_notebook(str(path))


def test_the_ids_of_all_cells_and_what_the_outputs_carry(tmp_path: Path) -> None:
    write(
        tmp_path / "nb.ipynb",
        cell("m1", kind="markdown"),
        cell("c1", carried("A", "e1", place=3, k=1, cell="c1", name="诗 poems")),
        cell("c2"),
    )
    file = read(tmp_path / "nb.ipynb")
    assert file.cells == {"m1", "c1", "c2"}
    (one,) = file.carried
    assert (one.chat, one.entry, one.order, one.name) == ("A", "e1", (3, 1), "诗 poems")
    assert (one.cell, one.holder, one.at, one.turn) == ("c1", "c1", 1, {"prompt": "A/e1"})


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert read(tmp_path / "no.ipynb") == NotebookFile()
    assert read(tmp_path / "file" / "no.ipynb") == NotebookFile()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"7", b"[]", b"{}", b'{"cells": {}}', b'{"worksheets": [{"cells": []}]}',
        b"\xff\xfe\x00", b"# %% [markdown]", b"[" * 100_000, b"9" * 5_000, b'{"cells": [}',
    ],
    ids=lambda content: repr(content[:20]),
)  # fmt: skip
def test_what_is_no_notebook_is_a_fact(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "nb.ipynb").write_bytes(content)
    assert read(tmp_path / "nb.ipynb") == UNREADABLE


def test_only_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.ipynb")  # opening it would wait for a writer
    (tmp_path / "folder.ipynb").mkdir()
    (tmp_path / "loop.ipynb").symlink_to("loop.ipynb")
    for name in ("pipe", "folder", "loop"):
        assert read(tmp_path / f"{name}.ipynb") == UNREADABLE
    assert read_notebook("nul\0.ipynb") == UNREADABLE


def test_a_file_beyond_all_bounds_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "nb.ipynb", cell("c1"))
    assert read(tmp_path / "nb.ipynb").cells == {"c1"}
    monkeypatch.setattr(notebook_file, "FILE_BYTES", 10)
    assert read(tmp_path / "nb.ipynb") == UNREADABLE


GOOD = carried("A", "e1", place=0, k=0)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (field, value)
        for field in ("chat", "entry")
        for value in (None, 7, "", "../x", "x" * 65, "\ud83d", "a b", [], {}, "é")
    ],
)
def test_an_output_without_ids_is_skipped(tmp_path: Path, field: str, value: object) -> None:
    write(tmp_path / "nb.ipynb", cell("c1", GOOD | {field: value}, GOOD))
    assert [each.entry for each in read(tmp_path / "nb.ipynb").carried] == ["e1"]


@pytest.mark.parametrize("value", [None, True, -1, 1.0, "0", 10**9, []], ids=repr)
@pytest.mark.parametrize("field", ["place", "k"])
def test_an_order_that_is_none(tmp_path: Path, field: str, value: object) -> None:
    write(tmp_path / "nb.ipynb", cell("c1", GOOD | {field: value}))
    assert [each.order for each in read(tmp_path / "nb.ipynb").carried] == [None]


@pytest.mark.parametrize(
    "name", [None, 7, "", "x" * 201, "a\nb", "a\u202eb", "\x1b[0m"], ids=repr
)
def test_a_name_that_is_none(tmp_path: Path, name: object) -> None:
    write(tmp_path / "nb.ipynb", cell("c1", GOOD | {"name": name}))
    assert [each.name for each in read(tmp_path / "nb.ipynb").carried] == [None]


@pytest.mark.parametrize("junk", [None, 7, "x", [], [7], {}, {"a": 1}], ids=repr)
def test_malformed_things_are_skipped_at_every_level(tmp_path: Path, junk: object) -> None:
    output: dict[str, Any] = {"metadata": {"qwen_nb": GOOD}}
    cells = [
        junk,
        {"id": junk, "outputs": junk},
        {"id": "c1", "outputs": [junk, {"metadata": junk}, {"metadata": {"qwen_nb": junk}}]},
        {"id": "c2", "outputs": [output]},
    ]
    (tmp_path / "nb.ipynb").write_text(json.dumps({"cells": cells}))
    file = read(tmp_path / "nb.ipynb")
    assert file.cells == {"c1", "c2"} | ({"x"} if junk == "x" else set())
    assert [each.holder for each in file.carried] == ["c2"]


def test_what_is_carried_is_bounded_in_number(tmp_path: Path) -> None:
    write(tmp_path / "nb.ipynb", cell("c1", *[GOOD] * (notebook_file.CARRIED + 5)))
    assert len(read(tmp_path / "nb.ipynb").carried) == notebook_file.CARRIED


def test_the_conversation_found_most_often_comes_first(tmp_path: Path) -> None:
    shown = [carried(chat, f"e{n}") for n, chat in enumerate("ABCBBC")]
    write(tmp_path / "nb.ipynb", cell("c1", *shown))
    assert list(read(tmp_path / "nb.ipynb").chats.items()) == [("B", 3), ("C", 2), ("A", 1)]
