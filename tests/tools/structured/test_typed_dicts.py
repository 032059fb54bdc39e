"""`typing.TypedDict`, as a person writes it, on every Python."""

import typing
from typing import NotRequired

import pytest

from qwen_nb.tools.json_types import fit, json_schema_of, problems_of
from qwen_nb.tools.schema import tool_schema


class Stop(typing.TypedDict):
    place: str
    days: NotRequired[int]


class Trip(typing.TypedDict, total=False):
    """A trip."""

    title: typing.Required[str]
    stops: list[Stop]
    last: Stop | None


@pytest.mark.parametrize("thing", [Trip, list[Trip], dict[str, Trip]])
def test_it_has_a_schema(thing: object) -> None:
    assert '"place"' in str(json_schema_of(thing)).replace("'", '"')


def test_what_is_wanted_is_wanted_and_the_rest_is_not() -> None:
    schema = json_schema_of(Trip)
    assert schema["required"] == ["title"]
    assert schema["properties"]["stops"]["items"]["required"] == ["place"]


def test_its_value_is_a_dictionary() -> None:
    told = {"title": "North", "stops": [{"place": "Beijing", "days": 2}], "last": None}
    assert fit(Trip, told) == told
    with pytest.raises(ValueError, match="place") as error:
        fit(Trip, {"title": "North", "stops": [{"days": 2}]})
    (problem,) = problems_of(error.value)
    assert problem.path == "stops[0].place"


def test_a_tool_may_take_one() -> None:
    def plan(trip: Trip) -> str:
        """Plan a trip."""
        return trip["title"]

    parameters = tool_schema(plan)["function"]["parameters"]
    assert parameters["properties"]["trip"]["required"] == ["title"]
