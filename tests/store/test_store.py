import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from _folders import let_everybody_in
from _turns import turn

from qwen_nb import Reply
from qwen_nb.conversation.conversation import Conversation
from qwen_nb.errors import StoreError
from qwen_nb.store.schema import VERSION
from qwen_nb.store.store import Store
from qwen_nb.values import Message, ToolCall
from qwen_nb.values.entry import Entry

Opens = Callable[..., Store]


def ask(talk: Conversation, cell: str | None, prompt: str, execution: object = None) -> Entry:
    return talk.settle(talk.place_for(cell, execution or object()), turn(prompt), asked_at=1.0)


def prompts(talk: Conversation) -> list[str]:
    return [past.prompt for past in talk.turns]


# -- conversations of a notebook ------------------------------------------------------


def test_conversations_of_a_notebook_are_found(store: Store) -> None:
    own = store.create(path="a.ipynb")
    named = store.create(path="a.ipynb", name="talk", notebook=own.notebook)
    other = store.create(path="a.ipynb")
    assert (own.active, named.active, other.active) == (True, False, True)
    assert [each.id for each in store.records_of(own.notebook)] == [own.id, named.id]
    assert {each.id for each in store.records_at("a.ipynb")} == {own.id, named.id, other.id}
    store.activate(named.id)
    assert [each.active for each in store.records_of(own.notebook)] == [False, True]
    store.set_path(named.id, "b.ipynb")
    (moved,) = store.records_at("b.ipynb")
    assert (moved.id, moved.name) == (named.id, "talk")
    assert store.record("nobody") is None
    with pytest.raises(LookupError):
        store.load("nobody")


def test_a_conversation_is_known_by_its_cells_and_marks(store: Store) -> None:
    kept = store.create()
    talk = store.load(kept.id).conversation
    ask(talk, "A", "1")
    ask(talk, "A", "1 again")
    ask(talk, None, "2")
    store.remember(kept.id, ["B", "A"])
    store.flush()
    known = store.record(kept.id)
    assert known is not None
    assert (known.cells, known.turns) == ({"A", "B"}, 2)


def test_a_copy_has_all_versions_and_leaves_the_original_alone(store: Store) -> None:
    talk = store.load(store.create(name="talk").id).conversation
    kept = store.record(talk.on_change.args[0])  # type: ignore[union-attr]
    assert kept is not None
    ask(talk, "A", "1")
    ask(talk, "A", "1 again")
    talk.begin_anew()
    copy = store.copy(kept.id, path="copy.ipynb")
    assert (copy.parent, copy.name, copy.path) == (kept.id, "talk", "copy.ipynb")
    copied = store.load(copy.id).conversation
    assert copied.begins_anew
    assert [e.copy_of for e in copied.entries] == [e.id for e in talk.entries]
    ask(copied, "A", "other")
    store.flush()
    assert store.load(kept.id).conversation.entries == talk.entries
    part = store.copy(kept.id, entries={talk.entries[-1].id})
    assert prompts(store.load(part.id).conversation) == ["1 again"]


def test_an_entry_of_another_kernel_may_belong_to_no_cell(store: Store) -> None:
    kept = store.create()
    ask(store.load(kept.id).conversation, "A", "1")
    talk = store.load(kept.id, keys_hold=False).conversation
    ask(talk, "A", "2")
    assert prompts(talk) == ["1", "2"]


def test_history_comes_in_pages(store: Store) -> None:
    kept = store.create()
    talk = store.load(kept.id).conversation
    for at in range(5):
        ask(talk, f"{at}", f"{at}")
    ask(talk, "3", "3 again")
    store.flush()
    first = store.history(kept.id, 3)
    assert [(e.turn.prompt, e.state) for e in first] == [
        ("4", "current"), ("3 again", "current"), ("3", "replaced"),
    ]  # fmt: skip
    rest = store.history(kept.id, 9, before=first[-1].position)
    assert [e.turn.prompt for e in rest] == ["2", "1", "0"]


# -- two kernels ----------------------------------------------------------------------


def test_another_kernels_turns_come_with_a_refresh(open_store: Opens) -> None:
    one, other = open_store(), open_store()
    kept = one.create()
    mine, theirs = one.load(kept.id).conversation, other.load(kept.id).conversation
    ask(mine, "A", "1")
    assert not one.refresh(kept.id, mine)  # its own writes are no news
    assert other.refresh(kept.id, theirs)
    assert theirs.entries == mine.entries
    assert not other.refresh(kept.id, theirs)
    ask(theirs, "A", "1 again")
    theirs.begin_anew()
    other.flush()
    assert one.refresh(kept.id, mine)
    assert (mine.entries, mine.begins_anew) == (theirs.entries, True)


