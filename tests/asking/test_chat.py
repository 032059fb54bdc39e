"""What a conversation sends, turn by turn: the server's journal tells."""

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from _servers import LAST_CHUNK, WHOLE, Misbehaving, close, delta, response, stream, usage

from qwen_nb import BadRequest, Chat, ConfigError, QwenError, RateLimited, Reply
from qwen_nb.chat import Question
from qwen_nb.emulator.server import Emulator
from qwen_nb.errors import BrokenStream
from qwen_nb.values import ChatOptions
from qwen_nb.values.usage import Usage

NewChat = Callable[..., Chat]


def sent(server: Emulator | Misbehaving, at: int = -1) -> list[tuple[str, str]]:
    """Return role and content of the messages of one request."""
    requests = server.journal if isinstance(server, Emulator) else server.requests
    return [(message["role"], message["content"]) for message in requests[at].body["messages"]]


def prompts(server: Emulator | Misbehaving, at: int = -1) -> list[str]:
    return [content for role, content in sent(server, at) if role == "user"]


def test_a_reply_has_everything(chat: Chat, settled: Emulator) -> None:
    reply = chat.ask("9.9 or 9.11?", thinking=True)
    assert "9.9" in reply.answer
    assert reply.thinking
    assert reply.usage is not None
    assert reply.usage.thinking
    assert (reply.finish_reason, reply.model) == ("stop", "qwen-plus")
    assert (reply.turn, reply.turns_sent, reply.server) == (1, 0, "127.0.0.1")
    assert reply.request_id
    assert not reply.scripted


def test_the_second_question_sends_the_first_turn(chat: Chat, settled: Emulator) -> None:
    first = chat.ask("Hello", thinking=True)
    second = chat.ask("Who are you?")
    assert sent(settled) == [
        ("user", "Hello"), ("assistant", first.answer), ("user", "Who are you?"),
    ]  # fmt: skip
    assert (second.turn, second.turns_sent) == (2, 1)
    assert [turn.prompt for turn in chat.turns] == ["Hello", "Who are you?"]


def test_of_another_servers_models_no_name_is_guessed(chat: Chat, settled: Emulator) -> None:
    with pytest.raises(BadRequest) as caught:
        chat.ask("Hello", model="qwen-pluss")
    assert "Did you mean" not in str(caught.value)


def test_thinking_never_goes_back(chat: Chat, settled: Emulator) -> None:
    first = chat.ask("9.9 or 9.11?", thinking=True)
    chat.ask("And now?")
    raw = settled.journal[-1].raw.decode()
    assert first.thinking
    assert first.thinking[:40] not in raw
    assert "reasoning" not in raw


def test_new_begins_again(chat: Chat, settled: Emulator) -> None:
    chat.ask("one")
    reply = chat.ask("two", new=True)
    chat.ask("three")
    assert prompts(settled, 1) == ["two"]
    assert prompts(settled, 2) == ["two", "three"]
    assert (reply.turn, reply.turns_sent) == (1, 0)
    assert len(chat.turns) == 3


def test_new_ahead_of_a_question_begins_again(chat: Chat, settled: Emulator) -> None:
    chat.ask("one", system="Be brief.")
    chat.new()
    reply = chat.ask("two")
    chat.ask("three")
    assert sent(settled, 1) == [("user", "two")]
    assert prompts(settled, 2) == ["two", "three"]
    assert reply.turn == 1


def test_once_takes_no_history_and_leaves_none(chat: Chat, settled: Emulator) -> None:
    chat.ask("one")
    reply = chat.ask("aside", once=True)
    chat.ask("two")
    assert prompts(settled, 1) == ["aside"]
    assert prompts(settled, 2) == ["one", "two"]
    assert (reply.turn, reply.turns_sent) == (None, 0)


