"""What is taken for words of a turn, and what is not."""

import json

import pytest

from qwen_nb.store.words import finder

PROMPT = 'Why 401?\nkey=sk-9f8e7d6c5b\n```python\nprint("a \\ b", 翡翠口令)\n```'


@pytest.mark.parametrize(
    "text",
    [
        PROMPT,
        f"You wrote: {PROMPT} Yes?",
        "the key sk-9f8e7d6c5b is refused",
        "Try key=sk-9f8e7d6c5b again",
        '  print("a \\ b", 翡翠口令)',
        json.dumps({"answer": PROMPT}),
        json.dumps({"answer": PROMPT}, ensure_ascii=False),
        json.dumps({"arguments": json.dumps({"code": 'print("a \\ b", 翡翠口令)'})}),
    ],
)
def test_words_are_found_in_any_spelling(text: str) -> None:
    holds = finder([PROMPT])
    assert holds is not None
    assert holds(text)


@pytest.mark.parametrize("text", ["", "```python\nprint(1)\n```", "sk-other-key-1234", "翡翠"])
def test_what_others_say_as_well_is_not(text: str) -> None:
    holds = finder([PROMPT], ["Yes.", ""])
    assert holds is not None
    assert not holds(text)


def test_a_short_question_is_a_whole_word() -> None:
    holds = finder(["pa55"])
    assert holds is not None
    assert holds("say (pa55)!")
    assert not holds("pa5512")
    assert finder(["", "  "]) is None


def test_a_long_answer_is_looked_for_whole() -> None:
    holds = finder(["  "], ["The answer has many more words than others."])
    assert holds is not None
    assert holds('{"answer":"The answer has many more words than others. Really"}')
    assert not holds("The answer has many more words")


def test_a_pasted_table_is_looked_for_by_its_longest_lines() -> None:
    table = "\n".join(f"row {n}, {'x' * (n % 97)}, secret-{n:06}" for n in range(20_000))
    holds = finder([table])
    assert holds is not None
    assert holds(table)
    assert not holds("row 1, nothing of it" * 10_000)
