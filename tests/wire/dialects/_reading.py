"""Read bytes through decoder and dialect, as the client does."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from qwen_nb.errors import QwenError
from qwen_nb.values import ReplyBuilder, Server
from qwen_nb.values.events import Event
from qwen_nb.wire.dialects.dashscope import DashScopeDialect
from qwen_nb.wire.dialects.openai import OpenAIDialect
from qwen_nb.wire.sse import SseDecoder

DIALECTS: dict[str, Any] = {"openai": OpenAIDialect(), "dashscope": DashScopeDialect()}

SERVER = Server(name="the server", key="sk-1")


@dataclass(frozen=True)
class Raised:
    """The error that ended a stream."""

    kind: type[QwenError]
    code: str = ""


@dataclass(frozen=True)
class Unfinished:
    """The stream ended and the model had not said why."""


Outcome = list[Event | Raised | Unfinished]


def read(dialect: str, chunks: Iterable[bytes], server: Server = SERVER) -> Outcome:
    decoder, reader = SseDecoder(), DIALECTS[dialect].reader(server)
    outcome: Outcome = []
    try:
        for chunk in chunks:
            for sse in decoder.feed(chunk):
                outcome += reader.events(sse)
        for sse in decoder.close():
            outcome += reader.events(sse)
    except QwenError as error:
        return [*outcome, *reader.close(), Raised(type(error), getattr(error, "code", ""))]
    outcome += reader.close()
    return outcome if reader.finished else [*outcome, Unfinished()]


def reply_of(events: Iterable[Any]) -> Any:
    builder = ReplyBuilder()
    for event in events:
        if not isinstance(event, Raised | Unfinished):
            builder.add(event)
    return builder.reply()


def cuttings(data: bytes, times: int = 50) -> Iterator[list[bytes]]:
    """Cut bytes at random places, the same ones in each run; the first cuts every byte."""
    yield [data[at : at + 1] for at in range(len(data))]
    chance = random.Random(0)
    for _ in range(times):
        borders = sorted(chance.choices(range(len(data) + 1), k=chance.randrange(1, 40)))
        pairs = zip([0, *borders], [*borders, len(data)], strict=True)
        yield [data[start:end] for start, end in pairs]
