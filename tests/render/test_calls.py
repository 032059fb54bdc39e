"""How calls of tools look: in words, in the static bundle, in the live card, as text."""

import json
import re
from dataclasses import replace

import pytest
from hostile import CASES, TAGS, findings
from markdown_it import MarkdownIt
from nbconvert.filters import clean_html

from qwen_nb.asking.markdown_page import transcript
from qwen_nb.render.calls import call_words, called, calling
from qwen_nb.render.endings import never_began, thought
from qwen_nb.render.html.static import bundle, metadata
from qwen_nb.render.live.sent import SentCalls
from qwen_nb.render.terminal.display import TerminalDisplay
from qwen_nb.values import CallRecord, Frame, Opening, Reply, ToolCall, Turn

CITIES = {"Beijing": "sunny, 21 °C", "Shanghai": "rain, 18 °C", "Tianjin": "sunny, 20 °C"}


def weather(city, result, **facts):
    arguments = json.dumps({"location": city}, ensure_ascii=False)
    return CallRecord("get_current_weather", arguments, result, **facts)


FOUR = (
    *(weather(city, result) for city, result in CITIES.items()),
    weather("Chongqing", "no data for this city", failed=True),
)
REPLY = Reply(answer="Sunny.", thinking="Hm.", calls=FOUR, model="qwen-plus")
LINES = [
    'get_current_weather(location="Beijing") → sunny, 21 °C',
    'get_current_weather(location="Shanghai") → rain, 18 °C',
    'get_current_weather(location="Tianjin") → sunny, 20 °C',
    'get_current_weather(location="Chongqing") → error: no data for this city',
]


def text_of(html):
    return re.sub(r"<[^>]*>", "", html).replace("&quot;", '"').replace("&lt;", "<")


# -- in words ------------------------------------------------------------------------------


def test_a_call_is_one_line():
    assert [str(call_words(call, "en")) for call in FOUR] == LINES


def named(*names, **facts):
    return [CallRecord(name, **facts) for name in names]


HEADINGS = [
    (named("a"), "Called a", "调用了 a"),
    (named(*"aaaa"), "Called a 4 times", "调用了 a 4 次"),
    (named("a", "b"), "Called a, b", "调用了 a、b"),
    (named("a", "b", "b"), "Called a, b (2 times)", "调用了 a、b(2 次)"),
    (named(*"abcdef"), "Called a, b, c, d and 2 more", "调用了 a、b、c、d 等,另有 2 个"),
    (FOUR, "Called get_current_weather 4 times, 1 failed", None),
    (named("a", failed=True), "Called a, 1 failed", "调用了 a,1 次失败"),
    (named("a", stopped=True), "Called a, 1 stopped", "调用了 a,1 次停止"),
    (named("a", stopped=True, failed=True), "Called a, 1 stopped", None),
    (named(" \n"), "Called ?", None),
]


@pytest.mark.parametrize(("calls", "english", "chinese"), HEADINGS)
def test_the_heading_names_and_counts(calls, english, chinese):
    assert called(calls, "en") == english
    assert chinese is None or called(calls, "zh") == chinese


def test_what_runs_is_named():
    calls = [ToolCall("1", "a", ""), ToolCall("2", "a", "")]
    assert calling(calls, "en") == "Calling a 2 times"
    assert calling(calls, "zh") == "正在调用 a 2 次"
    assert calling((), "zh") == "正在调用"


ARGUMENTS = [
    ("", "f()"),
    (" {} ", "f()"),
    ('{"a": 1, "b": [1, {"c": null}]}', 'f(a=1, b=[1, {"c": null}])'),
    ('{"城市": "重庆"}', 'f(城市="重庆")'),
    ('{"two words": true}', 'f("two words"=true)'),
    ('{"s": "a\\nb"}', r'f(s="a\nb")'),
    ('{"s": "\\u202e\\ud800\\u001b"}', 'f(s="⟨U+202E⟩\ufffd\\u001b")'),
    ('{"a": 1', 'f({"a": 1)'),
    ("[1,2]", "f([1,2])"),
    ("two\n lines", "f(two lines)"),
    ('{"a": NaN}', "f(a=NaN)"),
    ("[" * 5000, "f(" + "[" * 159 + "…)"),
    ('{"a": ' + "9" * 5000 + "}", None),
]


@pytest.mark.parametrize(("written", "shown"), ARGUMENTS)
def test_arguments_read_as_a_call_does(written, shown):
    line = str(call_words(ToolCall("1", "f", written), "en"))
    assert len(line) < 300
    assert shown is None or line == shown


