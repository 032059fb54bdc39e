"""Functions as tools: schema from signature, hints and docstring; JSON back as values."""

import dataclasses
import datetime
import enum
import functools
import inspect
import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, Optional

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from qwen_nb import ConfigError
from qwen_nb.tools.docstrings import described
from qwen_nb.tools.schema import BadArguments, arguments_for, spread, tool_schema


class Unit(enum.Enum):
    C = "celsius"
    F = "fahrenheit"


@dataclasses.dataclass
class Place:
    city: str
    days: int = 1


class Trip(BaseModel):
    """A trip."""

    title: str
    stops: list[Place] = []
    budget: Decimal | None = Field(None, description="in yuan")


class Row(TypedDict, total=False):
    n: int


def parameters(function: Callable[..., Any]) -> dict[str, Any]:
    told: dict[str, Any] = tool_schema(function)["function"]["parameters"]
    jsonschema.Draft202012Validator.check_schema(told)
    assert told["type"] == "object"
    assert "$ref" not in json.dumps(told)
    return told


def weather(
    city: str,
    unit: Literal["C", "F"] = "C",
    days: Annotated[int, Field(ge=1, le=7, description="How many.")] = 1,
    place: Place | None = None,
    kind: Optional[Unit] = None,  # noqa: UP045 - people write it
) -> str:
    """Tell the weather.

    As it will be.

    Parameters
    ----------
    city : str
        Which city,
        by name.
    unit, kind
        What it is told in.

    Returns
    -------
    str
        It.
    """
    return f"{city} {unit} {days} {place} {kind}"


def test_a_function_says_its_name_its_purpose_and_its_parameters() -> None:
    told = tool_schema(weather)
    assert told["type"] == "function"
    function = told["function"]
    assert (function["name"], function["description"]) == (
        "weather",
        "Tell the weather.\n\nAs it will be.",
    )
    told = parameters(weather)
    assert told["required"] == ["city"]
    properties = told["properties"]
    assert properties["city"] == {"type": "string", "description": "Which city, by name."}
    assert properties["unit"] == {
        "type": "string", "enum": ["C", "F"], "default": "C",
        "description": "What it is told in.",
    }  # fmt: skip
    assert properties["days"] == {
        "type": "integer", "minimum": 1, "maximum": 7, "default": 1, "description": "How many.",
    }  # fmt: skip
    assert properties["place"]["properties"]["days"] == {"type": "integer", "default": 1}
    assert properties["kind"]["enum"] == ["celsius", "fahrenheit"]
    assert tool_schema(weather, "w")["function"]["name"] == "w"


GOOGLE = """Do it.

    Args:
        a (int): The first: with a colon.
            It goes on.
        *rest: The others.

    Returns:
        b: nothing
    """
SPHINX = """Do it.

    :param int a: The first: with a colon.
        It goes on.
    :param rest: The others.
    :type b: str
    :returns: b
    """
NUMPY = """Do it.

    Parameters
    ----------
    a : int
        The first: with a colon.
        It goes on.
    *rest
        The others.

    Returns
    -------
    b
        nothing
    """


@pytest.mark.parametrize("docstring", [GOOGLE, SPHINX, NUMPY])
def test_three_ways_of_writing_a_docstring(docstring: str) -> None:
    assert described(docstring).text == "Do it."
    assert described(docstring).parameters == {
        "a": "The first: with a colon. It goes on.",
        "rest": "The others.",
    }


@given(st.text(max_size=300))
def test_any_docstring_is_read(text: str) -> None:
    found = described(text)
    assert found.text in inspect.cleandoc(text)
    assert all("\n" not in said for said in found.parameters.values())
    assert described(None).text == ""


def test_what_a_model_gives_becomes_what_the_hints_say() -> None:
    given = '{"city":"杭州","days":"3","place":{"city":"x"},"kind":"celsius"}'
    read = arguments_for(weather, given)
    assert read == {"city": "杭州", "days": 3, "place": Place("x"), "kind": Unit.C}
    assert weather(**read).startswith("杭州 C 3")


@pytest.mark.parametrize("nothing", ["", " ", "{}", "null"])
def test_nothing_given(nothing: str) -> None:
    def now() -> str:
        return "12:00"

    assert parameters(now) == {"type": "object", "properties": {}}
    assert arguments_for(now, nothing) == {}


