"""Our own form: nothing is lost, and nothing that is not exactly ours is taken."""

import json
from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_nb import ConfigError
from qwen_nb.conversation.conversation import Conversation
from qwen_nb.conversation.exchange import VERSION, from_lines, lines
from qwen_nb.values import Reply, Timing, Turn
from qwen_nb.values.entry import Entry
from qwen_nb.values.usage import Usage
from tests._turns import any_of, turn

_SMALL = st.integers(0, 2**53 - 1)
_IDS = st.text("abcdef0123456789", min_size=1, max_size=32)
ENTRIES = st.lists(
    st.builds(
        Entry,
        id=_IDS,
        place=_SMALL,
        k=_SMALL,
        cell=st.none() | _IDS,
        turn=any_of(Turn),
        state=st.sampled_from(("current", "replaced", "undone", "deleted")),
        older=st.booleans(),
        asked_at=st.floats(0, 2e9),
        left=_SMALL,
        marked=st.booleans(),
        region=st.sampled_from(("", "ap-southeast-1")),
        copy_of=st.none() | _IDS,
    ),
    max_size=4,
    unique_by=(lambda entry: entry.id, lambda entry: entry.position),
)


def as_a_file(text: str) -> str:
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "surrogatepass")


@given(ENTRIES, st.booleans())
@settings(max_examples=150, deadline=None)
def test_what_was_written_is_read_again(entries: list[Entry], begins_anew: bool) -> None:
    written = lines(Conversation(entries, begins_anew=begins_anew), "a name")
    copied = from_lines(as_a_file(written))
    assert copied.entries == Conversation(entries).entries
    assert copied.begins_anew is begins_anew
    # equal replies may differ in what is not compared
    assert lines(Conversation(copied.entries, begins_anew=begins_anew), "a name") == written


WHOLE = Entry(
    "i", 3, 2, "c",
    replace(
        turn("问\u2028题\x85", "\ud83d\ude00 a\nb"),
        reply=Reply(
            answer="\ud83d\ude00 a\nb", thinking="t",
            usage=Usage(1, 2, raw={"x": [None, "\ud83d\ude00"]}), timing=Timing(0.5, None, 2.0),
        ),
    ),
    "undone", True, 1.5, 7, True, "cn-beijing", "other",
)  # fmt: skip


def test_no_field_of_an_entry_is_left_out() -> None:
    (back,) = from_lines(as_a_file(lines(Conversation([WHOLE])))).entries
    assert {each.name: getattr(back, each.name) for each in fields(Entry)} == {
        each.name: getattr(WHOLE, each.name) for each in fields(Entry)
    }
    assert back.turn.reply.usage is not None
    assert back.turn.reply.usage.raw == {"x": [None, "\ud83d\ude00"]}
    assert back.turn.reply.timing == Timing(0.5, None, 2.0)


def file_of(*entries: Entry) -> list[dict[str, Any]]:
    return [json.loads(row) for row in lines(Conversation(entries)).splitlines()]


def text_of(rows: list[dict[str, Any]]) -> str:
    return "\n".join(map(json.dumps, rows))


ONE = Entry("one", 1, 0, "c", turn())
TWO = Entry("two", 2, 0, None, turn())

BENT: dict[str, Any] = {
    "a number for the id": ("id", 7), "no id": ("id", ""), "half a pair": ("id", "\ud800"),
    "a negative place": ("place", -1), "a place beyond SQLite": ("place", 2**70),
    "a flag for a place": ("place", True), "a text for a place": ("place", "1"),
    "a state of nowhere": ("state", "gone"), "a list for a state": ("state", []),
    "a cell that is a list": ("cell", ["c"]), "older than a flag": ("older", 1),
    "never": ("asked_at", float("nan")), "a turn that is a text": ("turn", "hello"),
    "no turn": ("turn", None), "a copy of a number": ("copy_of", 3),
    "a region that is an object": ("region", {}), "left nowhere": ("left", None),
}  # fmt: skip
BENT_TURNS: dict[str, Any] = {
    "an answer that is a number": ("answer", 5), "no prompt": ("prompt", None),
    "a reply that is a list": ("reply", []), "no reply": ("reply", None),
    "an unknown finish": ("reply", {"finish_reason": "bored"}),
    "usage in words": ("reply", {"usage": {"input": "many"}}),
    "notes that are numbers": ("reply", {"notes": [1]}),
    "a call that is a text": ("reply", {"tool_calls": ["f"]}),
    "options that are a text": ("options", "x"),
    "a temperature in words": ("options", {"temperature": "hot"}),
    "params in a list": ("options", {"params": [1]}),
    "a mark that is a number": ("starts_anew", 1),
}  # fmt: skip


@pytest.mark.parametrize("case", BENT)
def test_a_bent_entry_is_told_by_its_line(case: str) -> None:
    rows = file_of(ONE, TWO)
    name, value = BENT[case]
    rows[2][name] = value
    refused(text_of(rows), 3)


@pytest.mark.parametrize("case", BENT_TURNS)
def test_a_bent_turn_is_told_by_its_line(case: str) -> None:
    rows = file_of(ONE, TWO)
    name, value = BENT_TURNS[case]
    rows[1]["turn"][name] = value
    refused(text_of(rows), 2)


def refused(written: str, line: int) -> None:
    with pytest.raises(ConfigError) as caught:
        from_lines(written)
    assert caught.value.facts["line"] == line
    for language in ("en", "zh"):
        message = caught.value.message(language)
        assert str(line) in message
        assert "\n" not in message


def test_what_is_no_file_of_ours() -> None:
    rows = text_of(file_of(ONE, TWO)).split("\n")
    refused("", 1)
    refused("hello", 1)
    refused('{"version": 1}', 1)
    refused("[" * 100_000, 1)
    refused("\n".join([*rows[:2], rows[2][:-5]]), 3)  # cut in a line
    refused("\n".join(rows[:2]), 2)  # cut between lines
    refused("\n".join([*rows[:2], "", rows[2]]), 3)
    refused("\n".join([*rows, rows[1]]), 4)  # the same id again
    refused(text_of(file_of(ONE, replace(TWO, place=1))), 3)  # two turns in one place


def test_a_newer_form_is_told() -> None:
    rows = file_of(ONE)
    rows[0]["version"] = VERSION + 1
    with pytest.raises(ConfigError) as caught:
        from_lines(text_of(rows))
    assert caught.value.key == "error.import_newer"


def test_fields_of_a_later_version_are_passed_over() -> None:
    rows = file_of(ONE)
    rows[1] |= {"colour": "red"}
    rows[1]["turn"]["reply"] |= {"mood": "good"}
    assert from_lines("\ufeff" + text_of(rows) + "\n\n").entries == (ONE,)
