"""Turns keep the places in which they were asked."""

from itertools import permutations

import pytest

from qwen_nb._messages import Reply, Turn
from qwen_nb._places import PlacedConversation

ORDERS = tuple(permutations(range(3)))


def turn(prompt: str) -> Turn:
    return Turn(prompt, Reply(answer=prompt.upper()))


def told(conversation: PlacedConversation) -> str:
    return "".join(turn.prompt for turn in conversation.turns)


@pytest.mark.parametrize("order", ORDERS)
def test_places_are_filled_in_any_order(order: tuple[int, ...]) -> None:
    conversation = PlacedConversation([turn("a")])
    places = []
    for prompt in "bdf":
        places.append((conversation.keep_place(starts_anew=False), prompt))
        conversation.append(turn(chr(ord(prompt) + 1)))
    assert (told(conversation), conversation.running) == ("aceg", 3)
    for at in order:
        conversation.fill(places[at][0], turn(places[at][1]))
    assert (told(conversation), conversation.running) == ("abcdefg", 0)


@pytest.mark.parametrize("order", ORDERS)
def test_places_beside_each_other_keep_their_order(order: tuple[int, ...]) -> None:
    conversation = PlacedConversation([turn("a")])
    places = [conversation.keep_place(starts_anew=False) for _ in "bcd"]
    for at in order:
        conversation.fill(places[at], turn("bcd"[at]))
    assert told(conversation) == "abcd"


def test_a_place_that_is_given_up_leaves_nothing() -> None:
    conversation = PlacedConversation([turn("a")])
    place = conversation.keep_place(starts_anew=False)
    conversation.append(turn("b"))
    conversation.fill(place, None)
    assert (told(conversation), conversation.running) == ("ab", 0)


@pytest.mark.parametrize("is_given_up", [False, True])
def test_what_is_asked_behind_a_new_beginning_stays_behind_it(is_given_up: bool) -> None:
    conversation = PlacedConversation([turn("a")])
    place = conversation.keep_place(starts_anew=True)
    other = conversation.keep_place(starts_anew=False)
    conversation.append(turn("d"))
    assert [turn.prompt for turn in conversation.current] == ["d"]
    assert conversation.running == 2
    conversation.fill(place, None if is_given_up else turn("b"))
    conversation.fill(other, turn("c"))
    assert told(conversation) == ("acd" if is_given_up else "abcd")
    assert [turn.prompt for turn in conversation.current] == list(
        "cd" if is_given_up else "bcd"
    )


def test_a_new_beginning_counts_no_older_places() -> None:
    conversation = PlacedConversation([turn("a")])
    conversation.keep_place(starts_anew=False)
    conversation.begin_anew()
    assert (conversation.running, conversation.next_number) == (0, 1)
    conversation.keep_place(starts_anew=False)
    assert (conversation.running, conversation.next_number) == (1, 2)
