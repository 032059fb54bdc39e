"""Types of the notebook as JSON schemas, and JSON back as their values.

pydantic does the work: it knows hints, defaults, enums, dataclasses and models. What it
gives is made plain for a service: references are written out, titles left out. pydantic is
imported when the first tool or the first structured answer is used, not before.
"""

from __future__ import annotations

import json
import types
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, get_args, get_origin

from qwen_nb.errors import ConfigError
from qwen_nb.values import one_line

_MOST_PROBLEMS = 5
_MOST_SHOWN = 80  # characters of a value that does not fit


@dataclass(frozen=True, slots=True)
class Problem:
    """What does not fit a schema.

    Parameters
    ----------
    path : str
        Where, as `rows[2].price`; empty for the whole.
    expected : str
        What should be there, in the words of the library that looked (English).
    got : str
        What is there, cut to a line's length; empty where nothing is.
    """

    path: str
    expected: str
    got: str = ""

    def __str__(self) -> str:
        where = f"{self.path}: " if self.path else ""
        return f"{where}{self.expected}" + (f" (got {self.got})" if self.got else "")


class Unfit(ValueError):
    """A value is not what was asked for.

    Attributes
    ----------
    problems : tuple of Problem
        What does not fit.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(in_one_line(self.problems))


def in_one_line(problems: Iterable[Problem]) -> str:
    """Return problems as one line, the first few of them."""
    known = tuple(problems)
    said = "; ".join(map(str, known[:_MOST_PROBLEMS]))
    return said + ("; …" if len(known) > _MOST_PROBLEMS else "")


def json_schema_of(thing: Any) -> dict[str, Any]:
    """Return the JSON schema of a type, with everything written out.

    Parameters
    ----------
    thing : type or mapping
        A pydantic model, dataclass, TypedDict, enum, `list[Model]` or another type that
        pydantic knows; or a JSON schema.

    Raises
    ------
    ConfigError
        When it is neither, or no service could be told it: it contains itself, or a type
        that JSON has no form for.
    """
    if isinstance(thing, Mapping):
        if not thing.keys() & {"type", "properties", "$ref", "enum", "const", *_SEVERAL}:
            raise ConfigError("error.schema.no_schema")
        return _plain(dict(thing), "JSON schema", keep_titles=True)
    return generated(_adapter_of(thing), name_of(thing))


def name_of(thing: Any) -> str:
    """Return what a person calls a type."""
    if isinstance(thing, Mapping):
        return str(thing.get("title") or "JSON schema")
    if of := get_args(thing):
        origin = getattr(get_origin(thing), "__name__", "")
        return f"{origin}[{', '.join(map(name_of, of))}]"
    return getattr(thing, "__name__", "") or str(thing)


def fit(thing: Any, value: Any) -> Any:
    """Return a value read from JSON as one of a type; see `json_schema_of`.

    Raises
    ------
    ValueError
        When it does not fit; `problems_of` tells what.
    """
    if isinstance(thing, Mapping):
        _check(thing, value)
        return value
    # in its JSON mode pydantic takes a text for a date and a list for a tuple
    return _adapter_of(thing).validate_json(json.dumps(value))


def _check(schema: Mapping[str, Any], value: Any) -> None:
    from jsonschema.validators import validator_for

    kind = validator_for(schema)
    errors = sorted(kind(schema).iter_errors(value), key=lambda error: list(error.path))
    if errors:
        raise Unfit(Problem(_path(error.absolute_path), cut(error.message)) for error in errors)


def problems_of(error: Exception) -> tuple[Problem, ...]:
    """Return what an error of `fit` says does not fit; any other error is one problem."""
    known = getattr(error, "problems", None)
    if known is not None:
        return tuple(known)
    told = getattr(error, "errors", None)
    if told is None:
        return (Problem("", cut(str(error) or repr(error))),)
    return tuple(
        Problem(
            _path(each["loc"]),
            cut(each["msg"], 2 * _MOST_SHOWN),
            "" if each["type"] in _SHOW_NOTHING else cut(repr(each["input"])),
        )
        for each in told(include_url=False, include_context=False)
    )


# of the first two the message says all; the last one's input is everything around it
_SHOW_NOTHING = frozenset(("json_invalid", "extra_forbidden", "missing"))


def _path(parts: Iterable[Any]) -> str:
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    return path.removeprefix(".")


def cut(words: str, most: int = _MOST_SHOWN) -> str:
    """Return words on one line, not longer than so many characters."""
    return one_line(words, most)


def _adapter_of(thing: Any) -> Any:
    from pydantic import TypeAdapter

    is_type = isinstance(thing, type | types.UnionType) or get_origin(thing) is not None
    if not is_type and thing is not Any:
        raise ConfigError("error.schema.no_type", got=cut(repr(thing)))
    with expressible(name_of(thing)):
        return TypeAdapter(thing)


@contextmanager
def expressible(name: str) -> Iterator[None]:
    """Say of what pydantic cannot take that no service can be told it."""
    try:
        yield
    except ConfigError:
        raise
    except Exception as error:
        reason = cut(str(error).partition("\n")[0], 2 * _MOST_SHOWN)
        raise ConfigError("error.schema.type", name=name, reason=reason) from None


def generated(source: Any, name: str) -> dict[str, Any]:
    """Return the plain schema of a model or an adapter of pydantic."""
    make = getattr(source, "model_json_schema", None) or source.json_schema
    with expressible(name), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a default without a JSON form is not told
        schema = make()
    return _plain(schema, name, keep_titles=False)


_INNER = ("items", "additionalProperties", "not", "contains", "propertyNames", "if", "then",
          "else")  # fmt: skip
_SEVERAL = ("anyOf", "oneOf", "allOf", "prefixItems")
_NAMED = ("properties", "patternProperties")


def _with_parts(schema: Mapping[str, Any], change: Callable[[Any], Any]) -> dict[str, Any]:
    """Return a schema with each schema in it, one level down, changed."""
    made = dict(schema)
    for key, value in schema.items():
        if key in _INNER:
            made[key] = change(value)
        elif key in _SEVERAL and isinstance(value, list):
            made[key] = [change(each) for each in value]
        elif key in _NAMED and isinstance(value, dict):
            made[key] = {each: change(inner) for each, inner in value.items()}
    return made


def _plain(schema: dict[str, Any], name: str, *, keep_titles: bool) -> dict[str, Any]:
    """Write out the references of a schema, and leave out what says nothing to a model."""
    left_out = {"$defs", "definitions", "discriminator"}
    if not keep_titles:
        left_out.add("title")
    known = {
        f"#/{place}/{key}": value
        for place in ("$defs", "definitions")
        for key, value in (schema.get(place) or {}).items()
    }

    def walk(part: Any, inside: tuple[str, ...]) -> Any:
        if not isinstance(part, dict):
            return part  # true and false are schemas, too
        if "$ref" not in part:
            kept: dict[str, Any] = {}
            for key, value in part.items():
                if key == "const":
                    kept["enum"] = [value]  # the same, and more services know it
                elif key not in left_out:
                    kept[key] = value
            return _with_parts(kept, lambda inner: walk(inner, inside))
        where = part["$ref"]
        if where in inside or where == "#":
            raise ConfigError("error.schema.recursive", name=name)
        if where not in known:
            raise ConfigError("error.schema.reference", name=name, where=cut(str(where)))
        others = {key: value for key, value in part.items() if key != "$ref"}
        target: dict[str, Any] = walk(known[where], (*inside, where))
        return {**target, **walk(others, inside)}

    plain: dict[str, Any] = walk(schema, ())
    return plain


def closed(schema: Any) -> Any:
    """Return a schema whose objects take no property that it does not name."""
    if not isinstance(schema, dict):
        return schema
    made = _with_parts(schema, closed)
    if "properties" in made:
        made.setdefault("additionalProperties", False)
    return made
