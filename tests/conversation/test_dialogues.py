"""The guides' conversations, cell by cell."""

from __future__ import annotations

from pathlib import Path

import pytest

from qwen_nb.emulator.scripts import packaged
from qwen_nb.emulator.server import Emulator
from tests.conversation._page import Page

pytestmark = pytest.mark.kernel

STORE = """\
You are a salesperson at the Bailian phone store. You recommend phones by two parameters: \
screen size (6.1, 6.5 or 6.7 inches) and resolution (2K or 4K). Ask for one at a time. When \
both are known, say: I have understood your purchase intention. Please wait."""


def script(name: str) -> tuple[str, str]:
    (found,) = [script for script in packaged() if script.name == name]
    return found.thinking.strip(), found.answer.strip()


def roles(emulator: Emulator) -> list[str]:
    return [one["role"] for one in emulator.journal[-1].body["messages"]]


def test_the_phone_store(notebook_page: Page, emulator: Emulator) -> None:
    page = notebook_page
    page.run("sys", f"store = {STORE!r}")
    first = page.run("a", "%%qwen -s {store}\nHello, I would like a phone")
    assert "Let us begin with the size" in first.text
    assert "how sharp should the screen be" in page.run("b", "%%qwen\n6.5 inches").text
    last = page.run("c", "%%qwen\n4K please")
    assert "I have understood your purchase intention. Please wait." in last.text
    assert roles(emulator) == ["system", *["user", "assistant"] * 2, "user"]
    assert emulator.journal[-1].body["messages"][0]["content"] == STORE
    # the person changes their mind about the size: what was said after it is not sent
    again = page.run("b", "%%qwen\nI do not know yet")
    assert "Let us begin with the size" in again.text
    assert roles(emulator) == ["system", "user", "assistant", "user"]


def test_the_film_and_its_director(notebook_page: Page, emulator: Emulator) -> None:
    page = notebook_page
    film = page.run("a", "%%qwen\nRecommend a sci-fi movie about space exploration.")
    assert "Interstellar" in film.text
    assert (
        "Christopher Nolan" in page.run("b", "%%qwen\nWho is the director of this movie?").text
    )
    messages = emulator.journal[-1].body["messages"]
    assert messages == [
        {"role": "user", "content": "Recommend a sci-fi movie about space exploration."},
        {"role": "assistant", "content": script("a film about space")[1]},
        {"role": "user", "content": "Who is the director of this movie?"},
    ]
    alone = page.run("c", "%%qwen --once\nWho is the director of this movie?")
    assert "Nolan" not in alone.text


QUEUE = "我需要为一个日均千万消息的电商系统选择消息队列,请推荐"
WHY = "你在对比时为什么排除了Kafka?"
MODEL = "qwen3.7-plus"


WAYS = {  # to ask with earlier thinking, and without it
    "option": f"%%qwen -m {MODEL} --think --preserve-thinking\n{{}}",
    "keyword": f"_ = Chat.current().ask({{!r}}, model={MODEL!r}, thinking=True, "
    "preserve_thinking=True)",
    "not": f"%%qwen -m {MODEL} --think\n{{}}",
}


@pytest.mark.parametrize("way", WAYS)
def test_the_message_queue(notebook_page: Page, emulator: Emulator, way: str) -> None:
    page, ask, preserved = notebook_page, WAYS[way], way != "not"
    assert "RocketMQ" in page.run("a", ask.format(QUEUE)).text
    page.save()
    page.restart()  # the thinking is kept in the store too
    assert "其实没有排除" in page.run("b", ask.format(WHY)).text
    thinking, answer = script("消息队列")
    told = {"role": "assistant", "content": answer}
    if preserved:
        told["reasoning_content"] = thinking
    body = emulator.journal[-1].body
    assert body["messages"] == [
        {"role": "user", "content": QUEUE}, told, {"role": "user", "content": WHY},
    ]  # fmt: skip
    assert body.get("preserve_thinking") == (True if preserved else None)
    if preserved:  # and in the file, where the store is gone
        page.save()
        page.shutdown()
        (Path(page.home) / "store.sqlite").unlink()
        page.start()
        page.run("c", ask.format("还有 Kafka 呢?"))
        sent = emulator.journal[-1].body["messages"]
        assert sent[1] == told
        assert sent[3]["reasoning_content"]
        page.run("d", f"%%qwen -m {MODEL} --think\n谢谢!")  # only where it is asked for
        sent = emulator.journal[-1].body["messages"]
        assert [one["role"] for one in sent] == [*["user", "assistant"] * 3, "user"]
        assert not any("reasoning_content" in one for one in sent)


# -- a picture ------------------------------------------------------------------------------

SEES = "qwen3-vl-plus"
PICTURE = [
    {
        "role": "user",
        "content": [
            {"type": "image_url", "image_url": {"url": "https://example.com/products.png"}},
            {"type": "text", "text": "What products are shown in the image?"},
        ],
    },
    {
        "role": "assistant",
        "content": [{"type": "text", "text": "Overalls, a striped T-shirt and sneakers."}],
    },
]
"""A picture and what was said of it, as the guide's own request has them: in parts."""


def test_the_products_in_a_picture(notebook_page: Page, emulator: Emulator) -> None:
    page = notebook_page
    page.run("p", f"talk = Chat({SEES!r}, messages={PICTURE!r})")
    styled = page.run("a", "_ = talk.ask('What style are they?')")
    assert "denim, stripes and plain sneakers" in styled.text
    style = {"role": "user", "content": "What style are they?"}
    assert emulator.journal[-1].body["model"] == SEES
    assert emulator.journal[-1].body["messages"] == [*PICTURE, style]
    assert b'"url":"https://example.com/products.png"' in emulator.journal[-1].raw
    # the next question takes everything along, the parts as they were
    page.run("b", "_ = talk.ask('Where would one wear them?')")
    assert emulator.journal[-1].body["messages"] == [
        *PICTURE,
        style,
        {"role": "assistant", "content": script("their style")[1]},
        {"role": "user", "content": "Where would one wear them?"},
    ]
