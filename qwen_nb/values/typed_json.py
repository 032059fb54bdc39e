"""Dataclasses as JSON data and back, by the types of their fields.

A field added to a value needs nothing here. Fields at their default are left out; a field
that is not known was written by a newer version and is passed over. What our own store
holds is taken as it is; what comes from a file is checked, field by field.
"""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Collection, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

DEPTH = 100
"""How deep data in a checked field may be nested."""


class Malformed(Exception):
    """What was found is no value of its field's type.

    Attributes
    ----------
    name : str
        The field.
    value : object
        What was found.
    """

    def __init__(self, name: str, value: object) -> None:
        super().__init__(name)
        self.name, self.value = name, value


def data_of(value: Any, without: Collection[str] = ()) -> Any:
    """Return a value as JSON has it, without fields at their default.

    Parameters
    ----------
    value : object
        A dataclass, or what stands in a field of one.
    without : collection of str
        Fields of this value, not of those within, that are left out.
    """
    if is_dataclass(value) and not isinstance(value, type):
        data = {}
        for each in fields(value):
            held = getattr(value, each.name)
            if each.name not in without and not _is_default(each, held):
                data[each.name] = data_of(held)
        return data
    if isinstance(value, list | tuple):
        return [data_of(each) for each in value]
    return dict(value) if isinstance(value, Mapping) else value


def json_of(data: Any) -> str:
    """Return data as one line; a `Decimal` becomes a text."""
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"), default=str)


def _is_default(field: Field[Any], value: Any) -> bool:
    if field.default is not MISSING:
        # 0 and False are equal and are not the same
        return value is field.default or (
            type(value) is type(field.default) and _same(value, field.default)
        )
    return field.default_factory is not MISSING and not value


def _same(value: Any, default: Any) -> bool:
    # `==` of a value may look over fields that are not compared, and -0.0 is not 0.0
    by_repr = is_dataclass(value) or isinstance(value, float)
    return repr(value) == repr(default) if by_repr else bool(value == default)


@cache
def reader(hint: Any, *, checked: bool = False, name: str = "") -> Callable[[Any], Any]:
    """Return what makes a value of a type from its data.

    Parameters
    ----------
    hint : type
        A dataclass, or the type of a field.
    checked : bool
        The data are of unknown origin: what does not fit raises `Malformed`.
    name : str
        What `Malformed` calls it.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return _object_reader(hint, checked, name)
    if origin is tuple:
        each = reader(arguments[0], checked=checked, name=name)
        if not checked:
            return lambda found: tuple(map(each, found))
        return lambda found: tuple(map(each, _fitting(list, found, name)))
    if origin in (Union, types.UnionType):
        return _union_reader(arguments, checked, name)
    if hint is Decimal:  # written as text: JSON's numbers are floats
        return _amount_reader(name) if checked else Decimal
    return (lambda found: _fitting(hint, found, name)) if checked else (lambda found: found)


def _object_reader(hint: Any, checked: bool, name: str) -> Callable[[Any], Any]:
    hints = get_type_hints(hint)
    readers = {
        each.name: reader(hints[each.name], checked=checked, name=each.name)
        for each in fields(hint)
    }
    needed = [
        each.name
        for each in fields(hint)
        if each.default is MISSING and each.default_factory is MISSING
    ]

    def read(found: Any) -> Any:
        return hint(**{n: readers[n](value) for n, value in found.items() if n in readers})

    def read_checked(found: Any) -> Any:
        if isinstance(found, hint):  # a part that was read before the whole
            return found
        for each in needed:
            if each not in _fitting(dict, found, name):
                raise Malformed(each, None)
        return read(_fitting(dict, found, name))

    return read_checked if checked else read


def _union_reader(arguments: tuple[Any, ...], checked: bool, name: str) -> Callable[[Any], Any]:
    arms = [arm for arm in arguments if is_dataclass(arm) or get_origin(arm) is tuple]
    others = [arm for arm in arguments if arm not in arms]
    kind, arm = object, None
    if len(arms) == 1:
        kind = list if get_origin(arms[0]) is tuple else dict
        arm = reader(arms[0], checked=checked, name=name)

    def read(found: Any) -> Any:
        if arm is not None and isinstance(found, kind):
            return arm(found)
        if checked and not any(_fits(each, found) for each in others):
            raise Malformed(name, found)
        return found

    return read


def _amount_reader(name: str) -> Callable[[Any], Decimal]:
    def read(found: Any) -> Decimal:
        try:
            return Decimal(_fitting(str, found, name))
        except InvalidOperation:
            raise Malformed(name, found) from None

    return read


def _fitting(hint: Any, found: Any, name: str) -> Any:
    if not _fits(hint, found):
        raise Malformed(name, found)
    return found


def _fits(hint: Any, found: Any) -> bool:
    """Whether data stand for a value of a simple type."""
    if get_origin(hint) is Literal:
        return isinstance(found, str) and found in get_args(hint)
    if hint is Any:
        return _is_shallow(found, DEPTH)
    if get_origin(hint) is not None:  # a mapping
        kind = get_args(hint)[1]
        return isinstance(found, dict) and all(_fits(kind, each) for each in found.values())
    # in Python a bool is an int, in JSON it is not
    kinds = (float, int) if hint is float else hint
    return isinstance(found, kinds) and isinstance(found, bool) == (hint is bool)


def _is_shallow(found: Any, depth: int) -> bool:
    if isinstance(found, dict):
        found = found.values()
    elif not isinstance(found, list):
        return True
    return depth > 0 and all(_is_shallow(each, depth - 1) for each in found)
