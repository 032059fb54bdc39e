from decimal import Decimal

import pytest

from qwen_nb.render.terminal.display import TerminalDisplay
from qwen_nb.values import Frame, Opening, Reply
from qwen_nb.values.usage import Cost, CostPart, Usage

COST = Cost(currency="USD", parts=(CostPart("output", 2, Decimal(4)),))
REPLY = Reply(
    thinking="Hm.\nSo.", answer="It is 9.9.\n", usage=Usage(1, 2), cost=COST, model="m"
)
FRAMES = [
    Frame(state="waiting"),
    Frame(state="thinking", thinking="Hm.", thinking_at=0),
    Frame(state="thinking", thinking="\nSo.", thinking_at=3),
    Frame(state="answering", answer="It is", answer_at=0),
]


def shown(frames, reply, **options):
    pieces = []
    display = TerminalDisplay("en", pieces.append, **({"colour": False} | options))
    display.open(Opening(model="m", server="s"))
    for frame in frames:
        display.frame(frame)
    display.close(reply)
    return "".join(pieces)


PLAIN = "Thinking\nHm.\nSo.\n\nAnswer\nIt is 9.9.\n\nin 1 · out 2 · $0.0000080 · m\n"


@pytest.mark.parametrize("count", range(len(FRAMES) + 1))
def test_everything_is_printed_once_however_much_came_live(count):
    assert shown(FRAMES[:count], REPLY) == PLAIN


def test_frames_that_overlap_print_nothing_twice():
    again = Frame(state="thinking", thinking="Hm.\nSo.", thinking_at=0)
    assert shown([FRAMES[1], again, again], REPLY) == PLAIN


def test_thinking_is_dimmed():
    dim, end = "\x1b[2m", "\x1b[0m"
    assert shown(FRAMES[:2], REPLY, colour=True) == (
        f"{dim}Thinking\n{end}{dim}Hm.{end}{dim}\nSo.{end}\n\nIt is 9.9.\n"
        f"\n{dim}in 1 · out 2 · $0.0000080 · m{end}\n"
    )


def test_hidden_thinking_and_quiet():
    assert (
        shown(FRAMES, REPLY, hide_thinking=True)
        == "It is 9.9.\n\nin 1 · out 2 · $0.0000080 · m\n"
    )
    assert shown(FRAMES, REPLY, quiet=True) == ""


def test_escape_sequences_are_shown_not_obeyed():
    frames = [
        Frame(state="answering", answer="\x1b"),
        Frame(state="answering", answer="[2J", answer_at=1),
    ]
    reply = Reply(answer="\x1b[2J", model="\x1b]0;x\x07", notes=("\x9b1m",), usage=Usage(1))
    assert shown(frames, reply) == "␛[2J\n\n⟨U+009B⟩1m\n\nin 1 · ␛]0;x␇\n"


def test_a_line_end_may_be_split():
    frames = [
        Frame(state="answering", answer="a\r"),
        Frame(state="answering", answer="\nb\r", answer_at=2),
    ]
    assert shown(frames, Reply(answer="a\r\nb\r\nc", usage=Usage(1))) == "a\nb\nc\n\nin 1\n"


def test_an_ending_is_told():
    assert shown([], Reply(finish_reason="stopped", model="m")) == (
        "No answer yet. Stopped by you; ask again to get one.\n\n"
        "the server told no token counts · m\n"
    )


def test_standard_output_is_looked_up_each_time(capsys):
    display = TerminalDisplay("zh")
    display.frame(Frame(state="answering", answer="你好"))
    assert capsys.readouterr().out == "你好"


def test_a_reply_that_never_began_leaves_only_its_error():
    assert shown([], Reply(finish_reason="failed", model="m", turn=1)) == ""


def test_what_had_come_before_a_failure_is_still_told():
    assert "so far" in shown([], Reply(answer="so far", finish_reason="failed", model="m"))
