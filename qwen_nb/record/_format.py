"""The text form of a cassette: made to be read, compared line by line, and appended to.

    qwen_nb cassette 1
    # comments

    === place 1, default
    { … JSON … }
    === price qwen-plus sg
    { … JSON … }
    === request 1 to place 1 at 2026-11-25T20:00:00Z
    POST /chat/completions
    { … JSON … }
    --- 200
    content-type: text/event-stream
    +0.00
    | a line of the answer
    |
    --- end sha256 …

A chunk begins with its pause. Its lines follow: `| ` one that ends in a line feed, `] ` one
that ends in a carriage return and a line feed, `: ` one without an end, `= ` bytes in base64
that are no clean text. `~121,233 |word|` is a chunk that is like the one before but for what
stands between its first 121 and its last 233 characters; without a pause of its own it came
at once. Whatever a line holds comes after the mark, so nothing of an answer
can be taken for the form. The hash is that of all the bytes and the ending, so that a change
is noticed; where the change is meant, the hash may be taken out.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, cast, get_args

from qwen_nb._errors import BadCassette
from qwen_nb.record._values import Answer, Chunk, Ending, Place, Recording

__all__ = [
    "HEADER",
    "Block",
    "PriceNote",
    "place_text",
    "price_text",
    "read",
    "recording_text",
]

VERSION = 1
HEADER = f"""\
qwen_nb cassette {VERSION}
# What was asked and what was answered; keys and other secrets were left out. Replayed in
# this order for equal requests. A text may be edited where its answer's hash is taken out.
"""

_FIRST = re.compile(r"qwen_nb cassette (\d+)")
_PLACE = re.compile(r"=== place (\d+)(, default)?")
_PRICE = re.compile(r"=== price (.+)")
_REQUEST = re.compile(r"=== request (\d+) to place (\d+) at (\S+)")
_CALL = re.compile(r"(GET|POST) (/\S*)")
_STATUS = re.compile(r"--- (\d{1,3})")
_ENDING = re.compile(r"--- (end|failed|broken|stopped)(?: sha256 ([0-9a-f]{64}))?")
_PAUSE = re.compile(r"\+(\d+\.\d+)")
_LIKE = re.compile(r"~(\d+),(\d+) \|(.*)\|")
_MARKS = {"|": b"\n", "]": b"\r\n", ":": b"", "=": b""}
_UNCLEAN = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ufeff]")

PriceNote = tuple[str, Any]
"""A look-up of a price, as text, and the rows it found."""

Block = Place | PriceNote | Recording


# -- writing ---------------------------------------------------------------------------------


def place_text(number: int, place: Place) -> str:
    """Return the block of who was asked."""
    default = ", default" if place.is_default else ""
    return f"\n=== place {number}{default}\n{_json(place.facts)}\n"


def price_text(asked: str, rows: Any) -> str:
    """Return the block of a look-up of a price."""
    return f"\n=== price {asked}\n{_json(rows)}\n"


def recording_text(recording: Recording) -> str:
    """Return the block of a request and its answer."""
    answer = recording.answer
    lines = [
        "",
        f"=== request {recording.number} to place {recording.place} at {recording.at}",
        f"{recording.method} {recording.path}",
        _json(recording.body),
        f"--- {answer.status}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    before: str | None = None
    for chunk in answer.chunks:
        lines += _chunk_lines(chunk, before)
        before = _clean(chunk.data)
    lines.append(f"--- {answer.ending} sha256 {_hash(answer)}")
    if answer.error:
        lines.append(_json(answer.error))
    return "\n".join(lines) + "\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _hash(answer: Answer) -> str:
    told = hashlib.sha256()
    for chunk in answer.chunks:
        told.update(chunk.data)
    told.update(f"\n{answer.status} {answer.ending}".encode())
    return told.hexdigest()


def _chunk_lines(chunk: Chunk, before: str | None) -> Iterator[str]:
    """Yield a chunk's lines; one that is like the chunk before says only what is new."""
    text = _clean(chunk.data)
    like = None if text is None or before is None else _like(text, before)
    if like is None or chunk.pause_s:
        yield f"+{chunk.pause_s:.2f}"
    if like is not None:
        yield like
    elif text is None:
        yield f"= {base64.b64encode(chunk.data).decode()}"
    else:
        *lines, rest = text.split("\n")
        for line in lines:
            # nothing at the end of a line that an editor would take away
            mark, said = ("]", line[:-1]) if line.endswith("\r") else ("|", line)
            yield f"{mark} {said}" if said else mark
        if rest:
            yield f": {rest}"


