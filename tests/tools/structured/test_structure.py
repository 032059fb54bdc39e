"""What is asked for a structured answer, and how one is read: no server yet."""

import dataclasses
import enum
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, field_validator
from typing_extensions import TypedDict

from qwen_nb import ConfigError, Reply
from qwen_nb.asking.rules import check
from qwen_nb.catalogue.catalogue import Catalogue
from qwen_nb.emulator.examples import example, schema_in
from qwen_nb.errors import BadRequest, StructuredError
from qwen_nb.tools.json_types import json_schema_of, problems_of
from qwen_nb.tools.structured import (
    CONVERTER,
    Structure,
    Unfit,
    alone,
    asking_for,
    conversion,
    forms,
    in_form,
    is_refusal,
    repair,
    thinks_first,
)
from qwen_nb.values import ChatOptions, ChatRequest, Message, Server
from qwen_nb.values.tables import frame_of, rows_of


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


class Author(BaseModel):
    name: str
    age: int | None = None


class Review(BaseModel):
    title: str
    mood: Mood
    author: Author
    stars: list[Literal[1, 2, 3]] = []


@dataclasses.dataclass
class Row:
    item: str
    price: float


class Pair(TypedDict):
    x: int


class Node(BaseModel):
    children: list["Node"] = []


SCHEMA = {
    "type": "object", "required": ["p"],
    "properties": {"p": {"$ref": "#/$defs/P"}},
    "$defs": {"P": {"type": "integer", "minimum": 1}},
}  # fmt: skip

GIVEN = '{"title":"T","mood":"bad","author":{"name":"N"},"stars":[1,3]}'
VALUE = Review(title="T", mood=Mood.BAD, author=Author(name="N"), stars=[1, 3])

READ = [
    (Review, GIVEN, VALUE),
    (Review, f"```json\n{GIVEN}\n```", VALUE),
    (Review, f"Here it is:\n\n```\n{GIVEN}\n```\nAnything else?", VALUE),
    (Review, f"Well {{not this}}: {GIVEN} That is all.", VALUE),
    (list[Row], '{"items":[{"item":"a","price":1}]}', [Row("a", 1.0)]),
    (list[Row], '[{"item":"a","price":"1.5"}]', [Row("a", 1.5)]),
    (Mood, '{"value":"good"}', Mood.GOOD),
    (Mood, '"good"', Mood.GOOD),
    (Pair, '{"x":1}', {"x": 1}),
    (int, '{"value":3}', 3),
    (SCHEMA, '{"p":2}', {"p": 2}),
    (True, "[1,2]", [1, 2]),
    (True, 'So: {"a":null}', {"a": None}),
]


@pytest.mark.parametrize(("thing", "answer", "value"), READ)
def test_an_answer_is_read_as_what_was_wanted(thing: Any, answer: str, value: Any) -> None:
    assert Structure.of(thing).read(answer) == value


UNFIT = [
    (Review, "I cannot say.", "", "there is no JSON", "I cannot say."),
    (Review, '{"title":"T"', "", "there is no JSON", '{"title":"T"'),
    (Review, GIVEN.replace("bad", "meh"), "mood", "'good' or 'bad'", "'meh'"),
    (Review, GIVEN.replace("3]", "9]"), "stars[1]", "1, 2 or 3", "9"),
    (Review, GIVEN.replace('"N"', "1"), "author.name", "valid string", "1"),
    (SCHEMA, '{"p":0}', "p", "minimum", ""),
    (True, "3", "", "JSON object or list", "3"),
    (Review, "", "", "there is no JSON", ""),
]


@pytest.mark.parametrize(("thing", "answer", "path", "expected", "got"), UNFIT)
def test_what_does_not_fit_is_said(
    thing: Any, answer: str, path: str, expected: str, got: str
) -> None:
    with pytest.raises(Unfit) as caught:
        Structure.of(thing).read(answer)
    first = caught.value.problems[0]
    assert first.path == path
    assert expected in first.expected
    assert got in first.got


def test_an_error_is_one_bounded_line_and_keeps_the_text() -> None:
    reply = Reply(answer=json.dumps({"items": [{"item": 1, "price": "x" * 999}] * 50}))
    structure = Structure.of(list[Row])
    with pytest.raises(Unfit) as caught:
        structure.read(reply.answer)
    error = structure.error(reply, caught.value.problems)
    assert isinstance(error, StructuredError)
    assert error.reply is reply
    assert len(error.problems) == 100
    for language in ("en", "zh"):
        assert len(error.message(language)) < 1500
        assert "\n" not in error.message(language)
    assert "items" not in str(error).partition("item")[0]
    assert structure.error(Reply(finish_reason="length"), ()).key == "error.structured.cut"


def test_a_validator_that_raises_is_no_accident() -> None:
    class Odd(BaseModel):
        n: int

        @field_validator("n")
        @classmethod
        def never(cls, value: int) -> int:
            raise RuntimeError("odd")

    with pytest.raises(Unfit, match="odd"):
        Structure.of(Odd).read('{"n":1}')


