"""Pieces or the whole text so far: the same text comes out."""

from itertools import accumulate

from hypothesis import assume, given
from hypothesis import strategies as st

from qwen_nb.wire.dialects.growing import GrowingText

from ._reading import read, reply_of
from .cases import native

PIECES = st.lists(st.text("ab ", min_size=1, max_size=4), min_size=1, max_size=12)


@given(PIECES)
def test_repeats_give_the_text_once(pieces: list[str]) -> None:
    wholes = list(accumulate(pieces))
    frames = [{"content": text} for text in wholes]
    reply = reply_of(read("dashscope", [native(*frames, last={"content": wholes[-1]})]))
    assert reply.answer == wholes[-1]


@given(PIECES)
def test_pieces_give_the_text_even_if_they_look_repeated(pieces: list[str]) -> None:
    reply = reply_of(read("dashscope", [native(*({"content": piece} for piece in pieces))]))
    assert reply.answer == "".join(pieces)


@given(PIECES, PIECES)
def test_thinking_and_answer_that_repeat(thinking: list[str], answer: list[str]) -> None:
    thoughts, answers = list(accumulate(thinking)), list(accumulate(answer))
    frames = [{"reasoning_content": text} for text in thoughts]
    frames += [{"reasoning_content": thoughts[-1], "content": text} for text in answers]
    reply = reply_of(read("dashscope", [native(*frames, last=frames[-1])]))
    assert (reply.thinking, reply.answer) == (thoughts[-1], answers[-1])


@given(PIECES)
def test_a_decided_text_holds_nothing_back(pieces: list[str]) -> None:
    text = GrowingText()
    told = "".join(map(text.delta, pieces))
    assume(text.repeats is False)
    assert told == "".join(pieces)
    assert text.close() == ""
