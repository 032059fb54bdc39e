import time
from types import SimpleNamespace
from typing import Any

import pytest

from qwen_nb.front_end.variables import FillError, fill, user_names

NAMES: dict[str, Any] = {
    "x": 3.14159, "y": [1, {"k": "v"}], "name": "{x}", "i": 1, "a": 5, "n": 2, "变量": "值",
    "o": SimpleNamespace(p=SimpleNamespace(q="deep")), "d": {"0": "text", 0: "number"},
    "empty": "", "none": None,
}  # fmt: skip

FILLED = {
    # names, attributes, indexes, formats
    "{x} {x:.2f}": "3.14159 3.14",
    "{y[1]} {y[i]} {y[-1][k]} {y[1]['k']}": "{'k': 'v'} {'k': 'v'} v v",
    "{y[0:1]} {y[:]} {y[::2]}": "[1] [1, {'k': 'v'}] [1]",
    "{d[0]} {d['0']}": "number text",
    "{o.p.q}": "deep",
    "{变量}": "值",
    "{a!r:>5}|{a:03d}|{变量!a}": "    5|005|'\\u503c'",
    "{empty}|{none}": "|None",
    # one pass
    "{name}": "{x}",
    "{name} {x}": "{x} 3.14159",
    # text that is not ours
    "": "",
    "no braces": "no braces",
    "{zz} {} { x } {x + 1} {f(x)} {x!z}": "{zz} {} { x } {x + 1} {f(x)} {x!z}",
    '{"a": 1, "x": {x}}': '{"a": 1, "x": 3.14159}',
    "set {x for x in y}": "set {x for x in y}",
    "{ {x": "{ {x",
    "${x}": "${x}",
    "{print} {len}": "{print} {len}",
    # doubled braces stand for themselves around a name that exists
    "{{x}} {{zz}} {{x.real:.2f}}": "{x} {{zz}} {x.real:.2f}",
    "f'{{x}} = {x}'": "f'{x} = 3.14159'",
    # formulas and what looks like one
    "\\frac{x}{y} and {x}": "\\frac{x}{y} and 3.14159",
    "\\sqrt[3]{x}{y} {a}": "\\sqrt[3]{x}{y} 5",
    "x^{n} a_{i} {n}": "x^{n} a_{i} 2",
    "\\mathbb{a}_{n}^{x} {x}": "\\mathbb{a}_{n}^{x} 3.14159",
    "$x = {x}$ {x}": "$x = {x}$ 3.14159",
    "$${x}$$ {x}": "$${x}$$ 3.14159",
    "$$\n{x}\n$$ {x}": "$$\n{x}\n$$ 3.14159",
    "\\({x}\\) \\[{x}\\] {x}": "\\({x}\\) \\[{x}\\] 3.14159",
    "\\$5 {x} \\$6": "\\$5 3.14159 \\$6",
    "$a \\$ {x}$ {x}": "$a \\$ {x}$ 3.14159",
    "costs $5 and {x} costs $6": "costs $5 and 3.14159 costs $6",
    "$HOME {x} $PATH": "$HOME 3.14159 $PATH",
    "\\({x} unclosed": "\\(3.14159 unclosed",
    # code
    "`{x}` {x}": "`{x}` 3.14159",
    "``a ` {x}`` {x}": "``a ` {x}`` 3.14159",
    "`unclosed {x}": "`unclosed 3.14159",
    "```py\n{x}\n```\n{x}": "```py\n{x}\n```\n3.14159",
    "~~~\n{x}\n~~~\n{x}": "~~~\n{x}\n~~~\n3.14159",
    "  ```\n{x}\n  ```\n{x}": "  ```\n{x}\n  ```\n3.14159",
    "```\n{x} open to the end": "```\n{x} open to the end",
    "````\n```\n{x}\n````\n{x}": "````\n```\n{x}\n````\n3.14159",
    # read as an answer would be: in lists and quotes, by paragraphs
    "- a\n\n  ~~~\n  {x}\n  ~~~\n- {x}": "- a\n\n  ~~~\n  {x}\n  ~~~\n- 3.14159",
    "> `a\n> {x}` {x}": "> `a\n> {x}` 3.14159",
    "```\n{x}\n``` y\n{x}": "```\n{x}\n``` y\n{x}",
    "a ` here\n\n{x} ` there": "a ` here\n\n3.14159 ` there",
    "\\\\({x}\\\\) \\`{x}\\`": "\\\\(3.14159\\\\) \\`3.14159\\`",
    "\\begin{cases}{x}\\end{cases} {x}": "\\begin{cases}{x}\\end{cases} 3.14159",
    "${x} + {a}$ {x}": "${x} + {a}$ 3.14159",
    "`\\frac{` {x} }": "`\\frac{` 3.14159 }",
    "\\text{`a` {x}}{x} {x}": "\\text{`a` {x}}{x} 3.14159",
    "值`{x}`，$x={x}$，{x}。": "值`{x}`，$x={x}$，3.14159。",
    # but for indents, which are layout
    "a\n\n    {x} `{x}`\n\n\t{x}": "a\n\n    3.14159 `{x}`\n\n\t3.14159",
    "a\r\n{x} `{x}`\r\n{x}": "a\r\n3.14159 `{x}`\r\n3.14159",
}


