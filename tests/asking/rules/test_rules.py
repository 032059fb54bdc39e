import math
from typing import Any

import pytest

from qwen_nb import ConfigError
from qwen_nb.asking.rules import check, is_thinking
from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.texts import TEXTS, text
from qwen_nb.values import ChatOptions, ChatRequest, Message

CATALOGUE = Catalogue.load()

JSON_OBJECT = {"response_format": {"type": "json_object"}}
JSON_SCHEMA = {
    "response_format": {
        "type": "json_schema",
        "json_schema": {"name": "x", "schema": {"type": "object"}},
    }
}
NAMED_TOOL = {"tool_choice": {"type": "function", "function": {"name": "f"}}}


def tools(*names: Any) -> dict[str, Any]:
    return {"tools": [{"type": "function", "function": {"name": name}} for name in names]}


def partial(beginning: str = "def f(") -> dict[str, Any]:
    return {
        "messages": [
            {"role": "user", "content": "go on"},
            {"role": "assistant", "content": beginning, "partial": True},
        ]
    }


def ask(
    model: str,
    *,
    prompt: Any = "hello",
    system: str | None = None,
    history: tuple[Message, ...] = (),
    params: dict[str, Any] | None = None,
    **options: Any,
) -> ChatRequest:
    first = (Message("system", system),) if system else ()
    return ChatRequest(
        model,
        (*first, *history, Message("user", prompt)),
        ChatOptions(model=model, params=params or {}, **options),
    )


# a request that the service would certainly refuse, and the text that says so
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("qwen3-235b-a22b-thinking-2507", {"thinking": False}, "always_thinks"),
    ("qvq-max", {"params": {"enable_thinking": False}}, "always_thinks"),
    ("deepseek-r1", {"thinking": True, "params": {"enable_thinking": False}}, "always_thinks"),
    ("qwen-plus", {"thinking": 0}, "budget"),
    ("qwen-plus", {"thinking": -5}, "budget"),
    ("qwen-plus", {"params": {"thinking_budget": 1.5}}, "budget"),
    ("qwen-plus", {"params": {"thinking_budget": "50"}}, "budget"),
    ("qwen-plus", {"params": {"thinking_budget": True}}, "budget"),
    ("deepseek-v3.2", {"thinking": 0}, "budget"),
    ("qwen-plus", {"thinking": True, "params": NAMED_TOOL}, "forced_tool"),
    ("qwen-plus", {"thinking": True, "params": {"tool_choice": "required"}}, "forced_tool"),
    ("qwen3.7-plus", {"params": NAMED_TOOL}, "forced_tool"),
    ("qwq-plus", {"params": NAMED_TOOL}, "forced_tool.always"),
    ("qwen-plus", {"thinking": 50, "prompt": "json", "params": JSON_OBJECT}, "json"),
    ("qwen-plus", {"thinking": True, "params": JSON_SCHEMA}, "json"),
    ("qwen3.5-plus", {"prompt": "json", "params": JSON_OBJECT}, "json"),
    ("qwen-plus-2026-03-01", {"thinking": True, "params": JSON_SCHEMA}, "json"),
    ("qwq-32b", {"thinking": False, "params": JSON_SCHEMA}, "json.always"),
    ("qwen-plus", {"params": {"enable_thinking": True, **JSON_SCHEMA}}, "json"),
    ("qwen-plus", {"params": JSON_OBJECT}, "json_word"),
    ("qwen-plus", {"thinking": False, "params": JSON_OBJECT}, "json_word"),
    ("qwen-max", {"thinking": True, "params": JSON_OBJECT}, "json_word"),
    ("qwen-plus", {"thinking": True, "params": partial()}, "partial"),
    ("qwen3-32b", {"params": partial()}, "partial"),
    ("qvq-max", {"params": partial()}, "partial.always"),
    ("qwen-plus", {"temperature": 2.0}, "range"),
    ("qwen-plus", {"temperature": -0.1}, "range"),
    ("qwen-plus", {"temperature": math.nan}, "range"),
    ("qwen-plus", {"params": {"temperature": "warm"}}, "range"),
    ("qwen-plus", {"temperature": 0.5, "params": {"temperature": 2}}, "range"),
    ("qwen-plus", {"params": {"top_p": 0}}, "range"),
    ("qwen-plus", {"params": {"top_p": 1.01}}, "range"),
    ("qwen-plus", {"params": {"presence_penalty": 2.1}}, "range"),
    ("qwen-plus", {"params": {"presence_penalty": -2.1}}, "range"),
    ("qwen-plus", {"params": {"repetition_penalty": 0}}, "range"),
    ("qwen-plus", {"params": {"n": 0}}, "whole"),
    ("qwen-plus", {"params": {"n": 5}}, "whole"),
    ("qwen-plus", {"params": {"n": 1.0}}, "whole"),
    ("qwen-plus", {"params": {"seed": -1}}, "whole"),
    ("qwen-plus", {"params": {"seed": 2**63}}, "whole"),
    ("qwen-plus", {"params": {"seed": True}}, "whole"),
    ("qwen-plus", {"max_tokens": 0}, "whole"),
    ("qwen-plus", {"params": {"max_tokens": 1.5}}, "whole"),
    ("qwen-plus", {"params": {"n": 2, **tools("f")}}, "n_tools"),
    ("qwen-plus", {"thinking": True, "params": {"n": 2}}, "n_thinking"),
    ("qwq-plus", {"params": {"n": 2}}, "n_thinking.always"),
    ("qwen-plus", {"params": tools("search")}, "tool_reserved"),
    ("qwen-plus", {"params": tools("f", "get weather")}, "tool_name"),
    ("qwen-plus", {"params": tools("天气")}, "tool_name"),
    ("qwen-plus", {"params": tools("a" * 65)}, "tool_name"),
    ("qwen-plus", {"params": tools("f\n")}, "tool_name"),
    ("qwen-plus", {"params": tools("")}, "tool_name"),
    ("qwen-plus", {"params": {"tools": ["f"]}}, "tool_name"),
    ("qwq-plus", {"params": {"stream": False}}, "stream_only"),
    ("qwen3-omni-flash", {"params": {"stream": False}}, "stream_only"),
]


