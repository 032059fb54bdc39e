"""What a conversation remembers when its kernel, its file or its store is another one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_nb.emulator.server import Emulator
from tests.conversation._page import LOAD, Page, said
from tests.conversation.identity._notebooks import cell, write

pytestmark = pytest.mark.kernel

Opens = Callable[[Page], Page]
FIRST, SECOND, WHAT = "Good morning", "A second question", "What did I ask first?"


def begun(page: Page) -> Page:
    """Ask two questions, save, and end the kernel."""
    page.start()
    page.run("a", f"%%qwen\n{FIRST}")
    page.run("b", f"%%qwen\n{SECOND}")
    page.save()
    page.shutdown()
    return page


@pytest.fixture
def page(emulator: Emulator, tmp_path: Path) -> Page:
    page = begun(Page(tmp_path, emulator, name="Untitled.ipynb"))
    emulator.journal.clear()
    return page


def asks_first(page: Page, emulator: Emulator, *before: str) -> str:
    """Ask what was asked first; return what the card said."""
    shown = page.run("what", f"%%qwen\n{WHAT}")
    assert said(emulator.journal[-1]) == [*before, WHAT]
    if before:
        assert f"You began with: “{before[0]}”" in shown.text
    return shown.text


def test_it_goes_on_after_a_restart_and_after_a_rename(
    page: Page, emulator: Emulator, open_page: Opens
) -> None:
    open_page(page)
    assert asks_first(page, emulator, FIRST, SECOND).count("copy") == 0
    page.save()
    page.rename("Renamed while its kernel ran.ipynb")
    page.run("c", "%%qwen\nStill there?")
    page.restart()  # not saved since
    emulator.journal.clear()
    page.run("d", "%%qwen\nAnd now?")
    assert said(emulator.journal[-1]) == [FIRST, SECOND, WHAT, "Still there?", "And now?"]
    with sqlite3.connect(page.home / "store.sqlite") as database:
        (row,) = database.execute("SELECT path FROM conversations").fetchall()
    database.close()
    assert row == (str(page.path.resolve()),)


def test_what_was_never_saved_goes_on_after_a_restart(
    emulator: Emulator, open_page: Opens, tmp_path: Path
) -> None:
    page = open_page(Page(tmp_path, emulator))  # a file without cells
    page.run("a", f"%%qwen\n{FIRST}")
    page.run("b", f"%%qwen\n{SECOND}")
    page.restart_kernel()
    asks_first(page, emulator, FIRST, SECOND)
    page.restart()  # another kernel knows of nothing that was not saved
    page.run("c", f"%%qwen\n{WHAT}")
    assert said(emulator.journal[-1]) == [WHAT]


def test_a_look_from_a_console_keeps_nothing_from_being_stored(
    emulator: Emulator, open_page: Opens, tmp_path: Path
) -> None:
    page = open_page(Page(tmp_path, emulator))
    assert not page.run_beside("Chat.current().turns").error
    page.run("a", f"%%qwen\n{FIRST}")
    page.save()
    page.restart()
    asks_first(page, emulator, FIRST)


def test_a_copy_and_its_original_go_on_separately(
    page: Page, emulator: Emulator, open_page: Opens
) -> None:
    copy = open_page(page.copied("Copy.ipynb"))
    assert "is a copy" in asks_first(copy, emulator, FIRST, SECOND)
    copy.run("e", "%%qwen\nOnly in the copy")
    assert "is a copy" not in copy.run("e").text  # it is told once
    open_page(page)
    page.run("f", "%%qwen\nOnly in the original")
    assert said(emulator.journal[-1]) == [FIRST, SECOND, "Only in the original"]
    copy.save()
    copy.restart()
    copy.run("g", "%%qwen\nAnd again in the copy")
    assert said(emulator.journal[-1]) == [
        FIRST, SECOND, WHAT, "Only in the copy", "And again in the copy",
    ]  # fmt: skip


def test_it_is_rebuilt_where_the_store_is_gone(
    page: Page, emulator: Emulator, open_page: Opens, tmp_path: Path
) -> None:
    (page.home / "store.sqlite").unlink()
    open_page(page)
    assert "goes on from the turns its outputs carry (2)" in asks_first(
        page, emulator, FIRST, SECOND
    )
    page.run("b", "%%qwen\nThe second again")  # a cell is still its cell
    assert page.questions() == [FIRST, "The second again", WHAT]
    page.save()
    page.restart()
    page.run("c", "%%qwen\nAnd now?")
    assert said(emulator.journal[-1]) == [FIRST, "The second again", WHAT, "And now?"]
    page.save()
    page.shutdown()
    # a colleague opens it
    page.home = tmp_path / "another home"
    page.start()
    shown = page.run("d", "%%qwen\nWhat now?")
    assert said(emulator.journal[-1]) == [
        FIRST, "The second again", WHAT, "And now?", "What now?",
    ]  # fmt: skip
    assert "goes on from the turns its outputs carry (4)" in shown.text


def test_todays_untitled_inherits_nothing_of_yesterdays(
    page: Page, emulator: Emulator, open_page: Opens
) -> None:
    page.path.unlink()
    today = open_page(
        Page(page.path.parent, emulator, name="Untitled.ipynb", cells={"t0": LOAD})
    )
    today.run("t1", f"%%qwen\n{WHAT}")
    assert said(emulator.journal[-1]) == [WHAT]
    assert today.questions() == [WHAT]


def test_a_notebook_that_a_cell_runs_writes_nothing_into_this_one(
    page: Page, emulator: Emulator, open_page: Opens
) -> None:
    child = page.path.with_name("child.ipynb")
    write(
        child,
        cell("a") | {"source": LOAD},
        cell("b") | {"source": "%%qwen\nA question of the child"},
    )
    open_page(page)
    page.run("run", f"!jupyter execute {child} --inplace")
    assert said(emulator.journal[-1]) == ["A question of the child"]
    assert "A question of the child" in child.read_text()
    outputs = json.loads(child.read_text())["cells"][1]["outputs"]
    assert outputs[0]["metadata"]["qwen_nb"].get("chat") is None
    asks_first(page, emulator, FIRST, SECOND)
    with sqlite3.connect(page.home / "store.sqlite") as database:
        prompts = database.execute("SELECT prompt FROM entries").fetchall()
    database.close()
    assert "child" not in str(prompts)


WRITTEN = "json.dumps(Chat.current().kept().store.flush(10))"


def test_two_kernels_on_one_notebook_see_each_other(
    page: Page, emulator: Emulator, open_page: Opens
) -> None:
    other = Page(page.path.parent, emulator, name="elsewhere.ipynb", home=page.home)
    other.path.unlink()
    other.path = page.path
    one, other = open_page(page), open_page(other)
    one.run("x1", "%%qwen\nFrom one")
    other.run("y1", "%%qwen\nFrom the other")
    assert said(emulator.journal[-1]) == [FIRST, SECOND, "From one", "From the other"]
    one.run("x2", "%%qwen\nFrom one again")
    assert said(emulator.journal[-1]) == [
        FIRST, SECOND, "From one", "From the other", "From one again",
    ]  # fmt: skip
    other.run("a", "%%qwen\nThe first, asked anew by the other")
    assert other.value(WRITTEN)  # what a kernel writes, it writes while the cell ends
    one.run("x3", "%%qwen\nThe last")
    everything = [
        "The first, asked anew by the other", SECOND, "From one", "From the other",
        "From one again", "The last",
    ]  # fmt: skip
    assert said(emulator.journal[-1]) == everything
    other.run("y2", "1")
    assert FIRST in [each[0] for each in one.talk() if each[1] == "replaced"]
