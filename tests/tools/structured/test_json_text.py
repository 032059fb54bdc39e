"""JSON as it is shown: other lines, the same tokens."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_nb.values.json_text import fenced_json, indented

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(VALUES, st.booleans())
def test_indenting_changes_no_token(value: object, to_ascii: bool) -> None:
    said = json.dumps(value, ensure_ascii=to_ascii)
    shown = indented(said)
    assert json.loads(shown) == value
    assert [c for c in shown if not c.isspace()] == [c for c in said if not c.isspace()]


def test_it_reads_well() -> None:
    assert indented('{"a":[1.10,{}],"b":[]}') == (
        '{\n  "a": [\n    1.10,\n    {}\n  ],\n  "b": []\n}'
    )


@pytest.mark.parametrize("answer", ["", "No.", "```json\n{}\n```", "~~~\n[]\n~~~"])
def test_what_is_no_bare_json_stays(answer: str) -> None:
    assert fenced_json(answer) == answer


def test_a_fence_holds_whatever_is_in_it() -> None:
    assert fenced_json('{"a":"```"}').startswith("````json\n")
    assert fenced_json('{\n"a":1}') == '```json\n{\n"a":1}\n```'


@pytest.mark.parametrize("said", ['["' + '\\"' * 200_000, "[" * 200_000, '{"' * 200_000])
def test_hostile_text_takes_no_time_and_little_room(said: str) -> None:
    assert len(fenced_json(said)) < 110 * len(said)
