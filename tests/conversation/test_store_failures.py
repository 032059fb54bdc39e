"""A store that cannot be used: said once, and every answer is still shown."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from _folders import let_everybody_in

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.store.schema import VERSION
from tests.conversation._page import Page, said

pytestmark = pytest.mark.kernel

AGAIN = """
import os
%unload_ext qwen_nb
os.environ["QWEN_NB_HOME"] = {home!r}
%load_ext qwen_nb
"""
NOBODY = "if os.getuid() == 0:  # to whom everything is writable\n    os.setuid(65534)"


@pytest.fixture(scope="module")
def service() -> Iterator[Emulator]:
    with Emulator(pace=0) as emulator:
        emulator.script(Script(name="one", asks="^One$", answer="The first answer."))
        emulator.script(Script(name="two", asks="^Two$", answer="The second answer."))
        yield emulator


@pytest.fixture(scope="module")
def page(service: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    folder = tmp_path_factory.mktemp("failures")
    let_everybody_in(folder)
    with Page(folder, service) as page:
        yield page


def opened_at(page: Page, home: Path) -> None:
    """Let the kernel begin anew with another folder of the person's own files."""
    ran = page.run("again", AGAIN.format(home=str(home)))
    assert not ran.error, ran


def is_told_once(page: Page, service: Emulator, words: str) -> None:
    service.journal.clear()
    first = page.run("a", "%%qwen\nOne")
    assert not first.error
    assert "The first answer." in first.text
    assert first.text.count(words) == 1
    second = page.run("b", "%%qwen\nTwo")
    assert not second.error
    assert "The second answer." in second.text
    assert words not in second.text
    assert said(service.journal[-1]) == ["One", "Two"]  # in memory it goes on
    third = page.run("a", "%%qwen\nOne")
    assert said(service.journal[-1]) == ["One"]
    assert words not in third.text


def garbage(path: Path) -> None:
    path.write_bytes(b"no database at all " * 1000)


def newer(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE entries (id)")
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()


def foreign(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE theirs (a)")
    database.close()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (garbage, "is damaged"),
        (newer, "was written by a newer qwen_nb"),
        (foreign, "is a database of another program"),
    ],
    ids=["damaged", "newer", "foreign"],
)
def test_a_file_that_is_not_ours_is_left_alone(
    page: Page, service: Emulator, tmp_path: Path, make: object, words: str
) -> None:
    assert callable(make)
    path = tmp_path / "store.sqlite"
    make(path)
    before = path.read_bytes()
    opened_at(page, tmp_path)
    is_told_once(page, service, words)
    assert path.read_bytes() == before


def test_a_disk_that_fills_up(page: Page, service: Emulator, tmp_path: Path) -> None:
    opened_at(page, tmp_path)
    page.run("x", "%%qwen\nOne")
    full = """
store = Chat.current().kept().store
store.flush()
(pages,) = store.read("PRAGMA page_count")[0]
sized = lambda n: store._writer.write_now(
    lambda db: db.execute(f"PRAGMA max_page_count = {n}").fetchall())
sized(pages)"""
    assert not page.run("full", full).error
    page.run("y", "%%qwen\n" + "Two or more words. " * 3000)
    page.run("wait", "written = store.flush()")
    assert page.value("json.dumps(written)") is False
    told = page.run("z", "%%qwen\nTwo")
    assert "The second answer." in told.text
    assert told.text.count("no room left") == 1
    assert "no room left" not in page.run("z", "%%qwen\nTwo").text
    page.run("room", "store._writer._database.execute('PRAGMA max_page_count = 9999999')")
    page.run("w", "%%qwen\nOne")
    page.run("wait", "written = store.flush()")
    assert page.value("json.dumps(written)") is True  # what waited was written then
    with sqlite3.connect(tmp_path / "store.sqlite") as database:
        kept = database.execute("SELECT count(*) FROM entries").fetchone()
    database.close()
    assert kept == (5,)


def test_a_folder_that_is_read_only(page: Page, service: Emulator, tmp_path: Path) -> None:
    let_everybody_in(tmp_path)
    home = tmp_path / "home"
    home.mkdir()
    opened_at(page, home)
    page.run("x", "%%qwen\nAn older question")
    page.run("flush", "Chat.current().kept().store.close()")
    path = home / "store.sqlite"
    path.chmod(0o444)
    home.chmod(0o555)
    before = path.read_bytes()
    assert not page.run("nobody", NOBODY).error  # the last test of this kernel
    try:
        opened_at(page, home / "sub")  # not there, and cannot be made
        is_told_once(page, service, "Conversations cannot be kept in")
        opened_at(page, home)  # can be read, so the conversation goes on
        service.journal.clear()
        page.run("x2", "1")
        first = page.run("x", "%%qwen\nOne")
        told = first.text + page.run("y", "%%qwen\nTwo").text
        assert "The first answer." in first.text
        assert told.count("Conversations cannot be kept in") == 1
        assert "cannot be kept" not in page.run("z", "%%qwen\nOne").text
        assert path.read_bytes() == before
    finally:
        home.chmod(0o755)
