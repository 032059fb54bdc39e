import math
from typing import Any

import openai
import pytest

from qwen_nb.emulator.server import Emulator

from .conftest import Post, send

MODEL = "text-embedding-v4"


def embed(emulator: Emulator, **body: Any) -> tuple[int, Any]:
    import json

    headers = {"Authorization": f"Bearer {emulator.key}"}
    raw = json.dumps({"model": MODEL, **body}).encode()
    answered = send(f"{emulator.openai_base_url}/embeddings", raw, headers)
    return answered.status, answered.json


def vectors(emulator: Emulator, *texts: str, **more: Any) -> list[list[float]]:
    status, told = embed(emulator, input=list(texts), **more)
    assert status == 200
    assert [row["index"] for row in told["data"]] == list(range(len(texts)))
    return [row["embedding"] for row in told["data"]]


def near(one: list[float], other: list[float]) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize(
    ("question", "similar", "other"),
    [
        ("How do I bake rye bread?", "Baking bread from rye flour", "Moons of Saturn"),
        ("怎样修理自行车的链条?", "自行车链条的修理方法", "土星有多少颗卫星?"),
        ("def parse(line): ...", "the parser reads one line", "a recipe for soup"),
        ("What does HTTP 429 mean?", "HTTP status 429 is a throttle", "HTML has tables"),
    ],
)
def test_similar_texts_are_near(
    emulator: Emulator, question: str, similar: str, other: str
) -> None:
    asked, this, that = vectors(emulator, question, similar, other)
    assert near(asked, this) > near(asked, that) + 0.1


def test_the_same_text_has_the_same_vector_of_length_one(emulator: Emulator) -> None:
    one, other = vectors(emulator, "Hello there", "Hello there")
    (again,) = vectors(emulator, "Hello there")
    assert one == other == again
    assert math.isclose(math.hypot(*one), 1, abs_tol=1e-4)
    assert len(one) == 1024
    assert len(vectors(emulator, "Hi", dimensions=64)[0]) == 64
    assert near(*vectors(emulator, "?!", "…")) == 1  # nothing in them is still a vector


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"input": ["x"] * 11}, 400, "batch size is invalid"),
        ({"input": []}, 400, "'input' must be"),
        ({"input": [""]}, 400, "contents is neither"),
        ({"input": ["x", 3]}, 400, "contents is neither"),
        ({"input": "x", "dimensions": 7}, 400, "dimensions 7 is not one of"),
        ({"input": "x " * 9_000}, 400, "Range of input length should be [1, 8192]"),
        ({"input": "x", "model": "qwen-plus"}, 404, "does not exist"),
    ],
)
def test_what_the_service_refuses(
    emulator: Emulator, body: dict[str, Any], status: int, words: str
) -> None:
    found, told = embed(emulator, **body)
    assert found == status
    assert words in told["error"]["message"]


def test_the_sdk_is_a_guest(client: openai.OpenAI, emulator: Emulator) -> None:
    made = client.embeddings.create(model=MODEL, input=["Hello", "你好"])
    assert [len(row.embedding) for row in made.data] == [1024, 1024]
    assert made.usage.prompt_tokens == made.usage.total_tokens == 3
    assert emulator.journal[-1].path.endswith("/embeddings")
    with pytest.raises(openai.AuthenticationError):
        client.with_options(api_key="wrong").embeddings.create(model=MODEL, input="x")


@pytest.mark.parametrize(
    ("prompt", "words"),
    [
        (
            "Summarise this part of a conversation.\n<conversation>\nUser: How tall is it?\n"
            "Assistant: Ten metres.\n</conversation>",
            "scripted summary by the emulator of qwen_nb; no model wrote it.) The user "
            "asked:\n- How tall is it?",
        ),
        (
            "请总结下面这段对话。\n<conversation>\n用户:它有多高?\n助手:十米。\n"
            "</conversation>",
            "预设总结,并非模型所写。)用户问过:\n- 它有多高?",
        ),
    ],
)  # fmt: skip
def test_a_summary_is_scripted_and_says_so(post: Post, prompt: str, words: str) -> None:
    message = post(prompt).json["choices"][0]["message"]
    assert words in message["content"]
    other = post("Can you summarise a book for me?").json["choices"][0]["message"]
    assert "scripted summary" not in other["content"]