def test_a_place_that_both_took_is_settled(open_store: Opens) -> None:
    one, other = open_store(), open_store()
    kept = one.create()
    mine, theirs = one.load(kept.id).conversation, other.load(kept.id).conversation
    ask(mine, "A", "1")
    one.flush()
    execution = object()
    ask(theirs, "B", "2", execution)
    ask(theirs, "B", "2b", execution)
    ask(theirs, None, "3")
    other.flush()
    for store, talk in ((one, mine), (other, theirs)):
        assert store.refresh(kept.id, talk)
    assert mine.entries == theirs.entries
    assert prompts(mine) == ["1", "2", "2b", "3"]
    assert [e.position for e in mine.entries] == [(1, 0), (2, 0), (2, 1), (3, 0)]
    ask(theirs, "B", "2c", execution)
    assert prompts(theirs) == ["1", "2", "2b", "2c", "3"]


def test_one_cell_that_both_ran_has_one_version(open_store: Opens) -> None:
    one, other = open_store(), open_store()
    kept = one.create()
    mine, theirs = one.load(kept.id).conversation, other.load(kept.id).conversation
    ask(mine, "A", "1")
    one.flush()
    ask(theirs, "A", "2")
    other.flush()
    for store, talk in ((one, mine), (other, theirs)):
        assert store.refresh(kept.id, talk)
        assert prompts(talk) == ["2"]
    assert mine.entries == theirs.entries


APPEND = """
import sys
from pathlib import Path
from qwen_nb import Reply, Turn
from qwen_nb.store.store import Store
store = Store(Path(sys.argv[1]), busy_s=120)
talk = store.load(sys.argv[2]).conversation
print("ready", flush=True)
sys.stdin.readline()
for at in range(500):
    slot = talk.place_for(f"{sys.argv[3]}{at}", at)
    talk.settle(slot, Turn(f"{sys.argv[3]} {at}", Reply(answer="a")))
assert store.flush()
assert store.take_problem() is None
store.close()
"""


@pytest.mark.parametrize("same", [True, False], ids=["one conversation", "two"])
def test_two_processes_write_at_once(open_store: Opens, path: Path, same: bool) -> None:
    store = open_store()
    first = store.create().id
    ids = [first, first if same else store.create().id]
    store.flush()
    started = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND, str(path), conversation, name],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for conversation, name in zip(ids, "xy", strict=True)
    ]  # fmt: skip
    for process in started:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        _, error = process.communicate(timeout=240)
        assert (process.returncode, error) == (0, "")
    rows = store.read("SELECT conversation, place, k, state FROM entries")
    assert len(rows) == len(set(rows)) == 1000
    assert {row[3] for row in rows} == {"current"}


# -- a process that dies --------------------------------------------------------------

DIES = """
import sys, time
from pathlib import Path
from qwen_nb import Reply, Turn
from qwen_nb.store.store import Store
store = Store(Path(sys.argv[1]))
talk = store.load(sys.argv[2]).conversation
slot = talk.place_for("A", 1)
text = ""
for at in range(10_000):
    text += f"{time.time()} "
    if at % 10 == 0:
        turn = Turn("new", Reply(thinking="Hm", answer=text, model="m"))
        store.checkpoint(sys.argv[2], slot, turn, asked_at=2.0, region="r")
        store.flush()
        print(len(text), flush=True)
    time.sleep(0.005)
"""


def test_what_a_killed_process_had_is_there(open_store: Opens, path: Path) -> None:
    store = open_store()
    kept = store.create()
    ask(store.load(kept.id).conversation, "A", "old")
    store.flush()
    dies = subprocess.Popen(
        [sys.executable, "-c", DIES, str(path), kept.id], stdout=subprocess.PIPE, text=True
    )
    assert dies.stdout
    lengths = [int(dies.stdout.readline()) for _ in range(5)]
    alive = store.load(kept.id)  # another kernel looks while it still writes
    assert (alive.cut, prompts(alive.conversation)) == ((), ["old"])
    dies.send_signal(signal.SIGKILL)
    dies.wait()
    dies.stdout.close()
    loaded = store.load(kept.id)
    (cut,) = loaded.cut
    assert cut.turn.reply.finish_reason == "cut"
    assert len(cut.turn.reply.answer) >= lengths[-1]
    assert (cut.turn.reply.thinking, cut.asked_at, cut.region) == ("Hm", 2.0, "r")
    assert [(e.turn.prompt, e.state, e.position) for e in loaded.conversation.entries] == [
        ("old", "replaced", (1, 0)), ("new", "current", (1, 0)),
    ]  # fmt: skip
    assert store.load(kept.id).cut == ()
    assert store.search("new")[0].id == cut.id


