from dataclasses import asdict, replace
from pathlib import Path

import pytest
from _turns import any_of, turn
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qwen_nb import Turn
from qwen_nb.store.rows import COLUMNS, entry_from, row_of
from qwen_nb.store.store import Store
from qwen_nb.values import Timing, ToolCall
from qwen_nb.values.entry import Entry, new_id
from qwen_nb.values.usage import Usage


def same(one: Turn, other: Turn) -> bool:
    # by representation: some fields are not compared, and True is not 1
    return repr(asdict(one)) == repr(asdict(other))


@given(any_of(Turn))
def test_a_turn_comes_back_from_its_row_as_it_was(asked: Turn) -> None:
    row = row_of(Entry("i", 1, 0, "c", asked))
    assert len(row) == len(COLUMNS)
    assert same(entry_from(row).turn, asked)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(st.lists(any_of(Turn), max_size=4))
def test_turns_come_back_from_the_store(store: Store, asked: list[Turn]) -> None:
    kept = store.create()
    entries = [Entry(new_id(), at, 0, None, each) for at, each in enumerate(asked)]
    store.put(kept.id, entries, begins_anew=False)
    back = store.load(kept.id).conversation.entries
    assert [replace(each, turn=turn()) for each in back] == [
        replace(each, turn=turn()) for each in entries
    ]
    assert all(same(one.turn, other) for one, other in zip(back, asked, strict=True))


WHOLE = Entry(
    "i", 3, 2, "c", turn(), "undone", True, 1.5, 7, True, "cn-beijing", "other"
)  # fmt: skip


def test_an_entry_comes_back_whole() -> None:
    assert all(
        getattr(WHOLE, name) != getattr(Entry("", 0, 0, None, turn()), name)
        for name in Entry.__slots__
        if name != "turn"
    )
    assert entry_from(row_of(WHOLE)) == WHOLE


def test_what_is_not_compared_comes_back_too() -> None:
    asked = turn()
    reply = replace(
        asked.reply,
        usage=Usage(input=1, raw={"prompt_tokens": 1, "x": [None, "\ud800"]}),
        timing=Timing(0.25, None, 3.0),
        tool_calls=(ToolCall("1", "f", '{"a":'),),
        notes=("one", "two"),
    )
    back = entry_from(row_of(Entry("i", 1, 0, None, replace(asked, reply=reply)))).turn.reply
    assert back.usage is not None
    assert back.usage.raw == {"prompt_tokens": 1, "x": [None, "\ud800"]}
    assert (back.timing, back.notes) == (Timing(0.25, None, 3.0), ("one", "two"))


def test_usage_can_be_added_up(store: Store) -> None:
    kept = store.create()
    usages = [Usage(10, 5, 15, 3, 2), Usage(1, 2), None, Usage(input=2**70)]
    entries = []
    for at, usage in enumerate(usages):
        reply = replace(turn().reply, usage=usage, model="m", server="s")
        asked = replace(turn(), reply=reply)
        entries.append(Entry(new_id(), at, 0, None, asked, asked_at=100.0 + at, region="r"))
    store.put(kept.id, entries, begins_anew=False)
    (row,) = store.read(
        "SELECT model, server, region, sum(input), sum(output), sum(thinking_tokens),"
        " sum(cached), max(asked_at), count(*) FROM entries WHERE copy_of IS NULL"
        " GROUP BY model, server, region"
    )
    assert row == ("m", "s", "r", 11, 7, 3, 2, 103.0, 4)


@pytest.mark.parametrize("text", ["\0", "a\0b", "\ud83d\ude00", "\ud800", "天气", ""])
def test_every_text_is_kept(path: Path, store: Store, text: str) -> None:
    kept = store.create()
    store.put(kept.id, [Entry("i", 1, 0, None, turn(text, text))], begins_anew=False)
    (entry,) = store.load(kept.id).conversation.entries
    assert (entry.turn.prompt, entry.turn.reply.answer) == (text, text)
