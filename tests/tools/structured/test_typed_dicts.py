"""`typing.TypedDict` is pydantic's to take: before Python 3.12 it says which one it takes."""

import sys
import typing
from typing import NotRequired

import pytest

from qwen_nb.errors import ConfigError
from qwen_nb.tools.json_types import fit, json_schema_of
from qwen_nb.tools.schema import tool_schema


class Stop(typing.TypedDict):
    place: str
    days: NotRequired[int]


def plan(stop: Stop) -> str:
    """Plan a stop."""
    return stop["place"]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="pydantic refuses it")
def test_it_is_taken() -> None:
    assert json_schema_of(Stop)["required"] == ["place"]
    assert fit(Stop, {"place": "Beijing"}) == {"place": "Beijing"}
    assert tool_schema(plan)["function"]["parameters"]["required"] == ["stop"]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="pydantic takes it")
def test_the_error_names_the_one_that_is_taken() -> None:
    for refused in (lambda: json_schema_of(list[Stop]), lambda: tool_schema(plan)):
        with pytest.raises(ConfigError, match=r"typing_extensions\.TypedDict"):
            refused()