def test_a_system_message_holds_for_the_conversation(chat: Chat, settled: Emulator) -> None:
    chat.ask("one", system="Be brief.")
    chat.ask("two")
    chat.ask("three", system="Be kind.")
    chat.ask("four")
    chat.ask("five", new=True)
    systems = [
        [text for role, text in sent(settled, at) if role == "system"] for at in range(5)
    ]
    assert systems == [["Be brief."], ["Be brief."], ["Be kind."], ["Be kind."], []]


def test_a_chats_own_system_message_is_its_default(
    new_chat: NewChat, settled: Emulator
) -> None:
    chat = new_chat(system="Be brief.")
    chat.ask("one")
    chat.ask("two", new=True)
    chat.ask("three", system="")
    assert [sent(settled, at)[0] for at in range(3)] == [
        ("system", "Be brief."), ("system", "Be brief."), ("user", "two"),
    ]  # fmt: skip


def test_options_of_the_call_win_over_those_of_the_chat(
    new_chat: NewChat, settled: Emulator
) -> None:
    chat = new_chat("qwen-max", temperature=1.0, params={"top_k": 5, "seed": 1})
    chat.ask("Hi", model="qwen-plus", temperature=0.0, params={"seed": 2}, max_tokens=9)
    body = settled.journal[-1].body
    told = {key: body[key] for key in ("model", "temperature", "top_k", "seed", "max_tokens")}
    assert told == {
        "model": "qwen-plus", "temperature": 0.0, "top_k": 5, "seed": 2, "max_tokens": 9,
    }  # fmt: skip


def test_earlier_thinking_goes_back_where_it_is_asked_for(
    new_chat: NewChat, settled: Emulator
) -> None:
    chat = new_chat("qwen3.7-plus", thinking=True, preserve_thinking=True)
    first = chat.ask("9.9 or 9.11?")
    assert first.thinking
    chat.ask("Why?")
    chat.ask("And?", preserve_thinking=False)
    (_, given, _), (_, not_given, *_) = (settled.journal[at].body["messages"] for at in (1, 2))
    assert given["reasoning_content"] == first.thinking
    assert "reasoning_content" not in not_given
    told = [record.body["preserve_thinking"] for record in settled.journal]
    assert told == [True, True, False]
    with pytest.raises(TypeError, match="keep_thinking"):
        new_chat(keep_thinking=True)


def test_the_embedded_emulator_answers_whoever_has_no_key(chat: Chat) -> None:
    from qwen_nb.emulator.of_process import embedded

    reply = chat.ask("Hello")
    journal = embedded(0).journal
    assert reply.scripted
    assert reply.server == "embedded emulator"
    assert journal[-1].body["model"] == "qwen-plus"
    assert journal[-1].body["enable_thinking"] is True
    chat.ask("Hello", model="qwen-plus")
    assert "enable_thinking" not in journal[-1].body


def test_a_model_of_the_environment_thinks_as_it_likes(chat: Chat, settled: Emulator) -> None:
    chat.ask("Hi")
    assert settled.journal[-1].body["model"] == "qwen-plus"
    assert "enable_thinking" not in settled.journal[-1].body


