"""`%qwen_nb forget` as a person types it; conversations in memory."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError

from qwen_nb import Chat
from qwen_nb.emulator.server import Emulator
from qwen_nb.store.answers import Answers
from qwen_nb.texts import text

Notebook = Any


def chat_of(notebook: Notebook) -> Chat:
    chat: Chat = notebook.shell.magics_manager.registry["QwenMagics"].chat
    return chat


def prompts(notebook: Notebook) -> list[str]:
    return [entry.turn.prompt for entry in chat_of(notebook).conversation.entries]


@pytest.fixture
def said(notebook: Notebook, settled: Emulator) -> Callable[[str], str]:
    """Run a command; return what it printed."""

    def said(line: str) -> str:
        ran = notebook.run(f"%qwen_nb {line}")
        assert ran.error is None, ran.error
        out: str = ran.out
        return out.rstrip("\n")

    return said


@pytest.fixture
def refused(notebook: Notebook, settled: Emulator) -> Callable[[str], str]:
    """Run a command that cannot be done; return the one line that says why."""

    def refused(line: str) -> str:
        ran = notebook.run(f"%qwen_nb {line}")
        assert isinstance(ran.error, UsageError), ran.error
        assert "\n" not in str(ran.error)
        return str(ran.error)

    return refused


@pytest.fixture
def three(notebook: Notebook, settled: Emulator) -> Notebook:
    for prompt in ("one", "two", "three"):
        assert notebook.run(f"%qwen -q {prompt}").error is None
    return notebook


@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_goes_without_yes(three: Notebook, said: Any, language: str) -> None:
    said(f"config lang {language}")
    what = text("forget.turn", language, turn=2, name="main")  # type: ignore[arg-type]
    told = said("forget 2")
    assert what in told[:1].lower() + told[1:]
    assert "--yes" in told
    assert "two" not in told
    assert prompts(three) == ["one", "two", "three"]
    assert what.casefold() in said("forget --yes 2").casefold()
    assert prompts(three) == ["one", "three"]
    assert chat_of(three).conversation.entries[1].older
    assert "three" not in said("forget 2")  # it is turn 2 now


def test_all_versions_go_and_copies_in_memory(three: Notebook, said: Any) -> None:
    three.run("%qwen_nb retry -q")
    said("fork draft")
    said("forget turn 3 --yes")  # asked in the fork, where it is a copy
    assert prompts(three) == ["one", "two"]
    said("switch main")
    assert prompts(three) == ["one", "two"]
    sent = said("history")
    assert "three" not in sent


def test_a_turn_that_was_undone_has_its_number_in_brackets(
    three: Notebook, said: Any, refused: Any
) -> None:
    said("undo")
    assert "(3)" in said("history")
    assert refused("forget 4 --yes") == text("error.no_turn", turn=4)
    said("forget (3) --yes")
    assert prompts(three) == ["one", "two"]
    said("undo")
    said("forget 2 --yes")
    assert prompts(three) == ["one"]


def test_a_number_of_before_a_new_beginning(three: Notebook, said: Any, refused: Any) -> None:
    said("new")
    three.run("%qwen -q four")
    said("forget 2 --yes")  # there is one only
    assert prompts(three) == ["one", "three", "four"]
    said("new")
    said("new")
    three.run("%qwen -q five")
    said("forget 1 --yes")
    assert prompts(three) == ["one", "three", "four"]
    said("new")
    assert refused("forget 7 --yes") == text("error.no_turn", turn=7)


def test_a_conversation_goes_and_main_is_asked(
    three: Notebook, said: Any, refused: Any
) -> None:
    said("new draft")
    three.run("%qwen -q secret")
    assert "'draff'" in (told := refused("forget draff"))
    assert "draft" in told
    said("forget draft --yes")
    assert prompts(three) == ["one", "two", "three"]
    assert "draft" not in said("chats")
    said("forget main --yes")
    assert prompts(three) == []


def test_what_may_be_both_is_asked_for(three: Notebook, said: Any, refused: Any) -> None:
    said("new 2")
    three.run("%qwen -q in the second")
    said("switch main")
    assert refused("forget 2") == text("forget.both", word="2")
    said("forget turn 2 --yes")
    assert prompts(three) == ["one", "three"]
    said("forget chat 2 --yes")
    assert "in the second" not in said("chats")
    assert prompts(three) == ["one", "three"]


@pytest.mark.parametrize("line", ["forget", "forget --yes", "forget turn x", "forget turn 0"])
def test_what_is_wanted_is_said(three: Notebook, refused: Any, line: str) -> None:
    assert refused(line) == text("forget.wanted")


def test_a_question_that_is_being_answered_is_not_forgotten(
    three: Notebook, refused: Any, said: Any
) -> None:
    conversation = chat_of(three).conversation
    slot = conversation.slot_again(conversation.current_entries[1].id)
    assert refused("forget 2 --yes") == text("forget.running")
    assert refused("forget main --yes") == text("forget.running")
    said("forget 1 --yes")
    conversation.release(slot)
    assert prompts(three) == ["two", "three"]


def test_kept_answers_of_a_conversation_in_memory(
    three: Notebook, said: Any, settled: Emulator
) -> None:
    import os

    import qwen_nb

    settled_home = Path(os.environ["QWEN_NB_HOME"])
    three.run("%qwen -q The door opens with Zebraquartz-77")
    qwen_nb.map(["The door opens with Zebraquartz-77", "geese"], "{item}", progress=False)
    Answers(settled_home / "answers.sqlite").close()
    assert b"Zebraquartz" in (settled_home / "answers.sqlite").read_bytes()
    assert said("forget 4 --yes").endswith(text("forget.answers", n=1))
    assert b"Zebraquartz" not in (settled_home / "answers.sqlite").read_bytes()


def test_the_help_names_both_ways_to_forget(said: Any) -> None:
    assert "qwen_nb.rows.forget" in said("help forget")
    assert "forget" in said("help")