@pytest.mark.parametrize("prompt", FILLED)
def test_a_prompt_is_filled(prompt: str) -> None:
    assert fill(prompt, NAMES)[0] == FILLED[prompt]


def test_what_was_filled_is_told_once_in_order() -> None:
    _, told = fill("{x:.1f} {y[0]} {x:.1f} {zz} {{a}} {a}", NAMES)
    assert told == ("x:.1f", "y[0]", "a")


def test_a_value_without_a_format_is_shown_by_whoever_asks() -> None:
    assert fill("{a} {a!r} {a:d}", NAMES, lambda value: f"<{value}>")[0] == "<5> <5> 5"


class Hostile:
    def __str__(self) -> str:
        raise RuntimeError("no text")


FAILS = {
    "{y[7]}": "IndexError",
    "{y[1][zz]}": "KeyError",
    "{x.nope}": "AttributeError",
    "{x:nonsense}": "ValueError",
    "{y[0:a:b:c]}": "ValueError",
    "{hostile}": "RuntimeError: no text",
}


@pytest.mark.parametrize("prompt", FAILS)
def test_an_expression_that_fails_is_named(prompt: str) -> None:
    with pytest.raises(FillError) as caught:
        fill(f"before {prompt} after", {**NAMES, "hostile": Hostile()})
    assert caught.value.expression == prompt
    assert FAILS[prompt] in caught.value.reason


def test_only_the_persons_own_names_are_filled() -> None:
    hidden = {"exit": 1, "In": ["i"], "Out": {}, "_": 2, "_qwen": 3, "quit": 4}
    namespace = {**hidden, "quit": "mine", "x": 5}
    names = user_names(namespace, hidden, namespace)
    assert names == {"In": ["i"], "Out": {}, "_": 2, "_qwen": 3, "quit": "mine", "x": 5}


def test_a_functions_own_names_win() -> None:
    assert user_names({"x": 1, "y": 2}, {}, {"x": 3}) == {"x": 3, "y": 2}
    assert user_names({"x": 1}, {}, None) == {"x": 1}


HARD = {
    "open braces": "{",
    "open groups": "a_{",
    "closed groups": "a_{b}",
    "dollars": "$a ",
    "dollars with escapes": "$a\\",
    "escaped dollars": "\\$",
    "double dollars": "$$ ",
    "backticks": "`a ",
    "runs of backticks": "`` ` ",
    "fences": "\n```\n{x}",
    "open formulas": "\\(",
    "open displays": "\\[{x}",
    "open indexes": "{x[",
    "long paths": "{x.a",
    "open options": "_[",
    "doubled braces": "{{x",
    "filled": "{x} `a` ",
}


@pytest.mark.parametrize("piece", HARD.values(), ids=HARD)
def test_the_hardest_prompt_costs_no_more_than_its_length(piece: str) -> None:
    def cost(times: int) -> float:
        begin = time.process_time()
        fill("{zz}" + piece * times, NAMES)
        return time.process_time() - begin

    costs = [min(cost(times) for _ in range(3)) for times in (1000, 4000)]
    # four times the length, about four times the time; the square would be sixteen times
    assert costs[1] < 9 * costs[0] + 0.004
