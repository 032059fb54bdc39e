"""The sample streams of Model Studio's guides, whole and cut anywhere (protocol.md §9)."""

import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from qwen_nb.values import Reply, ReplyBuilder, Server
from qwen_nb.values.usage import Usage
from qwen_nb.wire.dialects.openai import OpenAIDialect
from qwen_nb.wire.sse import SseDecoder

Sample = Callable[[str], bytes]
Cuttings = Callable[..., Iterator[list[bytes]]]

NO_THINK_TEXT = (
    "I am Qwen, a large-scale language model independently developed by the Tongyi Lab under "
    "Alibaba Group. I am capable of answering questions, creating text such as stories, "
    "official documents, emails, scripts, performing logical reasoning, coding, and more. I "
    "can also express opinions and play games. If you have any questions or need assistance, "
    "feel free to let me know anytime!"
)

REPLIES = {
    "compat_no_think": Reply(
        answer=NO_THINK_TEXT,
        usage=Usage(input=15, output=80, total=95, thinking=0),
        model="qwen-plus-2025-04-28",
        request_id="284e4638-e77b-9663-84f5-c46778baa018",
    ),
    "compat_think_edges": Reply(
        usage=Usage(input=10, output=360, total=370),
        model="qwen-plus-2025-04-28",
        request_id="e2edaf2c-8aaf-9e54-90e2-b21dd5045503",
    ),
    "qwq_fragments": Reply(
        thinking="嗯,用户",
        answer="需进一步确认规则。",
        usage=Usage(input=18, output=1015, total=1033),
        model="qwq-32b",
        request_id="6c2000e7-b744-9e61-bd03-fc4333d0e5d1",
    ),
}


def read(chunks: Iterable[bytes]) -> Reply:
    decoder, builder = SseDecoder(), ReplyBuilder()
    reader = OpenAIDialect().reader(Server(name="the server"))
    for chunk in chunks:
        for sse in decoder.feed(chunk):
            for event in reader.events(sse):
                builder.add(event)
    assert decoder.close() == []
    assert reader.done
    assert reader.finished
    return builder.reply()


@pytest.mark.parametrize("name", REPLIES)
def test_a_sample_gives_the_documented_text_and_usage(name: str, sample: Sample) -> None:
    assert read([sample(name)]) == REPLIES[name]


@pytest.mark.parametrize("name", REPLIES)
def test_any_cutting_of_a_sample_gives_the_same_reply(
    name: str, sample: Sample, cuttings: Cuttings
) -> None:
    for chunks in cuttings(sample(name)):
        assert read(chunks) == REPLIES[name]


def test_cuts_inside_chinese_characters_lose_nothing(sample: Sample) -> None:
    data = sample("qwq_fragments")
    inside = [at for at, byte in enumerate(data) if byte & 0xC0 == 0x80]
    assert len(inside) > 20
    for at in inside:
        assert read([data[:at], data[at:]]) == REPLIES["qwq_fragments"]


@pytest.mark.parametrize("ends", [b"\r\n", b"\r"], ids=["CRLF", "CR"])
def test_line_ends_of_any_kind_give_the_same_reply(
    ends: bytes, sample: Sample, cuttings: Cuttings
) -> None:
    data = sample("compat_no_think").replace(b"\n", ends)
    for chunks in cuttings(data, times=30):
        assert read(chunks) == REPLIES["compat_no_think"]


def native_frames(chunks: Iterable[bytes]) -> list[Any]:
    decoder = SseDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.close()
    assert {event.name for event in events} == {"result"}
    return [json.loads(event.data) for event in events]


def test_the_native_sample_has_its_text_and_usage(sample: Sample) -> None:
    frames = native_frames([sample("native_no_think")])
    messages = [frame["output"]["choices"][0]["message"] for frame in frames]
    text = "".join(message["content"] for message in messages)
    assert len(frames) == 22
    assert text.startswith("I am a large-scale language model independently developed")
    assert text.endswith("feel free to ask me anytime!")
    assert not any(message["reasoning_content"] for message in messages)
    usage = frames[-1]["usage"]
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (
        15,
        82,
        97,
    )


def test_any_cutting_of_the_native_sample_gives_the_same_frames(
    sample: Sample, cuttings: Cuttings
) -> None:
    data = sample("native_no_think")
    whole = native_frames([data])
    for chunks in cuttings(data):
        assert native_frames(chunks) == whole