def test_the_only_model_of_another_server_is_asked(
    chat: Chat, misbehaves: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QWEN_NB_MODEL")
    misbehaves.answers(response('{"data":[{"id":"just-one"}]}'))
    misbehaves.streams(*WHOLE)
    chat.ask("Hi")
    assert misbehaves.requests[-1].body["model"] == "just-one"


def test_several_models_of_another_server_are_a_question_back(
    chat: Chat, settled: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QWEN_NB_MODEL")
    with pytest.raises(ConfigError, match="choose one with -m") as caught:
        chat.ask("Hi")
    assert "qwen-plus" in str(caught.value)
    assert chat.turns == ()


# -- turns that went wrong -------------------------------------------------------------


def test_a_cut_answer_is_kept_and_sent_as_far_as_it_came(
    chat: Chat, misbehaves: Misbehaving
) -> None:
    misbehaves.answers(*stream(*WHOLE[:4], done=False), close)
    misbehaves.streams(*WHOLE)
    with pytest.raises(BrokenStream) as caught:
        chat.ask("one")
    kept = caught.value.reply
    assert kept is not None
    assert (kept.thinking, kept.answer, kept.finish_reason) == ("Hm, yes", "It ", "cut")
    chat.ask("two")
    assert sent(misbehaves) == [("user", "one"), ("assistant", "It "), ("user", "two")]


def test_a_turn_cut_in_the_thinking_is_kept_and_not_sent(
    chat: Chat, misbehaves: Misbehaving
) -> None:
    misbehaves.answers(*stream(*WHOLE[:3], done=False), close)
    misbehaves.streams(*WHOLE)
    with pytest.raises(BrokenStream):
        chat.ask("one")
    reply = chat.ask("two")
    assert sent(misbehaves) == [("user", "two")]
    assert [turn.reply.finish_reason for turn in chat.turns] == ["cut", "stop"]
    assert (reply.turn, reply.turns_sent) == (2, 0)


def test_a_failed_turn_leaves_nothing(chat: Chat, misbehaves: Misbehaving) -> None:
    misbehaves.answers(response("{}", 429))
    misbehaves.streams(*WHOLE)
    with pytest.raises(RateLimited) as caught:
        chat.ask("one")
    assert caught.value.reply is not None
    assert caught.value.reply.finish_reason == "failed"
    assert chat.ask("two").turn == 1
    assert prompts(misbehaves) == ["two"]


def test_a_failed_new_conversation_does_not_end_the_old_one(
    chat: Chat, misbehaves: Misbehaving
) -> None:
    misbehaves.streams(*WHOLE)
    misbehaves.answers(response("{}", 500))
    misbehaves.streams(*WHOLE)
    chat.ask("one")
    with pytest.raises(QwenError):
        chat.ask("two", new=True)
    chat.ask("three")
    assert prompts(misbehaves) == ["one", "three"]


def test_a_reply_without_usage_says_unknown(chat: Chat, misbehaves: Misbehaving) -> None:
    misbehaves.streams(delta(answer="a"), delta("length", answer=""))
    reply = chat.ask("Hi")
    assert (reply.usage, reply.finish_reason) == (None, "length")


def test_usage_told_twice_is_overwritten(chat: Chat, misbehaves: Misbehaving) -> None:
    misbehaves.streams(usage(prompt_tokens=1), delta("stop", answer="a"), usage())
    assert chat.ask("Hi").usage == Usage(input=5, output=7, total=12)


# -- what is refused before anything is sent ---------------------------------------------

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"prompt": " \n"}, "no question"),
    ({"prompt": "Hi", "thinking": 0}, "from 1, not 0"),
    ({"prompt": "Hi", "thinking": -5}, "from 1, not -5"),
    ({"prompt": "Hi", "max_tokens": 0}, "from 1, not 0"),
]


@pytest.mark.parametrize(("asked", "words"), REFUSED)
def test_nothing_is_sent_when_the_question_is_wrong(
    asked: dict[str, Any], words: str, chat: Chat, settled: Emulator
) -> None:
    with pytest.raises(ConfigError, match=words):
        chat.ask(**asked)
    assert len(settled.journal) == 0
    assert chat.turns == ()


def test_errors_speak_the_chats_language(new_chat: NewChat, misbehaves: Misbehaving) -> None:
    chat = new_chat(language="zh")
    with pytest.raises(ConfigError, match="没有问题"):
        chat.ask("")
    misbehaves.answers(response("{}", 429))
    with pytest.raises(RateLimited, match="请稍等"):
        chat.ask("Hi")


