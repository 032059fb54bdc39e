"""No key, password or account gets into a cassette; ordinary text does."""

import json
from contextlib import closing
from typing import Any

import pytest
from _servers import LAST_CHUNK, Misbehaving, chunk, response, stream_head
from hypothesis import given
from hypothesis import strategies as st

from qwen_nb import ApiError, Chat, recording
from qwen_nb.cassettes.format import read
from qwen_nb.cassettes.places import facts_of, know_server
from qwen_nb.cassettes.requests import matches
from qwen_nb.cassettes.secrets import SECRET, Redactor
from qwen_nb.cassettes.values import Recording
from qwen_nb.values import Server

from ._twice import Twice, ask

KEY = "sk-marked0123456789abcdef"
WORD = "correct-horse-battery"  # looks like no key; the environment says that it is one
PASSWORD = 'quo"ted\\pass word'

ENVIRON = {
    "DASHSCOPE_API_KEY": KEY,
    "MY_TOKEN": WORD,
    "DB_PASSWORD": PASSWORD,
    "PGPASSWORD": "postgres-pass",
    "SOME_APIKEY": "apikey-of-some",
    "CLIENT_SECRET": "ein-geheimnis",
    "API_KEYS": "first-of-two,second-of-two",
    "DATABASE_URL": "postgres://me:in-an-address@host/db",
    "SHORT_KEY": "abc",
    "HOME": "/home/someone",
    "MAX_TOKENS": "20000000",
    "LANG": "en_US.UTF-8",
}
TOLD = (
    KEY, WORD, PASSWORD, json.dumps(PASSWORD)[1:-1], "postgres-pass", "apikey-of-some",
    "ein-geheimnis", "first-of-two", "second-of-two", "in-an-address",
)  # fmt: skip


@pytest.mark.parametrize("secret", TOLD)
def test_what_the_environment_says(secret: str) -> None:
    redactor = Redactor(ENVIRON)
    assert redactor.text(f"a {secret} b") == "a *** b"
    assert redactor.value({"x": [secret]}) == {"x": ["***"]}


def test_what_the_environment_does_not_say() -> None:
    redactor = Redactor(ENVIRON)
    text = "abc in /home/someone with 20000000 and en_US.UTF-8"
    assert redactor.text(text) == text


LOOKS = (
    "sk-0123456789abcdef0123456789abcdef",
    "sk-sp-0123456789abcdef",
    "sk-proj-AbC_dEf-GhIjKlMnOpQrStUvWx",
    "LTAI5tAbCdEfGhIjKlMn",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_0123456789abcdef0123456789abcdef0123",
    "hf_abcdefghijklmnopqrstuvwxyz",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl",
    "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQEA0123456789abcdefghij\n"
    "MIIEowIBAAKCAQEA\nabcd==\n-----END RSA PRIVATE KEY-----",
)


@pytest.mark.parametrize("secret", LOOKS)
def test_what_looks_like_a_key(secret: str) -> None:
    assert Redactor({}).text(f"It is {secret}.") in ("It is ***.", "It is ***")
    assert Redactor({}).text(f"键{secret}") in (f"键{secret}", "键***")


NAMED = (
    ("https://me:hunter22@host/path", "hunter22"),
    ("redis://:hunter22@host", "hunter22"),
    ("https://host/v1?api_key=abcdefgh1&x=1", "abcdefgh1"),
    ("Authorization: Bearer abcdef0123456789", "abcdef0123456789"),
    ('api_key="abcdef0123456789"', "abcdef0123456789"),
    ("export DASHSCOPE_API_KEY=abcdef0123456789", "abcdef0123456789"),
    ('{\\"password\\": \\"abcdef0123456789\\"}', "abcdef0123456789"),
    ("account_id: 1234567890123456", "1234567890123456"),
    ("Access denied for account 1234567890123456.", "1234567890123456"),
)


@pytest.mark.parametrize(("text", "secret"), NAMED)
def test_what_is_named_one(text: str, secret: str) -> None:
    found = Redactor({}).text(text)
    assert secret not in found
    assert "***" in found


VALUES = (
    {"api_key": "x"}, {"apiKey": "x"}, {"password": "x y"}, {"access_token": "x"},
    {"Authorization": "Basic x"}, {"token": "abcdef"}, {"accountId": "1234567890123456"},
    {"uid": 1234567890123456}, {"workspace_id": "llm-0123456789ab"},
)  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_value_by_its_name(value: dict[str, Any]) -> None:
    (name,) = value
    assert Redactor({}).value(value) == {name: "***"}
    nested = {"arguments": json.dumps({"in": [value]})}
    assert json.loads(Redactor({}).value(nested)["arguments"]) == {"in": [{name: "***"}]}


