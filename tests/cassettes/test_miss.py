"""What was not recorded: nothing is sent, and what is said helps to see why."""

import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from qwen_nb import CassetteError, Chat, recording
from qwen_nb.cassettes.format import HEADER, place_text, recording_text
from qwen_nb.cassettes.nearest import nearest
from qwen_nb.cassettes.replayer import Replayer
from qwen_nb.cassettes.requests import LARGE
from qwen_nb.cassettes.values import Answer, Chunk, Place, Recording
from qwen_nb.errors import NoMatch
from qwen_nb.values import Server
from qwen_nb.wire.dialects.dialect import HttpCall

from ._twice import Twice, ask

SERVER = Server(name="here")
PLACE = Place({"name": "here"}, True)


def body_of(*said: str, **more: Any) -> dict[str, Any]:
    roles = ("user", "assistant")
    messages = [{"role": roles[n % 2], "content": each} for n, each in enumerate(said)]
    return {"model": "qwen-plus", "messages": messages, **more}


def replayer_of(tmp_path: Path, *bodies: Any, path: str = "/chat/completions") -> Replayer:
    answer = Answer(200, {}, (Chunk(0.0, b"x"),))
    text = HEADER + place_text(1, PLACE)
    for number, body in enumerate(bodies, 1):
        text += recording_text(Recording(number, "now", 1, "POST", path, body, answer))
    file = tmp_path / "it.cassette"
    file.write_text(text, encoding="utf-8", newline="")
    return Replayer(file, {})


def missed(replayer: Replayer, body: Any, path: str = "/chat/completions") -> NoMatch:
    with pytest.raises(NoMatch) as caught:
        replayer.take(HttpCall("POST", path, body), SERVER)
    return caught.value


QUESTIONS = (
    "What is the capital of France?",
    "What is the capital of Germany, and how many people live there?",
    "Write a poem about autumn leaves.",
    "杭州今天的天气怎么样?",
    "Explain the difference between a list and a tuple. " * 20,
)