@pytest.mark.parametrize("value", ["no address", "ftp://h/v1"])
def test_a_wrong_address_is_one_error(
    value: str, chat: Chat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QWEN_NB_BASE_URL", value)
    with pytest.raises(ConfigError, match="QWEN_NB_BASE_URL"):
        chat.ask("Hi")


# -- preview -----------------------------------------------------------------------------


def test_a_preview_sends_nothing_and_is_what_is_sent(
    new_chat: NewChat, settled: Emulator
) -> None:
    chat = new_chat(thinking=50, system="Be brief.")
    chat.ask("one")
    settled.journal.clear()
    preview = chat.preview(Question(prompt="two"))
    assert len(settled.journal) == 0
    assert (preview.turns_sent, preview.turns_left_out, preview.server) == (1, 0, "127.0.0.1")
    assert preview.tokens > 0
    chat.ask("two")
    assert settled.journal[-1].body == preview.body
    assert settled.journal[-1].path.endswith(preview.path)


def test_a_preview_tells_what_is_left_out(chat: Chat, settled: Emulator) -> None:
    chat.ask("one")
    preview = chat.preview(Question(prompt="two", new=True))
    assert (preview.turns_sent, preview.turns_left_out) == (0, 1)


def test_a_preview_starts_no_emulator(chat: Chat) -> None:
    def serving() -> set[threading.Thread]:
        return {each for each in threading.enumerate() if each.name == "qwen_nb emulator"}

    before = serving()  # one that other tests share may run
    assert chat.preview(Question(prompt="Hi")).server == "embedded emulator"
    assert serving() <= before


def test_two_chats_know_nothing_of_each_other(new_chat: NewChat, settled: Emulator) -> None:
    new_chat().ask("one")
    other = new_chat()
    reply: Reply = other.ask("two")
    assert prompts(settled) == ["two"]
    assert reply.turn == 1


def test_a_closed_chat_can_be_asked_again(chat: Chat, settled: Emulator) -> None:
    chat.ask("one")
    chat.close()
    chat.ask("two")
    assert prompts(settled) == ["one", "two"]


def test_another_server_is_asked_as_soon_as_it_is_set(
    chat: Chat, settled: Emulator, misbehaving: Misbehaving, monkeypatch: pytest.MonkeyPatch
) -> None:
    chat.ask("one")
    monkeypatch.setenv("QWEN_NB_BASE_URL", misbehaving.base_url)
    misbehaving.answers(*stream(*WHOLE), LAST_CHUNK)
    chat.ask("two")
    assert prompts(misbehaving) == ["one", "two"]


def test_the_catalogue_knows_the_native_route_of_a_model() -> None:
    home = Path(os.environ["QWEN_NB_HOME"])
    home.mkdir()
    (home / "models.csv").write_text("id,native_route\nmine-text,text\nmine-seen,multimodal\n")
    chat, seen = Chat(), {}
    for model in ("mine-text", "mine-seen", "qwen3.5-plus", "qwen-plus"):
        options = ChatOptions(model=model)
        question = Question(prompt="Hi", options=options, dialect="dashscope")
        seen[model] = chat.preview(question).path.split("/")[3]
    assert seen == {
        "mine-text": "text-generation",
        "mine-seen": "multimodal-generation",
        "qwen3.5-plus": "multimodal-generation",
        "qwen-plus": "text-generation",
    }


@pytest.mark.parametrize(("budget", "is_cut"), [(7, True), (8, False), (True, False)])
def test_a_thinking_that_ended_at_its_budget_says_so(
    budget: int, is_cut: bool, chat: Chat, misbehaves: Misbehaving
) -> None:
    misbehaves.streams(
        delta(thinking="Hm"), delta("stop", answer="a"),
        usage(completion_tokens_details={"reasoning_tokens": 7}),
    )  # fmt: skip
    reply = chat.ask("Hi", thinking=budget)
    assert reply.thinking_cut is is_cut
    assert not any("budget" in note for note in reply.notes)


def test_what_is_shown_of_a_chat_stays_the_same() -> None:
    assert repr(Chat()) == repr(Chat("qwen-plus")) == "<Chat in memory>"
    assert repr(Chat(name="draft")) == "<Chat of this notebook: draft>"
