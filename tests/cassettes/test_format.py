"""The text form: what is written is read back, whatever it is."""

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_nb import CassetteError
from qwen_nb.cassettes.format import HEADER, price_text, read, recording_text, server_text
from qwen_nb.cassettes.recordings import Answer, AskedServer, Recording
from qwen_nb.cassettes.replayer import Replayer

SERVER = AskedServer(
    {"name": "Model Studio (Singapore)", "region": "sg", "has_key": True}, True
)
PRICE = (
    "qwen-plus sg",
    [{"id": "qwen-plus", "region": "sg", "input": "0.4", "output": "1.2", "currency": "USD"}],
)
BODY = {"model": "qwen-plus", "messages": [{"role": "user", "content": "Hello"}]}
STREAM = {"content-type": "text/event-stream"}


def recording(*chunks: bytes, number: int = 1, **answer: Any) -> Recording:
    told = Answer(**{"status": 200, "headers": STREAM, "data": b"".join(chunks), **answer})
    return Recording(number, "2026-11-25T20:00:00Z", 1, "POST", "/chat/completions", BODY, told)


def text_of(*blocks: Any) -> str:
    servers = [each for each in blocks if isinstance(each, AskedServer)]
    told = [server_text(n, server) for n, server in enumerate(servers, 1)]
    told += [price_text(*each) for each in blocks if isinstance(each, tuple)]
    told += [recording_text(each) for each in blocks if isinstance(each, Recording)]
    return HEADER + "".join(told)


def read_back(text: str) -> list[Any]:
    return [block for _, block in read(text, "it.cassette")]


def whole(*recordings: Recording) -> str:
    return text_of(SERVER, PRICE, *recordings)


LINES = (
    "", " ", "{", "}", "| x", "]", ": ", "= YQ==", "+0.10", "~1,2 |x|", "--- end", "--- 200",
    "=== request 2 to place 1 at now", "=== place 2", "qwen_nb cassette 2", "# remark",
    'data: {"choices":[{"delta":{"content":"Hm"}}]}', "data: [DONE]", "天气", "\u2028",
    "\x00", "\x85", "\ufeff", "e\u0301", "trailing  ", "\t",
)  # fmt: skip
ENDS = ("\n", "\r\n", "\r", "")