ORDINARY = (
    'client = OpenAI(api_key=os.getenv("DASHSCOPE_API_KEY"))',
    "api_key = config.get_value2('key')",
    'password = hashlib.sha256(b"word").hexdigest()',
    'os.environ["DASHSCOPE_API_KEY"]',
    '{"max_tokens": 20000, "thinking_budget": 50}',
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "commit 0517b15e9a2feaa0c55ad015a3bf4f1b2b0b822c",
    "The bearer certificate, Bearer authentication and a Bearer token.",
    "A key begins with sk- and is secret: keep it. A password has 8 characters at least.",
    "-----BEGIN PRIVATE KEY----- is how a PEM file begins; then come lines of base64.",
    '<div class="sk-container-id-1 sk-text-repr-fallback sk-toggleable__label-arrow">',
    "请不要把 API Key 写进代码;账号和密码也一样。",
    "https://example.com/page?token=1&key=name#top and https://host:8000/v1",
    "token, tokens, tokenizer, secretary, keyboard, monkey, account",
    "It is ***bold and italic*** here.",
    "A tokenizer: 3.14, uid 0, user_id 7.",
)


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_stays(text: str) -> None:
    redactor = Redactor({"DASHSCOPE_API_KEY": KEY})
    assert redactor.text(text) == text
    assert redactor.value({"content": text}) == {"content": text}
    event = f"data: {json.dumps({'choices': [{'delta': {'content': text}}]})}\n\n".encode()
    assert redactor.stream(event) == event


ORDINARY_VALUES = (
    {"account": "savings"}, {"uid": 7}, {"usage": {"total_tokens": 12, "prompt_tokens": 4}},
    {"logprobs": {"content": [{"token": "Hello", "logprob": -0.1, "bytes": [72]}]}},
    {"properties": {"password": {"type": "string", "description": "the password"}}},
    {"required": ["token"]}, {"x": None, "y": True, "uid": None, "password": ""},
    {"url": "data:image/png;base64,AKIAIOSFODNN7EXAMPLE/sk+LTAI5tAbCdEfGhIjKlMn=="},
)  # fmt: skip


@pytest.mark.parametrize("value", ORDINARY_VALUES, ids=str)
def test_ordinary_values_stay(value: Any) -> None:
    assert Redactor({}).value(value) == value


# -- an answer in pieces -----------------------------------------------------------------------


def pieces(text: str, sizes: list[int]) -> list[str]:
    found, at = [], 0
    while at < len(text):
        size = sizes[len(found) % len(sizes)]
        found.append(text[at : at + size])
        at += size
    return found


def openai(name: str, piece: str) -> Any:
    delta: dict[str, Any] = {name: piece}
    if name == "arguments":
        delta = {"tool_calls": [{"index": 1, "function": {"arguments": piece}}]}
    return {"id": "c-1", "model": "m", "choices": [{"index": 0, "delta": delta}]}


def native(name: str, piece: str) -> Any:
    message: dict[str, Any] = {"role": "assistant", "content": "", name: piece}
    if name == "arguments":
        calls = [{"index": 1, "type": "function", "function": {"arguments": piece}}]
        message = {"role": "assistant", "content": "", "tool_calls": calls}
    return {"request_id": "r", "output": {"choices": [{"message": message}]}}


FORMS = {"openai": openai, "dashscope": native}
PLACES = ("content", "reasoning_content", "arguments")


def streamed(form: str, place: str, parts: list[str], ends: str = "\n") -> bytes:
    told = (json.dumps(FORMS[form](place, part), ensure_ascii=False) for part in parts)
    return "".join(f"data: {each}{ends}{ends}" for each in told).encode()


def said(data: bytes, place: str) -> str:
    def found(value: Any) -> str:
        if isinstance(value, dict):
            return "".join(
                each if key == place and isinstance(each, str) else found(each)
                for key, each in value.items()
            )
        return "".join(map(found, value)) if isinstance(value, list) else ""

    lines = (line[5:] for line in data.splitlines() if line.startswith(b"data:"))
    return "".join(found(json.loads(line)) for line in lines)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("form", FORMS)
