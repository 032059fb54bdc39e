import dataclasses
from dataclasses import FrozenInstanceError

import pytest

from qwen_nb import Reply, Turn
from qwen_nb.values import ChatOptions, Message, ReplyBuilder, Server, Timing, estimate_tokens
from qwen_nb.values.events import AnswerDelta, Finished, Started, ThinkingDelta, UsageReport
from qwen_nb.values.usage import Usage


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


# reports one after another, and what they mean together: overwritten, never added
REPORTS: dict[str, tuple[list[Usage], Usage | None]] = {
    "a later one wins": ([Usage(1, 2, 3), Usage(1, 5, 6)], Usage(1, 5, 6)),
    "what it lacks stays": ([Usage(1, 5, 6, 3, 1), Usage(1, 7, 8)], Usage(1, 7, 8, 3, 1)),
    "a sum of other figures goes": ([Usage(1, 2, 3), Usage(1, 5)], Usage(1, 5)),
    "a sum of these figures stays": ([Usage(1, 5, 6), Usage(1, 5)], Usage(1, 5, 6)),
    "nothing after something": ([Usage(1, 5, 6), Usage()], Usage(1, 5, 6)),
    "nothing before something": ([Usage(), Usage(1, 5, 6)], Usage(1, 5, 6)),
    "nothing at all": ([Usage(), Usage()], None),
    "a zero after a figure": ([Usage(1, 5, 6, 4, 1), Usage(1, 0, 1, 0, 0)],
                              Usage(1, 5, 6, 4, 1)),
    "a zero after another figure": ([Usage(1, 5, 6), Usage(2, 0, 2)], Usage(2, 5)),
    "a sum without all it sums": ([Usage(1, 5, 6), Usage(None, 7, 8)], Usage(1, 7, 8)),
    "a zero before a figure": ([Usage(1, 0, 1), Usage(1, 5, 6)], Usage(1, 5, 6)),
    "a zero and then nothing": ([Usage(1, 5, 6, 0), Usage(1, 7, 8)], Usage(1, 7, 8, 0)),
    "parts": ([Usage(1, input_parts={"text": 3, "image": 1}),
               Usage(2, input_parts={"text": 4})],
              Usage(2, input_parts={"text": 4, "image": 1})),
    "created": ([Usage(9, 5, 6, cache_created=2), Usage(9, 7, 8)],
                Usage(9, 7, 8, cache_created=2)),
}  # fmt: skip


@pytest.mark.parametrize(("reports", "usage"), REPORTS.values(), ids=REPORTS)
def test_reports_of_usage_are_overwritten_figure_by_figure(
    reports: list[Usage], usage: Usage | None
) -> None:
    builder = ReplyBuilder()
    for report in reports:
        builder.add(UsageReport(report))
    assert builder.reply().usage == usage


def test_the_last_report_is_kept_as_it_came() -> None:
    builder = ReplyBuilder()
    for raw in ({"n": 1}, {"n": 2}):
        builder.add(UsageReport(Usage(1, 5, 6, raw=raw)))
    builder.add(UsageReport(Usage(raw={"n": None})))
    usage = builder.reply().usage
    assert usage is not None
    assert usage.raw == {"n": 2}


def test_a_zero_that_the_text_gives_the_lie_is_no_figure() -> None:
    builder = ReplyBuilder()
    builder.add(UsageReport(Usage(input=9, output=0, total=9, thinking=0)))
    assert builder.reply().usage == Usage(input=9, output=0, total=9, thinking=0)
    builder.add(ThinkingDelta("\n"))
    assert builder.reply().usage == Usage(input=9, thinking=0)
    builder.add(ThinkingDelta("Hm"))
    assert builder.reply().usage == Usage(input=9)


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
