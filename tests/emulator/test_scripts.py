import re

import pytest

from qwen_nb.emulator.scripts import Script, choose, fill, packaged
from qwen_nb.emulator.tokens import count


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (["Which is larger, 9.9 or 9.11?"], "9.9 and 9.11"),
        (["is 9.11 bigger than 9.9"], "9.9 and 9.11"),
        (["9.9和9.11谁大"], "9.9 和 9.11"),
        (["9.9 or 9.115?"], "mirror"),
        (["9.9 or 9.11?", "And as version numbers?"], "and as version numbers?"),
        (["9.9和9.11谁大", "版本号呢?"], "当作版本号呢"),
        (["And as version numbers?"], "mirror"),
        (["9.9 or 9.11?", "What did I ask first?"], "what did I ask first"),
        (["你好", "我最先问了什么?"], "我最先问了什么"),
        (["What did I ask first?"], "mirror"),
        (["Hello"], "Hello"),
        (["你好!"], "你好"),
        (["Who are you"], "Who are you"),
        (["Hello, who are you?"], "Who are you"),
        (["Hello", "Who are you?"], "Who are you, after Hello"),
        (["你是谁"], "你是谁"),
        (["State the quadratic formula."], "quadratic formula"),
        (["写出求根公式"], "一元二次方程"),
        (["weather of the four municipalities"], "weather of the four municipalities"),
        (["How is the weather in Hangzhou?"], "weather in Hangzhou"),
        (["Weather in Hangzhou"], "weather in Hangzhou"),
        (["查询四个直辖市的天气"], "直辖市的天气"),
        (["杭州天气怎么样"], "杭州天气"),
        (["Recommend a sci-fi movie about space exploration."], "a film about space"),
        (["Recommend a movie.", "Who is the director of this movie?"], "who directed it"),
        (["请推荐消息队列"], "消息队列"),
        (["请推荐消息队列", "为什么排除了Kafka?"], "为什么排除 Kafka"),
        (["What products are shown in the image?"], "the products in a picture"),
        (["What is in the image?", "What style are they?"], "their style"),
        (["讲个笑话"], "镜子"),
        ([""], "mirror"),
        ([], "mirror"),
    ],
)
def test_each_question_finds_its_script(said: list[str], name: str) -> None:
    assert choose(packaged(), said).name == name


@pytest.mark.parametrize("script", packaged(), ids=lambda script: script.name)
def test_packaged_scripts_are_complete_and_know_their_placeholders(script: Script) -> None:
    assert script.thinking
    assert script.answer
    texts = script.thinking + script.answer + (script.answer_without_thinking or "")
    assert set(re.findall(r"\{\{(.*?)\}\}", texts)) <= {
        "model", "turns", "budget", "first_words", "results", "recap", "more"
    }  # fmt: skip


def test_the_long_thinking_is_long_enough_to_watch() -> None:
    (script,) = [script for script in packaged() if script.name == "9.9 and 9.11"]
    assert 120 <= count(script.thinking) <= 320
    assert script.thinking.count("\n\n") >= 3


def test_every_script_but_the_dialogues_says_it_is_the_emulator() -> None:
    for script in packaged()[-2:]:
        for text in (script.answer, script.answer_without_thinking):
            assert text is not None
            assert "no model" in text or "不是模型" in text


def test_facts_are_not_filled_twice() -> None:
    facts = {"first_words": "{{model}}", "model": "m"}
    assert fill("{{first_words}} {{model}} {{x}} {y}", facts) == "{{model}} m {{x}} {y}"


def test_a_bad_pattern_is_an_error_at_once() -> None:
    with pytest.raises(re.error):
        Script(name="bad", asks="(", answer="")


SHOP = "You work at a phone store. Say: I have understood your purchase intention."


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (["Hello"], "nothing known"),
        (["6.1 inches"], "size known"),
        (["4K"], "resolution known"),
        (["2 K please", "6.7"], "all known"),
        (["6.5-inch and 4K"], "all known"),
        (["one of 6.15 inches"], "nothing known"),
    ],
)
def test_the_phone_store_asks_for_what_is_missing(said: list[str], name: str) -> None:
    assert choose(packaged(), said, SHOP).name == f"phone store, {name}"
    assert not choose(packaged(), said).name.startswith("phone store")


@pytest.mark.parametrize(
    "fault", ["no-such", "error=no-such", "reset=1", "status=x", "cut-answer;y=1"]
)
def test_a_fault_that_does_not_exist_is_an_error_at_once(fault: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Script(name="bad", asks="", answer="", fault=fault)