lines = st.tuples(st.sampled_from(LINES) | st.text(max_size=20), st.sampled_from(ENDS))
texts = st.lists(lines, max_size=6).map(
    lambda parts: "".join(map("".join, parts)).encode("utf-8", "replace")
)
data = texts | st.binary(max_size=30)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=()), max_size=20) | st.sampled_from(LINES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
answers = st.builds(
    Answer,
    status=st.integers(0, 999),
    headers=st.just(STREAM) | st.just({}),
    data=st.lists(data, max_size=6).map(b"".join),
    ending=st.sampled_from(["end", "failed", "broken", "stopped"]),
).flatmap(
    lambda answer: (
        st.dictionaries(st.text(), json_values, max_size=3).map(
            lambda error: replace(answer, error=error)
        )
        if answer.ending in ("failed", "broken")
        else st.just(answer)
    )
)
recordings = st.builds(
    Recording,
    number=st.just(1),
    at=st.just("2026-11-25T20:00:00Z"),
    server=st.just(1),
    method=st.sampled_from(["GET", "POST"]),
    path=st.sampled_from(["/models", "/chat/completions"]),
    body=json_values,
    answer=answers,
)


@given(recordings)
def test_what_is_written_is_read_back(recording: Recording) -> None:
    assert read_back(whole(recording)) == [SERVER, PRICE, recording]


@given(st.lists(answers, min_size=1, max_size=3), st.booleans())
def test_other_line_ends_change_nothing(answers: list[Answer], has_mark: bool) -> None:
    """As git puts them into a file, or an editor; perhaps with a mark at its beginning."""
    there = [replace(recording(number=n), answer=each) for n, each in enumerate(answers, 1)]
    # what has such a line end alone is in base64, so this is all there is
    text = whole(*there).replace("\n", "\r\n")
    path_text = ("\ufeff" if has_mark else "") + text
    assert read_back(path_text.removeprefix("\ufeff")) == [SERVER, PRICE, *there]


EVENT = 'data: {{"id":"1","choices":[{{"delta":{{"content":"{}"}},"index":0}}],"n":null}}\n\n'

EXAMPLES = {
    "nothing": [],
    "empty chunks": [b"", b"", b"x", b""],
    "line feeds": [b"\n", b"\n\n", b"\n"],
    "both line ends": [b"a\r\nb\n\r\n", b"\r\n", b"\r"],
    "carriage returns alone": [b"a\rb\r", b"\r\r"],
    "no clean text": [b"\xff\xfe", b"\xe5\xa4", b"\xa9"],
    "NUL": [b"a\x00b\n"],
    "signs that end a line elsewhere": ["a\u2028b\u2029c\x85d\x0b\x0c\n".encode()],
    "a mark of byte order": ["\ufeffdata: {}\n\n".encode()],
    "the form itself": [f"{line}\n".encode() for line in LINES],
    "a cassette": [HEADER.encode(), recording_text(recording(b"x")).encode()],
    "a long line": [b"data: " + b"x" * 3_000_000 + b"\n\n"],
    "a long line again": [b"y" * 3_000_000, b"y" * 2_999_999 + b"z", b"y" * 3_000_000],
    "events": [EVENT.format(word).encode() for word in ("Hm", " the", " the", "", "天", '\\"')],
    "nearly the same": [b'"ab"', b'"aab"', b'"b"', b'""', b'"', b"", b'"ab"'],
    "trailing spaces": [b"a  \n  \n", b"a \n  \n"],
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read_back(name: str) -> None:
    there = recording(*EXAMPLES[name])
    assert read_back(whole(there))[-1] == there


def test_no_line_ends_in_a_space() -> None:
    """An editor would take it away."""
    there = recording(b"data: x\n\n", b" \n", b"\n", b"\r\n")
    text = whole(there)
    assert [line for line in text.split("\n") if line.endswith(" ") and line != "|  "] == []


def test_a_streamed_answer_reads_well() -> None:
    words = ("One", " two", " two", " three")
    text = whole(recording(*(EVENT.format(word).encode() for word in words)))
    said = re.findall(r"^~\d+,\d+ \|(.*)\|$", text, re.MULTILINE)
    assert said == [" two", " two", " three"]


def test_a_cassette_of_version_1_is_read() -> None:
    """It has pauses, which are passed over, and is else what would be written now."""
    text = (Path(__file__).parent / "version_1.cassette").read_text(encoding="utf-8")
    assert re.search(r"^\+0\.25$", text, re.MULTILINE)
    assert read_back(text) == read_back(some())
    without = re.sub(r"^\+\d+\.\d\d\n", "", text, flags=re.MULTILINE)
    assert without.replace("cassette 1", "cassette 2", 1) == some()


# -- what is damaged ---------------------------------------------------------------------------


def some() -> str:
    error = {"type": "BrokenStream", "key": "error.broken", "facts": {"reason": "reset"}}
    return whole(
        recording(*(EVENT.format(word).encode() for word in ("Hm", " the", " the"))),
        recording(b"\xff\n\n", b"a\r\nb", number=2, ending="broken", error=error),
        recording(number=3, status=0, headers={}, ending="failed", error=error),
        recording(b'{"error": 1}', number=4, status=400, headers={"retry-after": "1"}),
    )


@pytest.fixture
def used(tmp_path: Path) -> Any:
    """Load a text as a cassette, and ask all that was recorded."""

    def used(text: str | bytes) -> list[tuple[int, str]]:
        path = tmp_path / "it.cassette"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return Replayer(path, {}).numbers()

    return used


def test_what_is_whole_can_be_used(used: Any) -> None:
    assert [number for number, _ in used(some())] == [1, 2, 3, 4]


def test_a_file_cut_at_any_line_is_noticed(used: Any) -> None:
    lines = some().split("\n")
    for n in range(len(lines)):
        text = "\n".join(lines[:n])
        ended = [int(number) for number in re.findall(r"=== request (\d)", text)]
        try:
            found = [number for number, _ in used(text)]
        except CassetteError as error:
            assert "it.cassette" in str(error)
            assert n == 0 or str(n) in str(error) or "hash" in str(error)
        else:
            # cut between two recordings: it has fewer, and each of them is whole
            assert found == ended, n
            assert n == len(lines) - 1 or lines[n] == "" or lines[n].startswith(("#", "===")), n


def test_a_file_cut_at_any_byte_raises_nothing_else(used: Any) -> None:
    data = some().encode()
    for n in range(0, len(data), 3):
        try:
            used(data[:n])
        except CassetteError as error:
            assert str(error)


def test_any_changed_byte_raises_nothing_else(used: Any) -> None:
    data = some().encode()
    answers = slice(data.index(b"--- 200"), len(data))
    passed = []
    for at in range(0, len(data), 2):
        for flip in ((0x01, 0x04, 0x80)[at % 3],):
            changed = data[:at] + bytes([data[at] ^ flip]) + data[at + 1 :]
            try:
                used(changed)
            except CassetteError as error:
                assert "it.cassette" in str(error)
            else:
                passed.append(at)
    # of an answer nothing may be changed; requests, prices and remarks have no hash
    found = {data[: at + 1].count(b"\n") for at in passed if at >= answers.start}
    lines = data.split(b"\n")
    unsure = (b"=== request", b"POST", b"{", b" ", b"}", b"]")
    for number in found:
        line = lines[number]
        is_break = not line  # its line feed, or an empty line between two recordings
        assert is_break or line.startswith(unsure) or b"sha256" in line, line


DAMAGED = {
    "empty": ("", "cassette"),
    "no cassette": ("{}\n", "no cassette"),
    "no text": (b"\x89PNG\xff\xfe", "no cassette"),
    "newer": (some().replace("cassette 2", "cassette 3", 1), "version 3"),
    "much newer": (some().replace("cassette 2", "cassette " + "9" * 5000, 1), "cassette"),
    "a place that is none": (some().replace('"name": "Model', '"nme": "Model'), "line 5"),
    "a place of another kind": (some().replace('"has_key": true', '"region": 1'), "line 5"),
    "a place that is a list": (whole().replace("{\n", "[", 1), "damaged"),
    "prices that are none": (some().replace('"input": "0.4"', '"input": "x"'), "line 12"),
    "a price of nothing": (some().replace('"currency"', '"curency"'), "line 12"),
    "to nobody": (some().replace("request 2 to place 1", "request 2 to place 2"), "damaged"),
    "to place 0": (some().replace("request 2 to place 1", "request 2 to place 0"), "damaged"),
    "twice the same number": (some().replace("request 2 to", "request 1 to"), "damaged"),
    "deep": (some().replace('"Hello"', "[" * 100_000 + "]" * 100_000, 1), "damaged"),
    "no base64": (some().replace("= /woK", "= /wo"), "damaged"),
    "an answer": (some().replace("| the|", "| thy|", 1), "hash"),
    "a header": (some().replace("retry-after: 1", "retry-after: 2"), "hash"),
    "a status": (some().replace("--- 400", "--- 401"), "hash"),
    "an ending": (some().replace("--- broken", "--- end"), "hash"),
    "an error": (some().replace('"reset"', '"other"', 1), "hash"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_what_is_damaged_is_refused(name: str, used: Any) -> None:
    text, told = DAMAGED[name]
    with pytest.raises(CassetteError, match=told) as caught:
        used(text)
    assert "it.cassette" in str(caught.value)
    assert "it.cassette" in caught.value.message("zh")


def test_bytes_that_are_no_text_are_found(used: Any) -> None:
    data = some().encode().replace(b"Hello", b"Hell\xff", 1)
    line = data[: data.index(b"Hell\xff")].count(b"\n") + 1
    with pytest.raises(CassetteError, match=f"line {line}"):
        used(data)


def test_a_change_that_is_meant_is_taken(used: Any, tmp_path: Path) -> None:
    text = some().replace("| the|", "| thy|", 1)
    used(re.sub(r"--- end sha256 \w+", "--- end", text, count=1))


def test_files_that_are_none(tmp_path: Path) -> None:
    folder = tmp_path / "folder.cassette"
    folder.mkdir()
    for path in (folder, tmp_path / "none.cassette", tmp_path / "none" / "it.cassette"):
        with pytest.raises(CassetteError, match=path.name):
            Replayer(path, {})


def test_notes_are_json() -> None:
    """So that another program can read and make them."""
    (_, server), (_, price), (_, first) = list(read(whole(recording(b"x")), "x"))
    assert json.loads(json.dumps(server.facts)) == SERVER.facts
    assert price == PRICE
    assert first.body == BODY
