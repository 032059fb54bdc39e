import threading
from collections.abc import Callable
from typing import Any

import pytest
from _turns import before, replaced, turn

from qwen_nb import Turn
from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.context.planning import plan
from qwen_nb.conversation.conversation import Conversation
from qwen_nb.conversation.rounds import Past
from qwen_nb.values import ChatOptions, Message
from qwen_nb.values.entry import Change, Entry


def ask(talk: Conversation, cell: str | None, prompt: str, execution: object = None) -> Entry:
    return talk.settle(talk.place_for(cell, execution or object()), turn(prompt))


def prompts(talk: Conversation) -> list[str]:
    return [past.prompt for past in talk.turns]


@pytest.fixture
def three() -> Conversation:
    """Three cells, A, B and C, with one turn each."""
    talk = Conversation()
    for cell in "ABC":
        ask(talk, cell, cell.lower())
    return talk


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
    talk = Conversation()
    for each in (past, turn("later")):
        talk.settle(talk.place_for(None, None), each)
    sent = talk.history_for()
    assert (past in sent) == is_sent
    assert sent[-1].prompt == "later"
    assert talk.turns == (past, turn("later"))


def test_a_cell_that_runs_again_replaces_its_turn(three: Conversation) -> None:
    slot = three.place_for("B", "again")
    assert (before(three, slot), slot.number) == (["a"], 2)
    assert prompts(three) == ["a", "b", "c"]  # nothing is replaced before an answer came
    three.settle(slot, turn("b2"))
    assert prompts(three) == ["a", "b2", "c"]
    assert [past.prompt for past in replaced(three)] == ["b"]
    assert [entry.older for entry in three.current_entries] == [False, False, True]
    assert [past.prompt for past in three.history_for()] == ["a", "b2", "c"]
    ask(three, "C", "c2")
    assert not any(entry.older for entry in three.current_entries)


def test_a_run_without_an_answer_replaces_nothing(three: Conversation) -> None:
    three.release(three.place_for("B", "again"))
    assert prompts(three) == ["a", "b", "c"]
    assert (replaced(three), three.pending) == ([], ())


def test_a_cell_that_asks_less_than_before_leaves_no_rest(three: Conversation) -> None:
    for prompt in ("b1", "b2", "b3"):
        ask(three, "B", prompt, "loop")
    assert prompts(three) == ["a", "b1", "b2", "b3", "c"]
    second = three.place_for("B", "loop")
    assert before(three, second) == ["a", "b1", "b2", "b3"]
    three.release(second)
    ask(three, "B", "b4", "shorter")
    assert prompts(three) == ["a", "b4", "c"]
    assert three.restore() is not None
    assert prompts(three) == ["a", "b1", "c"]


def test_a_question_without_a_cell_comes_last(three: Conversation) -> None:
    ask(three, None, "d")
    ask(three, None, "e")
    assert prompts(three) == ["a", "b", "c", "d", "e"]


def test_beginning_anew_keeps_the_turns_and_sends_none(three: Conversation) -> None:
    three.begin_anew()
    assert three.begins_anew
    assert three.current == three.history_for() == ()
    assert three.messages == []
    ask(three, "D", "d")
    assert not three.begins_anew
    assert [past.prompt for past in three.current] == ["d"]
    assert prompts(three) == ["a", "b", "c", "d"]
    assert [past.prompt for past in three.history_for((2, 0))] == ["a"]
    ask(three, "A", "a2")
    assert [entry.older for entry in three.entries if entry.cell == "D"] == [False]


def test_the_mark_of_the_command_is_inherited_and_that_of_the_line_is_not(
    three: Conversation,
) -> None:
    three.begin_anew()
    ask(three, "C", "c2")
    assert ask(three, "C", "c3").turn.starts_anew
    three.settle(three.place_for("B", 1), turn("b2", starts_anew=True))
    assert [past.prompt for past in three.history_for((3, 0))] == ["b2"]
    ask(three, "B", "b3")
    assert [past.prompt for past in three.history_for((3, 0))] == ["a", "b3"]


def test_a_retry_keeps_the_mark_of_its_line() -> None:
    talk = Conversation()
    ask(talk, "A", "a")
    talk.settle(talk.place_for("B", 1), turn("b", starts_anew=True))
    slot = talk.slot_again()
    assert (slot.number, before(talk, slot)) == (1, [])
    assert talk.settle(slot, turn("b2")).turn.starts_anew
    with pytest.raises(LookupError):
        talk.slot_again("nothing")


def test_undone_turns_come_back_one_by_one(three: Conversation) -> None:
    assert [entry.turn.prompt for entry in three.undo(2)] == ["c", "b"]
    assert prompts(three) == ["a"]
    three.restore()
    assert prompts(three) == ["a", "b"]
    three.restore()
    assert prompts(three) == ["a", "b", "c"]
    assert three.restore() is None


