import string

import pytest

from qwen_nb.texts import TEXTS, machine_language, text


def names(template: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(template) if name)


@pytest.mark.parametrize("key", TEXTS)
def test_both_languages_name_the_same_things(key: str) -> None:
    english, chinese = TEXTS[key]
    assert english.strip()
    assert chinese.strip()
    assert names(english) == names(chinese)


@pytest.mark.parametrize("key", [key for key in TEXTS if key.startswith(("error.", "line."))])
def test_an_error_is_one_line(key: str) -> None:
    assert not any("\n" in form for form in TEXTS[key])


def test_a_text_is_filled_in() -> None:
    assert text("reply.tokens", n=3) == "3 tokens"
    assert text("reply.tokens", "zh", n=3) == "3 Token"
    with pytest.raises(KeyError):
        text("reply.tokens")


MACHINES = [
    ({}, "en"),
    ({"LANG": "en_US.UTF-8"}, "en"),
    ({"LANG": "zh_CN.UTF-8"}, "zh"),
    ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
    ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "zh_TW"}, "zh"),
    ({"LC_ALL": "", "LANG": "ZH"}, "zh"),
]


@pytest.mark.parametrize(("environ", "language"), MACHINES)
def test_the_locale_tells_the_machines_language(environ: dict[str, str], language: str) -> None:
    assert machine_language(environ) == language
