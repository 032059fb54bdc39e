"""Fragments of parallel calls, in any order, become the same calls (protocol.md §4.4)."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_nb.values import ToolCall
from qwen_nb.wire.dialects.tool_calls import ToolCalls

from ._reading import read, reply_of
from .cases import call, compat, fragment, native

NAMES = st.sampled_from(["f", "g", "get_weather"])
ARGUMENTS = st.dictionaries(
    st.text(max_size=4), st.integers() | st.text(max_size=6), max_size=3
)
REPEATED_IDS = ["", None, "absent", "full"]


def pieces(text: str, cuts: list[int]) -> list[str]:
    borders = sorted({0, len(text), *(cut % (len(text) + 1) for cut in cuts)})
    return [text[a:b] for a, b in pairwise(borders)]


@st.composite
def interleavings(draw: Any) -> tuple[list[ToolCall], list[dict[str, Any]], bool]:
    with_index = draw(st.booleans())
    calls, streams = [], []
    for at in range(draw(st.integers(1, 4))):
        text = json.dumps(draw(ARGUMENTS), ensure_ascii=draw(st.booleans()))
        name = draw(NAMES)
        calls.append(ToolCall(f"c-{at}", name, text))
        index = {"index": at} if with_index else {}
        # Without an index only its id can tell which call a fragment belongs to.
        repeated = draw(st.sampled_from(REPEATED_IDS)) if with_index else "full"
        again = {"full": {"id": f"c-{at}"}, "absent": {}}.get(repeated, {"id": repeated})
        first, *rest = pieces(text, draw(st.lists(st.integers(0, 99), max_size=4)))
        streams.append(
            [fragment(id=f"c-{at}", name=name, arguments=first, **index)]
            + [fragment(arguments=piece, **again, **index) for piece in rest]
        )
    started = 0
    mixed = []
    while any(streams):
        # A call begins after those before it have begun, and then they go on in any order.
        ready = [at for at, stream in enumerate(streams) if stream and at <= started]
        at = draw(st.sampled_from(ready))
        started = max(started, at + 1)
        mixed.append(streams[at].pop(0))
    return calls, mixed, with_index


@pytest.mark.parametrize("dialect", ["openai", "dashscope"])
@given(data=st.data())
def test_any_interleaving_gives_the_same_calls(dialect: str, data: Any) -> None:
    calls, fragments, _ = data.draw(interleavings())
    size = data.draw(st.integers(1, 3))
    steps = [call(*fragments[at : at + size]) for at in range(0, len(fragments), size)]
    spelled = compat if dialect == "openai" else native
    reply = reply_of(read(dialect, [spelled(*steps, finish="tool_calls")]))
    assert list(reply.tool_calls) == calls
    assert reply.finish_reason == "tool_calls"


def test_a_call_without_an_id_gets_one() -> None:
    first = fragment(index=0, name="f", arguments="{}")
    second = fragment(index=1, name="f", arguments="{}")
    reply = reply_of(read("openai", [compat(call(first), call(second))]))
    ids = [one.id for one in reply.tool_calls]
    assert all(ids)
    assert len(set(ids)) == 2


def test_merging_is_linear() -> None:
    tools = ToolCalls()
    count = sum(
        len(tools.events([fragment(index=0, id="c-1", name="f", arguments="x")]))
        for _ in range(20_000)
    )
    assert count == 20_001


def test_what_is_no_fragment_is_said() -> None:
    with pytest.raises(AttributeError):
        ToolCalls().events(["x"])
