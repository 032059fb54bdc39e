"""Keys that were refused while it was recorded: which of the refusals are replayed."""

from pathlib import Path

from qwen_nb.cassettes.format import HEADER, recording_text, server_text
from qwen_nb.cassettes.recordings import Answer, AskedServer, Recording
from qwen_nb.cassettes.replayer import Replayer
from qwen_nb.values import Server

SERVERS = ("here", "there", "elsewhere")


def replayer(tmp_path: Path, *asked: tuple[str, int, str]) -> Replayer:
    """Load a cassette of requests: which server was asked, its status, and the question."""
    text = HEADER
    for number, name in enumerate(SERVERS, 1):
        text += server_text(number, AskedServer({"name": name}, is_default=name == "here"))
    for number, (name, status, question) in enumerate(asked, 1):
        body = {"model": "m", "messages": [{"role": "user", "content": question}]}
        server = SERVERS.index(name) + 1
        answer = Answer(status, {}, b"x")
        text += recording_text(
            Recording(number, "now", server, "POST", "/chat/completions", body, answer)
        )
    path = tmp_path / "it.cassette"
    path.write_text(text, encoding="utf-8", newline="")
    return Replayer(path, {})


def kept(replayer: Replayer) -> list[int]:
    return [number for number, _ in replayer.numbers()]


def default(replayer: Replayer) -> str:
    return replayer.server(lambda _: Server(name="not recorded"), is_default=True).name


def test_a_region_that_took_the_key_is_asked_at_once(tmp_path: Path) -> None:
    made = replayer(tmp_path, ("here", 401, "a"), ("there", 200, "a"), ("elsewhere", 200, "b"))
    assert kept(made) == [2, 3]
    assert default(made) == "there"


def test_rows_that_were_refused_together_are_all_left_out(tmp_path: Path) -> None:
    made = replayer(
        tmp_path, *((name, status, row) for name, status in (("here", 401), ("there", 200))
                    for row in "abc")
    )  # fmt: skip
    assert kept(made) == [4, 5, 6]
    assert default(made) == "there"


def test_a_refusal_that_nobody_answered_is_replayed(tmp_path: Path) -> None:
    made = replayer(tmp_path, ("here", 401, "a"), ("there", 200, "b"))
    assert kept(made) == [1, 2]
    assert default(made) == "here"


def test_a_refusal_before_the_key_was_set_right_is_replayed(tmp_path: Path) -> None:
    made = replayer(tmp_path, ("here", 401, "a"), ("here", 200, "a"), ("there", 200, "a"))
    assert kept(made) == [1, 2, 3]
    assert default(made) == "here"


def test_a_server_that_was_not_recorded_is_not_looked_for(tmp_path: Path) -> None:
    """Its region was guessed; a refusal would send the key round to find another one."""
    made = replayer(tmp_path, ("here", 401, "a"))
    named = Server(name="new", key="sk-secret", guessed=True)
    server = made.server(lambda _: named, is_default=False)
    assert server.replayed and not server.guessed and server.key == "***"