NAMES = [
    (Review, "Review", ""),
    (list[Row], "list_Row", "items"),
    (Mood, "Mood", "value"),
    (SCHEMA, "JSON_schema", ""),
    ({"title": "天气 x" * 40, "type": "object"}, None, ""),
]


@pytest.mark.parametrize(("thing", "name", "key"), NAMES)
def test_the_schema_is_that_of_an_object_and_has_a_name(
    thing: Any, name: str | None, key: str
) -> None:
    structure = Structure.of(thing)
    assert structure.schema is not None
    assert structure.schema["type"] == "object"
    assert structure.key == key
    assert name is None or structure.name == name
    assert 1 <= len(structure.name) <= 64
    assert structure.name.isascii()
    written = json.dumps(structure.schema)
    assert "$ref" not in written
    assert "$defs" not in written
    jsonschema.Draft202012Validator.check_schema(structure.schema)


def test_objects_are_closed_at_every_depth() -> None:
    schema = Structure.of(Review).schema
    assert schema is not None
    assert schema["additionalProperties"] is False
    assert schema["properties"]["author"]["additionalProperties"] is False
    assert Structure.of(dict[str, int]).schema == {
        "type": "object", "additionalProperties": {"type": "integer"},
    }  # fmt: skip


REFUSED = [
    (Node, "contains itself"),
    ({"$ref": "#"}, "contains itself"),
    ({"properties": {"a": {"$ref": "#/$defs/none"}}}, "is not in its"),
    (object(), "json takes True"),
    ("Review", "json takes True"),
    (Review(title="", mood=Mood.BAD, author=Author(name="")), "json takes True"),
    (lambda: None, "json takes True"),
    ({"a": 1}, "no JSON schema"),
    (type("Strange", (), {}), "cannot express"),
]


@pytest.mark.parametrize(("thing", "words"), REFUSED)
def test_what_no_service_can_be_told_is_said_first(thing: Any, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Structure.of(thing)


# -- asking ------------------------------------------------------------

STUDIO = Server(name="Model Studio", model_studio=True)
OTHER = Server(name="vLLM")
CATALOGUE = Catalogue.load(None)
MODELS = sorted({model.id for model in CATALOGUE.models()})


def asked(model: str, **options: Any) -> ChatRequest:
    messages = (Message("system", "Be brief."), Message("user", "How was it?"))
    return ChatRequest(model, messages, ChatOptions(**options))


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("thing", [True, Review])
def test_every_model_is_asked_as_its_service_allows(name: str, thing: Any) -> None:
    model, structure = CATALOGUE.find(name), Structure.of(thing)
    request = asked(name)
    for form in forms(structure, model, STUDIO):
        if thinks_first(request, model, STUDIO):
            call = conversion(request, "Good.", structure, model, STUDIO, "en")
            call = in_form(call, structure, form)
        else:
            call = asking_for(request, structure, form, "en")
        facts = CATALOGUE.find(call.model)
        assert not thinks_first(call, facts, STUDIO)
        found = check(call, facts)  # refuses what the service would
        told = found.request.options.params.get("response_format")
        assert (told or {"type": "words"})["type"] == form
        assert "json" in str(call.messages[-1].content).casefold()
        assert call.options.max_tokens is None


def test_a_model_that_always_thinks_has_another_bring_its_answer_into_form() -> None:
    model = CATALOGUE.find("qwq-plus")
    call = conversion(asked("qwq-plus"), "Good.", Structure.of(Mood), model, STUDIO, "en")
    assert call.model == CONVERTER
    assert [message.role for message in call.messages] == ["user", "assistant", "user"]


def test_another_server_thinks_and_answers_in_form_at_once() -> None:
    model = CATALOGUE.find("qwen3-8b")
    assert not thinks_first(asked("qwen3-8b", thinking=True), model, OTHER)
    assert forms(Structure.of(Mood), model, OTHER)[0] == "json_schema"


def test_a_format_that_the_person_gave_stays() -> None:
    mine = {"response_format": {"type": "text"}}
    call = asking_for(asked("m", params=mine), Structure.of(Mood), "json_object", "en")
    assert call.options.params == mine


def test_words_go_along_with_parts_too() -> None:
    parts = ({"type": "text", "text": "What is it?"},)
    request = ChatRequest("m", (Message("user", parts),))
    content = asking_for(request, Structure.of(Mood), "words", "zh").messages[-1].content
    assert isinstance(content, tuple)
    assert content[0] == parts[0]
    assert "JSON schema" in content[1]["text"]


def test_a_repair_says_what_did_not_fit() -> None:
    structure = Structure.of(Mood)
    with pytest.raises(Unfit) as caught:
        structure.read('{"value":"meh"}')
    call = repair(
        alone(asked("m", thinking=False)), "meh", caught.value.problems, structure, "en"
    )
    assert call.options.thinking is False
    assert "'good' or 'bad'" in str(call.messages[-1].content)
    assert call.messages[1] == Message("assistant", "meh")


def test_which_refusals_are_about_the_form() -> None:
    def refused(message: str) -> BadRequest:
        return BadRequest("error.bad_request", status=400, message=message, server="s")

    said = "Json mode response is not supported when enable_thinking is true"
    assert is_refusal(refused(said))
    assert is_refusal(refused("response_format.type must be text"))
    assert not is_refusal(refused("Range of input length should be [1, 5]"))
    assert not is_refusal(ValueError("response_format"))


# -- what the emulator makes up ----------------------------------------------------------------


@pytest.mark.parametrize("thing", [Review, list[Row], Mood, Pair, SCHEMA, dict[str, int]])
def test_made_up_answers_fit(thing: Any) -> None:
    structure = Structure.of(thing)
    value = example(structure.schema, str)
    structure.read(json.dumps(value))
    assert schema_in(f"Well.\n{structure.words('en')}") == (
        structure.schema if "properties" in (structure.schema or {}) else None
    )


_BOUNDS = st.integers(-50, 50)
SCHEMAS = st.recursive(
    st.sampled_from([{"type": "boolean"}, {"type": "null"}, {"enum": ["a", 2]}, {"const": 1}])
    | st.builds(lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more},
                _BOUNDS, st.integers(0, 5))
    | st.builds(lambda low: {"type": "number", "exclusiveMinimum": low}, _BOUNDS)
    | st.builds(lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
                st.integers(0, 9), st.integers(0, 9)),
    lambda inner: st.builds(
        lambda named: {"type": "object", "properties": named, "required": list(named)},
        st.dictionaries(st.text(min_size=1), inner, max_size=3),
    )
    | st.builds(lambda item, n: {"type": "array", "items": item, "minItems": n},
                inner, st.integers(0, 4))
    | st.builds(lambda ways: {"anyOf": ways}, st.lists(inner, min_size=1, max_size=2)),
    max_leaves=6,
)  # fmt: skip


