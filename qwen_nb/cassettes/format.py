"""The text form of a cassette: made to be read, compared line by line, and appended to.

    qwen_nb cassette 2
    # comments

    === place 1, default
    { … JSON of the server that was asked … }
    === price qwen-plus sg
    { … JSON … }
    === request 1 to place 1 at 2026-11-25T20:00:00Z
    POST /chat/completions
    { … JSON … }
    --- 200
    content-type: text/event-stream
    | a line of the answer
    |
    --- end sha256 …

The answer's lines: `| ` is one that ends in a line feed, `] ` one that ends in a carriage
return and a line feed, `: ` one without an end, `= ` bytes in base64 that are no clean text.
`~121,233 |word|` is an event that is like the event before but for what stands between its
first 121 and its last 233 characters. Whatever a line holds comes after the mark, so nothing
of an answer can be taken for the form. The hash is that of the answer's bytes, status,
headers, ending and error, so that a change is noticed; where the change is meant, the hash
may be taken out. The recordings stand in the order in which they ended where that cannot be
helped; their numbers give the order in which they were asked. A server that was asked is a
place in the file.

Version 1 had a line `+0.25` before an event that was waited for; such lines are passed over.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias, cast

from qwen_nb.cassettes.pieces import common_prefix, dumped, split
from qwen_nb.cassettes.recordings import Answer, AskedServer, Ending, Recording
from qwen_nb.errors import BadCassette

VERSION = 2
HEADER = f"""\
qwen_nb cassette {VERSION}
# What was asked and what was answered; keys and other secrets were left out. Replayed in
# this order for equal requests. A text may be edited where its answer's hash is taken out.
"""

_FIRST = re.compile(r"qwen_nb cassette ([0-9]{1,9})")
_SERVER = re.compile(r"=== place ([0-9]{1,9})(, default)?")
_PRICE = re.compile(r"=== price (.+)")
_REQUEST = re.compile(r"=== request ([0-9]{1,9}) to place ([0-9]{1,9}) at (\S+)")
_CALL = re.compile(r"(GET|POST) (/\S*)")
_STATUS = re.compile(r"--- ([0-9]{1,3})")
_ENDING = re.compile(r"--- (end|failed|broken|stopped)(?: sha256 ([0-9a-f]{64}))?")
_PAUSE = re.compile(r"\+[0-9]{1,9}\.[0-9]{2}")
_LIKE = re.compile(r"~([0-9]{1,12}),([0-9]{1,12}) \|(.*)\|")
_ENDS = (b"\n\n", b"\n\r\n")
_MARKS = {"|": b"\n", "]": b"\r\n", ":": b"", "=": b""}
_UNCLEAN = re.compile("[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029\ufeff]")

PriceNote: TypeAlias = tuple[str, Any]
"""A look-up of a price, as text, and the rows it found."""

Block: TypeAlias = AskedServer | PriceNote | Recording

_Range: TypeAlias = tuple[int, int]


# -- writing ---------------------------------------------------------------------------------


def server_text(number: int, server: AskedServer) -> str:
    """Return the block of a server that was asked."""
    default = ", default" if server.is_default else ""
    return f"\n=== place {number}{default}\n{_json(server.facts)}\n"


def price_text(asked: str, rows: Any) -> str:
    """Return the block of a look-up of a price."""
    return f"\n=== price {asked}\n{_json(rows)}\n"


def recording_text(recording: Recording) -> str:
    """Return the block of a request and its answer."""
    answer = recording.answer
    lines = [
        "",
        f"=== request {recording.number} to place {recording.server} at {recording.at}",
        f"{recording.method} {recording.path}",
        _json(recording.body),
        f"--- {answer.status}",
        *(f"{name}: {value}" for name, value in answer.headers.items()),
    ]
    before: str | None = None
    last: _Range | None = None
    for event in split(answer.data):
        text = _clean(event)
        last = None if text is None or not before else _differs(text, before, last)
        lines += _event_lines(event, text, last)
        before = text
    lines.append(f"--- {answer.ending} sha256 {_hash(answer)}")
    if answer.ending in ("failed", "broken"):
        lines.append(_json(answer.error))
    return "\n".join(lines) + "\n"


def _json(value: Any) -> str:
    return dumped(value, indent=1)


def _hash(answer: Answer) -> str:
    facts = [answer.status, answer.headers, answer.ending, answer.error]
    return hashlib.sha256(
        answer.data + f"\n{json.dumps(facts, sort_keys=True)}".encode()
    ).hexdigest()


def _event_lines(event: bytes, text: str | None, differs: _Range | None) -> Iterator[str]:
    """Yield an event's lines; one that is like the event before says only what is new."""
    if text is None:
        yield f"= {base64.b64encode(event).decode()}"
    elif differs is not None:
        begins, ends = differs
        yield f"~{begins},{ends} |{text[begins : len(text) - ends]}|"
    else:
        *lines, rest = text.split("\n")
        for line in lines:
            # nothing at the end of a line that an editor would take away
            mark, words = ("]", line[:-1]) if line.endswith("\r") else ("|", line)
            yield f"{mark} {words}" if words else mark
        if rest:
            yield f": {rest}"


