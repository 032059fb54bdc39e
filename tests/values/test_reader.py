"""The table of cases that the page's reader runs too (tests/render/page/reader.test.mjs)."""

import json
import time
from pathlib import Path

import pytest

from qwen_nb.values import is_plain_mathematics
from qwen_nb.values.code_blocks import code_blocks, markdown_parser, spans_of_prompt

TABLE = Path(__file__).parents[1] / "render" / "cases" / "markdown.json"
CASES = {each["text"]: each["reads"] for each in json.loads(TABLE.read_text("utf-8"))}


def read(markdown: str) -> list[list[str]]:
    found: list[list[str]] = []
    for token in markdown_parser().parse(markdown):
        match token.type:
            case "fence":
                found.append(["fence", token.content.removesuffix("\n")])
            case "code_block":
                found.append(["indented"])
            case "formula_block":
                found.append(["display", token.content])
        for child in token.children or ():
            if child.type == "code_inline":
                found.append(["code", child.content])
            elif child.type == "formula":
                kind = "display" if child.meta["display"] else "formula"
                found.append([kind, child.content])
    return found


@pytest.mark.parametrize("markdown", CASES)
def test_what_a_text_holds(markdown: str) -> None:
    assert read(markdown) == CASES[markdown]


@pytest.mark.parametrize("markdown", CASES)
def test_the_code_of_a_reply_is_that_of_the_drawn_answer(markdown: str) -> None:
    fences = [code for kind, *code in CASES[markdown] if kind == "fence"]
    assert [[block.text] for block in code_blocks(markdown)] == fences


# A prompt knows no indented code and no tables.
TYPED = [text for text in CASES if "|" not in text and ["indented"] not in CASES[text]]
INDENTED = ("```\nx\n    ```\ny",)  # here an indented fence is one


@pytest.mark.parametrize("markdown", [text for text in TYPED if text not in INDENTED])
def test_a_prompt_is_read_like_an_answer(markdown: str) -> None:
    spans = [markdown[begin:end] for begin, end in spans_of_prompt(markdown)]
    assert len(spans) == len(CASES[markdown])
    for span, (kind, content) in zip(spans, CASES[markdown], strict=True):
        assert all(word in span for word in content.split())
        assert kind != "code" or span[0] == span[-1] == "`"


PLACED = {
    "a\r\n`b` c\r\n$d\r\ne$": ["`b`", "$d\r\ne$"],
    "> a `b\n> c` $d$": ["`b\n> c`", "$d$"],
    "- a\n\t- `b\tc`\n\n        `d`": ["`b\tc`", "`d`"],
    "# a # `b` #": ["`b`"],
    "\0 `\0`": ["`\0`"],
    "    `a`\n\n\t$b$": ["`a`", "$b$"],
    "1. a\n   ```\n   x\n   ```\nb": ["   ```\n   x\n   ```"],
    "[`a`]: b `c`": ["`a`", "`c`"],
    "值`a`，$b$。": ["`a`", "$b$"],
}


@pytest.mark.parametrize("prompt", PLACED)
def test_where_a_prompt_holds_code_and_formulas(prompt: str) -> None:
    assert [prompt[begin:end] for begin, end in spans_of_prompt(prompt)] == PLACED[prompt]


@pytest.mark.parametrize(
    "piece", ["$$\n", "$$ a\n", "\\begin{a}\n\\end{b}\n", "$a\\", "![$a$ "]
)
def test_the_hardest_text_is_read_in_time(piece: str) -> None:
    begin = time.process_time()
    markdown_parser().parse(piece * (20_000 // len(piece)))
    assert time.process_time() - begin < 2


def test_a_formula_may_not_touch_the_page() -> None:
    assert is_plain_mathematics(r"\frac{1}{2}")
    for harmful in (r"\href{x}{y}", r"\require{x}", "a`b", "a$b", "{", "}{", r"\gdef\x{}"):
        assert not is_plain_mathematics(harmful), harmful