@given(SCHEMAS)
def test_any_schema_gets_a_value_that_fits(schema: Mapping[str, Any]) -> None:
    structure = Structure.of(schema)
    value = example(structure.schema, lambda name: f"of {name}")
    jsonschema.validate(value, structure.schema)
    structure.read(json.dumps(value))


@given(st.text(), st.sampled_from([True, Review, list[Row], SCHEMA]))
def test_whatever_is_answered_is_read_or_unfit(answer: str, thing: Any) -> None:
    try:
        Structure.of(thing).read(answer)
    except Unfit as error:
        assert problems_of(error)


@pytest.mark.parametrize("answer", ["[" * 100_000, '{"a":' * 50_000, "{" * 9 + "```\n" * 9_000])
def test_hostile_answers_take_no_time_to_speak_of(answer: str) -> None:
    with pytest.raises(Unfit):
        Structure.of(Review).read(answer)


def test_schemas_of_everything_a_person_may_name() -> None:
    assert json_schema_of(Mood) == {"enum": ["good", "bad"], "type": "string"}
    assert json_schema_of(Row)["properties"]["price"] == {"type": "number"}


# -- rows ------------------------------------------------------------


class Found(BaseModel):
    rows: list[Row]


def test_rows_of_data() -> None:
    expected = [{"item": "a", "price": 1.0}]
    for data in ([Row("a", 1.0)], [{"item": "a", "price": 1.0}], Found(rows=[Row("a", 1.0)])):
        assert rows_of(data) == expected
    assert rows_of(VALUE)[0]["mood"] == "bad"
    assert rows_of([1, Mood.BAD]) == [{"value": 1}, {"value": "bad"}]
    assert rows_of(Row("a", 1.0)) == expected


def test_a_frame_needs_pandas_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = frame_of([Row("a", 1.0), Row("b", 2.0)])
    assert list(frame.columns) == ["item", "price"]
    assert frame["price"].sum() == 3
    monkeypatch.setitem(sys.modules, "pandas", None)  # as if it were not installed
    with pytest.raises(ConfigError, match="pip install pandas"):
        frame_of([Row("a", 1.0)])


@pytest.mark.parametrize(
    ("name", "first"),
    [("qwen-plus", "json_schema"), ("qwen-plus-2026-03-01", "json_schema"),
     ("qwen3.7-max", "json_schema"), ("qwen-flash", "json_object"),
     ("qwq-plus", "json_object"), ("of-tomorrow", "json_schema")],
)  # fmt: skip
def test_the_catalogue_says_who_takes_a_schema(name: str, first: str) -> None:
    assert forms(Structure.of(Review), CATALOGUE.find(name), STUDIO)[0] == first
    assert forms(Structure.of(True), CATALOGUE.find(name), STUDIO)[0] == "json_object"


def test_a_person_may_know_better(tmp_path: Path) -> None:
    rows = "id,json_schema\nqwen-flash,yes\nqwen-plus,no\n"
    (tmp_path / "models.csv").write_text(rows, encoding="utf-8")
    catalogue = Catalogue.load(tmp_path)
    told = [
        forms(Structure.of(Review), catalogue.find(name), STUDIO)[0]
        for name in ("qwen-flash", "qwen-plus")
    ]
    assert told == ["json_schema", "json_object"]
