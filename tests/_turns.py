"""Turns for tests, plain ones and any that there can be."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from qwen_nb import Reply, Turn
from qwen_nb.conversation import Conversation
from qwen_nb.values import Slot

_TEXTS = st.text(st.characters(exclude_categories=()), max_size=30)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=6,
)


def turn(prompt: str = "q", answer: str = "a", finish: Any = "stop", **more: Any) -> Turn:
    return Turn(prompt, Reply(answer=answer, thinking="Hm", finish_reason=finish), **more)


def before(talk: Conversation, slot: Slot) -> list[str]:
    """Return the prompts of the turns a question has before it."""
    return [entry.turn.prompt for entry in talk.entries_before(slot)]


def replaced(talk: Conversation) -> list[Turn]:
    """Return older versions of turns that were asked again, in the order of replacing."""
    gone = [entry for entry in talk.entries if entry.state == "replaced"]
    return [entry.turn for entry in sorted(gone, key=lambda entry: entry.left)]


def any_of(hint: Any) -> st.SearchStrategy[Any]:
    """Return any value of a type, by its fields; a new field is covered by itself."""
    origin, arguments = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        hints = get_type_hints(hint)
        return st.builds(hint, **{each.name: any_of(hints[each.name]) for each in fields(hint)})
    if origin is tuple:
        return st.lists(any_of(arguments[0]), max_size=3).map(tuple)
    if origin in (Union, UnionType):
        return st.one_of(*map(any_of, arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is not None and issubclass(origin, Mapping):
        values = _JSON if arguments[1] is Any else any_of(arguments[1])
        return st.dictionaries(_TEXTS, values, max_size=3)
    simple: dict[Any, st.SearchStrategy[Any]] = {
        Any: st.none(),  # `Reply.data`, which is not stored
        str: _TEXTS,
        bool: st.booleans(),
        int: st.integers(),
        float: st.floats(allow_nan=False),
        type(None): st.none(),
        Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    }
    return simple[hint]