def test_long_arguments_are_cut_and_unfold():
    arguments = json.dumps({"query": "SELECT " + "x, " * 100, "limit": 10})
    words = call_words(ToolCall("1", "run", arguments), "en")
    assert words.rest.startswith('(query="SELECT x, x,') and words.rest.endswith("…, limit=10)")
    (whole,) = words.folded
    assert whole.caption == "Arguments"
    assert whole.body == f"query = {json.dumps('SELECT ' + 'x, ' * 100)}\nlimit = 10"


RESULTS = [
    ("sunny", "sunny", None),
    ("", "no result", None),
    ('{"t":21,"sky":"晴"}', '{"t": 21, "sky": "晴"}', None),
    ("a\n b", "a b", "a\n b"),
    ("two  spaces", "two spaces", "two  spaces"),
    ("x" * 200, "x" * 119 + "…", "x" * 200),
    ("[" + ",".join("1" * 100) + "]", None, json.dumps([1] * 100, indent=2)),
    ("\x1b[31m\u202e", "␛[31m⟨U+202E⟩", None),
    ('{"broken', '{"broken', None),
]


@pytest.mark.parametrize(("result", "short", "whole"), RESULTS)
def test_a_result_is_one_line_and_unfolds(result, short, whole):
    words = call_words(CallRecord("f", "", result), "en")
    assert short is None or words.rest == f"() → {short}"
    assert [block.body for block in words.folded] == ([whole] if whole else [])


def test_a_huge_result_is_cut_with_a_mark():
    result = "0123456789" * 500_000 + "[cut here]"
    words = call_words(CallRecord("f", "", result), "en")
    assert len(str(words)) < 200
    (block,) = words.folded
    mark = "\n… (2000 of 5000010 characters are shown) …\n"
    assert block.body == result[:1800] + mark + result[-200:]
    (block,) = call_words(CallRecord("f", "", "x" * 3000), "zh").folded
    assert "x\n…(共 3000 个字符,显示 2000 个)…\nx" in block.body


def test_thinking_that_had_ended_was_not_stopped():
    stopped = Reply(thinking="Hm.", finish_reason="stopped")
    assert thought(stopped, "en").endswith("stopped by you")
    assert "stopped" not in thought(
        replace(stopped, calls=(replace(FOUR[0], stopped=True),)), "en"
    )
    assert thought(replace(stopped, calls=FOUR), "en").endswith("stopped by you")


def test_an_error_does_not_name_the_tool_again():
    for language, said in (
        ("en", "f raised KeyError: 'x'"),
        ("zh", "f 抛出异常 KeyError: 'x'"),
    ):
        line = str(call_words(CallRecord("f", "", said, failed=True), language))
        assert line.endswith(": KeyError: 'x'" if language == "en" else ":KeyError: 'x'")
        assert "f" not in line[1:]


def test_a_stopped_call_says_so_and_nothing_else():
    call = CallRecord("f", "", "Stopped by the user.", stopped=True)
    assert str(call_words(call, "en")) == "f() → stopped by you"
    assert str(call_words(call, "zh")) == "f() → 已由你停止"
    assert str(call_words(replace(FOUR[3], result=""), "en")).endswith("no result")


PRINTS = [
    (({"text/plain": "a\n"}, {"text/plain": "b"}), "a\nb"),
    (({"text/plain": "a"}, {"text/plain": "b"}), "a\nb"),
    (({"text/plain": ["a\n", "b"]},), "a\nb"),
    (({"text/html": "<b>", "image/png": "x"},), "[text/html, image/png]"),
    (({"text/html": "<b>a", "text/plain": "a\x1b"},), "a␛"),
    (({},), None),
    ((), None),
]


@pytest.mark.parametrize(("outputs", "shown"), PRINTS)
def test_only_the_text_of_what_was_printed_shows(outputs, shown):
    printed = call_words(CallRecord("f", outputs=outputs), "en").printed
    assert (printed and printed.body) == shown


# -- the static bundle -----------------------------------------------------------------------


def test_the_calls_stand_between_thinking_and_answer():
    html = bundle(REPLY)["text/html"]
    words = ("Hm.", "Called get_current_weather 4 times, 1 failed", "Beijing", "Sunny.")
    assert sorted(words, key=html.index) == list(words)
    assert html.count("<details>") == 2
    fold = html[html.index("Called") :]
    shown = text_of(fold[: fold.index("</details>")])
    assert shown.split("\n")[2:] == [*LINES, ""]


def test_markdown_and_plain_hold_a_line_for_each_call():
    forms = bundle(REPLY)
    assert forms["text/plain"].split("\n\n")[0].split("\n") == LINES
    markdown = forms["text/markdown"].split("\n\n")[0]
    assert markdown.count("\n- ") == 3
    html = MarkdownIt("commonmark").render(markdown)
    assert text_of(html).split("\n")[1:-2] == LINES