def test_a_growing_reply_is_written_once(store: Store) -> None:
    kept = store.create()
    talk = store.load(kept.id).conversation
    slot, asked = talk.place_for("A", 1), turn()
    for length in range(0, 100_000, 1000):
        reply = Reply(answer="a" * length, thinking="Hm")
        store.checkpoint(kept.id, slot, replace(asked, reply=reply))
    store.flush()
    assert store.read("SELECT sum(length(answer)), sum(length(thinking)) FROM pieces") == [
        (99_000, 2)
    ]
    assert store.load(kept.id).conversation.entries == ()
    talk.settle(slot, asked)
    store.flush()
    assert store.read("SELECT (SELECT count(*) FROM running), count(*) FROM pieces") == [(0, 0)]
    assert store.load(kept.id).conversation.entries == talk.entries


def test_rounds_of_tools_are_kept_as_they_go_on(store: Store) -> None:
    kept = store.create()
    slot = store.load(kept.id).conversation.place_for("A", 1)
    calls = Message("assistant", "", (ToolCall("1", "f", ""), ToolCall("2", "f", "")))
    results = [Message("tool", f"result {n}", tool_call_id=str(n)) for n in (1, 2)]
    long = [Message("tool", "x" * 20_000, tool_call_id=str(n)) for n in (1, 2)]
    asked = turn(answer="")
    for said in ((), (calls, *results), (calls, *results, calls, *long)):
        store.checkpoint(kept.id, slot, replace(asked, said=said))
    for length in range(1, 50):
        reply = replace(asked.reply, answer="a" * length)
        store.checkpoint(kept.id, slot, replace(asked, said=said, reply=reply))
    store._writer.write_now(lambda db: db.execute("UPDATE running SET host = 'elsewhere'"))
    (cut,) = store.load(kept.id).cut
    assert cut.turn.said == said
    assert (cut.turn.reply.answer, cut.turn.reply.finish_reason) == ("a" * 49, "cut")


def test_a_reply_that_is_not_kept_leaves_nothing(store: Store) -> None:
    kept = store.create()
    slot = store.load(kept.id).conversation.place_for("A", 1)
    store.checkpoint(kept.id, slot, turn(answer=""))
    store.discard(slot)
    store.flush()
    assert store.read("SELECT count(*) FROM running") == [(0,)]


def test_a_reply_taken_for_dead_is_healed_by_its_end(store: Store) -> None:
    kept = store.create()
    talk = store.load(kept.id).conversation
    slot = talk.place_for("A", 1)
    store.checkpoint(kept.id, slot, turn("q", "half"))
    store._writer.write_now(lambda db: db.execute("UPDATE running SET host = 'elsewhere'"))
    (cut,) = store.load(kept.id).cut
    assert cut.turn.reply.answer == "half"
    whole = talk.settle(slot, turn("q", "half and whole"))
    store.flush()
    assert store.load(kept.id).conversation.entries == (whole,)
    assert [found.id for found in store.search("half")] == [whole.id]


def test_what_waits_is_written_at_the_end_of_a_program(open_store: Opens, path: Path) -> None:
    kept = open_store().create()
    code = APPEND.partition('print("ready"')[0] + (
        "talk.settle(talk.place_for(None, None), Turn('last words', Reply(answer='a')))"
    )
    subprocess.run([sys.executable, "-c", code, str(path), kept.id], check=True)
    assert prompts(open_store().load(kept.id).conversation) == ["last words"]


# -- failures -------------------------------------------------------------------------


def refused(path: Path, key: str) -> None:
    before = path.read_bytes()
    with pytest.raises(StoreError) as caught:
        store = Store(path)
        try:
            for listing in store.records_at("a.ipynb"):
                store.load(listing.id)
        finally:
            store.close()
    assert caught.value.key == key
    assert "memory" in caught.value.message("en")
    assert "内存" in caught.value.message("zh")
    assert path.read_bytes() == before


