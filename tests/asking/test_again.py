"""A turn that is asked again: its form, and another kernel on the same notebook."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from _servers import Misbehaving, delta, usage

from qwen_nb import Chat, ConfigError, Reply
from qwen_nb.asking.again import asked_again, gone_on
from qwen_nb.asking.kept import Kept
from qwen_nb.asking.preparing import prepare
from qwen_nb.asking.session import Session
from qwen_nb.store.store import Store
from qwen_nb.texts import text
from qwen_nb.values import Question


@dataclass
class Review:
    title: str
    mood: str


FITS = json.dumps({"title": "Loud", "mood": "bad"})
VALUE = Review("Loud", "bad")


@pytest.fixture
def say(misbehaves: Misbehaving) -> Callable[..., None]:
    def say(*answers: str, finish: str | None = "stop") -> None:
        for answer in answers:
            misbehaves.streams(delta(answer=answer), delta(finish, answer=""), usage())

    return say


def test_a_form_is_kept_whatever_was_asked_between(
    chat: Chat, say: Callable[..., None]
) -> None:
    say(FITS, "Since.", FITS)
    chat.ask("How was it?", json=Review)
    chat.ask("Why?")
    chat.undo()
    assert chat.retry().data == VALUE


def test_a_form_is_kept_after_restore(chat: Chat, say: Callable[..., None]) -> None:
    say(FITS, "Freely.", FITS)
    chat.ask("How was it?", json=Review)
    assert chat.retry(json=False).data is None
    chat.restore()
    assert chat.retry().data == VALUE


def test_a_form_is_kept_after_undo_and_restore(chat: Chat, say: Callable[..., None]) -> None:
    say(FITS, FITS)
    chat.ask("How was it?", json=Review)
    chat.undo()
    chat.restore()
    assert chat.retry().data == VALUE


def test_free_text_stays_free_in_a_chat_with_a_form(say: Callable[..., None]) -> None:
    chat = Chat(json=Review)
    say("Freely.", "Freely again.")
    chat.ask("How was it?", json=False)
    assert chat.retry().data is None
    chat.close()


def test_a_form_is_kept_in_a_fork_and_its_fork(chat: Chat, say: Callable[..., None]) -> None:
    say(FITS, FITS, FITS)
    chat.ask("How was it?", json=Review)
    fork = chat.fork()
    assert fork.fork().retry().data == VALUE
    assert fork.retry().data == VALUE


def test_a_form_is_kept_by_resume(chat: Chat, say: Callable[..., None]) -> None:
    say(FITS[:9], finish="length")
    say(FITS)
    with pytest.raises(Exception, match=r"."):
        chat.ask("How was it?", json=Review, max_tokens=3)
    assert chat.resume().data == VALUE


# -- another kernel ------------------------------------------------------------------------


@dataclass
class Kernel:
    """One of two kernels on a notebook."""

    kept: Kept
    chat: Chat

    @property
    def session(self) -> Session:
        return self.chat.now()

    def written(self) -> None:
        """Let the other kernel find what was done here: the store writes in its own time."""
        assert self.kept.store is not None
        assert self.kept.store.flush()

    def ask(self, prompt: str, **how: Any) -> Reply:
        reply = self.chat.ask(prompt, **how)
        self.written()
        return reply

    def again(self) -> Reply:
        reply = self.chat.retry()
        self.written()
        return reply

    def undo(self) -> None:
        self.chat.undo()
        self.written()


@pytest.fixture
def two(tmp_path: Path) -> Iterator[tuple[Kernel, Kernel]]:
    stores = [Store(tmp_path / "store.sqlite") for _ in range(2)]
    id = stores[0].create().id
    kernels = []
    for store in stores:
        kept = Kept(store.load(id).conversation, id=id, store=store)
        chat = Chat()
        chat._session = chat._session.derived(own=kept)
        kernels.append(Kernel(kept, chat))
    yield kernels[0], kernels[1]
    for store, kernel in zip(stores, kernels, strict=True):
        kernel.chat.close()
        store.close()


def test_in_a_new_kernel_any_json_will_do_and_a_note_says_so(
    two: tuple[Kernel, Kernel], say: Callable[..., None]
) -> None:
    here, there = two
    say(FITS, FITS)
    here.ask("How was it?", json=Review)
    again = there.again()
    assert again.data == json.loads(FITS)
    assert text("note.form_lost", "en") in again.notes


def test_the_last_turn_is_the_one_another_kernel_has_added(
    two: tuple[Kernel, Kernel], say: Callable[..., None]
) -> None:
    here, there = two
    say("1", "2", "3")
    here.ask("one")
    there.kept.refresh()
    there.ask("two")
    assert here.again().answer == "3"
    assert [(turn.prompt, turn.reply.answer) for turn in here.chat.turns] == [
        ("one", "1"), ("two", "3"),
    ]  # fmt: skip


def test_the_version_of_another_kernel_is_the_one_replaced(
    two: tuple[Kernel, Kernel], say: Callable[..., None]
) -> None:
    here, there = two
    say("1", "1, there", "1, here")
    here.ask("one")
    there.again()
    here.again()
    there.kept.refresh()
    for kernel in two:
        assert [turn.reply.answer for turn in kernel.chat.turns] == ["1, here"]


@pytest.mark.parametrize("way", ["retry", "resume"])
@pytest.mark.parametrize("change", ["again", "undo"])
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_turn_that_is_gone_when_it_is_prepared_is_one_clear_error(
    way: str, change: str, language: str, two: tuple[Kernel, Kernel], say: Callable[..., None]
) -> None:
    here, there = two
    here.chat.language = language  # type: ignore[assignment]
    say("1", finish="length")
    say("1 again")
    here.ask("one")
    session = here.session
    question = (
        gone_on(session) if way == "resume" else asked_again(session, Question(prompt=""))
    )
    there.kept.refresh()
    if change == "again":
        there.again()
    else:
        there.undo()
    with pytest.raises(ConfigError) as caught:
        prepare(question, session)
    assert str(caught.value) == text("error.turn_gone", language)  # type: ignore[arg-type]
    assert not here.kept.conversation.pending
