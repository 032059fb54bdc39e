"""The streams printed in the service's guides (protocol.md §9), read where they lie.

They lie beside the project, not in it: where they are missing these tests are skipped.
What a page lost (indents, empty lines, the middle of a stream) is repaired as §9 says.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from qwen_nb.values import Reply, ToolCall
from qwen_nb.values.usage import Usage

from ._reading import cuttings, read, reply_of

SEEDS = Path(__file__).parents[4] / "shared" / "seeds"
EN, ZH, QWQ = "deep-thinking-en.txt", "deep-thinking-zh.txt", "qwq-quickstart-zh.txt"

pytestmark = pytest.mark.skipif(not SEEDS.is_dir(), reason="the seed documents are not here")


@dataclass(frozen=True)
class Sample:
    dialect: str
    file: str
    first: int
    last: int
    sha: str
    frames: int
    counts: tuple[int, int, int, int | None]


SAMPLES = {
    "compat_think_edges": Sample(
        "openai", EN, 190, 194, "a1d72019541d", 3, (10, 360, 370, None)),
    "native_think": Sample(
        "dashscope", EN, 383, 431, "42f071301156", 12, (11, 367, 378, None)),
    "native_budget50": Sample(
        "dashscope", EN, 1093, 1109, "e1e6483abb26", 4, (11, 138, 149, 50)),
    "compat_no_think": Sample(
        "openai", EN, 1835, 1858, "d97efa03ac12", 23, (15, 80, 95, 0)),
    "native_no_think": Sample(
        "dashscope", EN, 2022, 2109, "6db575ec696a", 22, (15, 82, 97, 0)),
    "zh_compat_edges": Sample(
        "openai", ZH, 329, 337, "d8f5b93b0738", 3, (10, 360, 370, None)),
    "zh_native_think": Sample(
        "dashscope", ZH, 555, 614, "62eb245e9160", 12, (11, 367, 378, None)),
    "zh_native_budget": Sample(
        "dashscope", ZH, 1485, 1505, "162aa92d5690", 4, (11, 138, 149, 50)),
    "zh_preserve_compat": Sample(
        "openai", ZH, 1769, 1777, "ceb01a5fa891", 3, (3463, 2387, 5850, None)),
    "zh_preserve_native": Sample(
        "dashscope", ZH, 1938, 1953, "b0c95e0d4cbc", 3, (3463, 2387, 5850, 1347)),
    "qwq_compat": Sample(
        "openai", QWQ, 104, 127, "cd612c895433", 11, (18, 1015, 1033, None)),
}  # fmt: skip


def lines(file: str, first: int, last: int) -> list[str]:
    return (SEEDS / file).read_text(encoding="utf-8").split("\n")[first - 1 : last]


def repaired(sample: Sample) -> bytes:
    kept = [line.strip() for line in lines(sample.file, sample.first, sample.last)]
    kept = [line for line in kept if not line or line.strip(".")]
    if sample.file == EN:
        kept = [
            part for line in kept for part in ([line, ""] if line[:5] == "data:" else [line])
        ]
    return ("\n".join(kept) + "\n\n").encode()


def json_frames(data: bytes) -> list[Any]:
    told = (line[5:].strip() for line in data.split(b"\n") if line.startswith(b"data:"))
    return [json.loads(text) for text in told if text != b"[DONE]"]


def reply(sample: Sample, chunks: list[bytes]) -> Reply:
    return reply_of(read(sample.dialect, chunks))  # type: ignore[no-any-return]


@pytest.mark.parametrize("name", SAMPLES)
def test_the_sample_is_the_one_described(name: str) -> None:
    sample = SAMPLES[name]
    text = "\n".join(lines(sample.file, sample.first, sample.last))
    assert hashlib.sha256(text.encode()).hexdigest()[:12] == sample.sha
    assert len(json_frames(repaired(sample))) == sample.frames


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_read_under_any_cutting(name: str) -> None:
    sample = SAMPLES[name]
    data = repaired(sample)
    whole = reply(sample, [data])
    usage = whole.usage
    assert usage is not None
    assert (usage.input, usage.output, usage.total, usage.thinking) == sample.counts
    assert whole.finish_reason == "stop"
    assert whole.request_id
    for chunks in cuttings(data):
        assert reply(sample, chunks) == whole


@pytest.mark.parametrize("name", SAMPLES)
def test_all_text_of_a_sample_is_kept_in_order(name: str) -> None:
    sample = SAMPLES[name]
    thinking = answer = ""
    for frame in json_frames(repaired(sample)):
        for choice in (frame.get("output") or frame)["choices"]:
            told = choice.get("delta") or choice["message"]
            thinking += told.get("reasoning_content") or ""
            answer += told.get("content") or ""
    read_back = reply(sample, [repaired(sample)])
    assert (read_back.thinking, read_back.answer) == (thinking, answer)


def test_the_two_complete_streams_give_their_text() -> None:
    compat, native = SAMPLES["compat_no_think"], SAMPLES["native_no_think"]
    for sample, begins, ends in (
        (compat, "I am Qwen, a large-scale language model independently", "know anytime!"),
        (native, "I am a large-scale language model independently developed", "me anytime!"),
    ):
        whole = reply(sample, [repaired(sample)])
        assert whole.answer.startswith(begins)
        assert whole.answer.endswith(ends)
        assert whole.thinking == ""
        assert whole.usage == Usage(*sample.counts)


def test_every_frame_of_the_guides_parses() -> None:
    found = {}
    for file in (EN, ZH):
        text = (SEEDS / file).read_text(encoding="utf-8")
        told = [line.strip() for line in text.split("\n")]
        starts = ("data: {", "data:{", '{"requestId"')
        found[file] = [
            json.loads(line[line.index("{") :]) for line in told if line.startswith(starts)
        ]
    assert {file: len(frames) for file, frames in found.items()} == {
        EN: 67 + 20,
        ZH: 40,
    }  # the tool stream apart


def test_the_tool_stream_of_the_java_sdk_joins_to_its_arguments() -> None:
    told = lines(EN, 1628, 1647)
    assert len(told) == 20
    framed = "".join(
        f"id:{number}\nevent:result\n:HTTP_STATUS/200\ndata:{line}\n\n"
        for number, line in enumerate(told, 1)
    ).encode()
    for chunks in ([framed], *cuttings(framed)):
        whole = reply_of(read("dashscope", chunks))
        assert whole.tool_calls == (
            ToolCall("call_ecc41296dccc47baa01567", "get_current_weather",
                     '{"location": "Hangzhou"}'),
        )  # fmt: skip
        assert json.loads(whole.tool_calls[0].arguments) == {"location": "Hangzhou"}
        assert whole.finish_reason == "tool_calls"
        assert whole.request_id == "4edb81cd-4647-9d5d-88f9-a4f30bc6d8dd"
        assert whole.thinking.startswith("Well, the user want to")
        assert whole.usage == Usage(input=238, output=108, total=346)
