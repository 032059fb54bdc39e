"""What commit b4e1c65 wrote of turns is read, and the same bytes are written of them.

The files were made by that commit's own code of the turns in `_rich_turns`.
"""

import gzip
import json
import sqlite3
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from qwen_nb.conversation.conversation import Conversation
from qwen_nb.conversation.exchange import from_lines, lines
from qwen_nb.store.rows import COLUMNS, rest_of
from qwen_nb.store.schema import VERSION
from qwen_nb.store.store import Store
from qwen_nb.values import Turn, carried, turn_from
from tests.values import _rich_turns as rich

FOLDER = Path(__file__).parent / "written_before"
EXPORT = (FOLDER / "conversation.jsonl").read_bytes().decode("utf-8", "surrogatepass")
OUTPUTS = list(map(json.loads, (FOLDER / "outputs.jsonl").read_text("utf-8").split("\n")[:-1]))
CASES = [(turn, keeps) for turn in rich.TURNS for keeps in (False, True)]


def exactly(turn: Turn) -> str:
    # by representation: some fields are not compared, and True is not 1
    return repr(asdict(replace(turn, reply=replace(turn.reply, data=None))))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "store.sqlite"
    path.write_bytes(gzip.decompress((FOLDER / "store.sqlite.gz").read_bytes()))
    return path


def test_an_export_is_read_and_written_as_it_was() -> None:
    copied = from_lines(EXPORT)
    assert [replace(each, turn=rich.CUT) for each in copied.entries] == [
        replace(each, turn=rich.CUT) for each in rich.ENTRIES
    ]
    found = [exactly(entry.turn) for entry in copied.entries]
    assert found == list(map(exactly, rich.TURNS))
    again = Conversation(rich.ENTRIES, begins_anew=True)
    assert lines(again, "trip") == EXPORT


@pytest.mark.parametrize(("turn", "keeps"), CASES)
def test_an_output_is_written_as_it_was(turn: Turn, keeps: bool) -> None:
    was = OUTPUTS[CASES.index((turn, keeps))]
    assert was["keep_thinking"] is keeps
    # in the same order too
    assert json.dumps(carried(turn, keep_thinking=keeps)) == json.dumps(was["turn"])


@pytest.mark.parametrize(("turn", "keeps"), CASES)
def test_an_output_is_read(turn: Turn, keeps: bool) -> None:
    found = turn_from(OUTPUTS[CASES.index((turn, keeps))]["turn"])
    assert found is not None
    assert (found.starts_anew, found.reply.structured) == (
        turn.starts_anew,
        turn.reply.structured,
    )
    assert found.reply.thinking == (turn.reply.thinking if keeps else "")
    assert found.reply.round_usage == turn.reply.round_usage
    assert [(each.id, each.failed, each.stopped) for each in found.reply.calls] == [
        (each.id, each.failed, each.stopped) for each in turn.reply.calls
    ]
    assert [each.tool_calls for each in found.said] == [each.tool_calls for each in turn.said]
    assert carried(found, keep_thinking=keeps) == carried(turn, keep_thinking=keeps)


def test_a_store_is_read_with_what_was_growing(path: Path) -> None:
    store = Store(path)
    loaded = store.load("c1")
    kept = {entry.id: entry for entry in loaded.conversation.entries}
    for entry in rich.ENTRIES:
        was = entry
        if entry.id == "e7":  # the turn that was growing has its place
            was = replace(entry, state="replaced", left=4)
        assert exactly(kept[entry.id].turn) == exactly(entry.turn)
        assert replace(kept[entry.id], turn=rich.CUT) == replace(was, turn=rich.CUT)
    (cut,) = loaded.cut
    grown = replace(rich.GROWING, reply=replace(rich.GROWING.reply, finish_reason="cut"))
    assert (cut.id, cut.place, cut.cell) == ("e8", rich.SLOT.place, rich.SLOT.cell)
    assert exactly(replace(cut.turn, starts_anew=False)) == exactly(grown)
    assert store.summaries("c1") == [{"text": "a summary"}]
    assert store.settings.of("n1") == {"model": "qwen-max"}
    assert [found.id for found in store.search("larger")] == ["e1"]
    store.close()


def test_a_store_leaves_what_nobody_reads(path: Path) -> None:
    database = sqlite3.connect(path)
    kept = f"SELECT number, revision, {', '.join(COLUMNS)} FROM entries ORDER BY number"
    before = database.execute(kept).fetchall()
    database.close()
    store = Store(path)
    assert store.read("PRAGMA user_version") == [(VERSION,)]
    assert store.read(kept) == before
    columns = {name for _, name, *_ in store.read("PRAGMA table_info(entries)")}
    assert columns == {"number", "conversation", "revision", *COLUMNS}
    indexes = {name for _, name, *_ in store.read("PRAGMA index_list(entries)")}
    assert {name for name in indexes if not name.startswith("sqlite_")} == {
        "entries_place",
        "entries_cell",
        "entries_revision",
    }
    assert store.read("PRAGMA foreign_key_check") == []
    # the search index speaks of the same rows, also once one of them is written again
    store.put("c1", [replace(rich.ENTRIES[1], turn=rich.STOPPED)], begins_anew=False)
    assert [found.id for found in store.search("Count")] == ["e2"]
    assert store.search("weather") == ()
    assert [found.id for found in store.search("stars")] == ["e3"]
    store.close()


def test_a_row_is_written_as_it_was(path: Path) -> None:
    database = sqlite3.connect(path)
    rows = database.execute("SELECT rest FROM entries ORDER BY number").fetchall()
    database.close()
    assert [row[0] for row in rows] == list(map(rest_of, rich.TURNS))
