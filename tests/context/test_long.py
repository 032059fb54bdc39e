"""Hundreds of turns over real HTTP to a model that takes little."""

from pathlib import Path

import pytest

from qwen_nb.conversation.rounds import Past
from qwen_nb.errors import ConfigError
from qwen_nb.store import Store
from qwen_nb.values import ChatOptions, Reply, Turn
from qwen_nb.values.policy import Policy

from .conftest import Begin

pytestmark = pytest.mark.service

WORDS = "the river runs past a mill where seven grey geese wait for bread "
CHINESE = "河水流过一座旧磨坊,七只灰鹅在那里等着面包。"


def question(number: int, chinese: bool = False) -> str:
    if chinese:
        return f"第 {number} 问:" + CHINESE * 8
    return f"Question {number}: " + WORDS * 8


@pytest.mark.parametrize("chinese", [False, True], ids=["English", "Chinese"])
def test_300_long_turns_never_meet_the_limit(begin: Begin, chinese: bool) -> None:
    talk = begin({"qwen-plus": 4_096})
    for number in range(1, 301):
        talk.ask(question(number, chinese))
    assert talk.refused == 0
    assert {record.status for record in talk.emulator.journal} == {200}
    assert max(past.turn.reply.usage.input for past in talk.pasts) <= 4_096  # type: ignore[union-attr, type-var]
    assert talk.summary_calls >= 10
    begins = "请总结" if chinese else "Summarise"
    asked = [record.body["messages"] for record in talk.emulator.journal]
    made = [one for one in asked if one[0]["content"].startswith(begins)]
    assert len(made) == talk.summary_calls
    assert len(asked) == 300 + talk.summary_calls
    # a summary of a summary: the last one stands for nearly everything
    assert talk.summaries[-1].count > 280
    assert talk.summaries[-1].after == talk.summaries[-2].digest
    used = [planned for planned in talk.plans if planned.summary]
    label = "模拟器的预设总结" if chinese else "scripted summary by the emulator"
    assert all(label in str(planned.messages[0].content) for planned in used)
    # between two summaries the size is known exactly, but for the new question
    misses = [
        abs(planned.tokens - past.turn.reply.usage.input)  # type: ignore[union-attr, operator]
        for planned, past in zip(talk.plans, talk.pasts, strict=True)
    ]
    assert sorted(misses)[len(misses) // 2] <= 60


def test_a_rerun_of_an_early_turn_drops_the_summary_that_covers_it(begin: Begin) -> None:
    talk = begin({"qwen-plus": 4_096})
    while talk.summary_calls == 0:
        talk.ask(question(len(talk.pasts)))
    used = talk.plans[-1].summary
    assert used is not None
    assert used.count >= 2
    calls, kept = talk.summary_calls, list(talk.pasts)
    talk.ask("Something else: " + WORDS, in_place_of=1)
    assert talk.plans[-1].summary is None  # what stands before it is short
    planned = talk.planned("And now?", talk.pasts)
    assert planned.summary is not None
    assert planned.summary.digest != used.digest
    assert talk.summary_calls > calls
    made = talk.emulator.journal[-1].body["messages"][0]["content"]
    assert "Something else" in made  # the originals were read again
    assert "Question 1" not in made
    # with the old version restored, what stood for it stands again
    calls = talk.summary_calls
    assert talk.planned("And now?", kept).summary == used
    assert talk.summary_calls == calls


def test_a_summary_is_announced_once(begin: Begin) -> None:
    talk = begin({"qwen-plus": 4_096})
    told = []
    while talk.summary_calls < 1:
        talk.ask(question(len(talk.pasts)))
        told.append([note.key for note in talk.plans[-1].notes])
    assert told[-1] == ["context.note.will_summarise", "context.note.summarised"]
    assert not any(told[:-1])


@pytest.mark.parametrize("thinking", [False, True])
def test_the_server_teaches_a_limit_that_nobody_knew(
    begin: Begin, tmp_path: Path, thinking: bool
) -> None:
    talk = begin(
        {"glm-4.7": 2_000}, model="glm-4.7", home=tmp_path, knows=False,
        options=ChatOptions(thinking=thinking),
    )  # fmt: skip
    for number in range(1, 25):
        talk.ask(question(number))
    assert talk.refused == 1
    assert talk.limits.of(talk.server, "glm-4.7") == 2_000
    assert talk.summary_calls >= 1
    # it is known in the next session
    other = begin({"glm-4.7": 2_000}, model="glm-4.7", home=tmp_path, knows=False)
    other.limits.learn(other.server, "glm-4.7", 2_000)
    for number in range(1, 12):
        other.ask(question(number))
    assert other.refused == 0


def test_an_estimate_that_was_too_low_is_mended_by_the_servers_error(begin: Begin) -> None:
    talk = begin({"qwen-plus": 4_096})
    for number in range(4):  # digits are a token each; nobody has told these sizes
        reply = Reply(answer="42", scripted=True)
        talk.pasts.append(Past(f"old{number}", Turn("0123456789" * 150, reply)))
    talk.ask("How many digits were that?")
    assert talk.refused == 1
    assert talk.summary_calls >= 1
    talk.ask("9" * 1_500)
    assert talk.refused == 1
    with pytest.raises(ConfigError, match="Nothing was sent"):
        talk.ask("9" * 4_200)
    assert talk.refused == 1


def test_what_is_too_long_by_itself_is_one_error_before_anything_is_sent(
    begin: Begin,
) -> None:
    talk = begin({"qwen-plus": 4_096})
    with pytest.raises(ConfigError) as caught:
        talk.ask(WORDS * 400)
    assert caught.value.key == "error.question_too_long"
    assert caught.value.facts["limit"] == 4_096
    assert len(talk.emulator.journal) == 0
    talk.ask(WORDS * 150)
    with pytest.raises(ConfigError) as caught:
        talk.ask(WORDS * 150)
    assert caught.value.key == "error.turn_too_long"
    assert "--once" in str(caught.value)
    assert len(talk.emulator.journal) == 1


def test_off_sends_everything_as_it_is(begin: Begin) -> None:
    talk = begin({"qwen-plus": 4_096}, policy=Policy("off"))
    with pytest.raises(Exception, match="Range of input length"):
        talk.ask(WORDS * 400)
    assert [record.status for record in talk.emulator.journal] == [400, 400]


def test_truncate_sends_the_last_turns(begin: Begin) -> None:
    talk = begin(policy=Policy("truncate", 3))
    for number in range(1, 8):
        talk.ask(question(number))
    sent = talk.emulator.journal[-1].body["messages"]
    assert [one["content"].partition(":")[0] for one in sent[::2]] == [
        f"Question {number}" for number in (4, 5, 6, 7)
    ]
    assert talk.plans[-1].sent == ("v4", "v5", "v6")
    assert talk.plans[-1].left_out == dict.fromkeys(("v1", "v2", "v3"), "left_out")


def test_retrieve_quotes_the_similar_turns(begin: Begin, tmp_path: Path) -> None:
    store = Store(tmp_path / "store.sqlite")
    talk = begin(policy=Policy("retrieve", 2), vectors=store.vectors)
    talk.ask("How do I bake sourdough bread with rye flour?")
    talk.ask("Which stars form the Southern Cross constellation?")
    talk.ask("怎样修理自行车的链条?")
    talk.ask("What temperature suits baking rye bread?")
    talk.ask("Name a moon of Saturn.")
    reply = talk.ask("My rye sourdough bread is burnt: which temperature is right for baking?")
    assert reply.finish_reason == "stop"
    (sent,) = talk.emulator.journal[-1].body["messages"]
    assert "Southern Cross" not in sent["content"]
    first, second = sent["content"].index("How do I bake"), sent["content"].index("What temp")
    assert sent["content"].startswith("[Quoted")
    assert first < second
    assert sent["content"].endswith("which temperature is right for baking?")
    assert talk.plans[-1].sent == ("v1", "v4")
    talk.ask("自行车的链条又坏了,怎样修理?")
    (sent,) = talk.emulator.journal[-1].body["messages"]
    assert "怎样修理自行车的链条?" in sent["content"]
    # each turn was embedded once, and each question at its time
    embedded = [
        text
        for record in talk.emulator.journal
        if record.path.endswith("/embeddings")
        for text in record.body["input"]
    ]
    assert len(embedded) == 6 + 6
    store.close()
    store = Store(tmp_path / "store.sqlite")
    again = begin(policy=Policy("retrieve", 2), vectors=store.vectors)
    again.pasts = list(talk.pasts)
    again.ask("rye bread")
    (record,) = [one for one in again.emulator.journal if one.path.endswith("/embeddings")]
    assert len(record.body["input"]) == 2  # the newest turn, and the question
    store.close()