def _clean(data: bytes) -> str | None:
    """Return bytes as text, if they can stand in a file as such."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if _UNCLEAN.search(text.replace("\r\n", "\n")) else text


def _like(text: str, before: str) -> str | None:
    """Return a text as what it has in place of a part of the one before, if that is less.

    The part reaches from quote to quote where it can, so that what a model said stands
    there as it said it.
    """
    shorter = min(len(text), len(before))
    same = next((n for n in range(shorter) if text[n] != before[n]), shorter)
    begins = text.rfind('"', 0, same) + 1 or same
    rest = shorter - begins
    same = next((n for n in range(rest) if text[-1 - n] != before[-1 - n]), rest)
    ends = same
    if (quote := text.find('"', len(text) - same)) >= 0:
        ends = len(text) - quote
    middle = text[begins : len(text) - ends]
    if "\n" in middle or 2 * len(middle) > len(text):
        return None
    return f"~{begins},{ends} |{middle}|"


# -- reading ---------------------------------------------------------------------------------


def read(text: str, name: str) -> list[Block]:
    """Return the blocks of a cassette, in their order.

    Parameters
    ----------
    text : str
        The whole file.
    name : str
        What errors call it.

    Raises
    ------
    BadCassette
        When it is none, of a later form, damaged or cut off.
    """
    return list(_Reader(text, name).blocks())


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        # not `splitlines`: an answer may hold other signs that end a line
        self._lines = text.split("\n")
        self._at = 0
        self._name = name

    def blocks(self) -> Iterator[Block]:
        first = _FIRST.fullmatch(self._lines[0].rstrip("\r"))
        if first is None:
            raise BadCassette("error.cassette_none", name=self._name)
        if int(first[1]) > VERSION:
            raise BadCassette("error.cassette_newer", name=self._name, version=first[1])
        if self._lines[0].endswith("\r"):
            # an editor or git has put other line ends into it; those of answers are marked
            self._lines = [line.removesuffix("\r") for line in self._lines]
        self._at = 1
        while (line := self._next_said()) is not None:
            if found := _PLACE.fullmatch(line):
                yield Place(self._object(), bool(found[2]))
            elif found := _PRICE.fullmatch(line):
                yield found[1], self._object()
            elif found := _REQUEST.fullmatch(line):
                yield self._recording(found)
            else:
                raise self._damaged()

    def _next_said(self) -> str | None:
        while self._at < len(self._lines):
            line = self._take()
            if line.strip() and not line.startswith("#"):
                return line
        return None

    def _begins(self, *marks: str) -> bool:
        """Tell whether the next line begins so; also where there is none."""
        return self._at >= len(self._lines) or self._lines[self._at].startswith(marks)

    def _take(self) -> str:
        if self._at >= len(self._lines):
            raise BadCassette("error.cassette_cut", name=self._name, line=len(self._lines))
        self._at += 1
        return self._lines[self._at - 1]

    def _damaged(self) -> BadCassette:
        return BadCassette("error.cassette_damaged", name=self._name, line=self._at)

    def _object(self) -> Any:
        begins, lines = self._at, []
        while not self._begins("---", "==="):
            lines.append(self._take())
        told = "\n".join(lines)
        try:
            return json.loads(told)
        except ValueError as error:
            if self._at >= len(self._lines):
                raise BadCassette(
                    "error.cassette_cut", name=self._name, line=self._at
                ) from error
            self._at = begins + told.count("\n", 0, getattr(error, "pos", 0)) + 1
            raise self._damaged() from error

    def _recording(self, found: re.Match[str]) -> Recording:
        call = _CALL.fullmatch(self._take())
        if call is None:
            raise self._damaged()
        body = self._object()
        status = _STATUS.fullmatch(self._take())
        if status is None:
            raise self._damaged()
        headers = dict(self._headers())
        chunks = tuple(self._chunks())
        end = _ENDING.fullmatch(self._take())
        if end is None:
            raise self._damaged()
        ending = cast(Ending, end[1])
        assert ending in get_args(Ending)
        error = self._object() if ending in ("failed", "broken") else {}
        if not isinstance(error, Mapping):
            raise self._damaged()
        answer = Answer(int(status[1]), headers, chunks, ending, error)
        if end[2] and end[2] != _hash(answer):
            raise BadCassette("error.cassette_hash", name=self._name, number=found[1])
        return Recording(int(found[1]), found[3], int(found[2]), call[1], call[2], body, answer)

    def _headers(self) -> Iterator[tuple[str, str]]:
        while not self._begins("+", "-", *_MARKS):
            name, colon, value = self._take().partition(": ")
            if not colon:
                raise self._damaged()
            yield name, value

    def _chunks(self) -> Iterator[Chunk]:
        before = ""
        while not self._begins("---"):
            pause_s = 0.0
            if self._begins("+"):
                pause = _PAUSE.fullmatch(self._take())
                if pause is None:
                    raise self._damaged()
                pause_s = float(pause[1])
            data = self._like(before) if self._begins("~") else b"".join(self._data())
            if not data:
                raise self._damaged()
            yield Chunk(pause_s, data)
            before = _clean(data) or ""

    def _like(self, before: str) -> bytes:
        found = _LIKE.fullmatch(self._take())
        if found is None or int(found[1]) + int(found[2]) > len(before):
            raise self._damaged()
        begins, ends = before[: int(found[1])], before[len(before) - int(found[2]) :]
        return f"{begins}{found[3]}{ends}".encode()

    def _data(self) -> Iterator[bytes]:
        while self._begins(*_MARKS) and self._at < len(self._lines):
            line = self._take()
            mark, rest = line[:1], line[2:]
            if mark == "=":
                try:
                    yield base64.b64decode(rest, validate=True)
                except ValueError as error:
                    raise self._damaged() from error
            else:
                yield rest.encode() + _MARKS[mark]