NEAR = {
    "a word": (body_of("What is the capital of Spain?"), 1, "messages[0].content", "France"),
    "a word of a long one": (
        body_of(("Explain the difference between a list and a tuple. " * 20).replace(
            "tuple", "set", 1)), 5, "messages[0].content", "tuple",
    ),
    "the first and the last word": (
        body_of("Compose a poem about autumn trees."), 3, "messages[0].content", "Write",
    ),
    "in Chinese": (body_of("北京今天的天气怎么样?"), 4, "messages[0].content", "杭州"),
    "the model": (body_of(QUESTIONS[2], model="qwen-max"), 3, "model", "qwen-plus"),
    "a parameter more": (body_of(QUESTIONS[3], seed=7), 4, "seed", "—"),
    "a longer history": (
        body_of(QUESTIONS[0], "Paris.", "Why?"), 1, "messages[1]", "—",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", NEAR)
def test_the_nearest_is_named_with_what_differs(name: str, tmp_path: Path) -> None:
    body, number, field, recorded = NEAR[name]
    error = missed(replayer_of(tmp_path, *map(body_of, QUESTIONS)), body)
    assert (error.facts["number"], error.facts["field"]) == (number, field)
    assert recorded in error.facts["recorded"]
    for language in ("en", "zh"):
        message = error.message(language)  # type: ignore[arg-type]
        for each in ("it.cassette", str(number), field, recorded, error.facts["asked"]):
            assert each in message
        assert "\n" not in message


def test_another_dialect_is_named(tmp_path: Path) -> None:
    asked = {"model": "qwen-plus", "input": body_of(QUESTIONS[0])}
    error = missed(replayer_of(tmp_path, body_of(QUESTIONS[0])), asked, "/services/aigc/x")
    assert error.facts["field"] == "path"
    assert "/chat/completions" in error.facts["recorded"]
    assert "/services/aigc/x" in error.facts["asked"]


def test_only_the_surroundings_of_the_first_difference_are_shown(tmp_path: Path) -> None:
    text = "word " * 2_000
    asked = text[:5_000] + "other " + text[5_000:]
    facts = missed(replayer_of(tmp_path, body_of(text)), body_of(asked)).facts
    assert "other" in facts["asked"]
    assert len(facts["asked"]) < 120
    assert facts["asked"][0] == facts["asked"][-1] == "…"


def test_a_cassette_without_recordings_says_so(tmp_path: Path) -> None:
    error = missed(replayer_of(tmp_path), body_of("x"))
    assert error.key == "error.cassette_empty"


def test_a_picture_is_shown_by_its_hash(tmp_path: Path) -> None:
    picture = "data:image/png;base64," + "QUJD" * LARGE
    error = missed(replayer_of(tmp_path, body_of("x")), body_of(picture))
    assert "sha256" in error.facts["asked"]


def test_one_that_was_not_given_yet_is_preferred(tmp_path: Path) -> None:
    replayer = replayer_of(tmp_path, body_of("a b c"), body_of("a b d"))
    assert missed(replayer, body_of("a b x")).facts["number"] == 1
    replayer.take(HttpCall("POST", "/chat/completions", body_of("a b c")), SERVER)
    assert missed(replayer, body_of("a b x")).facts["number"] == 2


@pytest.mark.service
def test_nothing_is_sent(twice: Twice, misbehaving: Any) -> None:
    twice.as_any_server()
    twice.record(lambda: ask("Hello"))
    twice.settings["QWEN_NB_RETRIES"] = "5"
    twice.set("QWEN_NB_BASE_URL", misbehaving.base_url)
    began = time.monotonic()
    with recording(twice.path, "replay") as cassette, closing(Chat("qwen-plus")) as chat:
        chat.session["base_url"] = misbehaving.base_url
        for do in (lambda: chat.ask("Hello?"), lambda: list(chat.stream("Hello!"))):
            with pytest.raises(NoMatch, match=r"it\.cassette"):
                do()
        assert chat.turns == ()
        assert chat.ask("Hello").answer
    assert misbehaving.requests == []
    assert not cassette.report().unused
    assert time.monotonic() - began < 10  # it is not tried again


def test_a_miss_is_one_error_of_ours() -> None:
    assert issubclass(NoMatch, CassetteError)


# -- how long it takes -------------------------------------------------------------------------


def seconds(do: Any) -> float:
    began = time.perf_counter()
    do()
    return time.perf_counter() - began


def dialogue(n: int) -> list[Any]:
    return [body_of(f"Question number {i}: {QUESTIONS[i % 5][:300]}") for i in range(n)]


@pytest.mark.perf
def test_the_nearest_of_many_is_found_soon(tmp_path: Path) -> None:
    bodies = dialogue(2_000)
    replayer = replayer_of(tmp_path, *bodies)
    asked = body_of("Question number 1234 was: " + QUESTIONS[4][:300])
    loading = min(seconds(lambda: replayer_of(tmp_path, *bodies)) for _ in range(2))
    assert min(seconds(lambda: missed(replayer, asked)) for _ in range(2)) < 5 * loading
    assert missed(replayer, asked).facts["number"] == 1235


@pytest.mark.perf
def test_the_nearest_is_the_one_that_comparing_all_finds() -> None:
    from qwen_nb.cassettes.nearest import difference

    bodies = dialogue(60)
    for asked in (body_of("Question number 17"), body_of("a tuple?"), body_of("poem", top_p=1)):
        found = nearest(bodies, asked)
        assert found is not None
        distances = [difference(body, asked).distance for body in bodies]
        assert found[0] == distances.index(min(distances))


@pytest.mark.perf
@pytest.mark.parametrize("kind", ["different", "equal", "secret", "tools"])
def test_replaying_is_linear(kind: str, tmp_path: Path) -> None:
    def bodies(n: int) -> tuple[list[Any], list[Any]]:
        if kind == "equal":
            return [body_of("x")] * n, [body_of("x")] * n
        if kind == "secret":
            return (
                [body_of(f"{i} <***>") for i in range(n)],
                [body_of(f"{i} k") for i in range(n)],
            )
        if kind == "tools":

            def told(i: int, result: str) -> Any:
                body = body_of(f"question {i}")
                body["messages"].append({"role": "tool", "content": result})
                return body

            return [told(i, "then") for i in range(n)], [told(i, "now") for i in range(n)]
        return dialogue(n), dialogue(n)

    def taking(n: int) -> float:
        recorded, asked = bodies(n)
        best = 1e9
        for _ in range(3):
            replayer = replayer_of(tmp_path, *recorded)
            calls = [HttpCall("POST", "/chat/completions", body) for body in asked]
            best = min(
                best, seconds(lambda c=calls, r=replayer: [r.take(x, SERVER) for x in c])
            )
            assert not replayer.report().unused
        return best

    taking(50)
    assert taking(2_000) < 14 * taking(400)


@pytest.mark.perf
def test_loading_is_linear(tmp_path: Path) -> None:
    def loading(n: int) -> float:
        bodies = dialogue(n)
        return min(seconds(lambda: replayer_of(tmp_path, *bodies)) for _ in range(3))

    loading(50)
    assert loading(2_000) < 14 * loading(400)


def test_equal_requests_come_in_their_order(tmp_path: Path) -> None:
    replayer = replayer_of(tmp_path, body_of("x"), body_of("y"), body_of("x"))
    call = HttpCall("POST", "/chat/completions", body_of("x"))
    given = []
    for _ in range(4):
        before = list(replayer._choice.given)
        replayer.take(call, SERVER)
        given.append(
            [
                n
                for n, (a, b) in enumerate(zip(before, replayer._choice.given, strict=True))
                if a != b
            ]
        )
    assert given == [[0], [2], [0], [2]]
    assert replayer.report().unused == ("2 (y)",)
    assert replace(replayer.report(), unused=()).used == 2
