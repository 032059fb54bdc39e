"""For every model of the catalogue: thinking left open, on, off and with a budget."""

from typing import Any

import pytest

from qwen_nb import ConfigError
from qwen_nb.asking.rules import check
from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.catalogue.rows import Model
from qwen_nb.values import ChatOptions, ChatRequest, Message, Server
from qwen_nb.wire.dialects.openai import OpenAIDialect

MODELS = Catalogue.load().models()
STUDIO = Server(name="Model Studio", model_studio=True)
THINKING = [None, True, False, 50]


def thinking_keys(model: Model, thinking: bool | int | None) -> dict[str, Any]:
    request = ChatRequest(
        model.id, (Message("user", "hello"),), ChatOptions(model=model.id, thinking=thinking)
    )
    call = OpenAIDialect().encode(check(request, model).request, STUDIO)
    assert call.body is not None
    return {key: value for key, value in call.body.items() if "think" in key}


def allowed(model: Model, thinking: bool | int | None) -> dict[str, Any]:
    # protocol.md §2.1 and §10.11
    if thinking is None or model.family == "qwq" or model.mode == "none":
        return {}
    if model.vendor == "moonshot-hosted":
        return {}
    keys: dict[str, Any] = {"enable_thinking": thinking is not False}
    if thinking == 50 and model.thinking_budget is not False:
        keys["thinking_budget"] = 50
    return keys


@pytest.mark.parametrize("thinking", THINKING)
@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
def test_what_is_sent_is_allowed_or_the_reason_is_told(
    model: Model, thinking: bool | int | None
) -> None:
    if thinking is False and model.mode == "thinking_only" and model.family != "qwq":
        with pytest.raises(ConfigError) as caught:
            thinking_keys(model, thinking)
        message = str(caught.value)
        assert message.startswith(f"{model.id} always thinks")
        assert "--no-think" in message
        assert "--force" in message
    else:
        assert thinking_keys(model, thinking) == allowed(model, thinking)