@pytest.mark.parametrize(("model", "how", "reason"), REFUSED)
def test_a_rule_of_kind_is_refused(model: str, how: dict[str, Any], reason: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check(ask(model, **how), CATALOGUE.find(model))
    error = caught.value
    assert error.key == f"rule.{reason}"
    for language in ("en", "zh"):
        assert "--force" in error.message(language)  # type: ignore[arg-type]


@pytest.mark.parametrize(("model", "how", "reason"), REFUSED)
def test_force_sends_it_untouched(model: str, how: dict[str, Any], reason: str) -> None:
    request = ask(model, **how)
    checked = check(request, CATALOGUE.find(model), force=True)
    assert checked.request is request
    assert checked.notes == ()


@pytest.mark.parametrize(("model", "how", "reason"), REFUSED)
def test_an_unknown_model_passes_untouched(
    model: str, how: dict[str, Any], reason: str
) -> None:
    request = ask("my-own-model", **how)
    checked = check(request, CATALOGUE.find("my-own-model"))
    assert checked.request is request
    assert checked.notes == ()


# what is sent as it is
PASSED: list[tuple[str, dict[str, Any]]] = [
    ("qwen-plus", {}),
    ("qwen-plus", {"thinking": 81_920}),
    (
        "qwen-plus",
        {"thinking": True, "params": {"tool_choice": "auto", **tools("get_weather-2")}},
    ),
    ("qwen-plus", {"thinking": True, "params": {"tool_choice": "none"}}),
    ("qwen-plus", {"params": NAMED_TOOL}),
    ("qwen-plus", {"thinking": False, "prompt": "as JSON", "params": JSON_OBJECT}),
    ("qwen-plus", {"system": "Answer in Json", "params": JSON_OBJECT}),
    ("qwen-plus", {"prompt": ({"type": "text", "text": "json"},), "params": JSON_OBJECT}),
    ("qwen-plus", {"params": JSON_SCHEMA}),
    ("qwen-plus", {"thinking": True, "params": {"response_format": {"type": "text"}}}),
    ("qwen-plus", {"thinking": True, "params": {"enable_thinking": False, **JSON_SCHEMA}}),
    ("qwen-plus", {"params": partial()}),
    ("qwen3-32b", {"thinking": False, "params": partial()}),
    ("qwen-plus", {"temperature": 0, "params": {"top_p": 1, "n": 4, "seed": 2**31 - 1}}),
    ("qwen-plus", {"temperature": 1.99, "params": {"top_p": 0.01, "presence_penalty": -2}}),
    ("qwen-plus", {"params": {"temperature": None, "seed": None, "stop": ["\n"]}}),
    ("qwen-plus", {"max_tokens": 32_768}),
    ("qwen-plus", {"system": "Be short."}),
    ("qwen3.7-max", {"system": "Be short.", "params": {"preserve_thinking": True}}),
    ("kimi/kimi-k2.6", {"params": {"preserve_thinking": True, **JSON_SCHEMA}}),
    ("qwq-plus", {}),
    ("qwq-plus", {"params": {"stream": True}}),
    ("qwen-plus", {"params": {"stream": False}}),
    ("qwen-mt-plus", {"params": {"translation_options": {"target_lang": "English"}}}),
    ("qwen3-omni-flash", {"thinking": 50}),
    ("qwen-vl-ocr", {"thinking": True}),
]


@pytest.mark.parametrize(("model", "how"), PASSED)
def test_the_rest_is_sent_without_a_word(model: str, how: dict[str, Any]) -> None:
    request = ask(model, **how)
    checked = check(request, CATALOGUE.find(model))
    assert checked.request == request
    assert checked.notes == ()


PRIOR = (Message("user", "one"), Message("assistant", "two"))

# what is sent as it is, with a remark
NOTED: list[tuple[str, dict[str, Any], str]] = [
    ("qwen-plus", {"thinking": 81_921}, "above_limit"),
    ("qwen-plus-2025-04-28", {"params": {"thinking_budget": 40_000}}, "above_limit"),
    ("qwen-plus", {"max_tokens": 32_769}, "above_limit"),
    ("qwen-plus-2026-03-01", {"max_tokens": 32_769}, "above_limit"),
    ("qwen-plus", {"params": {"seed": 2**31}}, "above_limit"),
    ("qwen-plus", {"max_tokens": 50, "params": JSON_SCHEMA}, "json_max_tokens"),
    ("qwen-mt-plus", {"history": PRIOR}, "single_turn"),
    ("qwen-mt-plus", {"system": "Be short."}, "single_turn"),
    ("qwen-vl-ocr", {"history": PRIOR}, "single_turn"),
    ("qwen-plus", {"thinking": True, "system": "Be short."}, "system_discouraged"),
    ("qwen3-32b", {"system": "Be short."}, "system_discouraged"),
    ("qwq-plus", {"system": "Be short."}, "system_discouraged"),
]


@pytest.mark.parametrize(("model", "how", "key"), NOTED)
def test_a_limit_is_only_noted(model: str, how: dict[str, Any], key: str) -> None:
    request = ask(model, **how)
    checked = check(request, CATALOGUE.find(model))
    assert checked.request == request
    assert [note.key for note in checked.notes] == [f"rule.note.{key}"]


# model, what is asked, what of it is sent, and the remark
LEFT_OUT: list[tuple[str, dict[str, Any], dict[str, Any], list[str]]] = [
    ("qwq-plus", {"thinking": True}, {}, ["always_thinks"]),
    ("qwq-plus", {"thinking": False}, {}, ["always_thinks"]),
    ("qwq-plus", {"thinking": 50}, {}, ["always_thinks"]),
    (
        "qwq-32b",
        {"params": {"thinking_budget": 0, "n": 1}},
        {"params": {"n": 1}},
        ["always_thinks"],
    ),
    ("qwen-max", {"thinking": True}, {}, ["never_thinks"]),
    ("qwen-max", {"thinking": 50}, {}, ["never_thinks"]),
    ("qwen-max", {"thinking": False}, {}, []),  # as asked: nothing to say
    ("qwen-max", {"params": {"enable_thinking": True}}, {}, ["never_thinks"]),
    ("kimi/kimi-k2.6", {"thinking": False}, {}, ["no_switch"]),
    ("deepseek-v3.2", {"thinking": 50}, {"thinking": True}, ["no_budget"]),
    ("deepseek-r1", {"thinking": 50}, {"thinking": True}, ["no_budget"]),
    ("glm-5.1", {"params": {"thinking_budget": 50}}, {}, ["no_budget"]),
    ("qwen-plus", {"params": {"preserve_thinking": True}}, {}, ["no_preserve"]),
    ("qwen-plus", {"params": {"preserve_thinking": False}}, {}, []),
    (
        "qwen-max",
        {"thinking": True, "params": {"preserve_thinking": True}},
        {},
        ["never_thinks", "no_preserve"],
    ),
]


@pytest.mark.parametrize(("model", "asked", "sent", "keys"), LEFT_OUT)
def test_what_a_model_ignores_is_left_out(
    model: str, asked: dict[str, Any], sent: dict[str, Any], keys: list[str]
) -> None:
    checked = check(ask(model, **asked), CATALOGUE.find(model))
    assert checked.request == ask(model, **sent)
    assert [note.key for note in checked.notes] == [f"rule.note.{key}" for key in keys]


@pytest.mark.parametrize(("model", "asked", "sent", "keys"), LEFT_OUT)
def test_force_leaves_nothing_out(
    model: str, asked: dict[str, Any], sent: dict[str, Any], keys: list[str]
) -> None:
    request = ask(model, **asked)
    assert check(request, CATALOGUE.find(model), force=True).request is request


@pytest.mark.parametrize(("model", "how", "_"), NOTED)
def test_a_note_is_said_in_both_languages(model: str, how: dict[str, Any], _: str) -> None:
    (note,) = check(ask(model, **how), CATALOGUE.find(model)).notes
    assert text(note.key, **note.facts) != text(note.key, "zh", **note.facts)


def test_a_message_of_our_own_may_be_a_beginning() -> None:
    messages = (Message("user", "go on"), Message("assistant", "def f(", partial=True))
    request = ChatRequest("qwen3-32b", messages)
    with pytest.raises(ConfigError, match="cannot go on from a given beginning"):
        check(request, CATALOGUE.find("qwen3-32b"))


def test_a_note_tells_what_was_left_out() -> None:
    (note,) = check(ask("qwq-plus", thinking=50), CATALOGUE.find("qwq-plus")).notes
    assert text(note.key, **note.facts) == (
        "qwq-plus always thinks, with no switch and no budget; "
        "left out: enable_thinking, thinking_budget"
    )


def test_a_refusal_names_what_was_written() -> None:
    # an alias stays what the person typed
    with pytest.raises(ConfigError, match=r"^QWEN-PLUS refuses structured output"):
        check(ask("QWEN-PLUS", thinking=True, params=JSON_SCHEMA), CATALOGUE.find("QWEN-PLUS"))


def test_every_text_of_a_rule_is_one_line_and_used() -> None:
    keys = {key for key in TEXTS if key.startswith("rule.") and "note" not in key}
    assert keys == {f"rule.{reason}" for *_, reason in REFUSED}
    noted = {key for *_, key in NOTED} | {key for *_, keys in LEFT_OUT for key in keys}
    assert {key for key in TEXTS if key.startswith("rule.note.")} == {
        f"rule.note.{key}" for key in noted
    }
    assert not any("\n" in form for key in keys for form in TEXTS[key])


THINKS: list[tuple[str, dict[str, Any], bool | None]] = [
    ("qwen-plus", {}, False),
    ("qwen-plus", {"thinking": True}, True),
    ("qwen-plus", {"thinking": 50}, True),
    ("qwen-plus", {"params": {"enable_thinking": True}}, True),
    ("qwen3.7-plus", {}, True),
    ("qwen3.7-plus", {"thinking": False}, False),
    ("qwq-plus", {"thinking": False}, True),
    ("qwen-max", {"thinking": True}, False),
    ("kimi/kimi-k2.6", {}, None),
    ("my-own-model", {}, None),
    ("my-own-model", {"thinking": True}, True),
]


@pytest.mark.parametrize(("model", "how", "thinks"), THINKS)
def test_whether_a_request_makes_the_model_think(
    model: str, how: dict[str, Any], thinks: bool | None
) -> None:
    assert is_thinking(ask(model, **how), CATALOGUE.find(model)) is thinks
