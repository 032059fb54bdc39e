"""What is forgotten is in no byte of any file, and comes back from nowhere."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from qwen_nb import Reply, Turn
from qwen_nb.conversation import Conversation
from qwen_nb.errors import StoreError
from qwen_nb.store.answers import AnswerKey, Answers
from qwen_nb.store.store import Store

Opens = Callable[..., Store]

SECRET = 'Zebraquartz-77"\\door'
JADE = "翡翠口令"  # its first two characters stand nowhere else
TRACES = ("Zebraquartz", "zebraquartz", "翡", "翠")


def ask(talk: Conversation, cell: str, prompt: str, *, answer: str = "", run: int = 0) -> str:
    """Ask as a cell's execution does; return the entry's id."""
    reply = Reply(answer=answer or f"An answer to: {prompt}", finish_reason="stop")
    return talk.settle(talk.place_for(cell, run), Turn(prompt, reply)).id


def traces(folder: Path) -> list[str]:
    """Return which files hold a trace, in which form."""
    return [
        f"{file.name}: {form!r}"
        for file in sorted(folder.rglob("*"))
        if file.is_file()
        for trace in TRACES
        for form in {
            trace.encode(),
            json.dumps(trace)[1:-1].encode(),
            trace.encode("utf-16-le"),
        }
        if form in file.read_bytes()
    ]


def indexed(path: Path) -> set[str]:
    """Return the words that the search index knows."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE VIRTUAL TABLE temp.words USING fts5vocab(main, found, row)")
        return {row[0] for row in database.execute("SELECT term FROM temp.words")}


def prompts(store: Store, conversation: str) -> list[str]:
    return [entry.turn.prompt for entry in store.history(conversation, 99)][::-1]


@pytest.fixture
def talk(store: Store) -> tuple[str, Conversation]:
    kept = store.create(path="a.ipynb")
    talk = store.load(kept.id).conversation
    for n in range(40):  # many pages and several segments of the index
        ask(talk, f"c{n}", f"harmless question {n}: " + "seven grey geese " * 40)
    return kept.id, talk


def test_a_turn_goes_with_all_that_was_made_of_it(
    store: Store, path: Path, talk: tuple[str, Conversation]
) -> None:
    id_, conversation = talk
    first = ask(conversation, "s", f"My password is {SECRET}", answer=f"Never post {SECRET}!")
    again = ask(conversation, "s", f"{JADE},还有 {SECRET}", run=1)
    slot = conversation.slot_again(conversation.current_entries[40].id)
    last = conversation.settle(slot, Turn(JADE, Reply(answer=JADE, finish_reason="stop"))).id
    conversation.undo()
    conversation.restore()
    ask(conversation, "z", "A harmless end")
    copy = store.copy(id_, path="copy.ipynb")
    store.put_summary(id_, "d1", {"covers": [first, "x"], "after": "", "text": SECRET})
    store.put_summary(id_, "d2", {"covers": ["y"], "after": "d1", "text": f"As said: {JADE}"})
    store.put_summary(id_, "d3", {"covers": ["x"], "after": "", "text": "geese"})
    store.vectors.put("m", {(again, "digest"): [1.0], ("other", "stays"): [2.0]})
    growing = conversation.slot_again(conversation.current_entries[40].id)
    store.checkpoint(id_, growing, Turn(JADE, Reply(answer=SECRET)))
    store.flush()
    assert {"c0", "z"} < {cell for cell in store.record(id_).cells}  # type: ignore[union-attr]
    assert traces(path.parent)
    assert store.search("Zebraquartz")

    gone = store.forget([first, again, last])
    assert len(gone.ids) == 6  # and the copies
    store.close()
    assert traces(path.parent) == []
    assert not indexed(path) & {"zebraquartz", "翡", "翠"}
    assert "geese" in indexed(path)
    assert list(path.parent.iterdir()) == [path]  # no journal is left

    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        database.execute("INSERT INTO found (found) VALUES ('integrity-check')")
    store = Store(path)
    try:
        assert len(prompts(store, id_)) == len(prompts(store, copy.id)) == 41
        assert store.search("Zebraquartz") == store.search("翡翠") == ()
        assert len(store.search("harmless", 99)) == 41
        assert [each["text"] for each in store.summaries(id_)] == ["geese"]
        assert list(store.vectors.of("m", ["digest", "stays"])) == ["stays"]
        assert store.read("SELECT count(*) FROM running") == [(0,)]
        assert store.forgotten([first, growing.id, "x"]) == {first, growing.id}
    finally:
        store.close()


