"""Structured answers end to end, in both dialects: asked, converted, repaired, booked."""

import asyncio
import enum
import json
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import BaseModel

from qwen_nb import BudgetReached, Chat, ConfigError, Reply, StructuredError
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.render.html.static import bundle


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


class Author(BaseModel):
    name: str


class Review(BaseModel):
    title: str
    mood: Mood
    author: Author


class Node(BaseModel):
    children: list["Node"] = []


FITS = '{"title":"T","mood":"bad","author":{"name":"N"}}'
VALUE = Review(title="T", mood=Mood.BAD, author=Author(name="N"))
Ask = Callable[..., Chat]


def sent(emulator: Emulator) -> list[dict[str, Any]]:
    """Return the parameters of each request that was answered."""
    bodies = [json.loads(record.raw) for record in emulator.journal]
    return [{**body, **body.get("parameters", {}), **body.get("input", {})} for body in bodies]


def formats(emulator: Emulator) -> list[str | None]:
    return [body.get("response_format", {}).get("type") for body in sent(emulator)]


def booked_equals_journal(chat: Chat, emulator: Emulator, reply: Reply) -> None:
    calls = chat.ledger.calls(conversation=chat.kept().booked_as)
    told = [record.usage for record in emulator.journal if record.status == 200]
    assert len(calls) == len(told)
    total = 0
    for call, usage in zip(calls, told, strict=True):
        assert usage is not None
        assert call.kind == "answer"
        assert call.usage is not None
        assert call.usage.total == usage["total_tokens"]
        total += usage["total_tokens"]
    assert reply.usage is not None
    assert reply.usage.total == total


def test_without_thinking_one_call_brings_it(ask: Ask, scripted: Emulator) -> None:
    scripted.script(Script(name="r", asks="phone", answer="no", json=FITS))
    chat = ask(thinking=False)
    reply = chat.ask("How was the phone?", json=Review)
    assert reply.data == VALUE
    assert reply.answer == FITS
    assert (reply.structured, reply.draft, reply.calls) == (True, "", ())
    assert formats(scripted) == ["json_schema"]
    assert chat.turns[-1].prompt == "How was the phone?"
    assert "response_format" not in chat.turns[-1].options.params
    booked_equals_journal(chat, scripted, reply)


def test_a_thinking_model_thinks_first_and_then_converts(ask: Ask, scripted: Emulator) -> None:
    scripted.script(
        Script(
            name="r", asks="phone", thinking="Hm.", answer="It was *bad*, says N.", json=FITS
        )
    )
    scripted.script(Script(name="c", asks="into the form", answer="no", json=FITS))
    chat = ask(thinking=True)
    reply = chat.ask("How was the phone?", json=Review)
    assert reply.data == VALUE
    assert (reply.answer, reply.draft) == (FITS, "It was *bad*, says N.")
    assert reply.thinking == "Hm."
    assert formats(scripted) == [None, "json_schema"]
    assert [body["enable_thinking"] for body in sent(scripted)] == [True, False]
    booked_equals_journal(chat, scripted, reply)
    # what goes on from it is accepted, and holds the answer in its form only
    chat.ask("Why?", json=False)
    said = sent(scripted)[-1]["messages"]
    assert [each["role"] for each in said] == ["user", "assistant", "user"]
    assert FITS in str(said[1]["content"])


def test_an_answer_that_is_in_form_already_is_not_converted(
    ask: Ask, scripted: Emulator
) -> None:
    fenced = f"```json\n{FITS}\n```"
    scripted.script(Script(name="r", asks="phone", thinking="Hm.", answer=fenced))
    reply = ask(thinking=True).ask("How was the phone, as JSON?", json=Review)
    assert reply.data == VALUE
    assert formats(scripted) == [None]


def test_a_model_that_always_thinks_has_another_convert(ask: Ask, scripted: Emulator) -> None:
    scripted.script(Script(name="r", asks="phone", thinking="Hm.", answer="Bad."))
    scripted.script(Script(name="c", asks="into the form", answer="no", json=FITS))
    chat = ask("qwq-plus")
    reply = chat.ask("How was the phone?", json=Review)
    assert reply.data == VALUE
    assert reply.model == "qwq-plus"
    assert [body["model"] for body in sent(scripted)] == ["qwq-plus", "qwen-flash"]
    assert any("qwen-flash" in note for note in reply.notes)
    booked_equals_journal(chat, scripted, reply)


