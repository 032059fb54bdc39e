"""What a turn leaves in its notebook, and what comes back from a file of unknown origin."""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from hashlib import sha256
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qwen_nb.values import ChatOptions, FinishReason, Reply, Timing, ToolCall, Turn
from qwen_nb.values.turn_json import BOUND, VERSION, carried, turn_from
from qwen_nb.values.usage import Usage

TURN = Turn(
    prompt="Which is larger, 9.9 or 9.11?\n",
    reply=Reply(
        answer="**9.9**",
        thinking="Compare.",
        tool_calls=(ToolCall("call_1", "larger", '{"a": 9.9'),),
        usage=Usage(
            18,
            375,
            393,
            320,
            0,
            2,
            input_parts={"text": 12, "image": 6},
            output_parts={"text": 375},
            estimated=True,
            raw={"prompt_tokens": 18},
        ),
        finish_reason="length",
        model="qwen-plus",
        request_id="r-1",
        server="emulator",
        scripted=True,
        turn=3,
        turns_sent=2,
        notes=("a note",),
        timing=Timing(0.1, 0.2, 0.3),
    ),
    options=ChatOptions(
        model="qwen-plus",
        thinking=2000,
        system="Be brief.",
        temperature=0.5,
        max_tokens=9,
        params={"top_p": 0.8, "stop": ["a"]},
    ),
    starts_anew=True,
)


def as_carried(turn: Turn, *, keep_thinking: bool = False) -> Turn:
    """Return the turn without what is not carried."""
    reply = replace(
        turn.reply, request_id="", turn=None, turns_sent=0, notes=(), thinking_cut=False
    )
    return replace(turn, reply=reply if keep_thinking else replace(reply, thinking=""))


def test_usage_is_carried_as_far_as_it_is_known() -> None:
    found = carried(Turn("q", Reply(usage=Usage(input=1, thinking=0))))
    assert found["usage"] == {"input": 1, "thinking": 0}


def test_the_form() -> None:
    assert carried(TURN) == {
        "version": 1,
        "prompt": "Which is larger, 9.9 or 9.11?\n",
        "answer": "**9.9**",
        "tool_calls": [{"id": "call_1", "name": "larger", "arguments": '{"a": 9.9'}],
        "options": {
            "model": "qwen-plus",
            "thinking": 2000,
            "system": "Be brief.",
            "temperature": 0.5,
            "max_tokens": 9,
            "params": {"top_p": 0.8, "stop": ["a"]},
        },
        "usage": {
            "input": 18,
            "output": 375,
            "total": 393,
            "thinking": 320,
            "cached": 0,
            "cache_created": 2,
            "input_parts": {"text": 12, "image": 6},
            "output_parts": {"text": 375},
            "estimated": True,
        },
        "finish_reason": "length",
        "model": "qwen-plus",
        "server": "emulator",
        "scripted": True,
        "starts_anew": True,
    }
    assert "usage" not in carried(Turn("q", Reply()))


def test_thinking_is_carried_only_where_it_is_wanted() -> None:
    assert "thinking" not in carried(TURN)
    assert carried(TURN, keep_thinking=True)["thinking"] == "Compare."


