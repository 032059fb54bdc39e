from dataclasses import replace
from decimal import Decimal

import pytest
from hostile import CASES, findings

from qwen_nb.render.html.static import bundle, metadata
from qwen_nb.values import Reply, Timing
from qwen_nb.values.usage import Cost, CostPart, Usage

REPLY = Reply(
    answer="**9.9 is larger.**",
    thinking="Compare 0.90 and 0.11.\n  So: $0.90$ wins.",
    usage=Usage(18, 375, 393, 320, 0, raw={"prompt_tokens": 18}),
    cost=Cost(
        currency="USD",
        parts=(CostPart("input", 18, Decimal("0.4")), CostPart("output", 375, Decimal(4))),
        region="sg",
        up_to_input_tokens=256000,
        thinking=True,
        source="pricing-page",
        date="2026-07",
    ),
    model="qwen-plus",
    request_id="r-1",
    server="localhost:4711",
    turn=3,
    turns_sent=2,
    timing=Timing(0.31234, 1.5, 3.21987),
)

LINE = (
    "turn 3 (2 before it sent) · in 18 (cached 0) · out 375, of which thinking 320 "
    "· $0.0015 · qwen-plus"
)


def test_the_bundle_is_three_forms_of_one_reply():
    forms = bundle(REPLY)
    dollar = LINE.replace("$", "\\$")
    assert forms["text/markdown"] == f"**9.9 is larger.**\n\n{dollar}"
    assert forms["text/plain"] == f"**9.9 is larger.**\n\n{LINE}"
    assert list(forms) == ["text/html", "text/markdown", "text/plain"]


def row(name, *cells, indent="0", role="rowheader"):
    style = "border:0;padding:1px 12px 1px"
    first = f'<td role="{role}" style="{style} {indent};text-align:left">{name}</td>'
    also = ' role="columnheader"' if role == "columnheader" else ""
    others = (f'<td{also} style="{style} 0;text-align:right">{cell}</td>' for cell in cells)
    return f'<tr style="background:none">{first}{"".join(others)}</tr>\n'


def test_the_html_form():
    small = "font-size:.9em;opacity:.75"
    gap = '<div style="display:none">&nbsp;</div>'
    piece = '<span style="display:inline-block;height:6px;vertical-align:top;width:'
    words = "input 18, of which cached 0, thinking 320, answer 55 tokens"
    dollar = "<span>$</span>"
    line = LINE.replace("$", dollar)
    below = '<div dir="auto" style="margin-top:.3em">'
    assert bundle(REPLY)["text/html"] == (
        '<div role="group" aria-label="Qwen response" '
        'style="max-width:46em;overflow-wrap:break-word;overflow-wrap:anywhere">\n'
        '<div style="margin:.2em 0 .7em;border-left:2px solid #888;padding-left:.8em">'
        f'<details><summary><span dir="auto" style="cursor:pointer;{small}">'
        "Thought · 320 tokens</span></summary>\n"
        f'<div style="white-space:pre-wrap;margin-top:.35em;{small}">'
        '<div dir="auto">Compare 0.90 and 0.11.</div>'
        '<div dir="auto">  So: <span>$</span>0.90<span>$</span> wins.</div></div>'
        f"</details></div>\n{gap}"
        '<div dir="auto" style="margin:.5em 0"><strong>9.9 is larger.</strong></div>\n'
        f'{gap}<div style="margin-top:.6em"><details><summary><span style="cursor:pointer">'
        f'<span role="img" aria-label="{words}" title="{words}" style="display:inline-block;'
        "width:120px;height:6px;border-radius:3px;overflow:hidden;white-space:nowrap;"
        'font-size:0;vertical-align:middle;margin-right:12px">'
        f'{piece}4.6%;background:#8d99a6"></span>{piece}81.4%;background:#7e57c2"></span>'
        f'{piece}14.0%;background:#2e7d32"></span></span>'
        f'<span dir="auto" style="{small}">{line}</span></span></summary>\n'
        f'<div style="{small}"><table aria-label="Token counts" '
        'style="border-collapse:collapse;margin:.3em 0 0;font-size:1em">\n'
        + row("Token counts", "tokens", "per million", "amount", role="columnheader")
        + row("input", 18, f"{dollar}0.4", f"{dollar}0.0000072")
        + row("of which cached", 0, "", "", indent="1em")
        + row("output", 375, f"{dollar}4", f"{dollar}0.0015")
        + row("of which thinking", 320, "", "", indent="1em")
        + row("of which answer", 55, "", "", indent="1em")
        + row("total", 393, "", "")
        + f"</table>\n{below}18 × {dollar}0.4/M + 375 × {dollar}4/M = {dollar}0.0015072</div>\n"
        + f"{below}Singapore; tier up to 256000 input tokens; priced with thinking; "
        "list price, before free quota; prices of 2026-07; from pricing-page</div>"
        "</div></details></div>\n</div>"
    )


def test_only_the_html_form_holds_the_table():
    forms = bundle(REPLY)
    for word in ("of which answer", "0.0015072", "free quota"):
        assert word in forms["text/html"]
        assert word not in forms["text/markdown"] + forms["text/plain"]


def test_the_bundle_is_a_pure_function_of_the_answer():
    later = replace(REPLY, timing=Timing(9, 9, 9), request_id="r-2", server="elsewhere:1")
    assert bundle(later) == bundle(REPLY)
    assert "4711" not in str(bundle(REPLY))