@given(
    st.sampled_from([KEY, WORD, LOOKS[0]]),
    st.lists(st.integers(1, 3), min_size=1, max_size=5),
    st.text("ab 天\n", max_size=9),
)
def test_a_key_in_pieces(
    form: str, place: str, ends: str, secret: str, sizes: list[int], before: str
) -> None:
    text = f"{before}: {secret} , and more"
    data = streamed(form, place, pieces(text, sizes), ends)
    clean = Redactor(ENVIRON).stream(data)
    assert said(clean, place) == text.replace(secret, "***")
    assert clean.count(b"data:") == data.count(b"data:")


def test_two_calls_in_turns() -> None:
    parts = zip(pieces(KEY, [2]), pieces("ordinary text, nothing else", [2]), strict=False)
    events = []
    for one, other in parts:
        call = {"tool_calls": [{"index": 0, "function": {"arguments": one}}]}
        both = {
            "tool_calls": [
                {"index": 0, "function": {"arguments": ""}},
                {"index": 1, "function": {"arguments": other}},
            ]
        }
        events += [{"choices": [{"delta": call}]}, {"choices": [{"delta": both}]}]
    data = b"".join(f"data: {json.dumps(each)}\n\n".encode() for each in events)
    clean = Redactor({}).stream(data)
    assert said(clean, "arguments").startswith("***or")


@pytest.mark.parametrize(
    "data",
    [
        b'{"error": {"message": "Incorrect API key provided: KEY"}}\n',
        b'{"code": "x", "account_id": "1234567890123456", "message": "KEY"}',
        b"<html>KEY</html>",
        b"event: error\ndata: KEY is wrong\n\n",
        b': KEY\n\ndata: {"x": "KEY"}\n\n',
        b'data: {"x":\ndata: "KEY"}\n\n',
        b'data: {"message": "KEY\n\ndata: and more"}\n\n',
        b'data: {"message": "KEY and no end\n\n',
        b"\xff KEY \xfe",
        b'data:{"x":"KEY","half":"\\ud83d"}\n\n',
    ],
)
def test_whatever_quotes_the_key(data: bytes) -> None:
    clean = Redactor({"A_KEY": KEY}).stream(data.replace(b"KEY", KEY.encode()))
    assert KEY.encode() not in clean
    assert b"1234567890123456" not in clean
    assert b"***" in clean


@given(st.lists(st.binary(max_size=20) | st.sampled_from([b"data: {", b"}\n\n", b"\r\n"])))
def test_any_bytes_without_a_secret_stay(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert Redactor({"A_KEY": KEY}).stream(data) == data


@pytest.mark.perf
def test_a_long_answer_full_of_secrets_takes_no_longer_than_its_length() -> None:
    import time

    def seconds(n: int) -> float:
        data = streamed("openai", "content", [f"{KEY} word {i} " for i in range(n)])
        began = time.perf_counter()
        Redactor(ENVIRON).stream(data)
        return time.perf_counter() - began

    seconds(10)
    assert min(seconds(4_000) for _ in range(2)) < 12 * min(seconds(1_000) for _ in range(2))


# -- who was asked -----------------------------------------------------------------------------


def test_a_place_tells_no_secret() -> None:
    workspace, host = "llm-abc123", "llm-abc123.ap-southeast-1.maas.aliyuncs.com"
    server = Server(
        name=host,
        base_url=f"https://me:hunter22@{host}/compatible-mode/v1?token=abcdefgh",
        native_url=f"https://{host}/api/v1",
        key=KEY,
        key_origin="DASHSCOPE_API_KEY",
        region=host,
    )
    redactor = Redactor({})
    know_server(redactor, server)
    told = json.dumps(facts_of(server, redactor))
    for secret in (workspace, "hunter22", "abcdefgh", KEY):
        assert secret not in told
        assert redactor.text(f"x {secret} y") == "x *** y"
    assert "{WorkspaceId}.ap-southeast-1.maas.aliyuncs.com/compatible-mode/v1" in told
    other = Server(
        name="token-plan.cn-beijing.maas.aliyuncs.com",
        base_url="https://token-plan.cn-beijing.maas.aliyuncs.com/v1",
    )
    assert "WorkspaceId" not in json.dumps(facts_of(other, redactor))


# -- what is asked again -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("recorded", "asked", "fits"),
    [
        (f"a {SECRET} b", "a anything at all b", True),
        (f"a {SECRET} b", "a  b", True),
        (f"a {SECRET} b", "a b", False),
        (f"a {SECRET} b", "a x c", False),
        (f"{SECRET} and {SECRET}", "one and two", True),
        (f"{SECRET} and {SECRET}", "one or two", False),
        (f'{{"x": "{SECRET}"}}', '{"x":"***"}', True),
        (f'{{"x": "{SECRET}"}}', '{"y":"***"}', False),
        ("Write ***bold*** words", "Write anything bold words", False),
        ([1, {"a": SECRET}], [1, {"a": 12345678}], True),
        ([1, {"a": SECRET}], [1, {"a": None}], False),
        (1, True, False),
        (1, 1.0, False),
    ],
)
def test_where_a_secret_was_anything_fits(recorded: Any, asked: Any, fits: bool) -> None:
    assert matches(recorded, asked) is fits