def test_the_bundle_is_a_pure_function_of_the_reply():
    later = replace(REPLY, calls=tuple(replace(c, seconds=9.5, id="x1") for c in FOUR))
    assert bundle(later) == bundle(REPLY)
    assert metadata(later)["timing"]["calls_s"] == [9.5] * 4
    assert "calls_s" not in metadata(Reply())["timing"]


def test_the_sanitiser_of_nbconvert_leaves_the_calls_as_they_are():
    calls = (
        CallRecord(
            "f", '{"a": "' + "x" * 300 + '"}', "y\n" * 80, outputs=({"text/plain": "p"},)
        ),
    )
    wanted = (ToolCall("1", "g", "z" * 300),)
    page = bundle(replace(REPLY, calls=calls, tool_calls=wanted))["text/html"]
    assert findings(page) == []
    # it prints the tags of a fold, and lets all others be
    clean = re.sub(r"&lt;(/?(?:details|summary))&gt;", r"<\1>", clean_html(page))
    assert "&lt;" not in clean
    assert re.findall(r"</?(\w+)", clean) == re.findall(r"</?(\w+)", page)
    assert text_of(clean).split() == text_of(page).split()


HOSTILE = {**CASES, "ends of ours": "</code></pre></details></div><script>f()</script>"}


@pytest.mark.parametrize("case", HOSTILE)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_nothing_of_a_tool_or_a_model_is_obeyed(case, language):
    evil = HOSTILE[case]
    arguments = json.dumps({evil: evil * 5})
    calls = tuple(
        CallRecord(evil, arguments, evil * n, failed=n == 1, outputs=({"text/plain": evil},))
        for n in (1, 40)
    )
    wanted = (ToolCall(evil, evil, evil), ToolCall(evil, evil, arguments))
    reply = Reply(calls=calls, tool_calls=wanted, finish_reason="tool_calls")
    forms = bundle(reply, language)
    assert findings(forms["text/html"]) == []
    tags = TAGS | {"p", "br"}
    assert findings(MarkdownIt("commonmark").render(forms["text/markdown"]), tags) == []
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800]",
                         "".join(forms.values()))  # fmt: skip


def test_what_scrolls_can_be_reached_and_has_a_name():
    page = bundle(Reply(calls=(CallRecord("f", "", "a\nb", outputs=({"text/plain": "p"},)),)))
    boxes = re.findall(r"<pre ([^>]*)>", page["text/html"])
    assert len(boxes) == 2
    assert all('role="group"' in box and 'tabindex="0"' in box for box in boxes)
    assert [re.findall('aria-label="([^"]*)"', box)[0] for box in boxes] == [
        "Result",
        "Printed",
    ]


def test_no_blank_line_ends_the_page_in_a_markdown_cell():
    call = CallRecord("f", "", "a\n\n\nb", outputs=({"text/plain": "x\n\ny"},))
    assert "\n\n" not in bundle(Reply(calls=(call,)))["text/html"]


# -- calls that nobody ran ---------------------------------------------------------------------

WANTED = (ToolCall("call_1", "get_time", ""), ToolCall("call_2", "f", '{"a": 1}'))
HINT = (
    "Go on with chat.tool_results({id: result}), one result for each call in reply.tool_calls."
)


def test_wanted_calls_are_told_with_the_way_on():
    forms = bundle(Reply(tool_calls=WANTED, finish_reason="tool_calls", model="m"))
    told = f"The model wants to call:\nget_time()\nf(a=1)\n{HINT}"
    assert forms["text/plain"].startswith(told)
    assert "without an answer" not in "".join(forms.values())
    assert "call_1" not in "".join(forms.values())
    assert "<details>" not in forms["text/html"].split("the server told")[0]
    lines = [line for line in text_of(forms["text/html"]).split("\n") if line]
    assert lines[:4] == told.split("\n")
    assert "\n\n- get_time()\n- f(a=1)\n\nGo on" in forms["text/markdown"]


@pytest.mark.parametrize("reason", ["stopped", "cut", "length"])
def test_calls_that_never_came_to_their_end_ask_for_no_result(reason):
    plain = bundle(Reply(tool_calls=WANTED[1:], finish_reason=reason))["text/plain"]
    assert plain.startswith("The model was about to call:\nf(a=1)\n\n")
    assert "tool_results" not in plain


def test_chinese():
    reply = replace(REPLY, tool_calls=WANTED, finish_reason="tool_calls")
    plain = bundle(reply, "zh")["text/plain"]
    assert "错误:no data" in plain
    assert "模型希望调用:\nget_time()" in plain
    assert "chat.tool_results({id: 结果})" in plain
    assert "调用了 get_current_weather 4 次,1 次失败" in bundle(reply, "zh")["text/html"]