def test_what_was_deleted_before_is_gone_too(
    store: Store, path: Path, talk: tuple[str, Conversation]
) -> None:
    """A growing reply leaves its pieces in freed pages when it is settled."""
    id_, conversation = talk
    slot = conversation.place_for("s", 0)
    for n in range(1, 30):
        answer = f"{SECRET} {JADE} " * (40 * n)
        store.checkpoint(id_, slot, Turn(SECRET, Reply(answer=answer)))
    done = conversation.settle(
        slot, Turn(SECRET, Reply(answer="stopped", finish_reason="stop"))
    )
    store.forget([done.id])  # nothing was flushed before
    assert traces(path.parent) == []
    assert len(prompts(store, id_)) == 40


@pytest.mark.parametrize("name", ["", "draft"])
def test_a_conversation_goes(store: Store, path: Path, name: str) -> None:
    own = store.create(path="a.ipynb")
    ask(store.load(own.id).conversation, "c0", "harmless")
    kept = store.create(notebook=own.notebook, path="a.ipynb", name=name)
    conversation = store.load(kept.id).conversation
    ids = [ask(conversation, f"c{n}", f"{SECRET} {n}", answer=JADE) for n in range(5)]
    copy = store.copy(kept.id, path="copy.ipynb")
    ask(store.load(copy.id).conversation, "n", "asked in the copy")
    gone = store.forget(ids, conversation=kept.id)
    assert len(gone.ids) == 10
    store.flush()
    assert traces(path.parent) == []
    assert prompts(store, own.id) == ["harmless"]
    assert prompts(store, copy.id) == ["asked in the copy"]
    assert (store.record(kept.id) is None) is bool(name)  # the notebook's own is empty
    assert store.forgotten([kept.id]) == ({kept.id} if name else set())
    assert prompts(store, kept.id) == []


def test_a_copy_that_goes_leaves_the_original(store: Store) -> None:
    own = store.create(path="a.ipynb")
    ask(store.load(own.id).conversation, "c0", "asked there")
    copy = store.copy(own.id, notebook=own.notebook, path="a.ipynb", name="draft")
    ids = [entry.id for entry in store.history(copy.id)]
    store.forget(ids, conversation=copy.id)
    assert prompts(store, own.id) == ["asked there"]
    assert store.record(copy.id) is None


def test_the_question_asked_again_in_a_copy_goes_and_another_stays(store: Store) -> None:
    own = store.create(path="a.ipynb")
    first = ask(store.load(own.id).conversation, "c0", SECRET)
    again, other = (store.copy(own.id, path=f"{n}.ipynb") for n in range(2))
    ask(store.load(again.id).conversation, "c0", SECRET, run=1)
    ask(store.load(other.id).conversation, "c0", "edited there", run=1)
    reach = store.reach([first])
    assert sorted(reach.values()).count(again.id) == 2
    store.forget([first])
    assert prompts(store, again.id) == []
    assert prompts(store, other.id) == ["edited there"]


# -- kept answers of map --------------------------------------------------------------------


@pytest.fixture
def answers(path: Path) -> Iterator[dict[str, Reply]]:
    path.parent.mkdir(exist_ok=True)
    kept = Answers(path.parent / "answers.sqlite")
    replies = {
        "quotes": Reply(answer=f'You said "My password is {SECRET}" – why?'),
        "key alone": Reply(answer="Zebraquartz-77 is what I read"),
        "line": Reply(answer=f"the line\n{JADE}是这个\nof yours"),
        "same answer": Reply(answer="That is a long answer with no word of it."),
        "stays": Reply(answer="Seven grey geese wait for bread."),
        "stays too": Reply(answer="no"),
    }
    kept.put((AnswerKey("m", name, 0), reply) for name, reply in replies.items())
    kept.close()
    yield replies


