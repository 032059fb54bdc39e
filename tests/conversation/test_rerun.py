"""Cells that run again: their turns are new versions in their old places."""

from __future__ import annotations

import pytest

from qwen_nb.emulator.server import Emulator
from tests.conversation._page import Page, said

pytestmark = pytest.mark.kernel

ONE, TWO, THREE = "A first question", "A second question", "A third question"
THREE_CELLS = {"a": f"%%qwen\n{ONE}", "b": f"%%qwen\n{TWO}", "c": f"%%qwen\n{THREE}"}


def test_running_all_again_makes_no_second_conversation(
    notebook_page: Page, emulator: Emulator
) -> None:
    page = notebook_page
    page.cells |= THREE_CELLS
    page.run_all()
    assert page.questions() == [ONE, TWO, THREE]
    page.save()
    page.restart()
    emulator.journal.clear()
    page.run_all()
    assert page.questions() == [ONE, TWO, THREE]
    assert [said(record) for record in emulator.journal] == [
        [ONE], [ONE, TWO], [ONE, TWO, THREE],
    ]  # fmt: skip
    current = [each for each in page.talk() if each[1] == "current"]
    # each was asked again after those before it, so none is older
    assert [each[2] for each in current] == [False, False, False]

    other = "Another second question"
    page.run("b", f"%%qwen\n{other}")
    assert said(emulator.journal[-1]) == [ONE, other]
    assert page.questions() == [ONE, other, THREE]
    standing = {each[0]: each[2] for each in page.talk() if each[1] == "current"}
    assert standing == {ONE: False, other: False, THREE: True}

    page.run("x", "back = Chat.current().restore()")
    assert page.value("json.dumps(back.turn.prompt)") == TWO
    assert page.questions() == [ONE, TWO, THREE]
    page.run("d", "%%qwen\nAnd a fourth")
    assert said(emulator.journal[-1]) == [ONE, TWO, THREE, "And a fourth"]
    page.save()
    page.restart()
    page.run("e", "%%qwen\nAnd a fifth")
    assert said(emulator.journal[-1]) == [ONE, TWO, THREE, "And a fourth", "And a fifth"]


LOOP = "for n in range({}):\n    _ = Chat.current().ask(f'{} {{n}}')"


def test_a_cell_that_asks_in_a_loop(notebook_page: Page, emulator: Emulator) -> None:
    page = notebook_page
    page.run("a", f"%%qwen\n{ONE}")
    page.run("loop", LOOP.format(3, "old"))
    page.run("b", f"%%qwen\n{TWO}")
    assert page.questions() == [ONE, "old 0", "old 1", "old 2", TWO]
    emulator.journal.clear()
    page.run("loop", LOOP.format(2, "new"))
    assert page.questions() == [ONE, "new 0", "new 1", TWO]
    assert [said(record) for record in emulator.journal] == [
        [ONE, "new 0"], [ONE, "new 0", "new 1"],
    ]  # fmt: skip
    page.run("loop")
    assert page.questions() == [ONE, "new 0", "new 1", TWO]
    page.restart()
    page.run("loop", LOOP.format(1, "last"))
    assert page.questions() == [ONE, "last 0", TWO]


def test_new_in_the_first_cell_makes_one_conversation_however_often_it_runs(
    notebook_page: Page, emulator: Emulator
) -> None:
    page = notebook_page
    page.run("before", "%%qwen\nSomething else before")
    page.cells |= THREE_CELLS | {"a": f"%%qwen --new\n{ONE}"}
    for restarts in (False, False, True):
        if restarts:
            page.restart()
        emulator.journal.clear()
        page.run_all(but=("c0", "before"))
        assert page.questions() == [ONE, TWO, THREE]
        assert [said(record) for record in emulator.journal] == [
            [ONE], [ONE, TWO], [ONE, TWO, THREE],
        ]  # fmt: skip
    begins = "json.dumps([t.prompt for t in Chat.current().turns if t.starts_anew])"
    assert page.value(begins) == [ONE]


def test_a_run_that_fails_before_its_first_byte_replaces_nothing(
    notebook_page: Page, emulator: Emulator
) -> None:
    page = notebook_page
    page.cells |= THREE_CELLS
    page.run_all()
    before = page.talk()
    failed = page.run("b", f"%%qwen -m no-such-model\n{TWO}")
    assert "no-such-model" in failed.error + failed.text
    assert emulator.journal[-1].status in (400, 404)
    assert page.talk() == before
    page.run("d", "%%qwen\nAnd then?")
    assert said(emulator.journal[-1]) == [ONE, TWO, THREE, "And then?"]
    assert emulator.journal[-1].status == 200


def test_a_deleted_cell_leaves_the_context_and_comes_back(
    notebook_page: Page, emulator: Emulator
) -> None:
    page = notebook_page
    page.cells |= THREE_CELLS
    page.run_all()
    kept = page.delete("b")
    page.run("x", "1")  # Lab tells it here, and never again
    page.run("d", "%%qwen\nWhat is left?")
    assert said(emulator.journal[-1]) == [ONE, THREE, "What is left?"]
    assert [TWO, "deleted", False, "stop"] in page.talk()
    page.undelete("b", kept)
    page.run("b")
    assert said(emulator.journal[-1]) == [ONE, TWO]
    assert page.questions() == [ONE, TWO, THREE, "What is left?"]
    page.delete("d")
    page.save()
    page.restart()  # the kernel that was to be told is gone
    page.run("e", "%%qwen\nAnd now?")
    assert said(emulator.journal[-1])[:3] == [ONE, TWO, THREE]
