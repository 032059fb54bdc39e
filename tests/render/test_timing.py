import pytest

from qwen_nb.render.timing import timing_line, tokens_per_second
from qwen_nb.values import Reply, Timing
from qwen_nb.values.usage import Usage

TIMING = Timing(0.31, 1.5, 3.31)


@pytest.mark.parametrize(
    ("reply", "line"),
    [
        (
            Reply(timing=TIMING, usage=Usage(1, 360)),
            "3.3 s · first after 0.3 s · thought for 1.5 s · 120 tokens/s",
        ),
        (Reply(timing=Timing(0.31, None, 3.31)), "3.3 s · first after 0.3 s"),
        (Reply(), ""),
    ],
)
def test_how_long_it_took(reply, line):
    assert timing_line(reply, "en") == line


def test_how_long_it_took_in_chinese():
    reply = Reply(timing=TIMING, usage=Usage(1, 360))
    assert timing_line(reply, "zh") == "3.3 秒 · 首 Token 0.3 秒 · 思考 1.5 秒 · 每秒 120 Token"


@pytest.mark.parametrize(
    "reply",
    [
        Reply(usage=Usage(1, 2)),
        Reply(timing=TIMING),
        Reply(timing=TIMING, usage=Usage(1)),
        Reply(timing=TIMING, usage=Usage(1, 2, estimated=True)),
        Reply(timing=Timing(1, None, 1), usage=Usage(1, 2)),
    ],
)
def test_a_speed_is_told_only_where_it_is_known(reply):
    assert tokens_per_second(reply) is None
