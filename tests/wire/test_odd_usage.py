"""Servers that tell usage never, always, in pieces or as zeros, over a real connection.

Whatever they send, a figure is overwritten and never added, is never negative, and is never
a zero that stands for "not known".
"""

from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest
from _servers import LAST_CHUNK, Misbehaving, chunk, delta, event, stream_head

from qwen_nb import Reply
from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.values import ChatRequest, Message, ReplyBuilder, Server
from qwen_nb.values.usage import Usage
from qwen_nb.wire import stream
from qwen_nb.wire.dialects.dashscope import DashScopeDialect
from qwen_nb.wire.dialects.openai import OpenAIDialect
from qwen_nb.wire.http import HttpTransport

ABSENT = object()
NAMES: dict[str, dict[str, str]] = {
    "openai": {
        "input": "prompt_tokens", "output": "completion_tokens", "total": "total_tokens",
        "asked": "prompt_tokens_details", "made": "completion_tokens_details",
    },
    "dashscope": {
        "input": "input_tokens", "output": "output_tokens", "total": "total_tokens",
        "asked": "input_tokens_details", "made": "output_tokens_details",
    },
}  # fmt: skip


def spelled(dialect: str, report: Any) -> Any:
    """Return a report in the dialect's own words; what is no mapping stays as it is."""
    if not isinstance(report, dict):
        return report
    return {NAMES[dialect].get(name, name): value for name, value in report.items()}


def frames(dialect: str, reports: list[Any]) -> Iterator[bytes]:
    """Yield thinking, two pieces of answer, the end, and what comes behind it."""
    told: list[dict[str, str]] = [{"thinking": "Hm"}, {"answer": "It "}, {"answer": "is."}, {}]
    for at, report in enumerate(reports):
        finish = "stop" if at == 3 else None
        frame: dict[str, Any]
        if dialect == "openai":
            frame = delta(finish, **told[at]) if at < 4 else delta() | {"choices": []}
        else:
            pieces = told[at] if at < 4 else {}
            message = {
                "role": "assistant",
                "content": pieces.get("answer", ""),
                "reasoning_content": pieces.get("thinking", ""),
            }
            choice = {"message": message, "finish_reason": finish or "null"}
            frame = {"output": {"choices": [choice] if at < 4 else []}, "request_id": "r-1"}
        if report is not ABSENT:
            frame["usage"] = spelled(dialect, report)
        yield event(frame)
    if dialect == "openai":
        yield event(b"[DONE]")


def ask(server: Misbehaving, dialect: str, reports: list[Any]) -> Reply:
    server.answers(stream_head(), *map(chunk, frames(dialect, reports)), LAST_CHUNK)
    place = Server(name="m", base_url=server.base_url, native_url=server.base_url)
    transport = HttpTransport(place)
    exchange, builder = transport.exchange(), ReplyBuilder()
    speaks = OpenAIDialect() if dialect == "openai" else DashScopeDialect()
    try:
        request = ChatRequest("m", (Message("user", "Hi"),))
        for happens in stream.stream(request, exchange, speaks, place):
            builder.add(happens)
    finally:
        exchange.close()
        transport.close()
    reply = builder.reply()
    assert (reply.thinking, reply.answer, reply.finish_reason) == ("Hm", "It is.", "stop")
    return reply


def counts(input: Any, output: Any, total: Any, **details: Any) -> dict[str, Any]:
    told = {"input": input, "output": output, "total": total}
    for name, part in (("thinking", "made"), ("cached", "asked"), ("created", "asked")):
        if name in details:
            keys = {"thinking": "reasoning_tokens", "cached": "cached_tokens",
                    "created": "cache_creation_input_tokens"}  # fmt: skip
            told.setdefault(part, {})[keys[name]] = details[name]
    return told


END = counts(10, 7, 17, thinking=3, cached=4)
WHOLE = Usage(10, 7, 17, 3, 4)
ZEROS = counts(0, 0, 0, thinking=0, cached=0)
NULLS = counts(None, None, None, thinking=None, cached=None)
NEVER = [ABSENT] * 5

