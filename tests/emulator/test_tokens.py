import pytest
from hypothesis import given
from hypothesis import strategies as st

from qwen_nb.emulator.tokens import count, split


@given(st.text(alphabet="ab Zé中。！9.,\n\r\t\0🙂\u0301\u200d\ud83d"))
def test_joined_tokens_are_the_text(text: str) -> None:
    assert "".join(split(text)) == text


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", []),
        ("9.9和9.11谁大", ["9", ".", "9", "和", "9", ".", "1", "1", "谁", "大"]),
        ("Who are you?", ["Who", " are", " you", "?"]),
        ("a  b\n\nc", ["a", "  ", "b", "\n\n", "c"]),
        ("decimals", ["decima", "ls"]),
        ("👍🏽", ["👍", "🏽"]),
    ],
)
def test_tokens_are_characters_marks_and_pieces_of_words(text: str, tokens: list[str]) -> None:
    assert split(text) == tokens
    assert count(text) == len(tokens)
