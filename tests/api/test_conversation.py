from typing import Any

import pytest

from qwen_nb import Reply, Turn
from qwen_nb._conversation import Conversation, request_for
from qwen_nb._messages import ChatOptions, Message


def turn(prompt: str = "q", answer: str = "a", finish: Any = "stop", **more: Any) -> Turn:
    return Turn(prompt, Reply(answer=answer, thinking="Hm", finish_reason=finish), **more)


SENT = {
    "answered": (turn(), True),
    "at its length": (turn(finish="length"), True),
    "stopped with an answer": (turn(finish="stopped"), True),
    "cut with an answer": (turn(finish="cut"), True),
    "stopped in the thinking": (turn(answer="", finish="stopped"), False),
    "cut in the thinking": (turn(answer="", finish="cut"), False),
    "ended without an answer": (turn(answer=""), False),
    "failed": (turn(answer="", finish="failed"), False),
    "failed in the answer": (turn(finish="failed"), False),
    "blocked": (turn(finish="blocked"), False),
}


@pytest.mark.parametrize(("past", "is_sent"), SENT.values(), ids=SENT)
def test_a_turn_is_sent_again_if_it_has_an_answer(past: Turn, is_sent: bool) -> None:
    conversation = Conversation([past, turn("later")])
    sent = conversation.history()
    assert (past in sent) == is_sent
    assert sent[-1].prompt == "later"
    assert conversation.turns == (past, turn("later"))


def test_beginning_anew_keeps_the_turns_and_sends_none() -> None:
    conversation = Conversation([turn("1")])
    conversation.begin_anew()
    assert conversation.begins_anew
    assert conversation.current == conversation.history() == ()
    conversation.append(turn("2", starts_anew=True))
    assert not conversation.begins_anew
    assert [past.prompt for past in conversation.current] == ["2"]
    assert [past.prompt for past in conversation.turns] == ["1", "2"]


def test_sending_starts_at_the_last_mark() -> None:
    marks = [False, True, False, True, False]
    turns = [turn(str(at), starts_anew=mark) for at, mark in enumerate(marks)]
    assert [past.prompt for past in Conversation(turns).history()] == ["3", "4"]


def test_a_request_is_answers_only() -> None:
    request = request_for("now", [turn("then", "so")], ChatOptions(model="m", system="s"))
    assert request.model == "m"
    assert request.messages == (
        Message("system", "s"), Message("user", "then"), Message("assistant", "so"),
        Message("user", "now"),
    )  # fmt: skip


@pytest.mark.parametrize("system", [None, ""])
def test_no_system_message_is_made_up(system: str | None) -> None:
    request = request_for("now", [], ChatOptions(model="m", system=system))
    assert request.messages == (Message("user", "now"),)