def left(path: Path, replies: Any) -> list[str]:
    kept = Answers(path.parent / "answers.sqlite")
    found = [name for name in replies if kept.find(AnswerKey("m", name, 0)) is not None]
    kept.close()
    return found


def test_kept_answers_that_hold_its_words_go(
    store: Store, path: Path, answers: dict[str, Reply], talk: tuple[str, Conversation]
) -> None:
    prompt = f"My password is {SECRET}\n```python\n{JADE}是这个"
    told = answers["same answer"].answer
    gone = store.forget([ask(talk[1], "s", prompt, answer=told)])
    assert gone.answers == 4
    assert left(path, answers) == ["stays", "stays too"]
    store.close()
    assert traces(path.parent) == []


# -- other processes ------------------------------------------------------------------------


@pytest.mark.parametrize("file", ["store.sqlite", "answers.sqlite"])
@pytest.mark.parametrize("begin", ["BEGIN IMMEDIATE", "BEGIN"])
def test_a_file_that_is_held_keeps_everything(
    open_store: Opens, path: Path, answers: dict[str, Reply], file: str, begin: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setattr("qwen_nb.store.schema.connect.__kwdefaults__", {"busy_s": 0.1})
    store = open_store(busy_s=0.1)
    kept = store.create(path="a.ipynb")
    prompt = f"My password is {SECRET}\n{JADE}是这个"
    ids = [ask(store.load(kept.id).conversation, "s", prompt)]
    store.flush()
    with closing(sqlite3.connect(path.parent / file, isolation_level=None)) as holder:
        holder.execute(begin)
        holder.execute("SELECT count(*) FROM sqlite_master").fetchall()
        with pytest.raises(StoreError) as caught:
            store.forget(ids)
        assert caught.value.key == "error.store_busy"
    assert len(prompts(store, kept.id)) == 1
    assert len(store.search("Zebraquartz")) == 1
    assert left(path, answers) == list(answers)
    assert store.forget(ids).answers == 3  # and now it can be
    assert traces(path.parent) == []
    talk = store.load(kept.id).conversation  # the file can be written by anybody again
    ask(talk, "n", "afterwards")
    store.flush()
    assert prompts(open_store(), kept.id) == ["afterwards"]


def test_another_kernel_brings_nothing_back(open_store: Opens, path: Path) -> None:
    here, there = open_store(), open_store()
    kept = here.create(path="a.ipynb")
    secret = ask(here.load(kept.id).conversation, "s", SECRET)
    here.flush()
    other = there.load(kept.id).conversation
    ask(other, "t", "a question there")
    slot = other.slot_again(other.current_entries[0].id)
    there.checkpoint(kept.id, slot, Turn(SECRET, Reply(answer=JADE)))
    there.flush()

    here.forget([secret])
    assert traces(path.parent) == []
    # what it had begun comes to nothing, and so does what it knows
    there.checkpoint(kept.id, slot, Turn(SECRET, Reply(answer=JADE * 2)))
    other.settle(slot, Turn(SECRET, Reply(answer=JADE * 3, finish_reason="stop")))
    there.flush()
    assert there.take_problem() is None
    assert traces(path.parent) == []
    assert there.refresh(kept.id, other)
    assert [turn.prompt for turn in other.turns] == ["a question there"]
    assert other.current_entries[0].older
    there.flush()
    assert prompts(here, kept.id) == ["a question there"]


def test_another_kernel_lets_go_of_a_conversation(open_store: Opens, path: Path) -> None:
    here, there = open_store(), open_store()
    own = here.create(path="a.ipynb")
    kept = here.create(notebook=own.notebook, path="a.ipynb", name="draft")
    secret = ask(here.load(kept.id).conversation, "s", SECRET)
    here.flush()
    other = there.load(kept.id).conversation
    here.forget([secret], conversation=kept.id)
    there.refresh(kept.id, other)
    assert other.entries == ()
    assert traces(path.parent) == []
