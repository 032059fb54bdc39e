import time
from collections.abc import Callable, Iterable

import pytest

from qwen_nb.wire.sse import ServerSentEvent, SseDecoder

A, B = ServerSentEvent(b"a"), ServerSentEvent(b"b")


def decoded(chunks: Iterable[bytes]) -> list[ServerSentEvent]:
    decoder = SseDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.close()


CASES = {
    "nothing": (b"", []),
    "only empty lines": (b"\n\n\n", []),
    "one event": (b"data: a\n\n", [A]),
    "no space after the colon": (b"data:a\n\n", [A]),
    "one space is taken, not two": (b"data:  a\n\n", [ServerSentEvent(b" a")]),
    "two events": (b"data: a\n\ndata: b\n\n", [A, B]),
    "CRLF": (b"data: a\r\n\r\ndata: b\r\n\r\n", [A, B]),
    "CR": (b"data: a\r\rdata: b\r\r", [A, B]),
    "mixed line ends": (b"data: a\r\n\ndata: b\n\r\n", [A, B]),
    "byte order mark": (b"\xef\xbb\xbfdata: a\n\n", [A]),
    "byte order mark later on": (b"data: a\n\n\xef\xbb\xbfdata: b\n\n", [A]),
    "comments": (b": keep-alive\n\n:HTTP_STATUS/200\ndata: a\n\n", [A]),
    "several data lines": (b"data: a\ndata: b\n\n", [ServerSentEvent(b"a\nb")]),
    "empty data lines": (b"data\ndata:\n\n", [ServerSentEvent(b"\n")]),
    "named event": (b"event: error\ndata: a\n\n", [ServerSentEvent(b"a", "error")]),
    "a name holds once": (b"event:x\ndata:a\n\ndata:b\n\n", [ServerSentEvent(b"a", "x"), B]),
    "ids and unknown fields": (b"id:1\nretry: 3\nfoo\ndatum: x\ndata: a\n\n", [A]),
    "missing last empty line": (b"data: a\n\ndata: b\n", [A, B]),
    "missing last line end": (b"data: a\n\ndata: b", [A, B]),
    "colons in the data": (b"data: a:b: c\n\n", [ServerSentEvent(b"a:b: c")]),
    "other bytes that are line ends in text": (
        "data: \x0b\x0c\x1c\x85\u2028\n\n".encode(),
        [ServerSentEvent("\x0b\x0c\x1c\x85\u2028".encode())],
    ),
}  # fmt: skip


@pytest.mark.parametrize(("data", "events"), CASES.values(), ids=CASES)
def test_bytes_become_events(data: bytes, events: list[ServerSentEvent]) -> None:
    assert decoded([data]) == events


@pytest.mark.parametrize(("data", "events"), CASES.values(), ids=CASES)
def test_events_do_not_depend_on_the_cuts(
    data: bytes, events: list[ServerSentEvent], cuttings: Callable[..., Iterable[list[bytes]]]
) -> None:
    for chunks in cuttings(data, times=40):
        assert decoded(chunks) == events


def test_an_event_comes_with_the_chunk_that_completes_it() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\n") == []
    assert decoder.feed(b"\ndata: b") == [A]
    assert decoder.feed(b"\n\n") == [B]
    assert decoder.close() == []


def test_a_carriage_return_at_the_end_of_a_chunk_completes_an_event() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\r\n\r") == [A]
    assert decoder.feed(b"\ndata: b\r\n\r\n") == [B]


def test_an_empty_chunk_is_nothing() -> None:
    decoder = SseDecoder()
    assert decoder.feed(b"data: a\r") + decoder.feed(b"") + decoder.feed(b"\n") == []
    assert decoder.close() == [A]


def test_a_long_line_costs_no_more_than_its_length() -> None:
    def cost(megabytes: int) -> float:
        line = b"data: " + b"x" * (megabytes * 1_000_000) + b"\n\n"
        chunks = [line[at : at + 4096] for at in range(0, len(line), 4096)]
        begin = time.process_time()
        (event,) = decoded(chunks)
        assert len(event.data) == megabytes * 1_000_000
        return time.process_time() - begin

    costs = [min(cost(megabytes) for _ in range(3)) for megabytes in (3, 12)]
    # four times the length, about four times the time; the square would be sixteen times
    assert costs[1] < 9 * costs[0] + 0.01