@pytest.mark.parametrize(
    "broken", ['{"title": "T"', "I would say: bad.", FITS.replace("bad", "x")]
)
def test_what_does_not_fit_is_asked_for_once_more(
    ask: Ask, scripted: Emulator, broken: str
) -> None:
    scripted.script(Script(name="r", asks="phone", answer="no", json=broken))
    scripted.script(Script(name="f", asks="does not have the form", answer="no", json=FITS))
    chat = ask(thinking=False)
    reply = chat.ask("How was the phone?", json=Review)
    assert reply.data == VALUE
    assert reply.answer == FITS
    assert len(reply.notes) == 1
    repaired = sent(scripted)[-1]["messages"]
    assert [each["role"] for each in repaired] == ["user", "assistant", "user"]
    booked_equals_journal(chat, scripted, reply)


def test_what_never_fits_is_one_error_that_keeps_the_text(ask: Ask, scripted: Emulator) -> None:
    bad = FITS.replace("bad", "x")
    scripted.script(Script(name="r", asks="", answer="no", json=bad))
    chat = ask(thinking=False)
    with pytest.raises(StructuredError, match=r"mood: .*'good' or 'bad'.*'x'") as caught:
        chat.ask("How was the phone?", json=Review)
    assert caught.value.reply is not None
    assert caught.value.reply.answer == bad
    assert len(scripted.journal) == 2
    assert chat.turns[-1].reply.answer == bad
    booked_equals_journal(chat, scripted, caught.value.reply)


def test_a_cut_answer_says_so_and_is_not_repaired(ask: Ask, scripted: Emulator) -> None:
    scripted.script(Script(name="r", asks="", answer="no", json=FITS))
    with pytest.raises(StructuredError, match="max-tokens"):
        ask(thinking=False, max_tokens=3).ask("phone", json=Review)
    assert len(scripted.journal) == 1


@pytest.mark.parametrize("thinking", [True, False])
@pytest.mark.parametrize("form", [True, Review, list[Review], Mood, dict[str, int]])
def test_without_a_script_the_emulator_gives_what_fits(
    ask: Ask, form: Any, thinking: bool
) -> None:
    reply = ask(thinking=thinking).ask("Anything", json=form)
    assert reply.data is not None
    assert reply.scripted
    page = bundle(reply)
    assert "```json" in page["text/markdown"]
    assert "<pre" in page["text/html"]


def test_any_json_and_a_schema_of_its_own(ask: Ask, scripted: Emulator) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    chat = ask(thinking=False, json=schema)
    assert chat.ask("How many?").data == {"n": 1}
    assert chat.ask("Well?", json=False).data is None
    assert isinstance(chat.ask("Anything", json=True).data, dict)
    assert formats(scripted) == ["json_schema", None, "json_object"]


@pytest.mark.parametrize("form", [Node, "Review", 3, {"a": 1}])
def test_what_cannot_be_asked_for_is_said_before_anything_is_sent(
    ask: Ask, scripted: Emulator, form: Any
) -> None:
    with pytest.raises(ConfigError):
        ask().ask("q", json=form)
    with pytest.raises(ConfigError):
        ask(json=form)
    assert len(scripted.journal) == 0


def test_async_and_stream_bring_it_too(ask: Ask, scripted: Emulator) -> None:
    chat = ask(thinking=True)
    assert asyncio.run(chat.ask_async("q", json=Mood)).data is Mood.GOOD
    assert "".join(getattr(e, "text", "") for e in chat.stream("q", json=Mood))
    assert chat.turns[-1].reply.data is Mood.GOOD


def test_another_server_that_refuses_a_form_is_asked_in_the_next(settled: Emulator) -> None:
    """Thinking at once and JSON: this one refuses both formats, and is asked in words."""
    with_words = Script(name="w", asks="JSON schema", thinking="Hm.", answer="no")
    settled.script(with_words)
    chat = Chat("qwen3-max", thinking=True)
    for _ in range(2):
        assert chat.ask("How was it?", json=Review).data == Review(
            **json.loads(chat.turns[-1].reply.answer)
        )
    chat.close()
    assert [record.status for record in settled.journal] == [400, 400, 200, 200]


