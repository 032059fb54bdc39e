"""Reading costs little beyond the parsing of its JSON."""

import json
import time

import pytest

from qwen_nb.wire.dialects.frames import decode
from qwen_nb.wire.sse import ServerSentEvent

from ._reading import DIALECTS, SERVER
from .cases import EMPTY, chunk, frame

COUNT = 8_000


def frames(dialect: str) -> list[ServerSentEvent]:
    told = []
    for at in range(COUNT):
        field = "reasoning_content" if at < COUNT / 2 else "content"
        if dialect == "openai":
            told.append(chunk({"content": None, "reasoning_content": None, field: f"w {at} "}))
        else:
            usage = {"input_tokens": 9, "output_tokens": at, "total_tokens": at + 9}
            told.append(frame(EMPTY | {field: f"w {at} "}, usage=usage))
    return [ServerSentEvent(json.dumps(one).encode()) for one in told]


@pytest.mark.perf
@pytest.mark.parametrize(("dialect", "most"), [("openai", 2.2), ("dashscope", 4.0)])
def test_reading_against_parsing(dialect: str, most: float) -> None:
    events = frames(dialect)

    def parsing() -> float:
        begin = time.process_time()
        for event in events:
            decode(event.data.decode())
        return time.process_time() - begin

    def reading() -> float:
        reader = DIALECTS[dialect].reader(SERVER)
        begin = time.process_time()
        for event in events:
            reader.events(event)
        return time.process_time() - begin

    pairs = [(reading(), parsing()) for _ in range(7)]
    ratio = min(read for read, _ in pairs) / min(parsed for _, parsed in pairs)
    assert ratio < most, f"{ratio:.2f}"
