import dataclasses
from dataclasses import FrozenInstanceError

import pytest

from qwen_nb import Reply, Turn, Usage
from qwen_nb._events import AnswerDelta, Finished, Started, ThinkingDelta, UsageReport
from qwen_nb._messages import (
    ChatOptions,
    Message,
    ReplyBuilder,
    Server,
    Timing,
    estimate_tokens,
)


def test_events_fold_into_a_reply() -> None:
    builder = ReplyBuilder()
    for event in (
        Started("m", "r-1"), ThinkingDelta("Hm"), ThinkingDelta("!"), AnswerDelta("It "),
        AnswerDelta("is."), Finished("stop"), UsageReport(Usage(input=1, output=2)),
    ):  # fmt: skip
        builder.add(event)
    assert builder.reply() == Reply(
        answer="It is.", thinking="Hm!", usage=Usage(input=1, output=2), model="m",
        request_id="r-1",
    )  # fmt: skip


def test_a_later_usage_replaces_an_earlier_one() -> None:
    builder = ReplyBuilder()
    builder.add(UsageReport(Usage(input=1, output=2, thinking=3)))
    builder.add(UsageReport(Usage(input=1, output=5)))
    assert builder.reply().usage == Usage(input=1, output=5)


def test_a_reply_without_an_end_is_cut() -> None:
    builder = ReplyBuilder()
    builder.add(AnswerDelta("It "))
    assert builder.reply().finish_reason == "cut"
    assert builder.reply("stopped").finish_reason == "stopped"


def test_the_model_that_was_asked_stands_in_for_one_not_named() -> None:
    builder = ReplyBuilder()
    assert builder.reply(model="asked").model == "asked"
    builder.add(Started("named", ""))
    assert builder.reply(model="asked").model == "named"


def test_options_fill_what_others_leave_open() -> None:
    mine = ChatOptions(thinking=False, temperature=0.0, system="", params={"a": 1, "b": 1})
    base = ChatOptions(model="m", thinking=True, temperature=1, system="s", params={"b": 2})
    assert mine.over(base) == ChatOptions(
        model="m", thinking=False, temperature=0.0, system="", params={"a": 1, "b": 1}
    )
    assert ChatOptions().over(base) == base


def test_every_option_is_filled_from_the_base() -> None:
    base = ChatOptions(
        model="m", thinking=5, system="s", temperature=1, max_tokens=9, params={"a": 1}
    )
    assert all(getattr(base, field.name) for field in dataclasses.fields(base))
    assert ChatOptions().over(base) == base


@pytest.mark.parametrize("value", [Message("user", "Hi"), ChatOptions(), Usage(), Reply()])
def test_values_are_frozen(value: object) -> None:
    with pytest.raises((FrozenInstanceError, TypeError)):
        value.__setattr__(dataclasses.fields(value)[0].name, "x")  # type: ignore[arg-type]


def test_values_compare_by_what_was_said() -> None:
    assert Reply(answer="a", timing=Timing(1.0)) == Reply(answer="a", timing=Timing(2.0))
    assert Usage(input=1, raw={"x": 1}) == Usage(input=1)
    assert Turn("q", Reply()) == Turn("q", Reply())
    assert Reply(answer="a") != Reply(answer="b")


def test_a_server_does_not_show_its_key() -> None:
    assert "sk-secret" not in repr(Server(name="s", base_url="https://h/v1", key="sk-secret"))


ESTIMATES = [("", 0), ("abcd" * 100, 100), ("你好" * 160, 200), ("\ud800", 1)]


@pytest.mark.parametrize(("words", "tokens"), ESTIMATES, ids=["none", "en", "zh", "half"])
def test_tokens_are_estimated(words: str, tokens: int) -> None:
    assert estimate_tokens(words) == tokens
