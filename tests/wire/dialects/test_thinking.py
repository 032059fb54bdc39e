"""One switch for the person, one spelling for each kind of server (protocol.md §8)."""

import string
from typing import Any

import pytest

from qwen_nb import ConfigError, Reply
from qwen_nb.texts import TEXTS, text
from qwen_nb.values import ChatOptions, ChatRequest, Message, Note, Server, ToolCall
from qwen_nb.values.usage import Usage
from qwen_nb.wire.dialects.openai import OpenAIDialect
from qwen_nb.wire.dialects.thinking import STYLES, switch, thinking_in, thinking_notes

NO_BUDGET = Note("note.no_budget", {"budget": 500})

# style → off, on, a budget of 500, and what is said about the budget
SPELLINGS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], list[Note]]] = {
    "top_level": (
        {"enable_thinking": False}, {"enable_thinking": True},
        {"enable_thinking": True, "thinking_budget": 500}, [],
    ),
    "chat_template_kwargs": (
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"chat_template_kwargs": {"enable_thinking": True}},
        {"chat_template_kwargs": {"enable_thinking": True}}, [NO_BUDGET],
    ),
    "reasoning_effort": (
        {"reasoning_effort": "none"}, {"reasoning_effort": "medium"},
        {"reasoning_effort": "low"}, [Note("note.effort", {"budget": 500, "effort": "low"})],
    ),
    "reasoning_object": (
        {"reasoning": {"enabled": False}}, {"reasoning": {"enabled": True}},
        {"reasoning": {"max_tokens": 500}}, [],
    ),
    "thinking_object": (
        {"thinking": {"type": "disabled"}}, {"thinking": {"type": "enabled"}},
        {"thinking": {"type": "enabled"}}, [NO_BUDGET],
    ),
    "none": ({}, {}, {}, [Note("note.no_switch")]),
}  # fmt: skip


@pytest.mark.parametrize("style", STYLES)
def test_a_server_spells_the_switch(style: str) -> None:
    off, on, budget, notes = SPELLINGS[style]
    assert switch(None, style) == ({}, ())
    assert switch(False, style)[0] == off
    assert switch(True, style)[0] == on
    assert switch(500, style) == (budget, tuple(notes))


def test_on_and_off_are_sent_without_a_remark() -> None:
    for style in set(STYLES) - {"none"}:
        assert switch(True, style)[1] == switch(False, style)[1] == ()


@pytest.mark.parametrize(
    ("budget", "effort"), [(1, "low"), (2_048, "low"), (2_049, "medium"), (50_000, "high")]
)
def test_a_budget_becomes_the_nearest_effort(budget: int, effort: str) -> None:
    assert switch(budget, "reasoning_effort")[0] == {"reasoning_effort": effort}


def test_an_unknown_style_is_said() -> None:
    with pytest.raises(ConfigError, match="top_level"):
        switch(None, "guess")


@pytest.mark.parametrize("style", STYLES)
def test_the_request_has_the_servers_spelling(style: str) -> None:
    request = ChatRequest("m", (Message("user", "Hi"),), ChatOptions(thinking=500))
    call = OpenAIDialect().encode(request, Server(name="s", thinking_style=style))
    fields, notes = switch(500, style)
    assert call.body is not None
    assert fields.items() <= call.body.items()
    assert call.notes == notes
    others = {"enable_thinking", "thinking_budget", "chat_template_kwargs", "reasoning",
              "reasoning_effort", "thinking"} - fields.keys()  # fmt: skip
    assert not others & call.body.keys()


def test_a_persons_own_kwargs_are_laid_over_ours() -> None:
    params = {"chat_template_kwargs": {"x": 1}}
    request = ChatRequest("m", (), ChatOptions(thinking=False, params=params))
    server = Server(name="s", thinking_style="chat_template_kwargs")
    body = OpenAIDialect().encode(request, server).body
    assert body is not None
    assert body["chat_template_kwargs"] == {"enable_thinking": False, "x": 1}


def test_thinking_is_the_first_spelling_that_has_text() -> None:
    assert thinking_in({"reasoning_content": "", "reasoning": "b"}) == "b"
    assert thinking_in({"reasoning_content": "a", "reasoning": "b"}) == "a"
    assert thinking_in({"reasoning_content": {}, "reasoning": []}) == ""
    assert thinking_in({"reasoning_details": [{"text": "a"}, {"summary": "b"}, {}, 3]}) == "ab"


THOUGHT = Reply(thinking="Hm", answer="I", usage=Usage(output=9, thinking=5))
PLAIN = Reply(answer="I", usage=Usage(output=9, thinking=0))

NOTES: dict[str, tuple[bool | int | None, Reply, list[str]]] = {
    "as wanted": (True, THOUGHT, []),
    "off, and none came": (False, PLAIN, []),
    "nothing said": (None, THOUGHT, []),
    "came though off": (False, THOUGHT, ["note.thought_anyway"]),
    "came hidden though off": (False, Reply(answer="I", usage=Usage(thinking=4)),
                               ["note.thought_anyway"]),
    "none came though on": (True, PLAIN, ["note.no_thinking"]),
    "none came, no usage": (True, Reply(answer="I"), ["note.no_thinking"]),
    "tokens, but no text": (True, Reply(answer="I", usage=Usage(thinking=4)), []),
    "stopped before any came": (True, Reply(finish_reason="stopped"), []),
    "cut before any came": (True, Reply(finish_reason="cut"), []),
    "below the budget": (6, THOUGHT, []),
    "at the budget": (5, THOUGHT, ["note.cut_at_budget"]),
    "above the budget": (4, THOUGHT, ["note.cut_at_budget"]),
    "a budget of one is no switch": (
        1, Reply(thinking="H", answer="I", usage=Usage(thinking=1)), ["note.cut_at_budget"]),
    "on is no budget": (True, Reply(thinking="H", answer="I", usage=Usage(thinking=1)), []),
    "ate the answer": (True, Reply(thinking="Hm", finish_reason="length"), ["note.ate_answer"]),
    "ate the answer at its end": (True, Reply(thinking="Hm"), ["note.ate_answer"]),
    "stopped in the thinking": (True, Reply(thinking="Hm", finish_reason="stopped"), []),
    "a call is an answer": (
        True, Reply(thinking="Hm", tool_calls=(ToolCall("c", "f", ""),),
                    finish_reason="tool_calls"), []),
    "calls that were not run are none": (
        True, Reply(thinking="Hm", finish_reason="tool_calls"), []),
    "a call whatever the server says": (
        True, Reply(thinking="Hm", tool_calls=(ToolCall("c", "f", ""),)), []),
}  # fmt: skip


@pytest.mark.parametrize(("wanted", "reply", "keys"), NOTES.values(), ids=NOTES)
def test_what_is_said_about_the_thinking(
    wanted: bool | int | None, reply: Reply, keys: list[str]
) -> None:
    notes = thinking_notes(ChatOptions(thinking=wanted), reply)
    assert [note.key for note in notes] == keys
    for note in notes:
        assert text(note.key, "en", **note.facts)
        assert text(note.key, "zh", **note.facts)


def test_every_note_has_its_facts() -> None:
    notes = [note for _, _, _, told in SPELLINGS.values() for note in told]
    for note in notes:
        named = {name for _, name, _, _ in string.Formatter().parse(TEXTS[note.key][0]) if name}
        assert named == set(note.facts)