WRONG = [
    ("[1]", "object"),
    ('{"city"', "JSON"),
    ('"x"', "object"),
    ("\ud800", "unicode"),
    ("{}", "city: Field required"),
    ('{"city":"x","days":9}', "days: Input should be less than or equal to 7 (got 9)"),
    ('{"city":"x","unit":"K"}', "unit: Input should be 'C' or 'F'"),
    ('{"city":"x","place":{"days":1}}', "place.city: Field required"),
    ('{"city":"x","town":1}', "town: there is no such parameter; the parameters are: city"),
    (json.dumps({"city": "x", "days": "y" * 5000}), "days: Input should be a valid integer"),
]


@pytest.mark.parametrize(("given", "told"), WRONG)
def test_the_model_is_told_what_does_not_fit(given: str, told: str) -> None:
    with pytest.raises(BadArguments) as caught:
        arguments_for(weather, given)
    assert told in str(caught.value)
    assert len(str(caught.value)) < 700
    assert "pydantic" not in str(caught.value)


def test_parameters_may_have_any_name() -> None:
    def odd(self: int, copy: str, _x: int, schema: int = 1, model_config: int = 2) -> None: ...

    told = parameters(odd)
    assert list(told["properties"]) == ["self", "copy", "_x", "schema", "model_config"]
    read = arguments_for(odd, '{"self":1,"copy":"c","_x":3,"model_config":4}')
    assert read == {"self": 1, "copy": "c", "_x": 3, "model_config": 4}


def test_without_hints_any_value_goes_and_says_so() -> None:
    def plain(a, b=2):  # type: ignore[no-untyped-def]
        """Do.

        Args:
            a: What.
        """

    told = parameters(plain)["properties"]
    assert told["a"] == {"description": "What. (any JSON value)"}
    assert told["b"] == {"default": 2, "description": "any JSON value"}
    assert arguments_for(plain, '{"a":[1,{"x":null}]}') == {"a": [1, {"x": None}]}


def test_any_number_of_arguments() -> None:
    def many(first: int, *rest: int, last: str = "z", **more: float) -> Any:
        return first, rest, last, more

    told = parameters(many)
    assert told["properties"]["rest"] == {"type": "array", "items": {"type": "integer"}}
    assert told["additionalProperties"] == {"type": "number"}
    assert told["required"] == ["first"]
    read = arguments_for(many, '{"first":1,"rest":["2",3],"x":"1.5"}')
    positional, named = spread(many, read)
    assert many(*positional, **named) == (1, (2, 3), "z", {"x": 1.5})
    with pytest.raises(BadArguments, match="x: Input should be a valid number"):
        arguments_for(many, '{"first":1,"x":"y"}')


def test_arguments_by_place_only() -> None:
    def placed(a: int, b: int = 2, /, c: int = 3) -> Any:
        return a, b, c

    for said, result in [('{"a":1}', (1, 2, 3)), ('{"a":1,"b":5,"c":6}', (1, 5, 6))]:
        positional, named = spread(placed, arguments_for(placed, said))
        assert placed(*positional, **named) == result


class Shop:
    """A shop."""

    def __init__(self, name: str) -> None:
        self.name = name

    def price(self, item: str) -> str:
        """Tell a price."""
        return f"{self.name} {item}"

    async def __call__(self, item: str) -> str:
        """Buy it."""
        return item


def test_methods_partials_and_callables() -> None:
    shop = Shop("A")
    assert list(parameters(shop.price)["properties"]) == ["item"]
    assert tool_schema(shop.price)["function"]["description"] == "Tell a price."
    assert tool_schema(shop)["function"] == {
        "name": "Shop", "description": "Buy it.", "parameters": parameters(shop),
    }  # fmt: skip
    bound = functools.partial(weather, unit="F")
    assert tool_schema(bound)["function"]["name"] == "weather"
    assert "unit" not in parameters(bound)["properties"]
    positional, named = spread(bound, arguments_for(bound, '{"city":"x"}'))
    assert bound(*positional, **named) == "x F 1 None None"
    first = functools.partial(weather, "y")
    assert "city" not in parameters(first)["properties"]
    with pytest.raises(BadArguments, match="no such parameter"):
        arguments_for(bound, '{"city":"x","unit":"C"}')