def _clean(data: bytes) -> str | None:
    """Return bytes as text, if they can stand in a file as such."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    return None if _UNCLEAN.search(text.replace("\r\n", "\n")) else text


def _differs(text: str, before: str, last: _Range | None) -> _Range | None:
    """Return how much of a text is that of the one before at its beginning and its end.

    None where that saves little. What differs reaches from quote to quote where it can, so
    that the model's words stand there whole; equal texts differ where the last two did.
    """
    if text == before and last is not None:
        return last
    same = common_prefix(text, before)
    begins = text.rfind('"', 0, same) + 1 or same
    ends = common_prefix(text[begins:][::-1], before[begins:][::-1])
    if (quote := text.find('"', len(text) - ends)) >= 0:
        ends = len(text) - quote
    middle = len(text) - ends - begins
    if 2 * middle > len(text) or "\n" in text[begins : len(text) - ends]:
        return None
    return begins, ends


# -- reading ---------------------------------------------------------------------------------


def read(text: str, name: str) -> Iterator[tuple[int, Block]]:
    """Yield the blocks of a cassette, in their order, each with the line it begins at.

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
    return _Reader(text, name).blocks()


class _Reader:
    def __init__(self, text: str, name: str) -> None:
        # not `splitlines`: an answer may hold other signs that end a line
        self._lines = text.split("\n")
        self._at = 0
        self._name = name
        self._numbers: set[int] = set()

    def blocks(self) -> Iterator[tuple[int, Block]]:
        first = _FIRST.fullmatch(self._lines[0].rstrip("\r"))
        if first is None:
            raise BadCassette("error.cassette_none", name=self._name)
        if int(first[1]) > VERSION:
            raise BadCassette("error.cassette_newer", name=self._name, version=first[1])
        if self._lines[0].endswith("\r"):
            # an editor or git has put other line ends into it; those of answers are marked
            self._lines = [line.removesuffix("\r") for line in self._lines]
        self._at, servers = 1, 0
        while (line := self._next_line()) is not None:
            begins = self._at
            if found := _SERVER.fullmatch(line):
                servers += 1
                if int(found[1]) != servers:
                    raise self._damaged()
                yield begins, AskedServer(self._object(), bool(found[2]))
            elif found := _PRICE.fullmatch(line):
                yield begins, (found[1], self._object())
            elif found := _REQUEST.fullmatch(line):
                number, server = int(found[1]), int(found[2])
                if number in self._numbers or not 0 < server <= servers:
                    raise self._damaged()
                self._numbers.add(number)
                yield begins, self._recording(number, server, found[3])
            else:
                raise self._damaged()

    def _next_line(self) -> str | None:
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
        text = "\n".join(lines)
        try:
            return json.loads(text)
        except (ValueError, RecursionError) as error:
            if self._at >= len(self._lines):
                raise BadCassette(
                    "error.cassette_cut", name=self._name, line=self._at
                ) from error
            self._at = begins + text.count("\n", 0, getattr(error, "pos", 0)) + 1
            raise self._damaged() from error

    def _recording(self, number: int, server: int, at: str) -> Recording:
        call = _CALL.fullmatch(self._take())
        if call is None:
            raise self._damaged()
        body = self._object()
        status = _STATUS.fullmatch(self._take())
        if status is None:
            raise self._damaged()
        headers = dict(self._headers())
        data = self._data()
        end = _ENDING.fullmatch(self._take())
        if end is None:
            raise self._damaged()
        ending = cast(Ending, end[1])
        error = self._object() if ending in ("failed", "broken") else {}
        if not isinstance(error, Mapping):
            raise self._damaged()
        answer = Answer(int(status[1]), headers, data, ending, error)
        if end[2] and end[2] != _hash(answer):
            raise BadCassette("error.cassette_hash", name=self._name, number=number)
        return Recording(number, at, server, call[1], call[2], body, answer)

    def _headers(self) -> Iterator[tuple[str, str]]:
        while not self._begins("+", "-", *_MARKS):
            name, colon, value = self._take().partition(": ")
            if not colon:
                raise self._damaged()
            yield name, value

    def _data(self) -> bytes:
        done, event, before = [], bytearray(), ""
        while not self._begins("---"):
            line = self._take()
            if _PAUSE.fullmatch(line):
                continue
            event += self._like(line, before) if line[:1] == "~" else self._bytes(line)
            if event.endswith(_ENDS):
                done.append(bytes(event))
                event, before = bytearray(), _clean(done[-1]) or ""
        return b"".join((*done, event))

    def _like(self, line: str, before: str) -> bytes:
        found = _LIKE.fullmatch(line)
        if found is None or int(found[1]) + int(found[2]) > len(before):
            raise self._damaged()
        begins, ends = before[: int(found[1])], before[len(before) - int(found[2]) :]
        return f"{begins}{found[3]}{ends}".encode()

    def _bytes(self, line: str) -> bytes:
        mark, space, rest = line[:1], line[1:2], line[2:]
        if mark not in _MARKS or space not in ("", " "):
            raise self._damaged()
        if mark != "=":
            return rest.encode() + _MARKS[mark]
        try:
            return base64.b64decode(rest, validate=True)
        except ValueError as error:
            raise self._damaged() from error
