"""`typing.TypedDict` as pydantic takes it before Python 3.12: that of `typing_extensions`."""

from __future__ import annotations

import functools
import sys
import types
from typing import (
    Any,
    NotRequired,
    Required,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)


def taken(hint: Any) -> Any:
    """Return a hint with every TypedDict of the standard library in it replaced.

    Parameters
    ----------
    hint : object
        Any hint; one that has none in it is returned as it is.
    """
    return hint if sys.version_info >= (3, 12) else _taken(hint)


def _taken(hint: Any) -> Any:
    if is_typeddict(hint):
        return _made(hint) if type(hint).__module__ == "typing" else hint
    parts = get_args(hint)
    if not parts or not any(isinstance(part, type | types.GenericAlias) for part in parts):
        return hint
    found = tuple(map(_taken, parts))
    if all(one is other for one, other in zip(found, parts, strict=True)):
        return hint
    if isinstance(hint, types.UnionType):
        return functools.reduce(lambda one, other: one | other, found)
    if hasattr(hint, "copy_with"):
        return hint.copy_with(found)
    return types.GenericAlias(get_origin(hint), found)


def _made(typed: Any) -> Any:
    import typing_extensions  # which pydantic brings

    kept = {NotRequired, Required}
    fields = {}
    for name, hint in get_type_hints(typed, include_extras=True).items():
        inner = get_args(hint)[0] if get_origin(hint) in kept else hint
        mark = Required if name in typed.__required_keys__ else NotRequired
        fields[name] = mark[_taken(inner)]
    make: Any = typing_extensions.TypedDict
    made = make(typed.__name__, fields)
    made.__doc__ = typed.__doc__
    return made