def test_classes_are_tools_too() -> None:
    assert parameters(Place)["required"] == ["city"]
    assert parameters(Trip)["required"] == ["title"]
    assert parameters(Shop)["required"] == ["name"]
    assert Trip(**arguments_for(Trip, '{"title":"t"}')).title == "t"


def test_async_and_wrapped_functions() -> None:
    async def later(n: int) -> int:
        """Do it later."""
        return n

    @functools.wraps(later)
    def wrapped(*args: Any, **named: Any) -> Any:
        return later(*args, **named)

    assert parameters(later) == parameters(wrapped)
    assert inspect.iscoroutinefunction(later)
    assert parameters(math.sqrt)["required"] == ["x"]


def test_values_that_json_has_no_form_for_are_read_from_text() -> None:
    def when(day: datetime.date, cost: Decimal, pair: tuple[int, str], row: Row) -> None: ...

    read = arguments_for(
        when, '{"day":"2025-01-31","cost":"1.10","pair":[1,"a"],"row":{"n":"3"}}'
    )
    assert read == {
        "day": datetime.date(2025, 1, 31), "cost": Decimal("1.10"), "pair": (1, "a"),
        "row": {"n": 3},
    }  # fmt: skip


def lost(x: "NotThere") -> None: ...  # type: ignore[name-defined]  # noqa: F821


def circular() -> Callable[..., Any]:
    class Node(BaseModel):
        children: list["Node"] = []

    def grow(node: Node) -> None: ...

    return grow


REFUSED = [
    (lambda x: x, "def"),
    (lost, "NotThere"),
    (circular(), "contains itself"),
    (max, "def"),
]


@pytest.mark.parametrize(("function", "word"), REFUSED)
def test_what_cannot_be_a_tool_is_said_before_anything_is_sent(
    function: Callable[..., Any], word: str
) -> None:
    with pytest.raises(ConfigError, match=word) as caught:
        tool_schema(function)
    assert "\n" not in str(caught.value)


def test_a_type_that_json_has_no_form_for() -> None:
    class Strange:
        pass

    def odd(a: Strange) -> None: ...
    def called(a: Callable[[], None]) -> None: ...

    for function in (odd, called):
        with pytest.raises(ConfigError, match="cannot express"):
            tool_schema(function)


HINTS: list[tuple[Any, st.SearchStrategy[Any]]] = [
    (int, st.integers(-(2**63), 2**63)),
    (float, st.floats(allow_nan=False, allow_infinity=False)),
    (str, st.text()),
    (bool, st.booleans()),
    (list[int], st.lists(st.integers(-9, 9), max_size=4)),
    (dict[str, float], st.dictionaries(st.text(), st.floats(0, 1), max_size=3)),
    (Literal["a", 1], st.sampled_from(["a", 1])),
    (int | None, st.none() | st.integers(-9, 9)),
    (Any, st.recursive(st.none() | st.booleans() | st.text(), st.lists, max_leaves=4)),
]


@given(
    st.lists(
        st.sampled_from(HINTS).flatmap(lambda each: st.tuples(st.just(each[0]), each[1])),
        max_size=5,
    ),
    st.booleans(),
)
def test_any_fitting_arguments_come_through_and_fit_the_schema(
    chosen: list[tuple[Any, Any]], only_named: bool
) -> None:
    def function(**_: Any) -> None: ...

    kind = (
        inspect.Parameter.KEYWORD_ONLY
        if only_named
        else inspect.Parameter.POSITIONAL_OR_KEYWORD
    )
    function.__signature__ = inspect.Signature(  # type: ignore[attr-defined]
        [
            inspect.Parameter(f"n{at}", kind, annotation=hint)
            for at, (hint, _) in enumerate(chosen)
        ]
    )
    function.__annotations__ = {f"n{at}": hint for at, (hint, _) in enumerate(chosen)}
    given = {f"n{at}": value for at, (_, value) in enumerate(chosen)}
    jsonschema.validate(given, parameters(function))
    read = arguments_for(function, json.dumps(given))
    assert read == given
    assert spread(function, read) == ((), given)


@given(
    st.text() | st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)
)
def test_whatever_a_model_writes_is_read_or_refused(given: str) -> None:
    try:
        assert isinstance(arguments_for(weather, given), dict)
    except BadArguments as error:
        assert str(error)