@pytest.mark.perf
def test_many_secrets_are_looked_for_once() -> None:
    recorded = f"a{SECRET}" * 200 + "end"
    assert not matches(recorded, "a" * 20_000)


# -- through and through -----------------------------------------------------------------------

SYSTEM = f"The key is {KEY}, the word {WORD}."


def tool_with_secrets(password: str) -> str:
    """Look something up.

    Parameters
    ----------
    password : str
        For it.
    """
    return json.dumps({"token": WORD, "given": password, "account_id": "1234567890123456"})


@pytest.mark.service
def test_a_recording_has_no_secret_and_is_replayed(twice: Twice, dialect: str) -> None:
    twice.as_a_region()
    twice.settings["QWEN_NB_DIALECT"] = dialect
    for name, value in ENVIRON.items():
        if name != "DASHSCOPE_API_KEY":
            twice.set(name, value)
    twice.set("A_KEY", KEY)
    secret = twice.emulator.key
    twice.script(
        "look up",
        "{{results}}",
        thinking=f"It is {WORD}.",
        calls=[{"name": "tool_with_secrets", "arguments": {"password": PASSWORD}}],
    )
    twice.script("say", f"It is {KEY} or {secret}.", thinking=f"Is it {secret}? {WORD}.")

    def do() -> Any:
        prompts = (f"Say {KEY} and {PASSWORD}", f"Look up {WORD}", "And as versions?")
        return ask(*prompts, system=SYSTEM, thinking=True, tools=[tool_with_secrets])

    first = twice.record(do)
    text = twice.path.read_text(encoding="utf-8")
    for each in (*TOLD, secret, "1234567890123456"):
        assert each not in text, each
    again = twice.replay(do)
    assert [reply.finish_reason for reply in again] == ["stop"] * 3
    assert [reply.usage for reply in again] == [reply.usage for reply in first]
    # also where nothing of the environment is there
    import os

    for name in ENVIRON:
        os.environ.pop(name, None)
    os.environ.pop("A_KEY", None)
    assert [reply.usage for reply in twice.replay(do)] == [reply.usage for reply in first]


@pytest.mark.service
@pytest.mark.parametrize("size", [1, 2, 3])
def test_a_server_that_streams_the_key(
    misbehaves: Misbehaving, tmp_path: Any, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setenv("QWEN_NB_API_KEY", KEY)
    data = b"".join(
        streamed("openai", place, pieces(f"It is {KEY}.", [size])) for place in PLACES[:2]
    )
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    data += f"data: {json.dumps(end)}\n\ndata: [DONE]\n\n".encode()
    # cut anywhere by the network as well
    cut = [data[at : at + 7] for at in range(0, len(data), 7)]
    misbehaves.answers(stream_head(), *map(chunk, cut), LAST_CHUNK)
    path = tmp_path / "it.cassette"
    with recording(path, "record"), closing(Chat()) as chat:
        reply = chat.ask("Hello")
    assert KEY in reply.answer
    assert KEY not in path.read_text()
    with recording(path), closing(Chat()) as chat:
        again = chat.ask("Hello")
    assert again.answer == "It is ***."
    assert again.thinking == "It is ***."
    (told,) = [each for _, each in read(path.read_text(), "x") if isinstance(each, Recording)]
    assert b"".join(each.data for each in told.answer.chunks).count(b"***") == 2


@pytest.mark.service
def test_a_refusal_that_quotes_the_key(
    misbehaves: Misbehaving, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_API_KEY", KEY)
    body = {"error": {"message": f"Incorrect API key provided: {KEY}.", "code": "invalid"}}
    misbehaves.answers(response(json.dumps(body), 401))
    path, told = tmp_path / "it.cassette", []
    for mode in ("record", "replay"):
        with recording(path, mode), closing(Chat()) as chat, pytest.raises(ApiError) as caught:  # type: ignore[arg-type]
            chat.ask("Hello")
        told.append(str(caught.value))
    assert told[0] == told[1]
    assert KEY not in path.read_text()
