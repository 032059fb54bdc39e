"""Streams with something wrong in them: the frames of a good one, and a fault."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, TypeAlias

from qwen_nb.emulator.errors import named_error
from qwen_nb.emulator.faults import Fault
from qwen_nb.emulator.wire import Frame, Wire

_MEGABYTE = 1_000_000


class Act(Enum):
    """Something other than sending bytes."""

    CUT = "close the connection"
    RESET = "close it so rudely that the client sees a reset"
    HOLD = "say nothing until the client leaves"
    PULSE = "send comments until the client leaves"


@dataclass(frozen=True, slots=True)
class Chunk:
    """Bytes to send at once, and the usage that a client knows with the last of them."""

    data: bytes
    usage: Mapping[str, Any] | None = None


Step: TypeAlias = Chunk | Act


def spoiled(
    frames: Iterable[Frame], wire: Wire, fault: Fault | None, request_id: str
) -> Iterator[Step]:
    """Return a stream as bytes, with the fault in it."""
    if fault is None:
        return _plain(frames, wire)
    if fault.name in _CHANGING:
        return _plain(_CHANGING[fault.name](list(frames), fault), wire)
    if fault.name in _CUTTING:
        cutting = _CUTTING[fault.name]
        return _plain(frames, wire, lambda event: cutting(event, fault))
    return _ending(list(frames), wire, fault, request_id)


def _plain(
    frames: Iterable[Frame],
    wire: Wire,
    cut: Callable[[bytes], Iterable[bytes]] = lambda event: (event,),
) -> Iterator[Step]:
    for number, frame in enumerate(frames, 1):
        *pieces, last = cut(wire.framed(frame, number))
        yield from map(Chunk, pieces)
        yield Chunk(last, frame.payload.get("usage"))


# -- the frames are others ---------------------------------------------------------------


def _without(*phases: str) -> Callable[[Sequence[Frame], Fault], Iterable[Frame]]:
    return lambda frames, fault: [frame for frame in frames if frame.phase not in phases]


def _without_usage(frames: Sequence[Frame], fault: Fault) -> Iterable[Frame]:
    for frame in frames:
        if frame.phase != "usage":
            payload = {key: value for key, value in frame.payload.items() if key != "usage"}
            yield replace(frame, payload=payload)


def _usage_everywhere(frames: Sequence[Frame], fault: Fault) -> Iterable[Frame]:
    for frame in frames:
        usage = frame.usage if fault.name == "usage-cumulative" else frames[-1].usage
        payload = {**frame.payload, "usage": usage} if frame.payload else {}
        yield replace(frame, payload=payload)


def _padded(frames: Sequence[Frame], fault: Fault) -> Iterable[Frame]:
    # unknown keys are to be ignored (docs/protocol.md §4.1), however long
    for at, frame in enumerate(frames):
        padding = {"padding": "x" * (fault.number * _MEGABYTE)} if at == 1 else {}
        yield replace(frame, payload={**frame.payload, **padding})


_CHANGING: dict[str, Callable[[Sequence[Frame], Fault], Iterable[Frame]]] = {
    "no-finish": _without("finish", "usage", "done"),
    "no-done": _without("done"),
    "usage-missing": _without_usage,
    "usage-every": _usage_everywhere,
    "usage-cumulative": _usage_everywhere,
    "long-line": _padded,
}

# -- the same bytes, cut otherwise ---------------------------------------------------------


def _in_bits(event: bytes, fault: Fault) -> Iterator[bytes]:
    for at in range(0, len(event), fault.number):
        yield event[at : at + fault.number]


def _with_crlf(event: bytes, fault: Fault) -> Iterator[bytes]:
    yield event.replace(b"\n", b"\r\n")


def _in_two(event: bytes, fault: Fault) -> Iterator[bytes]:
    head, mark, text = event.partition(b"data:")
    opening, brace, rest = text.partition(b"{")
    if not brace:
        yield event
    elif fault.name == "two-lines":
        # where a line break is white space to JSON
        yield head + mark + opening + brace + b"\n" + mark + opening + rest
    else:
        middle = _middle(rest)
        first, second = rest[:middle] + b"\n\n", rest[middle:]
        yield head + mark + opening + brace + first + head + mark + opening + second


def _middle(text: bytes) -> int:
    """Return a place near the middle that is in no character and before no space."""
    middle = len(text) // 2
    while text[middle] <= 0x20 or text[middle] > 0x7F:
        middle -= 1
    return middle


_CUTTING: dict[str, Callable[[bytes, Fault], Iterator[bytes]]] = {
    "split": _in_bits,
    "crlf": _with_crlf,
    "two-events": _in_two,
    "two-lines": _in_two,
}

# -- something happens on the way ----------------------------------------------------------


def _ending(
    frames: Sequence[Frame], wire: Wire, fault: Fault, request_id: str
) -> Iterator[Step]:
    at = _moment(frames, fault)
    events = list(_plain(frames, wire))
    yield from events[:at]
    if fault.name == "malformed":
        yield Chunk(b'data: {"choices":[{"del\n\n')
        yield from events[at:]
    elif fault.name == "moderation":
        refused = named_error("output_inspection_failed")
        yield Chunk(wire.error_event(refused, request_id, named=False))
    elif fault.name == "error-event":
        yield Chunk(wire.error_event(named_error(fault.value), request_id, named=True))
    elif fault.name in _ACTS:
        yield _ACTS[fault.name]
    else:
        yield from events[at:]  # the fault is none of a stream's


_ACTS = {
    "cut-thinking": Act.CUT,
    "cut-answer": Act.CUT,
    "cut-calls": Act.CUT,
    "silence": Act.HOLD,
    "comments": Act.PULSE,
}
_COUNTED = {
    "cut-thinking": "thinking",
    "cut-answer": "answer",
    "cut-calls": "call",
    "moderation": "answer",
}
_LATER = {
    "thinking": ("answer", "call", "finish"),
    "answer": ("call", "finish"),
    "call": ("finish",),
}


def _moment(frames: Sequence[Frame], fault: Fault) -> int:
    """Return how many frames come before it: so many pieces, or as many as there are."""
    if fault.name not in _COUNTED:
        return min(fault.after if fault.name == "error-event" else _number(fault), len(frames))
    phase, left = _COUNTED[fault.name], fault.number
    for at, frame in enumerate(frames):
        if frame.phase in _LATER[phase] or (frame.phase == phase and left == 0):
            return at
        left -= frame.phase == phase
    return len(frames)


def _number(fault: Fault) -> int:
    return fault.number if fault.value else 0
