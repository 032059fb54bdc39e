"""What the emulator's faults of usage come to, asked as a person asks."""

from collections.abc import Callable

import pytest

from qwen_nb import Chat

from .conftest import Studio


@pytest.mark.parametrize("dialect", ["openai", "dashscope"])
@pytest.mark.parametrize("thinking", [True, False])
@pytest.mark.parametrize("fault", ["usage-every", "usage-cumulative", "usage-missing"])
def test_usage_is_the_same_however_often_it_is_told(
    fault: str,
    thinking: bool,
    dialect: str,
    studio: Studio,
    new_chat: Callable[..., Chat],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("QWEN_NB_DIALECT", dialect)
    odd = new_chat("qwen-plus", thinking=thinking).ask(studio.fails(fault))
    studio.mend(fault)
    plain = new_chat("qwen-plus", thinking=thinking).ask(fault)
    assert odd.answer == plain.answer
    assert plain.usage is not None
    assert plain.usage.input and plain.usage.output
    assert bool(plain.usage.thinking) is thinking
    assert odd.usage == (None if fault == "usage-missing" else plain.usage)
