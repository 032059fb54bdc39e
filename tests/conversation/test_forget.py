"""A person takes back what was pasted: from a cell, with a real kernel and a real store."""

from __future__ import annotations

import json
from pathlib import Path

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
