import dataclasses
from typing import Any

import pytest

from qwen_nb.magics.line import OPTIONS, LineError, read_line
from qwen_nb.texts import TEXTS
from qwen_nb.values import ChatOptions

LINES: dict[str, tuple[dict[str, Any], str]] = {
    # nothing to read
    "": ({}, ""),
    " \t\u3000": ({}, ""),
    "What's this": ({}, "What's this"),
    r"\frac{a}{b} 'open": ({}, r"\frac{a}{b} 'open"),
    "explain -t of tar": ({}, "explain -t of tar"),
    "  two  spaces  kept  ": ({}, "two  spaces  kept  "),
    "“quoted” words": ({}, "“quoted” words"),
    # the words begin
    "-- -t of tar": ({}, "-t of tar"),
    "--new -- --once": ({"new": True}, "--once"),
    "--": ({}, ""),
    "- item": ({}, "- item"),
    "-m m What's -t": ({"model": "m"}, "What's -t"),
    # values
    "-m qwen-max --think 200 Why": ({"model": "qwen-max", "thinking": 200}, "Why"),
    "--model=qwen-max Why": ({"model": "qwen-max"}, "Why"),
    "-t 0.5": ({"temperature": 0.5}, ""),
    "-t=0.5 x": ({"temperature": 0.5}, "x"),
    "--max-tokens 10 x": ({"max_tokens": 10}, "x"),
    "--max_tokens 10 x": ({"max_tokens": 10}, "x"),
    "-o answer x": ({"out": "answer"}, "x"),
    "-o 回复 x": ({"out": "回复"}, "x"),
    "-s @prompts/brief.txt x": ({"system": "@prompts/brief.txt"}, "x"),
    "-m a -m b x": ({"model": "b"}, "x"),
    # thinking
    "--think": ({"thinking": True}, ""),
    "--think Which is": ({"thinking": True}, "Which is"),
    "--think 9.9 or 9.11": ({"thinking": True}, "9.9 or 9.11"),
    "--think 50": ({"thinking": 50}, ""),
    "--think=50 x": ({"thinking": 50}, "x"),
    "--think 0 x": ({"thinking": 0}, "x"),
    "--think --new x": ({"thinking": True, "new": True}, "x"),
    "--think -- 50": ({"thinking": True}, "50"),
    "--no-think x": ({"thinking": False}, "x"),
    "--no-think --think x": ({"thinking": True}, "x"),
    "--preserve-thinking x": ({"preserve_thinking": True}, "x"),
    "——preserve_thinking x": ({"preserve_thinking": True}, "x"),
    # quotes
    '-s "be brief" x': ({"system": "be brief"}, "x"),
    "-s 'be brief' x": ({"system": "be brief"}, "x"),
    '--system="be brief" x': ({"system": "be brief"}, "x"),
    r'-s "say \"hi\" \\ \n" x': ({"system": r'say "hi" \ \n'}, "x"),
    r"-s 'a\b' x": ({"system": r"a\b"}, "x"),
    '-s "" x': ({"system": ""}, "x"),
    "-s it's x": ({"system": "it's"}, "x"),
    '-s "a"b x': ({"system": "ab"}, "x"),
    # other request fields
    "-p top_k=20 x": ({"params": {"top_k": 20}}, "x"),
    "-p a=1 --param b=x x": ({"params": {"a": 1, "b": "x"}}, "x"),
    '-p stop=["a","b"] x': ({"params": {"stop": ["a", "b"]}}, "x"),
    '-p a="x y" q': ({"params": {"a": "x y"}}, "q"),
    "-p 'o={\"a\": 1}' q": ({"params": {"o": {"a": 1}}}, "q"),
    "-p a=b=c q": ({"params": {"a": "b=c"}}, "q"),
    "-p a= q": ({"params": {"a": ""}}, "q"),
    "-p a=true -p a=null q": ({"params": {"a": None}}, "q"),
    # what a Chinese keyboard types
    "\u3000-m\u3000m\u3000你好": ({"model": "m"}, "你好"),
    "－－think　２００ 你好": ({"thinking": 200}, "你好"),
    "—think 你好": ({"thinking": True}, "你好"),
    "——think 你好": ({"thinking": True}, "你好"),
    "–m m 你好": ({"model": "m"}, "你好"),
    "-s “简短 些” 问": ({"system": "简短 些"}, "问"),
    "——你好": ({}, "——你好"),
    "—— -t": ({}, "-t"),
    "—thnik 你好": ({}, "—thnik 你好"),
    # flags
    "--new --once -q --raw --hide-thinking --dry-run x": (
        {"new": True, "once": True, "quiet": True, "raw": True, "hide_thinking": True,
         "dry_run": True}, "x",
    ),
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_read(line: str) -> None:
    parsed = read_line(line)
    assert (parsed.values, parsed.words) == LINES[line]


@pytest.mark.parametrize("line", LINES)
def test_the_words_are_the_end_of_the_line_untouched(line: str) -> None:
    assert line.endswith(read_line(line).words)


REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "--thnik x": ("line.unknown", {"option": "--thnik", "near": "--think"}),
    "--quite x": ("line.unknown", {"option": "--quite", "near": "--quiet"}),
    "--model-x q": ("line.unknown", {"option": "--model-x", "near": "--model"}),
    "--nonsense x": ("line.unknown", {"option": "--nonsense", "near": ""}),
    "--mod m x": ("line.unknown", {"option": "--mod"}),  # no abbreviations
    "-model m x": ("line.unknown", {"option": "-model", "near": "--model"}),
    "--m m x": ("line.unknown", {"option": "--m"}),
    "-mx q": ("line.unknown", {"option": "-mx"}),
    "-x q": ("line.unknown", {"option": "-x"}),
    "-5 is": ("line.unknown", {"option": "-5", "near": ""}),
    "--5": ("line.unknown", {"option": "--5"}),
    "--json= q": ("line.missing_value", {"option": "--json"}),
    "--jsn q": ("line.unknown", {"option": "--jsn", "near": "--json"}),
    "-m": ("line.missing_value", {"option": "-m"}),
    "-m  ": ("line.missing_value", {"option": "-m"}),
    "--model= x": ("line.missing_value", {"option": "--model"}),
    "--think= x": ("line.missing_value", {"option": "--think"}),
    "--new=3 x": ("line.no_value", {"option": "--new"}),
    "-t abc": ("line.bad_value", {"option": "-t", "shown": "X", "value": "abc"}),
    "--max-tokens 1.5 x": ("line.bad_value", {"option": "--max-tokens", "value": "1.5"}),
    "--think=lots x": ("line.bad_value", {"option": "--think", "value": "lots"}),
    "--think ² x": ("line.bad_value", {"option": "--think", "value": "²"}),
    "-o a-b q": ("line.bad_value", {"option": "-o", "shown": "NAME", "value": "a-b"}),
    "-p top_k q": ("line.bad_value", {"option": "-p", "value": "top_k"}),
    "-p =3 q": ("line.bad_value", {"option": "-p", "value": "=3"}),
    "-s 'open": ("line.open_quote", {"option": "-s", "quote": "'"}),
    "-s “open": ("line.open_quote", {"option": "-s", "quote": "”"}),
}


@pytest.mark.parametrize("line", REFUSED)
def test_a_wrong_line_is_one_error(line: str) -> None:
    key, facts = REFUSED[line]
    with pytest.raises(LineError) as caught:
        read_line(line)
    assert caught.value.key == key
    assert key in TEXTS
    assert facts.items() <= caught.value.facts.items()


def test_every_way_to_ask_has_a_flag() -> None:
    fields = {field.name for field in dataclasses.fields(ChatOptions)}
    assert fields <= {option.field for option in OPTIONS}


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.names[-1])
def test_every_option_is_explained(option: Any) -> None:
    english, chinese = TEXTS[f"option.{option.names[-1]}"]
    assert english != chinese
    assert all(name.startswith("--" if len(name) > 2 else "-") for name in option.names)


def test_no_two_options_share_a_name() -> None:
    names = [name for option in OPTIONS for name in option.names]
    assert len(names) == len(set(names))
