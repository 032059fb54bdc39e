"""`<think>…</think>` inside the answer, in any pieces (protocol.md §8)."""

import random
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_nb.values.events import AnswerDelta, ThinkingDelta
from qwen_nb.wire.dialects.think_tags import ThinkSplitter

LIKE_TAGS = "<thinker> </thin> << <think"

# text → thinking, answer
SPLITS: dict[str, tuple[str, str, str]] = {
    "no tags": ("I am.", "", "I am."),
    "thinking and answer": ("<think>\nHm\n</think>\n\nI am.", "Hm\n", "I am."),
    "blanks before the opener": (" \n<think>Hm</think>I", "Hm", "I"),
    "an empty thinking": ("<think>\n\n</think>\n\nI", "", "I"),
    "CRLF after the tag": ("<think>Hm</think>\r\n\r\nI", "Hm", "I"),
    "spaces after the tag stay": ("<think>Hm</think>  I", "Hm", "  I"),
    "an opener twice": ("<think>\n<think>Hm</think>I", "Hm", "I"),
    "thinking that never closes": ("<think>Hm", "Hm", ""),
    "thinking twice": ("<think>a</think>I<think>b</think>am", "ab", "Iam"),
    "a lone closing tag stays": ("Hm</think>I", "", "Hm</think>I"),
    "inline code": ("Use `<think>` and `</think>`.", "", "Use `<think>` and `</think>`."),
    "inline code with two ticks": ("``a`<think>`` b", "", "``a`<think>`` b"),
    "inline code in the thinking": (
        "<think>the `</think>` tag</think>I", "the `</think>` tag", "I"
    ),
    "a stray tick ends with its line": ("<think>it`s\n</think>I", "it`s\n", "I"),
    "a fence": ("x\n```\n<think>a</think>\n```\ny", "", "x\n```\n<think>a</think>\n```\ny"),
    "a fence of tildes": ("~~~~\n<think>\n~~~\n~~~~\nz", "", "~~~~\n<think>\n~~~\n~~~~\nz"),
    "a fence in a list": ("- ```\n  <think>\n  ```\n", "", "- ```\n  <think>\n  ```\n"),
    "a fence that closes": ("```\na\n```\n<think>Hm</think>I", "Hm", "```\na\n```\nI"),
    "a fence in one line is inline code": ("```a``` <think>Hm</think>I", "Hm", "```a``` I"),
    "a fence in the thinking": (
        "<think>\n```\n<think>\n</think>\n```\n</think>I", "```\n<think>\n</think>\n```\n", "I"
    ),
    "a fence the thinking left open": ("<think>\n```py\nx\n</think>\nI", "```py\nx\n", "I"),
    "what only looks like a tag": (LIKE_TAGS, "", LIKE_TAGS),
    "less than": ("1 <2 and <", "", "1 <2 and <"),
}  # fmt: skip

HELD: dict[str, tuple[str, str, str]] = {
    "an opener that is missing": ("Hm\n</think>\n\nI", "Hm\n", "I"),
    "an opener after all": ("<think>Hm</think>I", "Hm", "I"),
    "no thinking": ("I am", "", "I am"),
    "a tag in code is none": ("see `</think>` there", "", "see `</think>` there"),
    "an answer before the opener": ("I<think>Hm</think>am", "Hm", "Iam"),
    "a second closing tag stays": ("a</think>b</think>c", "a", "b</think>c"),
}


def split(pieces: list[str], *, missing_opener: bool = False) -> tuple[str, str]:
    splitter = ThinkSplitter(missing_opener=missing_opener)
    events = [event for piece in pieces for event in splitter.feed(piece)] + splitter.close()
    texts = {ThinkingDelta: "", AnswerDelta: ""}
    for event in events:
        assert event.text
        texts[type(event)] += event.text
    return texts[ThinkingDelta], texts[AnswerDelta]


@pytest.mark.parametrize(("text", "thinking", "answer"), SPLITS.values(), ids=SPLITS)
def test_a_text_is_split(text: str, thinking: str, answer: str) -> None:
    assert split([text]) == (thinking, answer)
    assert split(list(text)) == (thinking, answer)


@pytest.mark.parametrize(("text", "thinking", "answer"), HELD.values(), ids=HELD)
def test_a_text_whose_opener_may_be_missing_is_split(
    text: str, thinking: str, answer: str
) -> None:
    assert split([text], missing_opener=True) == (thinking, answer)
    assert split(list(text), missing_opener=True) == (thinking, answer)


PARTS = st.sampled_from(
    ["<think>", "</think>", "`", "``", "```", "~~~", "\n", "\r\n", " ", "- ", "a", "<", "嗯"]
)


@given(st.lists(PARTS, max_size=30), st.randoms(use_true_random=False), st.booleans())
def test_any_cutting_splits_alike(
    parts: list[str], chance: random.Random, missing_opener: bool
) -> None:
    text = "".join(parts)
    pieces, at = [], 0
    while at < len(text):
        end = at + chance.randrange(1, 9)
        pieces.append(text[at:end])
        at = end
    whole = split([text], missing_opener=missing_opener)
    assert split(pieces, missing_opener=missing_opener) == whole
    assert split(list(text), missing_opener=missing_opener) == whole


@given(st.text("<>/think`~\n ab", max_size=40))
def test_text_without_tags_is_not_changed(text: str) -> None:
    if text.strip() and "<think>" not in text:
        assert split([text]) == ("", text)


def test_what_can_be_shown_is_not_held_back() -> None:
    splitter = ThinkSplitter()
    assert splitter.feed("It ") == [AnswerDelta("It ")]
    assert splitter.feed("``` is <") == [AnswerDelta("``` is ")]
    assert splitter.feed("b>") == [AnswerDelta("<b>")]
    waiting = ThinkSplitter(missing_opener=True)
    assert waiting.feed("Hm") == []
    assert waiting.feed("</think>") == [ThinkingDelta("Hm")]


@pytest.mark.parametrize("piece", ["`", "a", "<", "\n", "~", "<think", "</think>"])
@pytest.mark.parametrize("missing_opener", [False, True])
def test_the_cost_is_linear(piece: str, missing_opener: bool) -> None:
    def cost(times: int) -> float:
        splitter = ThinkSplitter(missing_opener=missing_opener)
        begin = time.process_time()
        for _ in range(times):
            splitter.feed(piece)
        splitter.close()
        return time.process_time() - begin

    small = min(cost(5_000) for _ in range(3))
    assert min(cost(40_000) for _ in range(2)) < 24 * small
