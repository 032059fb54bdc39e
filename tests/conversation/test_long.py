"""Hundreds of turns in a notebook, asked of a model that takes little."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from tests.conversation._page import Page, said

pytestmark = pytest.mark.kernel

LIMIT = 4_096
WORDS = "the river runs past a mill where seven grey geese wait for bread "
TURNS = 300

TALK = f"""
replies = []
def questions(numbers, **how):
    for n in numbers:
        reply = Chat.current().ask(f"Question {{n}}: " + {WORDS!r} * 8, quiet=True, **how)
        replies.append(reply)
"""


def is_summary(record: Any) -> bool:
    return bool(record.body["messages"][-1]["content"].startswith("Summarise"))


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulator]:
    with Emulator(pace=0, max_input={"qwen-plus": LIMIT, "glm-4.7": 2_000}) as emulator:
        yield emulator


@contextmanager
def talking(folder: Path, small: Emulator, turns: int) -> Iterator[Page]:
    """Ask long questions, a cell each, of a model of which the limit is known."""
    home = folder / "qwen_home"
    home.mkdir()
    (home / "models.csv").write_text(f"id,max_input\nqwen-plus,{LIMIT}\n")
    with Page(folder, small, home=home) as page:
        page.run("def", TALK)
        for n in range(1, turns + 1):
            ran = page.run(f"q{n}", f"questions([{n}])")
            assert not ran.error, (n, ran)
        page.save()
        yield page


@pytest.fixture(scope="module")
def talked(small: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with talking(tmp_path_factory.mktemp("talk"), small, turns=TURNS) as page:
        yield page


def test_300_long_turns_never_meet_the_limit(talked: Page, small: Emulator) -> None:
    assert {record.status for record in small.journal} == {200}
    summaries = [record for record in small.journal if is_summary(record)]
    assert len(small.journal) == TURNS + len(summaries)
    assert len(summaries) >= 10
    assert talked.value("json.dumps(max(reply.usage.input for reply in replies))") <= LIMIT
    assert talked.value("json.dumps(len(Chat.current().turns))") == TURNS


def test_the_first_summary_is_announced_and_only_that(talked: Page, small: Emulator) -> None:
    notes = talked.value("json.dumps([list(reply.notes) for reply in replies])")
    announced = [n for n, told in enumerate(notes) if "a call of its own" in " ".join(told)]
    assert len(announced) == 1
    with_summary = [n for n, told in enumerate(notes) if "sent as a summary" in " ".join(told)]
    assert with_summary[0] == announced[0]
    first = next(at for at, record in enumerate(small.journal) if is_summary(record))
    assert first == announced[0]  # the summary's call goes before the question's own


def test_the_summary_is_used_again_after_a_restart(talked: Page, small: Emulator) -> None:
    talked.restart()
    small.journal.clear()
    talked.run("after", "%%qwen\nWhat did I ask first?")
    (record,) = small.journal
    assert record.status == 200
    assert record.body["messages"][0]["content"].startswith("[Summary of the first")


def test_a_rerun_of_an_early_turn_drops_the_summary_that_covers_it(
    small: Emulator, tmp_path: Path
) -> None:
    with talking(tmp_path, small, turns=40) as page:
        small.journal.clear()
        page.run("q2", "%%qwen\nSomething else altogether")
        (record,) = small.journal
        assert said(record)[1:] == ["Something else altogether"]
        assert said(record)[0].startswith("Question 1: ")  # as it was, with no summary
        small.journal.clear()
        page.run("again", "%%qwen\nAnd what was the second?")
        assert {record.status for record in small.journal} == {200}
        made = [record for record in small.journal if is_summary(record)]
        assert made  # the old ones stand for another second turn
        read = made[0].body["messages"][-1]["content"]
        assert "Something else altogether" in read
        assert "Question 2: " not in read
        # with the old version back, what stood for it stands again
        page.run("back", "Chat.current().undo(); Chat.current().restore(2)")
        small.journal.clear()
        page.run("and", "%%qwen\nAnd now?")
        assert not any(map(is_summary, small.journal))


def test_a_server_teaches_a_limit_that_nobody_knew(small: Emulator, tmp_path: Path) -> None:
    small.journal.clear()
    with Page(tmp_path, small) as page:
        page.run("def", TALK)
        for n in range(1, 25):
            ran = page.run(f"q{n}", f"questions([{n}], model='glm-4.7')")
            assert not ran.error, (n, ran)
        assert [r.status for r in small.journal].count(400) == 1
        assert any(is_summary(record) for record in small.journal)
        assert json.loads((page.home / "limits.json").read_text())
        page.save()
        page.restart()
        small.journal.clear()
        page.run("def", TALK)
        for n in range(25, 35):
            page.run(f"q{n}", f"questions([{n}], model='glm-4.7')")
        assert {record.status for record in small.journal} == {200}


# -- what a request costs ---------------------------------------------------------------------

ONE = """
def one(k):
    words = "some words of a person " * 4
    Chat.current().ask(f"Question {k}: {words}", quiet=True, thinking=True)
"""

ANSWER = "An answer of a few sentences. It says the same each time. " * 8


@pytest.fixture(scope="module")
def even() -> Iterator[Emulator]:
    with Emulator(pace=0) as emulator:
        emulator.script(
            Script(name="even", asks="^Question", thinking="Hm. " * 40, answer=ANSWER)
        )
        yield emulator


def test_the_200th_request_is_little_longer_than_it_must_be(
    even: Emulator, tmp_path: Path
) -> None:
    with Page(tmp_path, even) as page:
        page.run("def", ONE)
        for k in range(1, 201):
            ran = page.run(f"q{k}", f"one({k})")
            assert not ran.error, ran
    record = even.journal[199]
    body = record.body
    questions = [one["content"] for one in body["messages"][::2]]
    assert [one.partition(":")[0] for one in questions] == [
        f"Question {k}" for k in range(1, 201)
    ]
    least = [
        message
        for question in questions[:-1]
        for message in (
            {"role": "user", "content": question},
            {"role": "assistant", "content": ANSWER.strip()},
        )
    ]
    least.append({"role": "user", "content": questions[-1]})
    whole = {"model": "qwen-plus", "messages": least, "stream": True}
    bytes_ = len(json.dumps(whole, ensure_ascii=False, separators=(",", ":")).encode())
    assert len(record.raw) <= 1.02 * bytes_
    assert b"reasoning_content" not in record.raw
    assert b"Hm." not in record.raw
