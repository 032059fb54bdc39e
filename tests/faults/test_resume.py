"""Going on after a stop or a cut: from the prefix where that is possible, else anew."""

import os
import signal
import threading
from collections.abc import Callable

import pytest
from _servers import WHOLE, Misbehaving, close, stream
from _turns import replaced

from qwen_nb import Chat, ConfigError, Reply, Stopped
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.errors import BrokenStream
from qwen_nb.values.events import AnswerDelta

from .conftest import ANSWER, THINKING, Studio

GOES_ON = "went on from where the answer broke off, with thinking off"
AGAIN = "asked again"


def cut(chat: Chat, prompt: str, **options: object) -> Reply:
    with pytest.raises(BrokenStream) as caught:
        chat.ask(prompt, thinking=True, **options)  # type: ignore[arg-type]
    assert caught.value.reply is not None
    return caught.value.reply


@pytest.mark.parametrize("dialect", ["openai", "dashscope"])
def test_a_cut_answer_goes_on(
    dialect: str, studio: Studio, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_DIALECT", dialect)
    chat.ask("Hello", thinking=True, system="Be brief.")
    prompt = studio.fails("cut-answer=3")
    before = cut(chat, prompt)
    studio.mend(prompt)
    begun = chat.turns[-1]
    assert before.answer
    assert before.answer != ANSWER
    reply = chat.resume()

    record = studio.emulator.journal[-1]
    fields = record.body if dialect == "openai" else record.body["parameters"]
    messages = record.body.get("input", record.body)["messages"]
    assert fields["enable_thinking"] is False
    assert studio.sent()[-2:] == [("user", prompt), ("assistant", before.answer)]
    assert [message.get("partial") for message in messages][-2:] == [None, True]
    assert [role for role, _ in studio.sent()] == [
        "system", "user", "assistant", "user", "assistant",
    ]  # fmt: skip

    assert reply.answer == ANSWER
    assert reply.thinking == before.thinking == THINKING
    assert (reply.finish_reason, reply.turn, reply.turns_sent) == ("stop", 2, 1)
    assert GOES_ON in reply.notes
    assert not [note for note in reply.notes if "think" in note and note != GOES_ON]
    assert [turn.prompt for turn in chat.turns] == ["Hello", prompt]
    assert chat.turns[-1].reply == reply
    assert replaced(chat.conversation) == [begun]

    after = chat.ask("Who are you?", thinking=True)
    assert (after.turn, after.turns_sent) == (3, 2)
    assert studio.sent()[-3:] == [
        ("user", prompt), ("assistant", ANSWER), ("user", "Who are you?"),
    ]  # fmt: skip


def test_a_reply_that_was_stopped_goes_on(studio: Studio, chat: Chat) -> None:
    prompt = studio.fails("silence=24")  # somewhere in the answer
    events = chat.stream(prompt, thinking=True)
    for event in events:
        if isinstance(event, AnswerDelta):
            break
    events.close()  # type: ignore[attr-defined]
    (begun,) = chat.turns
    assert begun.reply.finish_reason == "stopped"
    studio.mend(prompt)
    reply = chat.resume()
    assert (reply.answer, reply.thinking) == (ANSWER, THINKING)
    assert studio.sent()[-1] == ("assistant", begun.reply.answer)
    assert len(chat.turns) == 1


def test_a_reply_that_ended_at_its_length_goes_on(studio: Studio, chat: Chat) -> None:
    prompt = studio.fails("crlf")
    short = chat.ask(prompt, max_tokens=5, thinking=False)
    assert short.finish_reason == "length"
    assert ANSWER.startswith(short.answer)
    longer = chat.resume()
    assert longer.answer.startswith(short.answer)
    assert len(longer.answer) > len(short.answer)


def test_a_second_cut_can_be_resumed_too(studio: Studio, chat: Chat) -> None:
    prompt = studio.fails("cut-answer=3")  # each time
    first = cut(chat, prompt)
    for _ in range(2):
        with pytest.raises(BrokenStream) as caught:
            chat.resume()
        second = caught.value.reply
        assert second is not None
        assert second.finish_reason == "cut"
        assert ANSWER.startswith(second.answer)
        assert len(second.answer) > len(first.answer)
        assert chat.turns[-1].reply == second
        first = second
    assert (len(chat.turns), len(replaced(chat.conversation))) == (1, 2)


def test_a_resume_that_fails_at_once_loses_nothing(
    studio: Studio, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = studio.fails("cut-answer=4")
    before = cut(chat, prompt)
    studio.mend(prompt)
    key = studio.emulator.key
    monkeypatch.setattr(studio.emulator, "key", "sk-another")
    with pytest.raises(Exception, match="key"):
        chat.resume()
    monkeypatch.setattr(studio.emulator, "key", key)
    assert chat.turns[-1].reply.answer == before.answer
    assert chat.resume().answer == ANSWER
    assert len(chat.turns) == 1


def test_a_cut_in_the_thinking_is_asked_again(studio: Studio, chat: Chat) -> None:
    prompt = studio.fails("cut-thinking=3;times=1")
    before = cut(chat, prompt)
    begun = chat.turns[-1]
    assert before.answer == ""
    reply = chat.resume()
    assert studio.emulator.journal[0].raw == studio.emulator.journal[1].raw
    assert (reply.thinking, reply.answer, reply.finish_reason) == (THINKING, ANSWER, "stop")
    assert AGAIN in reply.notes
    assert [turn.reply for turn in chat.turns] == [reply]
    assert replaced(chat.conversation) == [begun]


def test_a_model_that_only_thinks_is_asked_again(studio: Studio, chat: Chat) -> None:
    prompt = studio.fails("cut-answer=3;times=1")
    before = cut(chat, prompt, model="qwq-plus")
    assert before.answer
    reply = chat.resume()
    assert studio.sent() == [("user", prompt)]
    assert (reply.answer, reply.model) == (ANSWER, "qwq-plus")
    assert AGAIN in reply.notes


@pytest.mark.parametrize("language", ["en", "zh"])
def test_there_is_nothing_to_resume(
    language: str, studio: Studio, new_chat: Callable[..., Chat]
) -> None:
    words = {"en": "come to its end.*Ask again", "zh": "无可继续.*请重新提问"}[language]
    chat = new_chat(language=language)
    with pytest.raises(ConfigError, match=words):
        chat.resume()
    chat.ask("Hello")
    with pytest.raises(ConfigError, match=words):
        chat.resume()
    cut(chat, studio.fails("cut-answer=3;times=1"))
    chat.new()
    with pytest.raises(ConfigError, match=words):
        chat.resume()
    assert studio.asked == 2


def test_a_blocked_answer_is_not_resumed(studio: Studio, chat: Chat) -> None:
    with pytest.raises(Exception, match="Reword"):
        chat.ask(studio.fails("moderation=3"), thinking=True)
    with pytest.raises(ConfigError):
        chat.resume()


# -- a server that is not Model Studio ---------------------------------------------------------


def test_elsewhere_an_unknown_model_is_asked_again(misbehaves: Misbehaving, chat: Chat) -> None:
    misbehaves.answers(*stream(*WHOLE[:4], done=False), close)
    misbehaves.streams(*WHOLE)
    with pytest.raises(BrokenStream):
        chat.ask("one", temperature=0.5)
    reply = chat.resume()
    first, second = (request.body for request in misbehaves.requests)
    assert first == second
    assert (reply.thinking, reply.answer, reply.turn) == ("Hm, yes", "It is.", 1)
    assert AGAIN in reply.notes
    assert len(chat.turns) == 1


def test_elsewhere_a_known_model_goes_on(settled: Emulator, chat: Chat) -> None:
    settled.script(Script(name="f", asks="^cut$", answer=ANSWER, fault="cut-answer=3"))
    before = cut(chat, "cut")
    settled.script(Script(name="f", asks="^cut$", answer=ANSWER))
    assert chat.resume().answer == ANSWER
    assert settled.journal[-1].body["messages"][-1] == {
        "role": "assistant", "content": before.answer, "partial": True,
    }  # fmt: skip


def test_stopped_is_what_a_stop_in_a_resume_raises(studio: Studio, chat: Chat) -> None:
    prompt = studio.fails("silence=9")  # in the answer, and again when it is resumed
    for ask in (lambda: chat.ask(prompt, thinking=False), chat.resume):
        timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(Stopped) as caught:
            ask()
        timer.join()
        assert caught.value.reply.finish_reason == "stopped"
        assert ANSWER.startswith(caught.value.reply.answer)
    assert len(chat.turns) == 1
    assert len(replaced(chat.conversation)) == 1