WORDS = st.text(max_size=30)
COUNTS = st.none() | st.integers(0, 2**63)
PARTS = st.dictionaries(
    st.sampled_from(["text", "image", "audio", "video"]), st.integers(0, 2**63), max_size=4
)
DATA = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | WORDS
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)  # fmt: skip
FIELDS = st.sampled_from(["top_p", "seed", "stop", "enable_search", "x", "某", "max_retries"])
TURNS = st.builds(
    Turn,
    prompt=WORDS,
    reply=st.builds(
        Reply,
        answer=WORDS,
        thinking=WORDS,
        tool_calls=st.lists(st.builds(ToolCall, WORDS, WORDS, WORDS), max_size=3).map(tuple),
        usage=st.none()
        | st.builds(
            Usage, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, COUNTS, PARTS, PARTS, st.booleans()
        ),
        finish_reason=st.sampled_from(get_args(FinishReason)),
        model=WORDS,
        server=WORDS,
        scripted=st.booleans(),
    ),
    options=st.builds(
        ChatOptions,
        model=st.none() | WORDS,
        thinking=st.none() | st.booleans() | st.integers(1, 2**40),
        system=st.none() | WORDS,
        temperature=st.none() | st.floats(0, 2) | st.integers(0, 2),
        max_tokens=COUNTS,
        params=st.dictionaries(FIELDS, DATA, max_size=3),
    ),
    starts_anew=st.booleans(),
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(TURNS, st.booleans())
def test_what_is_carried_comes_back_from_the_file(turn: Turn, keep_thinking: bool) -> None:
    written = json.dumps(carried(turn, keep_thinking=keep_thinking), allow_nan=False)
    assert turn_from(json.loads(written)) == as_carried(turn, keep_thinking=keep_thinking)


@pytest.mark.parametrize("sign", ["x", "中", '"'])
def test_a_long_turn_leaves_only_its_hash_and_its_head(sign: str) -> None:
    turn = Turn(sign * 300, Reply(answer=sign * BOUND))
    short = carried(turn)
    assert set(short) == {"version", "complete", "sha256", "head"}
    assert short["complete"] is False
    assert short["head"] == {"prompt": sign * 200, "answer": sign * 200}
    assert len(json.dumps(short)) < 4000
    assert turn_from(short) is None


def test_the_bound_is_that_of_the_json_in_bytes() -> None:
    def size(found: Mapping[str, Any]) -> bytes:
        return json.dumps(
            found, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()

    empty = len(size(carried(Turn("", Reply()))))
    fits = Turn("x" * (BOUND - empty), Reply())
    assert len(size(carried(fits))) == BOUND
    assert turn_from(carried(fits)) == fits
    wide = Turn("中" * (BOUND // 2), Reply())
    full = carried(replace(wide, prompt="")) | {"prompt": wide.prompt}
    assert carried(wide)["sha256"] == sha256(size(full)).hexdigest()
    # nobody's file makes a person send more than we would have written
    assert turn_from(full) is None


TOOLS_AND_PLACES = {
    "tools": [{"type": "function"}], "tool_choice": "auto", "functions": [],
    "base_url": "https://evil.example", "api_key": "sk-x", "extra_headers": {"a": "b"},
    "Authorization": "Bearer x", "messages": [{"role": "user", "content": "other"}],
    "model": "dear", "stream": False, "proxy": "http://evil.example",
}  # fmt: skip


@pytest.mark.parametrize("name", TOOLS_AND_PLACES)
def test_tools_and_places_are_neither_written_nor_read(name: str) -> None:
    params = {name: TOOLS_AND_PLACES[name], "top_p": 0.5}
    found = carried(replace(TURN, options=ChatOptions(params=params)))
    assert found["options"] == {"params": {"top_p": 0.5}}
    found["options"]["params"] = params
    turn = turn_from(found)
    assert turn is not None
    assert turn.options.params == {"top_p": 0.5}


DEEP: list[Any] = []
for _ in range(10_000):
    DEEP = [DEEP]
CYCLE: dict[str, Any] = {}
CYCLE["x"] = CYCLE
NO_DATA = [object(), {1, 2}, float("nan"), float("inf"), b"x", {1: 2}, 10**5000, DEEP, CYCLE]


@pytest.mark.parametrize("value", NO_DATA, ids=lambda value: type(value).__name__)
def test_what_is_no_data_is_left_out(value: Any) -> None:
    params = {"odd": value, "even": 2}
    found = carried(replace(TURN, options=ChatOptions(params=params, temperature=0.1)))
    assert found["options"]["params"] == {"even": 2}
    found["options"]["params"] = params
    turn = turn_from(found)
    assert turn is not None
    assert turn.options.params == {"even": 2}


def test_half_characters_can_be_saved() -> None:
    found = carried(
        Turn("a\ud800", Reply(answer="\udfff"), ChatOptions(params={"x": "\udc80"}))
    )
    assert json.dumps(found, ensure_ascii=False).encode()
    assert (found["prompt"], found["answer"]) == ("a\ufffd", "\ufffd")


@pytest.mark.parametrize(
    "change",
    [
        {"version": VERSION + 1}, {"version": 0}, {"version": "1"}, {"version": True},
        {"version": None}, {"prompt": None}, {"prompt": ["x"]}, {"answer": 1},
        {"tool_calls": {}}, {"tool_calls": ["x"]}, {"tool_calls": [{"id": "a"}]},
        {"tool_calls": None}, {"options": None}, {"options": []},
        {"options": {"thinking": "yes"}}, {"options": {"thinking": -1}},
        {"options": {"thinking": 0}}, {"options": {"temperature": "0"}},
        {"options": {"temperature": float("nan")}}, {"options": {"temperature": True}},
        {"options": {"max_tokens": 1.5}}, {"options": {"max_tokens": True}},
        {"options": {"system": {}}}, {"options": {"params": []}}, {"usage": 3},
        {"usage": None}, {"usage": {"input": -1}}, {"usage": {"input": "1"}},
        {"usage": {"total": 10**400}}, {"usage": {"estimated": 1}},
        {"usage": {"input_parts": [1]}}, {"usage": {"output_parts": {"text": "1"}}},
        {"finish_reason": "won"}, {"finish_reason": []},
        {"model": None}, {"server": 1}, {"scripted": 1}, {"starts_anew": "no"},
        {"thinking": 7}, {"head": {}},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_malformed_is_no_turn(change: dict[str, Any]) -> None:
    assert turn_from(carried(TURN) | change) is None


@pytest.mark.parametrize("key", sorted(set(carried(TURN)) - {"usage"}))
def test_what_lacks_a_part_is_no_turn(key: str) -> None:
    found = carried(TURN)
    del found[key]
    assert turn_from(found) is None


@pytest.mark.parametrize("found", [None, 1, "x", [], {}, [carried(TURN)], DEEP, CYCLE])
def test_anything_else_is_no_turn(found: object) -> None:
    assert turn_from(found) is None


def test_unknown_keys_are_passed_over() -> None:
    found = carried(TURN) | {"base_url": "https://evil.example", "tools": [{}]}
    found["options"] |= {"tools": ["rm"], "server": "https://evil.example", "key": "sk-x"}
    found["usage"] |= {"cost": 3}
    assert turn_from(found) == as_carried(TURN)


PATHS = [
    *((key,) for key in carried(TURN)),
    *(("options", key) for key in carried(TURN)["options"]),
    *(("usage", key) for key in carried(TURN)["usage"]),
    *(("tool_calls", 0, key) for key in ("id", "name", "arguments")),
    ("tool_calls", 0),
]
ODD = DATA | st.floats() | st.binary(max_size=3) | st.just(DEEP) | st.just(10**400)


def put(found: Any, path: tuple[Any, ...], value: Any) -> None:
    # an earlier change may have taken the place away
    with suppress(KeyError, IndexError, TypeError):
        for step in path[:-1]:
            found = found[step]
        found[path[-1]] = value


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.sampled_from(PATHS), ODD), max_size=3))
def test_a_changed_file_never_raises(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    found: Any = carried(TURN, keep_thinking=True)
    for path, value in changes:
        put(found, path, value)
    turn = turn_from(found)
    assert turn is None or turn_from(carried(turn, keep_thinking=True)) == turn


@settings(max_examples=200, deadline=None, derandomize=True)
@given(ODD)
def test_no_data_at_all_raises(found: object) -> None:
    turn_from(found)
    turn_from({"version": 1, "options": found, "tool_calls": [found]})