def test_a_reply_that_failed_after_its_calls_still_shows_them():
    assert never_began(Reply(finish_reason="failed"))
    assert not never_began(Reply(finish_reason="failed", calls=FOUR))


def test_a_transcript_shows_the_calls():
    page = transcript([Turn("Weather?", REPLY)], "t")
    assert LINES[0] in page
    assert page.index("Beijing") < page.index("Sunny.")


# -- as plain text -----------------------------------------------------------------------------


def test_an_answer_as_text_shows_its_marks():
    reply = Reply(answer="# **a**\n\n<b> $x$ `c`\n```\n", model="m")
    forms = bundle(reply, as_text=True)
    assert findings(forms["text/html"]) == []
    assert "# **a**" in text_of(forms["text/html"])
    assert forms["text/markdown"].startswith("````\n# **a**\n\n<b> $x$ `c`\n```\n````")
    assert forms["text/plain"] == bundle(reply)["text/plain"]


@pytest.mark.parametrize("case", CASES)
def test_an_answer_as_text_is_as_safe(case):
    assert findings(bundle(Reply(answer=CASES[case]), as_text=True)["text/html"]) == []


# -- while they run --------------------------------------------------------------------------


def shown(frames, reply, **options):
    pieces = []
    display = TerminalDisplay("en", pieces.append, **({"colour": False} | options))
    display.open(Opening(model="m", server="s"))
    for frame in frames:
        display.frame(frame)
    display.close(reply)
    return "".join(pieces)


ROUNDS = Reply(thinking="One.\n\nTwo.", answer="Done.", calls=FOUR[:2], model="m")
FRAMES = [
    Frame(state="thinking", thinking="One."),
    Frame(state="calling", calling=(ToolCall("1", "f", ""),)),
    Frame(state="calling", calls=FOUR[1:2]),
    Frame(state="calling", calls=FOUR[:2]),
    Frame(state="thinking", thinking="\n\n", thinking_at=4, calls=FOUR[:2]),
    Frame(state="thinking", thinking="Two.", thinking_at=6, calls=FOUR[:2]),
    Frame(state="answering", answer="Done.", calls=FOUR[:2]),
]
BELOW = "Answer\nDone.\n\nthe server told no token counts · m\n"


def test_a_terminal_prints_each_call_as_it_ends():
    assert shown(FRAMES, ROUNDS) == (
        f"Thinking\nOne.\n\n{LINES[1]}\n{LINES[0]}\n\nTwo.\n\n{BELOW}"
    )


def test_a_terminal_begins_a_line_before_it_may_ask():
    pieces = []
    display = TerminalDisplay("en", pieces.append, colour=False)
    for frame in FRAMES[:2]:
        display.frame(frame)
    assert "".join(pieces) == "Thinking\nOne.\n"


@pytest.mark.parametrize("count", [0, 1])
def test_a_terminal_prints_every_call_once(count):
    printed = shown(FRAMES[:count], ROUNDS)
    assert printed == f"Thinking\nOne.\n\nTwo.\n\n{LINES[0]}\n{LINES[1]}\n\n{BELOW}"


def test_a_terminal_tells_what_is_wanted():
    printed = shown([], Reply(tool_calls=WANTED, finish_reason="tool_calls", model="m"))
    assert printed.startswith(f"The model wants to call:\nget_time()\nf(a=1)\n{HINT}\n\n")


def test_the_card_is_sent_each_call_once():
    sent = SentCalls("en")
    first, second = replace(FOUR[0], seconds=0.26), FOUR[3]
    assert sent.message((), again=True) == sent.whole() == {}
    message = sent.message((second,), again=False)
    assert message["ko"] == 0 and message["kh"] == "Called get_current_weather, 1 failed"
    assert sent.message((second,), again=False) == {}
    message = sent.message((first, second), again=False)
    assert message["ko"] == 1
    assert message["k"] == [
        {"n": "get_current_weather", "l": '(location="Beijing") → sunny, 21 °C · 0.3 s'}
    ]
    assert [call["l"][:14] for call in sent.whole()["k"]] == [
        '(location="Cho',
        '(location="Bei',
    ]
    assert sent.message((first, second), again=True) == sent.whole() | {"ko": 0}


def test_long_calls_are_not_sent_again():
    sent = SentCalls("en")
    calls = (CallRecord("f", "", "x" * 9_000_000, outputs=({"text/plain": "y" * 9_000},)),) * 3
    assert len(str(sent.message(calls, again=True))) < 20_000
    assert sent.message(calls, again=True) == {}
    call = sent.whole()["k"][0]
    assert [caption for caption, _ in call["b"]] == ["Result"] and call["p"][0] == "Printed"
