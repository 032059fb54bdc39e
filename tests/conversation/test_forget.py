"""A person takes back what was pasted: from a cell, with a real kernel and a real store."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conversation._page import Page

pytestmark = pytest.mark.kernel

SECRET = "My password is Zebraquartz-77 翡翠口令"
TRACES = ("Zebraquartz", "zebraquartz", "翡", "翠")


def traces(folder: Path) -> set[str]:
    """Return which files under a folder hold a trace, in UTF-8 or as JSON escapes it."""
    forms = [
        form for each in TRACES for form in (each.encode(), json.dumps(each)[1:-1].encode())
    ]
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert any(each.name == "store.sqlite" for each in files)
    return {each.name for each in files if any(form in each.read_bytes() for form in forms)}


def command(page: Page, line: str) -> str:
    ran = page.run("command", f"%qwen_nb {line}")
    assert not ran.error, ran.error
    return ran.text


def test_a_turn_is_forgotten_for_good(notebook_page: Page) -> None:
    page = notebook_page
    page.run("c1", "%%qwen\nA harmless question")
    page.run("s", f"%%qwen\n{SECRET}")
    page.run("s")
    page.run("again", "%qwen_nb retry")
    page.run("c3", "%%qwen\nAnother harmless question")
    page.run("map", f"import qwen_nb\nr = qwen_nb.map([{SECRET!r}, 'geese'], '{{item}}')")
    assert "turn 2" in command(page, "search Zebraquartz")
    command(page, "undo 2")
    command(page, "restore")
    command(page, "restore")
    command(page, "fork other")
    command(page, "switch main")
    page.run("command", "%qwen_nb history")
    page.save()
    cassette = page.path.with_name("old.cassette")
    cassette.write_text(json.dumps({"prompt": SECRET}), "utf-8")
    assert traces(page.home) == {"store.sqlite", "answers.sqlite"}

    for line in ("forget turn 2", "forget 2"):
        told = command(page, line)
        assert "--yes" in told
        assert "versions: 3" in told
        assert "other" in told
        assert "cells 3, 4" in told
        assert "old.cassette" in told
        assert "Zebra" not in told
    assert traces(page.home) == {"store.sqlite", "answers.sqlite"}

    told = command(page, "forget 2 --yes")
    assert "Kept answers of map that held its words were deleted: 1." in told
    assert "old.cassette" in told
    assert traces(page.home) == set()
    left = ["A harmless question", "Another harmless question"]
    assert page.questions() == left
    page.run("c4", "%%qwen\nThe end")
    last = page.emulator.journal[-1].body["messages"]  # type: ignore[union-attr]
    assert "Zebraquartz" not in json.dumps(last, ensure_ascii=False)

    page.save()  # its outputs still show the turn
    assert "Zebraquartz" in page.path.read_text("utf-8")
    page.restart()
    page.run("c5", "%%qwen\nAfter all")
    assert page.questions() == [*left, "The end", "After all"]
    assert all(SECRET not in row for row in page.talk())
    command(page, "switch other")
    assert page.questions() == left
    page.shutdown()
    assert traces(page.home) == set()


def test_a_conversation_is_forgotten_and_not_rebuilt(notebook_page: Page) -> None:
    page = notebook_page
    page.run("c1", "%%qwen\nA harmless question")
    command(page, "new draft")
    page.run("s", f"%%qwen\n{SECRET}")
    page.run("t", f"%%qwen\n{SECRET} again")
    page.save()
    told = command(page, "forget draft --yes")
    assert told.startswith("Conversation draft is deleted for good (versions: 2).")
    assert traces(page.home) == set()
    assert page.questions() == ["A harmless question"]
    page.save()
    page.restart()
    page.run("c2", "%%qwen\nWhat now?")
    assert page.questions() == ["A harmless question", "What now?"]
    assert "draft" not in command(page, "chats")
    assert "no conversation 'draft'" in page.run("command", "%qwen_nb forget draft").error

    page.run("s")  # the cell still stands there; who runs it again asks it again
    assert page.questions()[-1] == SECRET
    command(page, "forget main --yes")
    assert traces(page.home) == set()
    assert page.questions() == []
    page.save()
    page.restart()
    page.run("c3", "%%qwen\nAnew")
    assert page.questions() == ["Anew"]
    page.shutdown()
    assert traces(page.home) == set()


def rows(page: Page, query: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(page.home / "store.sqlite")) as database:
        return database.execute(query).fetchall()


def test_summaries_and_vectors_of_a_turn_go_with_it(notebook_page: Page) -> None:
    page = notebook_page
    page.home.mkdir(exist_ok=True)
    (page.home / "models.csv").write_text("id,max_input\nqwen-plus,3000\n")
    long = "seven grey geese " * 60
    page.run("s", f"%%qwen\n{SECRET} {long}")
    for n in range(9):
        page.run(f"c{n + 1}", f"%%qwen\nQuestion {n}: {long}")
    command(page, "config context retrieve 2")
    page.run("r", "%%qwen\nWhat fits the password?")
    ((asked,),) = rows(page, "SELECT id FROM entries WHERE instr(prompt, 'Zebraquartz')")
    turn = f"'{asked}'"
    ((summaries, vectors),) = rows(
        page,
        f"SELECT (SELECT count(*) FROM summaries WHERE instr(summary, {turn})),"
        f" (SELECT count(*) FROM vectors WHERE turn = {turn})",
    )
    assert summaries
    assert vectors == 1
    ((made,),) = rows(page, "SELECT count(*) FROM vectors")

    told = command(page, "forget 1")
    (repeats,) = re.findall(r"Other turns repeat its words .*: main (.*)\.", told)
    quoting = repeats.split(", ")  # the emulator says how the first turn began
    told = command(page, "forget 1 --yes")
    assert "versions: 1" in told
    assert f"main {', '.join(str(int(each) - 1) for each in quoting)}." in told
    assert rows(page, "SELECT count(*) FROM summaries") == [(0,)]
    assert rows(page, f"SELECT count(*) FROM vectors WHERE turn = {turn}") == [(0,)]
    for each in reversed(quoting):
        told = command(page, f"forget {int(each) - 1} --yes")
    assert "repeat its words" not in told
    assert traces(page.home) == set()
    assert rows(page, "SELECT count(*) FROM vectors") == [(made - 1 - len(quoting),)]
    requests = len(page.emulator.journal)  # type: ignore[union-attr]
    page.run("r2", "%%qwen\nWhat fits now?")
    sent = json.dumps([each.body for each in page.emulator.journal[requests:]])  # type: ignore[union-attr]
    assert "Zebraquartz" not in sent
    page.shutdown()
    assert traces(page.home) == set()