def test_the_magic_takes_a_name_of_the_notebook(notebook: Any) -> None:
    notebook.run(
        "import enum\nclass Mood(enum.Enum):\n    GOOD = 'good'\n"
        "class space:\n    Mood = Mood\n"
    )
    for name, value in [("Mood", "Mood.GOOD"), ("space.Mood", "Mood.GOOD"),
                        ("list[Mood]", "[Mood.GOOD]")]:  # fmt: skip
        ran = notebook.run(f"%%qwen --no-think --json={name}\nHow?")
        assert ran.error is None
        assert ran.result.data == eval(value, notebook.names)
    assert isinstance(notebook.run("%qwen --no-think --json How?").result.data, dict)
    assert "no such name" in str(notebook.run("%qwen --json=Nowhere How?").error)
    assert "json takes" in str(notebook.run("x = 3\n%qwen --json=x How?").error)


def test_tools_are_called_first_and_the_answer_is_converted(
    ask: Ask, scripted: Emulator
) -> None:
    def look_up(what: str) -> str:
        return f"{what}: bad, says N"

    scripted.script(
        Script(
            name="r", asks="phone", thinking="Hm.", answer="It was bad.",
            calls=[{"name": "look_up", "arguments": {"what": "phone"}}],
        )
    )  # fmt: skip
    scripted.script(Script(name="c", asks="into the form", answer="no", json=FITS))
    for thinking in (True, False):
        scripted.journal.clear()
        chat = ask(thinking=thinking)
        reply = chat.ask("How was the phone?", json=Review, tools=[look_up])
        assert reply.data == VALUE
        assert [call.result for call in reply.calls] == ["phone: bad, says N"]
        assert formats(scripted) == [None, None, "json_schema"]
        assert "tools" not in sent(scripted)[-1]
        booked_equals_journal(chat, scripted, reply)
        chat.ask("Why?", json=False)
        assert scripted.journal[-1].status == 200


def test_a_question_that_is_asked_again_keeps_its_form(ask: Ask) -> None:
    chat = ask(thinking=False)
    chat.ask("How?", json=Mood)
    assert chat.retry().data is Mood.GOOD
    assert chat.retry(thinking=True).data is Mood.GOOD
    assert chat.retry(json=False).data is None
    assert chat.retry().data is None


def test_a_budget_holds_for_the_further_call_too(
    ask: Ask, scripted: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    from qwen_nb.asking.account import Account

    permitted: list[str] = []

    def permit(
        self: Account, bound: Any, budgets: Any, server: Any, model: str, agree: Any
    ) -> None:
        permitted.append(model)
        assert bound() is not None
        if len(permitted) == 2:
            raise BudgetReached("error.empty_prompt")

    monkeypatch.setattr(Account, "permit", permit)
    chat = ask("qwq-plus")
    with pytest.raises(BudgetReached) as caught:
        chat.ask("How?", json=Mood)
    assert permitted == ["qwq-plus", "qwen-flash"]
    assert len(scripted.journal) == 1
    assert caught.value.reply is not None
    assert "emulator" in caught.value.reply.answer


def test_a_preview_shows_the_form(ask: Ask, scripted: Emulator) -> None:
    from qwen_nb.values.question import Question, options_of

    question = Question(prompt="q", options=options_of(thinking=False), json=Review)
    body = dict(ask().preview(question).body)
    body |= body.get("parameters", {})
    assert body["response_format"]["json_schema"]["name"] == "Review"
    assert len(scripted.journal) == 0


@pytest.mark.parametrize("thinking", [False, True])
def test_the_bound_of_a_preview_holds(ask: Ask, scripted: Emulator, thinking: bool) -> None:
    from qwen_nb.values.question import Question, options_of

    chat = ask()
    question = Question(prompt="q", options=options_of(thinking=thinking), json=Review)
    bound = chat.preview(question).bound
    chat.put(question)
    (first, *_) = (record.usage for record in scripted.journal)
    assert first is not None
    assert bound.input is not None
    assert first.get("prompt_tokens", first.get("input_tokens")) <= bound.input
    assert bound.input < 4_000
