"""Turns that use every field there is; the files in `written_before` were made of them."""

from decimal import Decimal

from qwen_nb.values import (
    CallRecord,
    ChatOptions,
    Cost,
    CostPart,
    Entry,
    Message,
    Reply,
    Slot,
    Timing,
    ToolCall,
    Turn,
    Usage,
)

USAGE = Usage(
    18, 375, 393, 320, 6, 2,
    input_parts={"text": 12, "image": 6}, output_parts={"text": 375},
    raw={"prompt_tokens": 18, "details": {"reasoning_tokens": 320}, "x": None},
)  # fmt: skip
COST = Cost(
    currency="CNY",
    parts=(
        CostPart("input", 12, Decimal("0.8")),
        CostPart("cached", 6, Decimal("0.16")),
        CostPart("output", 375, Decimal("2.00")),
    ),
    region="cn-beijing",
    up_to_input_tokens=128_000,
    thinking=True,
    source="pricing-page",
    date="2026-05",
)
PLAIN = Turn(
    "Which is larger, 9.9 or 9.11?\n9.9 还是 9.11?",
    Reply(
        answer="**9.9** 更大。",
        thinking="Compare.\n比较。",
        usage=USAGE,
        cost=COST,
        finish_reason="length",
        model="qwen-plus",
        request_id="r-1",
        server="dashscope.aliyuncs.com",
        turn=3,
        turns_sent=2,
        notes=("a note", "一条备注"),
        thinking_cut=True,
        timing=Timing(0.125, 0.25, 1.5),
    ),
    ChatOptions(
        model="qwen-plus", thinking=2000, system="Be brief.", temperature=0.5, max_tokens=9,
        params={"top_p": 0.8, "stop": ["a", "b"], "seed": 7, "extra_headers": {"x": "y"}},
    ),
)  # fmt: skip
CALLS = (
    ToolCall("call_1", "weather", '{"city": "杭州"}'),
    ToolCall("call_2", "larger", '{"a": 9.9, "b": 9.11}'),
    ToolCall("call_3", "slow", ""),
)
ASKED = "I look it up.\n\n"
TOOLS = Turn(
    "What is the weather?",
    Reply(
        answer=f"{ASKED}晴，21 °C.",
        thinking="I need a tool.\n\nNow I know.",
        tool_calls=(),
        calls=(
            CallRecord(
                "weather", CALLS[0].arguments, '{"t": 21}', id="call_1", seconds=0.5,
                outputs=({"text/plain": "drawn", "application/json": {"a": [{"b": None}]}},),
            ),
            CallRecord("larger", CALLS[1].arguments, "ValueError", failed=True, id="call_2"),
            CallRecord("slow", "", "Stopped by the person.", stopped=True, id="call_3"),
        ),
        answer_from=len(ASKED),
        thinking_from=len("I need a tool.\n\n"),
        usage=Usage(200, 60, 260, cached=100),
        round_usage=(Usage(80, 20, 100), None, Usage(120, 40, 160, cached=100)),
        model="qwen3-max",
        server="emulator",
        scripted=True,
        turn=1,
    ),
    ChatOptions(thinking=True, params={"preserve_thinking": True}),
    starts_anew=True,
    said=(
        Message("assistant", ASKED.strip(), CALLS[:2], thinking="I need a tool."),
        Message("tool", '{"t": 21}', tool_call_id="call_1"),
        Message("tool", "ValueError", tool_call_id="call_2"),
        Message("assistant", None, CALLS[2:]),
        Message("tool", "Stopped by the person.", tool_call_id="call_3"),
    ),
)  # fmt: skip
STRUCTURED = Turn(
    "A review of this picture as JSON",
    Reply(
        answer='{"stars": 4, "words": ["good"]}',
        draft="It is good: four stars.",
        structured=True,
        usage=Usage(30, 12, 42, input_parts={"text": 10, "image": 20}),
        round_usage=(Usage(10, 8, 18), Usage(20, 4, 24)),
        data={"stars": 4, "words": ["good"]},
        model="qwen-vl-max",
        server="emulator",
    ),
    ChatOptions(thinking=False, params={"response_format": {"type": "json_object"}}),
)
STOPPED = Turn("Count", Reply(answer="1, 2", finish_reason="stopped",
                              usage=Usage(3, 4, estimated=True)))  # fmt: skip
CUT = Turn(
    "Call one",
    Reply(
        tool_calls=(ToolCall("call_9", "larger", '{"a": 9.'),),
        finish_reason="cut",
        model="qwen-plus",
        server="localhost",
    ),
)
HALVES = Turn("half \ud83d", Reply(answer="\ud83d\ude00 \0 \u2028", finish_reason="tool_calls"))
BLOCKED = Turn("?", Reply(finish_reason="blocked"), ChatOptions(temperature=0, thinking=1))

TURNS = (PLAIN, TOOLS, STRUCTURED, STOPPED, CUT, HALVES, BLOCKED)

ENTRIES = (
    Entry(
        "e1", 1, 0, "cell-a", PLAIN, "replaced", asked_at=1764.5, left=1, region="cn-beijing"
    ),
    Entry("e2", 1, 0, "cell-a", TOOLS, asked_at=1765.25, marked=True),
    Entry("e3", 2, 0, "cell-b", STRUCTURED, older=True, asked_at=1766.0, region="us-east-1"),
    Entry("e4", 2, 1, "cell-b", STOPPED, asked_at=1767.0, copy_of="other"),
    Entry("e5", 3, 0, None, CUT, "undone", left=2),
    Entry("e6", 4, 0, "cell-c", HALVES, "deleted", left=3),
    Entry("e7", 5, 0, "cell-d", BLOCKED),
)

SLOT = Slot(id="e8", place=6, cell="cell-e", number=4, replaces=("e7",))
"""A question that was being answered when its process died."""

GROWING = Turn("Tell more", Reply(answer="Once upon", thinking="A tale.", model="qwen-plus"))
