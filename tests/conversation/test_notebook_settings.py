"""What a person set for a notebook holds there, wherever its conversation goes on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qwen_nb.emulator.server import Emulator
from qwen_nb.texts import text
from tests.conversation._page import Page

pytestmark = pytest.mark.kernel

Opens = Callable[[Page], Page]
HERE_ONLY = text("budget.here_only", "en")
KEPT, PLAIN = ("qwen-plus-latest", 321), ("qwen-plus", None)  # as requests say it
OF_NOTEBOOK = "this notebook: %qwen_nb config {} --notebook"


def shown(page: Page, line: str, cell: str = "shows") -> str:
    ran = page.run(cell, f"%qwen_nb {line}")
    assert not ran.error, ran
    return ran.text.strip()


def set_up(page: Page) -> None:
    """Let a notebook have settings of its own, each made in a cell of its own."""
    for name, value in (("model", "qwen-plus-latest"), ("thinking", "321")):
        told = shown(page, f"config {name} {value} --notebook", f"sets-{name}")
        assert told == f"{name}: {value} ({OF_NOTEBOOK.format(name)})"


def asked(page: Page, emulator: Emulator, cell: str = "asks") -> tuple[str, int | None]:
    """Ask; return the model of the request, and how much it may think."""
    ran = page.run(cell, f"%%qwen\nA question of {cell}")
    assert not ran.error, ran
    body = emulator.journal[-1].body
    return body["model"], body.get("thinking_budget")


def test_they_hold_from_the_first_question_after_a_restart(
    notebook_page: Page, emulator: Emulator
) -> None:
    page = notebook_page
    set_up(page)
    assert asked(page, emulator) == KEPT
    page.save()
    page.restart()
    assert asked(page, emulator) == KEPT  # before anything else asked for settings
    page.restart()
    # a look at the settings opens nothing, and cannot know yet
    unasked = "[chat.settings().value('model'), chat.now().notebook._store is None]"
    unasked = unasked.replace("chat.", "Chat.current().")
    assert page.value(f"json.dumps({unasked})") == ["qwen-plus", True]
    page.restart()
    assert "qwen-plus-latest" in shown(page, "status")
    page.restart()
    lines = shown(page, "config").splitlines()
    assert f"model: qwen-plus-latest ({OF_NOTEBOOK.format('model')})" in lines
    assert "retries: 1 (QWEN_NB_RETRIES)" in lines
    assert len(shown(page, "config --notebook").splitlines()) == 2

    # the session is nearer, and the notebook's own comes back behind it
    page.run("nearer", "%config QwenMagics.model = 'qwen-max'")
    assert asked(page, emulator)[0] == "qwen-max"
    shown(page, "config model default")
    assert asked(page, emulator) == KEPT
    shown(page, "config model default --notebook")
    assert shown(page, "config model") == "model: qwen-plus (QWEN_NB_MODEL)"
    page.restart()
    assert asked(page, emulator) == ("qwen-plus", 321)


def test_a_cell_that_sets_one_is_enough_to_know_the_notebook_by(
    notebook_page: Page, emulator: Emulator
) -> None:
    page = notebook_page
    set_up(page)
    page.save()
    page.restart()  # another kernel, and nothing was asked yet
    assert asked(page, emulator) == KEPT


def test_the_first_question_after_a_restart_is_in_the_notebooks_language(
    notebook_page: Page, emulator: Emulator
) -> None:
    page = notebook_page
    assert "本笔记本:" in shown(page, "config lang zh --notebook")
    page.save()
    for line in ("status", "config", "config --notebook", "usage", "chats"):
        page.restart()
        told = shown(page, line)
        assert any("\u4e00" <= letter <= "\u9fff" for letter in told), (line, told)
    page.restart()
    assert "思考" in page.run("asks", "%%qwen --think\n一个问题").text
    page.restart()
    assert "没有" in page.run("fails", "%qwen_nb restore 7").error


def test_they_go_along_with_a_rename(
    notebook_page: Page, emulator: Emulator, tmp_path: Path
) -> None:
    page = notebook_page
    set_up(page)
    asked(page, emulator)
    page.save()
    page.shutdown()
    page.rename("renamed.ipynb")
    page.start()
    assert asked(page, emulator, "again") == KEPT


def test_a_copy_begins_with_them_and_goes_its_own_way(
    notebook_page: Page, emulator: Emulator, open_page: Opens, tmp_path: Path
) -> None:
    page = notebook_page
    set_up(page)
    asked(page, emulator)
    page.save()
    copy = open_page(page.copied("copy.ipynb"))
    assert asked(copy, emulator, "in-the-copy") == KEPT
    shown(copy, "config thinking default --notebook")
    shown(copy, "config model qwen-max --notebook")
    assert asked(copy, emulator, "in-the-copy") == ("qwen-max", None)
    assert asked(page, emulator) == KEPT
    # who has another store has the conversation, and none of the settings
    mailed = open_page(page.copied("mailed.ipynb", home=tmp_path / "another home"))
    assert asked(mailed, emulator) == PLAIN
    assert shown(mailed, "config --notebook") == text("config.notebook_none", "en")


def test_another_notebook_knows_nothing_of_them(
    notebook_page: Page, emulator: Emulator, open_page: Opens, tmp_path: Path
) -> None:
    set_up(notebook_page)
    asked(notebook_page, emulator)
    other = open_page(Page(tmp_path, emulator, name="other.ipynb", home=notebook_page.home))
    assert asked(other, emulator, "elsewhere") == PLAIN
    assert "QWEN_NB_MODEL" in shown(other, "config model", "shows-elsewhere")


def test_two_kernels_of_one_notebook_share_them(
    notebook_page: Page, emulator: Emulator, open_page: Opens, tmp_path: Path
) -> None:
    page = notebook_page
    asked(page, emulator)
    other = Page(tmp_path, emulator, home=page.home, cells=page.cells)
    page.save()
    open_page(other)
    assert asked(other, emulator, "beside") == PLAIN
    set_up(page)
    assert asked(other, emulator, "beside") == KEPT
    shown(other, "config thinking default --notebook")
    assert asked(page, emulator) == ("qwen-plus-latest", None)


def test_every_chat_in_the_notebook_has_them(notebook_page: Page, emulator: Emulator) -> None:
    page = notebook_page
    set_up(page)
    page.save()
    page.restart()
    page.run("job", "job = Chat.current().start('In the background')\njob.wait()")
    assert emulator.journal[-1].body["model"] == "qwen-plus-latest"
    page.run("named", "_ = Chat(name='aside').ask('Aside', quiet=True)")
    assert emulator.journal[-1].body["model"] == "qwen-plus-latest"
    page.run("fork", "_ = Chat.current().fork().ask('Forked', quiet=True)")
    assert emulator.journal[-1].body["model"] == "qwen-plus-latest"
    page.run("memory", "_ = Chat().ask('In memory', quiet=True)")
    assert emulator.journal[-1].body["model"] == "qwen-plus-latest"


def test_where_nothing_tells_the_notebook_the_session_takes_it(
    notebook_page: Page, emulator: Emulator
) -> None:
    page = notebook_page
    beside = page.run_beside("%qwen_nb config model qwen-max --notebook")
    assert beside.text.strip().splitlines() == [
        "model: qwen-max (%qwen_nb config model)", HERE_ONLY,
    ]  # fmt: skip
    assert asked(page, emulator)[0] == "qwen-max"
    page.save()
    page.restart()
    assert asked(page, emulator) == PLAIN


def test_a_store_that_cannot_be_opened_leaves_it_to_the_session(
    emulator: Emulator, open_page: Opens, tmp_path: Path
) -> None:
    page = Page(tmp_path, emulator)
    page.home.mkdir()
    (page.home / "store.sqlite").write_bytes(b"no database " * 100)
    open_page(page)
    told = shown(page, "config thinking 321 --notebook")
    assert HERE_ONLY in told
    assert asked(page, emulator) == ("qwen-plus", 321)