def test_an_undone_turn_that_is_asked_again_is_a_new_version(three: Conversation) -> None:
    three.undo()
    ask(three, "C", "c2")
    assert prompts(three) == ["a", "b", "c2"]
    three.restore()
    assert prompts(three) == ["a", "b", "c"]
    three.restore(3)
    assert prompts(three) == ["a", "b", "c2"]


def test_restoring_toggles(three: Conversation) -> None:
    old = three.entries[1].id
    ask(three, "B", "b2")
    ask(three, "B", "b3")
    for shown in ("b2", "b3", "b2"):
        three.restore(2)
        assert prompts(three) == ["a", shown, "c"]
    three.restore(old)
    assert prompts(three) == ["a", "b", "c"]
    assert three.restore(9) is None


def test_deleted_cells_leave_and_come_back_when_they_run(three: Conversation) -> None:
    assert [entry.state for entry in three.forget_cells(["B", "X"])] == ["deleted"]
    assert prompts(three) == ["a", "c"]
    ask(three, "B", "b2")
    assert prompts(three) == ["a", "b2", "c"]
    assert [past.prompt for past in replaced(three)] == ["b"]


def test_a_fork_goes_its_own_way(three: Conversation) -> None:
    fork = three.fork(2)
    assert prompts(fork) == ["a", "b"]
    ask(fork, "D", "d")
    assert (prompts(fork), prompts(three)) == (["a", "b", "d"], ["a", "b", "c"])
    assert fork.entries[0].copy_of == three.entries[0].id
    with pytest.raises(LookupError):
        three.fork(9)


def test_a_job_keeps_the_place_it_was_given(three: Conversation) -> None:
    job = three.place_for("D", 1)
    later = three.place_for("E", 2)
    assert (len(later.pending), later.number, len(before(three, later))) == (1, 5, 3)
    three.settle(later, turn("e"))
    assert [slot.cell for slot in three.pending] == ["D"]
    three.settle(job, turn("d"))
    assert prompts(three) == ["a", "b", "c", "d", "e"]
    assert three.current_entries[-1].older


def test_a_job_asked_before_the_conversation_began_anew_does_not_begin_it(
    three: Conversation,
) -> None:
    job = three.place_for("D", 1)
    three.begin_anew()
    assert not three.settle(job, turn("d")).turn.starts_anew
    assert three.begins_anew
    assert ask(three, "E", "e").turn.starts_anew


def test_a_job_that_ends_after_its_cell_was_asked_again_is_an_older_version(
    three: Conversation,
) -> None:
    job = three.place_for("D", 1)
    ask(three, "D", "again")
    assert three.settle(job, turn("late")).state == "replaced"
    assert prompts(three) == ["a", "b", "c", "again"]


def test_a_number_tells_the_turn(three: Conversation) -> None:
    three.settle(three.place_for("B", 1), turn("b2", starts_anew=True))
    numbers: list[Callable[[], Any]] = [
        lambda e=entry: three.number_of(e.id) for entry in three.entries
    ]
    assert [number() for number in numbers] == [1, None, 1, 2]
    assert three.entry(2) == three.entries[-1]
    assert three.entry(0) is three.entry(3) is None


def test_the_messages_are_the_apis_own_list() -> None:
    talk = Conversation()
    talk.settle(talk.place_for(None, None), turn("q", options=ChatOptions(system="s")))
    assert talk.messages == [
        {"role": "system", "content": "s"},
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "a"},
    ]


def test_every_change_is_told() -> None:
    told: list[Change] = []
    talk = Conversation(on_change=told.append)
    first = ask(talk, "A", "1")
    second = ask(talk, "A", "2")
    assert told[0] == Change(((None, first),))
    assert [(before, after.state) for before, after in told[1].entries] == [
        (first, "replaced"), (None, "current"),
    ]  # fmt: skip
    assert told[1].entries[1][1] == second
    talk.begin_anew()
    talk.begin_anew()
    assert told[2:] == [Change((), True)]


def test_threads_get_places_of_their_own() -> None:
    talk = Conversation()

    def work() -> None:
        for _ in range(50):
            ask(talk, None, "q")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [entry.place for entry in talk.entries] == list(range(1, 201))


def test_a_request_is_answers_only() -> None:
    past = Past("1", turn("then", "so"))
    options = ChatOptions(model="m", system="s")
    planned = plan([past], "now", Catalogue.load().find("m"), options=options)
    assert planned.messages == (
        Message("system", "s"), Message("user", "then"), Message("assistant", "so"),
        Message("user", "now"),
    )  # fmt: skip


@pytest.mark.parametrize("system", [None, ""])
def test_no_system_message_is_made_up(system: str | None) -> None:
    options = ChatOptions(model="m", system=system)
    planned = plan([], "now", Catalogue.load().find("m"), options=options)
    assert planned.messages == (Message("user", "now"),)