def test_garbage_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    path.write_bytes(b"no database at all " * 1000)
    refused(path, "error.store_damaged")


@pytest.mark.parametrize("left", [0.5, 0.9, 0.1])
def test_a_truncated_file_is_left_alone(open_store: Opens, path: Path, left: float) -> None:
    store = open_store()
    talk = store.load(store.create(path="a.ipynb").id).conversation
    for at in range(100):
        ask(talk, None, f"{at} " * 200)
    store.close()
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * left)])
    refused(path, "error.store_damaged")


def test_a_newer_file_is_left_alone(open_store: Opens, path: Path) -> None:
    open_store().close()
    with sqlite3.connect(path) as database:
        database.execute(f"PRAGMA user_version = {VERSION + 1}")
    database.close()
    refused(path, "error.store_newer")


def test_a_file_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE theirs (a)")
    database.close()
    refused(path, "error.store_foreign")


def test_a_full_disk_loses_nothing(store: Store) -> None:
    kept = store.create()
    talk = store.load(kept.id).conversation
    (pages,) = store.read("PRAGMA page_count")[0]
    set_pages = "PRAGMA max_page_count = {}"
    store._writer.write_now(lambda db: db.execute(set_pages.format(pages + 2)).fetchall())
    for at in range(20):
        ask(talk, f"{at}", f"{at} " * 5000)
    assert not store.flush()
    problem = store.take_problem()
    assert problem is not None
    assert problem.key == "error.store_full"
    assert store.take_problem() is None  # it is told once
    assert not store.refresh(kept.id, talk)
    assert len(talk.turns) == 20
    with pytest.raises(StoreError):
        store.create()
    # there is room again
    store._writer._database.execute(set_pages.format(2**30)).fetchall()
    ask(talk, None, "one more")
    assert store.flush()
    assert store.take_problem() is None
    assert store.load(kept.id).conversation.entries == talk.entries


def test_a_lock_that_is_held_too_long(open_store: Opens, path: Path) -> None:
    store = open_store(busy_s=0.1)
    kept = store.create()
    talk = store.load(kept.id).conversation
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ask(talk, "A", "1")
    assert not store.flush()
    problem = store.take_problem()
    assert problem is not None
    assert problem.key == "error.store_busy"
    other.execute("ROLLBACK")
    other.close()
    assert store.flush()
    assert prompts(store.load(kept.id).conversation) == ["1"]


READ_ONLY = """
import os, sys
from pathlib import Path
from qwen_nb import Reply, Turn
from qwen_nb.errors import StoreError
from qwen_nb.store.store import Store
if os.getuid() == 0:  # to whom everything is writable
    os.setuid(65534)
try:
    Store(Path(sys.argv[1]).parent / "sub" / "store.sqlite")
except StoreError as error:
    print(error.key)
store = Store(Path(sys.argv[1]))
talk = store.load(sys.argv[2]).conversation
print(*[turn.prompt for turn in talk.turns])
talk.settle(talk.place_for(None, None), Turn("2", Reply(answer="a")))
print(store.flush(), store.take_problem().key, len(talk.turns))
store.close()
"""


def test_a_folder_that_is_read_only(open_store: Opens) -> None:
    store = open_store()
    kept = store.create()
    ask(store.load(kept.id).conversation, "A", "1")
    store.close()
    folder, path = store.path.parent, store.path
    assert path.stat().st_mode & 0o077 == 0  # nobody else's business
    path.chmod(0o444)
    folder.chmod(0o555)
    let_everybody_in(folder.parent)
    code = [sys.executable, "-c", READ_ONLY, str(path), kept.id]
    told = subprocess.run(code, capture_output=True, text=True)
    folder.chmod(0o755)
    assert told.stderr == ""
    assert told.stdout.splitlines() == [
        "error.store_readonly", "1", "False error.store_readonly 2",
    ]  # fmt: skip


def test_writing_is_off_the_asking_thread(open_store: Opens, path: Path) -> None:
    store = open_store(busy_s=30)
    kept = store.create()
    talk = store.load(kept.id).conversation
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    ask(talk, "A", "1")  # returns although nothing can be written
    assert not store.flush(0.05)
    other.execute("ROLLBACK")
    other.close()
    deadline = time.monotonic() + 20
    while not store.flush(0.1) and time.monotonic() < deadline:
        pass
    assert prompts(store.load(kept.id).conversation) == ["1"]