def test_metadata_hold_what_varies():
    assert metadata(REPLY) == {
        "model": "qwen-plus",
        "request_id": "r-1",
        "finish_reason": "stop",
        "timing": {
            "first_s": 0.312,
            "thinking_s": 1.5,
            "total_s": 3.22,
            "tokens_per_s": 129.0,
        },
        "usage": {"prompt_tokens": 18},
    }
    assert metadata(Reply())["timing"] == {} and metadata(Reply())["usage"] == {}


def test_hidden_thinking_is_in_no_form():
    assert "Compare" not in str(bundle(REPLY, hide_thinking=True))
    assert "Compare" not in bundle(REPLY)["text/markdown"] + bundle(REPLY)["text/plain"]


@pytest.mark.parametrize(
    ("usage", "words"),
    [
        (Usage(18, 20), "input 18, output 20 tokens"),
        (Usage(18, 20, cached=6), "input 18, of which cached 6, output 20 tokens"),
        (Usage(18, 20, thinking=30), "input 18, thinking 30, answer 0 tokens"),
        (Usage(18), None),
        (Usage(0, 0), None),
        (None, None),
    ],
)
def test_the_bar_is_said_in_words(usage, words):
    html = bundle(Reply(answer="a", usage=usage))["text/html"]
    assert (f'title="{words}"' in html) if words else ('role="img"' not in html)


STATES = [
    (Reply(answer="a", finish_reason="stopped"), "a", "The answer was stopped by you."),
    (
        Reply(answer="a", finish_reason="cut"),
        "a",
        "The answer broke off: the stream ended early.",
    ),
    (Reply(finish_reason="stopped"), "No answer yet.", "Stopped by you; ask again to get one."),
    (Reply(finish_reason="failed"), "No answer yet.", "Ask again to get one."),
    (Reply(finish_reason="blocked"), "The model ended without an answer.", "moderation"),
    (Reply(answer="a", finish_reason="length"), "a", "raise --max-tokens for more."),
    (Reply(answer=" \n"), "The model ended without an answer.", ""),
]


@pytest.mark.parametrize(("reply", "first", "then"), STATES, ids=lambda s: str(s)[:25])
def test_every_ending_is_told_in_words(reply, first, then):
    for form in bundle(reply).values():
        assert first in form and then in form


@pytest.mark.parametrize(
    ("reply", "summary"),
    [
        (
            Reply(thinking="x" * 384, finish_reason="stopped"),
            "Thought · about 96 tokens, stopped by you",
        ),
        (
            Reply(thinking="x" * 384, finish_reason="cut"),
            "Thought · about 96 tokens, the stream broke off",
        ),
        (
            Reply(thinking="x", answer="a", finish_reason="stopped", usage=Usage(thinking=7)),
            "Thought · 7 tokens",
        ),
        (
            Reply(thinking="x", answer="a", usage=Usage(thinking=96, estimated=True)),
            "Thought · about 96 tokens",
        ),
        (
            Reply(thinking="x", answer="a", usage=Usage(thinking=50), thinking_cut=True),
            "Thought · 50 tokens, cut at the budget",
        ),
        (
            Reply(
                thinking="x", finish_reason="cut", usage=Usage(thinking=50), thinking_cut=True
            ),
            "Thought · 50 tokens, cut at the budget",
        ),
    ],
)
def test_the_fold_tells_how_much_was_thought(reply, summary):
    assert f">{summary}</span></summary>" in bundle(reply)["text/html"]


def test_a_cut_at_the_budget_in_chinese():
    reply = Reply(thinking="x", answer="a", usage=Usage(thinking=50), thinking_cut=True)
    html = bundle(reply, "zh")["text/html"]
    assert ">已思考 · 50 Token,达到思考长度限制而截断</span></summary>" in html


def test_each_line_of_the_thinking_stands_alone():
    html = bundle(Reply(thinking="\na\r\n\n  b <i>\n\u202ec\n"))["text/html"]
    lines = ["a", "&nbsp;", "  b &lt;i&gt;", "⟨U+202E⟩c"]
    assert "".join(f'<div dir="auto">{line}</div>' for line in lines) in html


def test_no_thinking_no_fold():
    assert "<details" not in bundle(Reply(answer="a"))["text/html"]


def test_notes_stand_above_the_usage_line():
    reply = Reply(answer="a", notes=("left <b>out</b>",), usage=Usage(1, 2))
    forms = bundle(reply)
    assert forms["text/plain"] == "a\n\nleft <b>out</b>\n\nin 1 · out 2 · price unknown"
    assert (
        forms["text/markdown"] == "a\n\nleft &lt;b>out&lt;/b>\n\nin 1 · out 2 · price unknown"
    )
    assert "left &lt;b&gt;out&lt;/b&gt;</div>" in forms["text/html"]


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_hostile_words_anywhere_in_a_reply(text):
    reply = Reply(answer=text, thinking=text, model=text, notes=(text,), usage=Usage(1, 2))
    for language in ("en", "zh"):
        forms = bundle(reply, language)
        assert findings(forms["text/html"]) == [] and "\n\n" not in forms["text/html"]
        assert not any("\x1b" in form or "\u202e" in form for form in forms.values())
