"""The tools of a question, and the text that the model is told of a result."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from qwen_nb.errors import ConfigError
from qwen_nb.texts import Language, text
from qwen_nb.tools.schema import tool_schema
from qwen_nb.values import one_line

__all__ = ["MOST_SENT", "Tool", "sent_text", "tool_name", "tools_of"]

MOST_SENT = 20_000
"""Characters of a result that are sent to the model: some five thousand tokens."""

_SHOWN = 80


@dataclass(frozen=True, slots=True)
class Tool:
    """Something the model may call.

    Parameters
    ----------
    name : str
        What the model calls it by.
    schema : mapping
        What the API is told: `{"type": "function", "function": {…}}`.
    function : callable, optional
        What is run; None where somebody else runs it.
    """

    name: str
    schema: Mapping[str, Any]
    function: Callable[..., Any] | None = field(default=None, compare=False)

    @property
    def is_async(self) -> bool:
        """Whether calling it gives something to be awaited."""
        function = self.function
        while isinstance(function, partial):
            function = function.func
        return inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - an object with an async call
        )


def tools_of(given: Iterable[Any] | Callable[..., Any] | Mapping[str, Any]) -> tuple[Tool, ...]:
    """Return what a person gave as tools, one by one.

    Parameters
    ----------
    given : iterable
        Functions, schema dicts, `Tool` values, and lists of those; a single one too.

    Raises
    ------
    ConfigError
        When something is no tool, has no name or no schema, or two have the same name.
    """
    tools: dict[str, Tool] = {}
    for tool in _each(given):
        known = tools.get(tool.name)
        if known is not None and known.function is not tool.function:
            raise ConfigError("error.tool_twice", name=tool.name)
        tools[tool.name] = tool
    return tuple(tools.values())


def _each(given: Any) -> Iterable[Tool]:
    if isinstance(given, Tool):
        yield given
    elif isinstance(given, Mapping):
        yield _described(given)
    elif callable(given):
        schema = tool_schema(given)
        yield Tool(schema["function"]["name"], schema, given)
    elif isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise _no_tool(given)
    else:
        for each in given:
            yield from _each(each)


def _described(schema: Mapping[str, Any]) -> Tool:
    name = tool_name(schema)
    if not name:
        raise _no_tool(schema)
    return Tool(name, schema)


def tool_name(schema: Any) -> str:
    """Return the name in a tool's schema; empty where it has none."""
    function = schema.get("function") if isinstance(schema, Mapping) else None
    name = function.get("name") if isinstance(function, Mapping) else None
    return name if isinstance(name, str) else ""


def _no_tool(given: Any) -> ConfigError:
    return ConfigError("error.tool_kind", shown=one_line(repr(given), _SHOWN))


def sent_text(value: Any, language: Language) -> str:
    """Return a result as the model is told it: texts as they are, others as JSON, cut."""
    # half a surrogate pair can be neither sent nor saved
    result = _as_text(value).encode("utf-8", "replace").decode("utf-8")
    if len(result) <= MOST_SENT:
        return result
    mark = text("tools.cut", language, shown=MOST_SENT, all=len(result))
    return f"{result[:MOST_SENT]}\n{mark}"


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    to_json = getattr(value, "to_json", None)
    if type(value).__module__.startswith("pandas.") and callable(to_json):
        rows = {"orient": "records"} if hasattr(value, "columns") else {}
        return str(to_json(force_ascii=False, date_format="iso", **rows))
    from pydantic_core import to_json as json_of

    written: bytes = json_of(value, fallback=_plain, inf_nan_mode="constants")
    return written.decode("utf-8", "replace")


def _plain(value: Any) -> Any:
    to_list = getattr(value, "tolist", None)  # of an array
    return to_list() if callable(to_list) else str(value)
