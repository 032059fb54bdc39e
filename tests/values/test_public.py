"""What a program names in its own code is found in `qwen_nb.values`."""

import pytest

import qwen_nb.values

EVENTS = (
    *("Started", "ThinkingDelta", "AnswerDelta", "ToolCallStarted", "ToolArgumentsDelta"),
    *("ToolResult", "UsageReport", "Finished", "Retrying", "Event"),
)


@pytest.mark.parametrize(
    "name", ["Display", "Opening", "Frame", "ChatOptions", "Usage", *EVENTS]
)
def test_it_is_importable_and_named_in_the_docstring(name: str) -> None:
    space: dict[str, object] = {}
    exec(f"from qwen_nb.values import {name}", space)
    assert name in space
    assert name in qwen_nb.values.__all__
    told = qwen_nb.values.__doc__ or ""
    assert name == "Event" or f"`{name}`" in told
