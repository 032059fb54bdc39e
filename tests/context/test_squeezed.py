"""Far more turns than a few summary calls can read: each is told in fewer words."""

from __future__ import annotations

import pytest

from qwen_nb.context.sizes import Memory
from qwen_nb.conversation.rounds import Past
from qwen_nb.values import Reply, Turn

from ._driver import Talk
from .conftest import Begin

pytestmark = pytest.mark.service

LIMIT = 2_000
TURNS = 300

WORDS = "the river runs past a mill where seven grey geese wait for bread "
CHINESE = "河水流过一座旧磨坊,七只灰鹅在那里等着面包。"


def talked(begin: Begin, words: str) -> Talk:
    """Return a talk of many turns, of which nobody has told the sizes."""
    talk = begin({"qwen-plus": LIMIT})
    talk.ask(words)  # tells how far estimates are off in this language
    talk.pasts = [
        Past(
            f"old{number}",
            Turn(
                f"Question {number}: {words}",
                Reply(answer=f"{number}. {words}", scripted=True),
            ),
        )
        for number in range(1, TURNS + 1)
    ]
    talk.emulator.journal.clear()
    return talk


def checked_summaries(talk: Talk) -> list[str]:
    """Return what was to be summarised since the journal began; all of it was taken."""
    records = list(talk.emulator.journal)
    talk.emulator.journal.clear()
    assert {record.status for record in records} == {200}
    said = [record.body["messages"][-1]["content"] for record in records]
    return [one for one in said if one.startswith(("Summarise", "请总结"))]


@pytest.mark.parametrize("repeated", [6, 20])
@pytest.mark.parametrize("words", [WORDS, CHINESE], ids=["English", "Chinese"])
def test_300_turns_are_squeezed_into_calls_that_the_model_takes(
    begin: Begin, words: str, repeated: int
) -> None:
    talk = talked(begin, words * repeated)
    talk.ask("And now?")
    used = talk.plans[-1].summary
    assert used is not None
    assert used.count > TURNS * 0.9
    asked = checked_summaries(talk)
    assert len(asked) == talk.summary_calls
    assert "[…]" in asked[0]  # a few calls would not do for all of it
    # an early turn is asked again: what stood for the old version is of no use
    talk.ask("Something else", in_place_of=1)
    assert checked_summaries(talk) == []
    planned = talk.planned("And then?", talk.pasts)
    assert planned.summary is not None
    assert planned.summary.count > TURNS * 0.9
    assert planned.summary.digest != used.digest
    assert set(planned.left_out.values()) == {"summarised"}
    assert not {"context.note.no_summary", "context.note.left_out"} & {
        note.key for note in planned.notes
    }
    first, *_ = checked_summaries(talk)
    assert "Something else" in first
    assert "Question 2:" not in first
    assert "Question 3:" in first


def test_a_summary_that_was_refused_is_asked_for_in_fewer_words(begin: Begin) -> None:
    # nobody has told how long Chinese is: estimates are far too low
    talk = talked(begin, CHINESE * 6)
    talk.memory = Memory()
    talk.ask("然后呢?")
    statuses = [record.status for record in talk.emulator.journal]
    assert statuses.count(400) in (1, 2)
    assert statuses[0] == 400
    used = talk.plans[-1].summary
    assert used is not None
    assert used.count > TURNS * 0.9
    assert "context.note.no_summary" not in {note.key for note in talk.plans[-1].notes}
