"""Functions of the notebook as tools: what the model is told, and what it gives.

A model of pydantic stands for the parameters, made from signature, hints and docstring.
"""

from __future__ import annotations

import functools
import inspect
import json
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any

from qwen_nb.errors import ConfigError
from qwen_nb.texts import text
from qwen_nb.tools.docstrings import described
from qwen_nb.tools.json_types import (
    Problem,
    cut,
    expressible,
    generated,
    in_one_line,
    problems_of,
)


class BadArguments(ValueError):
    """The arguments of a call do not fit its function; the message is for the model.

    Attributes
    ----------
    problems : tuple of Problem
        What does not fit.
    """

    def __init__(self, name: str, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(
            text("schema.bad_arguments", name=name, problems=in_one_line(self.problems))
        )


def tool_schema(function: Callable[..., Any], name: str | None = None) -> dict[str, Any]:
    """Return what the API is told of a function.

    Parameters
    ----------
    function : callable
        A function, method, partial, class, or an object with `__call__`; async or not.
        Arguments that a partial binds by name are not the model's to give.
    name : str, optional
        Another name for it.

    Returns
    -------
    dict
        `{"type": "function", "function": {"name", "description", "parameters"}}`.

    Raises
    ------
    ConfigError
        For a lambda, for hints that cannot be resolved or that JSON has no form for, and
        for what has no signature.
    """
    called = _Called(function, name)
    schema: dict[str, Any] = {"name": called.name}
    if called.said.text:
        schema["description"] = called.said.text
    return {"type": "function", "function": {**schema, "parameters": called.parameters()}}


def arguments_for(function: Callable[..., Any], json_text: str) -> dict[str, Any]:
    """Return the arguments of a call as values of the hinted types, by name.

    What JSON cannot say exactly is converted as its hint asks: `"3"` where a number is
    wanted, a text for a date, a list for a tuple. A default that the model does not give
    is left to the function. What `*args` takes stands under its name; what `**kwargs`
    takes, each under its own. `spread` turns it into a call.

    Parameters
    ----------
    function : callable
        As `tool_schema` takes it.
    json_text : str
        A JSON object, as the model wrote it; empty where it gave nothing.

    Raises
    ------
    BadArguments
        When it is not JSON or does not fit.
    """
    called = _Called(function)
    return called.read(json_text)


def spread(
    function: Callable[..., Any], arguments: Mapping[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return arguments by name as those by position and those by name that a call takes."""
    left, positional = dict(arguments), []
    parameters = _Called(function).given
    takes_more = any(p.kind is p.VAR_POSITIONAL and left.get(p.name) for p in parameters)
    for parameter in parameters:
        by_place = parameter.kind is parameter.POSITIONAL_ONLY or (
            takes_more and parameter.kind is parameter.POSITIONAL_OR_KEYWORD
        )
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional += left.pop(parameter.name, ())
        elif by_place and parameter.name in left:
            positional.append(left.pop(parameter.name))
        elif by_place and (
            takes_more or any(p.name in left for p in parameters if p.kind is p.POSITIONAL_ONLY)
        ):
            positional.append(parameter.default)  # a later one has a value, so this needs its
    return tuple(positional), left


class _Called:
    """A function as a model meets it: its name, its parameters, what is said of them."""

    def __init__(self, function: Callable[..., Any], name: str | None = None) -> None:
        base, bound = function, set[str]()
        while isinstance(base, functools.partial):
            bound |= base.keywords.keys()
            base = base.func
        self.name: str = name or getattr(base, "__name__", "") or type(base).__name__
        if name is None and self.name == "<lambda>":
            raise ConfigError("error.schema.lambda")
        if inspect.isclass(base) and hasattr(base, "model_rebuild"):
            base.model_rebuild()  # else a name that was defined later hides its parameters
        try:
            parameters = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):
            raise ConfigError("error.schema.signature", name=self.name) from None
        self.given = [parameter for parameter in parameters if parameter.name not in bound]
        self.said = described(_docstring(base))
        self._hints = _hints(base, self.name)

    def parameters(self) -> dict[str, Any]:
        """Return the JSON schema of the parameters: always that of an object."""
        schema = generated(self._model(), self.name)
        schema.pop("description", None)
        schema.setdefault("properties", {})
        for parameter in self.given:
            if parameter.kind is parameter.VAR_KEYWORD:
                more = generated(self._adapter(parameter), self.name)
                schema["additionalProperties"] = more.get("additionalProperties", True)
            elif parameter.kind is parameter.VAR_POSITIONAL:
                schema["properties"][parameter.name].pop("default")
        for told in schema["properties"].values():
            _leave_out_null(told)
            if not told.keys() & _SAYS_KIND:
                said = told.get("description")
                note = text("schema.any_value")
                told["description"] = f"{said} ({note})" if said else note
        return schema

    def read(self, json_text: str) -> dict[str, Any]:
        """Return the values that a JSON object gives the parameters."""
        from pydantic import ValidationError

        text_ = json_text if json_text.strip() not in ("", "null") else "{}"
        try:
            read = self._model().model_validate_json(text_)
            values = {
                parameter.name: getattr(read, f"p{at}")
                for at, parameter in enumerate(self.given)
                if f"p{at}" in read.model_fields_set
            }
            return values | self._more(json.loads(text_))
        except ValidationError as error:
            raise BadArguments(self.name, problems_of(error)) from None
        except (BadArguments, ConfigError):
            raise
        except Exception as error:  # a validator of the person's own, or text that is none
            raise BadArguments(self.name, [Problem("", cut(repr(error)))]) from error

    def _more(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the parameters do not name, which only `**kwargs` takes."""
        named = {p.name for p in self.given if p.kind is not p.VAR_KEYWORD}
        more = {name: value for name, value in given.items() if name not in named}
        taking = [p for p in self.given if p.kind is p.VAR_KEYWORD]
        if more and not taking:
            known = text("schema.no_parameter", known=", ".join(sorted(named)))
            raise BadArguments(self.name, [Problem(name, known) for name in more])
        read: dict[str, Any] = {}
        for parameter in taking:
            read = self._adapter(parameter).validate_json(json.dumps(more))
        return read

    def _model(self) -> Any:
        # The fields are numbered and the real names are their aliases: a parameter may
        # be called `self`, `copy` or `_x`, which no field may.
        from pydantic import Field, create_model

        fields: dict[str, Any] = {}
        for at, parameter in enumerate(self.given):
            if parameter.kind is parameter.VAR_KEYWORD:
                continue
            hint = self._hint(parameter)
            default = parameter.default
            if parameter.kind is parameter.VAR_POSITIONAL:
                hint, default = list[hint], ()  # type: ignore[valid-type]
            facts: dict[str, Any] = {"alias": parameter.name}
            if (said := self._said(parameter)) is not None:
                facts["description"] = said
            required = default is parameter.empty
            fields[f"p{at}"] = (
                Annotated[hint, Field(**facts)],
                ... if required else default,
            )
        with expressible(self.name):
            return create_model(self.name, **fields)

    def _adapter(self, parameter: inspect.Parameter) -> Any:
        from pydantic import TypeAdapter

        hint = self._hint(parameter)
        with expressible(self.name):
            return TypeAdapter(dict[str, hint])  # type: ignore[valid-type]

    def _hint(self, parameter: inspect.Parameter) -> Any:
        return self._hints.get(parameter.name, Any)

    def _said(self, parameter: inspect.Parameter) -> str | None:
        """Return what is said of a parameter, unless a Field of pydantic says it."""
        marks = getattr(self._hint(parameter), "__metadata__", ())
        for mark in (*marks, parameter.default):
            said = mark if isinstance(mark, str) else getattr(mark, "documentation", None)
            if isinstance(said, str) and mark is not parameter.default:
                return said
            if type(mark).__name__ == "FieldInfo" and mark.description:
                return None
        return self.said.parameters.get(parameter.name)


_SAYS_KIND = frozenset(("type", "enum", "anyOf", "oneOf", "allOf", "not"))


def _docstring(base: Any) -> str | None:
    if inspect.isclass(base) or inspect.isroutine(base):
        own = base.__doc__
        # a dataclass without a docstring is given its signature as one
        return None if own and own.startswith(f"{base.__name__}(") else own
    return type(base).__call__.__doc__ or type(base).__doc__


def _hints(base: Any, name: str) -> dict[str, Any]:
    source = base
    if inspect.isclass(base):
        source = base.__init__ if "__init__" in vars(base) else base
    elif not inspect.isroutine(base):
        source = type(base).__call__
    code = getattr(inspect.unwrap(source), "__code__", None)
    cells = getattr(inspect.unwrap(source), "__closure__", None) or ()
    around = {}
    for free, cell in zip(code.co_freevars if code else (), cells, strict=False):
        try:
            around[free] = cell.cell_contents
        except ValueError:  # not yet bound
            continue
    try:
        found = typing.get_type_hints(source, localns=around or None, include_extras=True)
    except TypeError:  # a builtin, which has none
        return {}
    except Exception as error:
        raise ConfigError("error.schema.hints", name=name, reason=cut(str(error))) from None
    return {key: hint for key, hint in found.items() if key != "return"}


def _leave_out_null(schema: dict[str, Any]) -> None:
    """Say of a parameter whose default is None only what it may be besides."""
    if "default" not in schema or schema["default"] is not None:
        return
    del schema["default"]
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema |= {key: value for key, value in kinds[0].items() if key not in schema}
    elif kinds:
        schema["anyOf"] = kinds