# the usage of each of five frames, and what is known at the end
CASES: dict[str, tuple[list[Any], Usage | None]] = {
    "never": (NEVER, None),
    "null": ([None] * 5, None),
    "empty": ([{}] * 5, None),
    "at the end": ([None] * 4 + [END], WHOLE),
    "with the last choice": ([None] * 3 + [END, ABSENT], WHOLE),
    "with the last choice and behind it": ([None] * 3 + [END, END], WHOLE),
    "on each chunk": ([END] * 5, WHOLE),
    "before the answer": ([END] + [ABSENT] * 4, WHOLE),
    "cumulative": ([counts(10, n, 10 + n, thinking=min(n, 3), cached=4) for n in range(1, 5)]
                   + [END], WHOLE),
    "cumulative from zero": ([counts(10, n, 10 + n) for n in range(5)], Usage(10, 4, 14)),
    "increments look like counts": ([counts(10, 1, 11)] * 5, Usage(10, 1, 11)),
    "zeros": ([ZEROS] * 5, None),
    "zeros until the end": ([ZEROS] * 4 + [END], WHOLE),
    "zeros after the end": ([ABSENT] * 3 + [END, ZEROS], WHOLE),
    "nulls": ([NULLS] * 5, None),
    "nulls until the end": ([NULLS] * 4 + [END], WHOLE),
    "nulls after the end": ([ABSENT] * 3 + [END, NULLS], WHOLE),
    "the end in two parts": (
        [ABSENT] * 3 + [counts(10, None, None, cached=4), counts(None, 7, 17, thinking=3)],
        WHOLE),
    "details earlier only": ([END] + [counts(10, 7, 17)] * 4, WHOLE),
    "a zero for output": ([counts(10, 0, 10)] * 5, Usage(10)),
    "a zero for input": ([counts(0, 7, 7)] * 5, Usage(output=7)),
    "a zero for thinking": ([counts(10, 7, 17, thinking=0)] * 5, Usage(10, 7, 17)),
    "a zero for cached": ([counts(10, 7, 17, cached=0)] * 5, Usage(10, 7, 17, cached=0)),
    "total only": ([ABSENT] * 4 + [{"total": 17}], Usage(total=17)),
    "negative": ([counts(-1, -7, -8, thinking=-3, cached=-4)] * 5, None),
    "negative after the end": (
        [ABSENT] * 3 + [END, counts(-1, -7, -8, thinking=-3, cached=-4)], WHOLE),
    "no whole numbers": ([counts("10", 7.0, True, thinking=[3], cached={})] * 5, None),
    "beyond reason": ([counts(10**400, 2**53, 2**64)] * 5, None),
    "details that are none": ([ABSENT] * 4 + [counts(10, 7, 17) | {"asked": "x", "made": 3}],
                              Usage(10, 7, 17)),
    "an explicit cache": ([ABSENT] * 4 + [counts(10, 7, 17, cached=4, created=2)],
                          Usage(10, 7, 17, None, 4, 2)),
    "a cache by its life": (
        [ABSENT] * 4 + [counts(10, 7, 17) | {
            "asked": {"cache_creation": {"ephemeral_5m_input_tokens": 2}}}],
        Usage(10, 7, 17, cache_created=2)),
    "DeepSeek's own cache": (
        [ABSENT] * 4 + [counts(10, 7, 17) | {"prompt_cache_hit_tokens": 4,
                                             "prompt_cache_miss_tokens": 6}],
        Usage(10, 7, 17, cached=4)),
    "two tellings of the cache": (
        [ABSENT] * 4 + [counts(10, 7, 17, cached=3) | {"prompt_cache_hit_tokens": 4}],
        Usage(10, 7, 17, cached=3)),
    "Moonshot's own cache": ([ABSENT] * 4 + [counts(10, 7, 17) | {"cached_tokens": 4}],
                             Usage(10, 7, 17, cached=4)),
    "SGLang counts no thinking": ([ABSENT] * 4 + [counts(10, 7, 17) | {"reasoning_tokens": 0}],
                                  Usage(10, 7, 17)),
    "SGLang counts thinking": ([ABSENT] * 4 + [counts(10, 7, 17) | {"reasoning_tokens": 3}],
                               Usage(10, 7, 17, 3)),
    "vLLM": ([ABSENT] * 4 + [counts(10, 7, 17) | {"prompt_tokens_details": None}],
             Usage(10, 7, 17)),
    "modalities": (
        [ABSENT] * 4 + [counts(10, 7, 17) | {
            "asked": {"text_tokens": 4, "image_tokens": 6, "audio_tokens": 0,
                      "video_tokens": None},
            "made": {"text_tokens": 5, "audio_tokens": 2}}],
        Usage(10, 7, 17, input_parts={"text": 4, "image": 6},
              output_parts={"text": 5, "audio": 2})),
    "modalities beside the counts": (
        [ABSENT] * 4 + [counts(10, 7, 17) | {"image_tokens": 6, "video_tokens": 1,
                                             "audio_tokens": -1}],
        Usage(10, 7, 17, input_parts={"image": 6, "video": 1})),
}  # fmt: skip

DIALECTS = pytest.mark.parametrize("dialect", NAMES)


@DIALECTS
@pytest.mark.parametrize("case", CASES)
def test_usage_is_what_the_server_knew(
    case: str, dialect: str, misbehaving: Misbehaving
) -> None:
    reports, usage = CASES[case]
    assert ask(misbehaving, dialect, reports).usage == usage


@DIALECTS
def test_details_under_both_names_are_one(dialect: str, misbehaving: Misbehaving) -> None:
    # the guide's native reply has its cache under the other protocol's name
    told = counts(11, 405, 416) | {
        "prompt_tokens_details": {"cached_tokens": 4, "text_tokens": None},
        "input_tokens_details": {"text_tokens": 11, "cached_tokens": None},
        "output_tokens_details": {"reasoning_tokens": 256},
    }
    reply = ask(misbehaving, dialect, [*NEVER[:4], told])
    assert reply.usage == Usage(11, 405, 416, 256, 4, input_parts={"text": 11})


@DIALECTS
def test_the_servers_own_object_is_kept(dialect: str, misbehaving: Misbehaving) -> None:
    last = END | {"other": {"a": [1, None]}}
    usage = ask(misbehaving, dialect, [END, END, END, END, last]).usage
    assert usage is not None
    assert usage.raw == spelled(dialect, last)


@DIALECTS
def test_no_order_of_reports_adds_or_loses_anything(
    dialect: str, misbehaving: Misbehaving
) -> None:
    some = [END, ZEROS, NULLS, None, counts(10, None, None)]
    for reports in list(permutations(some))[::7]:
        assert ask(misbehaving, dialect, list(reports)).usage == WHOLE


@DIALECTS
@pytest.mark.parametrize("case", CASES)
def test_an_odd_usage_never_costs_too_little(
    case: str, dialect: str, misbehaving: Misbehaving
) -> None:
    # the reply has thinking: it is priced so, or not at all
    reports, _ = CASES[case]
    reply = ask(misbehaving, dialect, reports)
    cost = Catalogue.load().cost("qwen-plus", "sg", reply.usage, has_thinking=True)
    if reply.usage is None or reply.usage.input is None or reply.usage.output is None:
        assert cost is None
    else:
        assert cost is not None
        assert cost.thinking
        assert cost.amount > 0
        assert min(part.tokens for part in cost.parts) >= 0
