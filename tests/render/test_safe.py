import pytest

from qwen_nb.texts.safe import markup, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 中文 👩‍💻\n\tx", "plain 中文 👩‍💻\n\tx"),
        ("\x1b[31mred", "␛[31mred"),
        ("a\r\nb\rc", "a\nb␍c"),
        ("\x00\x07\x7f", "␀␇␡"),
        ("\x9b31m", "⟨U+009B⟩31m"),
        ("abc\u202edef", "abc⟨U+202E⟩def"),
        ("\u2066x\u2069\u200f\u061c", "⟨U+2066⟩x⟨U+2069⟩⟨U+200F⟩⟨U+061C⟩"),
        ("\ud800", "\ufffd"),
    ],
)
def test_hidden_characters_become_visible(text, shown):
    assert visible(text) == shown
    assert visible(shown) == shown


def test_clean_text_comes_back_itself():
    text = "word " * 1000
    assert visible(text) is text


def test_tex_signs_stand_alone_in_markup():
    assert markup("$5 & \\(x") == "<span>$</span>5 &amp; <span>\\</span>(x"
