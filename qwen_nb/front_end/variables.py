"""Fills `{x}` in a prompt from the notebook's own variables.

Only names the user made are filled, in one pass, so that a value's own braces stay; a
prompt full of JSON, f-strings or formulas goes out as it was typed. Nothing is filled
inside code (backticks, fences) and formulas, nor in a chain of brace groups that belongs
to a TeX command, a superscript or a subscript.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from qwen_nb.values import spans_of_prompt

__all__ = ["FillError", "fill", "user_names"]

_NAME = r"[^\W\d]\w*"
_FIELD = re.compile(
    rf"\{{(?P<name>{_NAME})(?P<path>(?:\.{_NAME}|\[[^\[\]{{}}]*\])*)"
    r"(?:!(?P<conversion>[rsa]))?(?::(?P<format>[^{}]*))?\}"
)
_STEP = re.compile(rf"\.({_NAME})|\[([^\[\]]*)\]")
_DOUBLED = re.compile(rf"\{{\{{(?P<inner>(?P<name>{_NAME})[^{{}}]*)\}}\}}")

# The brace groups of a TeX command, a superscript or a subscript begin here.
_CHAIN = re.compile(r"(?:\\[A-Za-z]+\*?|[\^_$])(?:\[[^\[\]{}\n]*\])?(?=\{)")

_CONVERSIONS: Mapping[str, Callable[[Any], str]] = {"r": repr, "s": str, "a": ascii}

_IPYTHON_NAMES_TO_FILL = frozenset(("In", "Out", "_", "_qwen"))


class FillError(Exception):
    """An expression on a name that exists could not be worked out."""

    def __init__(self, expression: str, reason: str) -> None:
        super().__init__(expression)
        self.expression = expression
        self.reason = reason


def user_names(
    namespace: Mapping[str, Any], hidden: Mapping[str, Any], local: Mapping[str, Any] | None
) -> Mapping[str, Any]:
    """Return the names that may be filled.

    Parameters
    ----------
    namespace, hidden : mapping
        The notebook's variables, and those of them that IPython itself put there.
    local : mapping, optional
        Variables of the function that is running, where a line magic stands in one.
    """
    mine = {
        name: value
        for name, value in namespace.items()
        if name in _IPYTHON_NAMES_TO_FILL or name not in hidden or hidden[name] is not value
    }
    return {**mine, **(local or {})} if local is not namespace else mine


def fill(
    prompt: str,
    names: Mapping[str, Any],
    show: Callable[[Any], str] = str,
    *,
    everywhere: bool = False,
) -> tuple[str, tuple[str, ...]]:
    """Fill the expressions of a prompt.

    Parameters
    ----------
    prompt : str
        The prompt as typed.
    names : mapping
        What may be filled.
    show : callable
        Turns a value without a format into text.
    everywhere : bool
        Inside code and formulas too: the prompt is a template and no text of a cell.

    Returns
    -------
    tuple
        The filled prompt, and the expressions that were filled, in order, each once.

    Raises
    ------
    FillError
        When an expression on an existing name fails.
    """
    if "{" not in prompt:
        return prompt, ()
    filled: dict[str, None] = {}
    parts: list[str] = []
    for piece, is_open in [(prompt, True)] if everywhere else _pieces(prompt):
        if not is_open:
            parts.append(piece)
            continue
        at = 0
        while (brace := piece.find("{", at)) >= 0:
            parts.append(piece[at:brace])
            if (doubled := _DOUBLED.match(piece, brace)) and doubled["name"] in names:
                parts.append("{" + doubled["inner"] + "}")
                at = doubled.end()
            elif (field := _FIELD.match(piece, brace)) and field["name"] in names:
                parts.append(_value(field, names, show))
                filled[field[0][1:-1]] = None
                at = field.end()
            else:
                parts.append("{")
                at = brace + 1
        parts.append(piece[at:])
    return "".join(parts), tuple(filled)


def _pieces(prompt: str) -> Iterator[tuple[str, bool]]:
    """Cut a prompt into pieces that may be filled and pieces that may not."""
    spans, at = spans_of_prompt(prompt), 0
    bare: list[str] = []
    for begin, end in spans:
        bare += prompt[at:begin], " " * (end - begin)
        at = end
    # Where code and formulas are blank, no brace of theirs ends a chain outside of them.
    spans += _chains("".join((*bare, prompt[at:])))
    at = 0
    for begin, end in sorted(spans):
        if begin >= at:  # else it stands in a chain
            yield prompt[at:begin], True
            yield prompt[begin:end], False
            at = end
    yield prompt[at:], True


def _chains(prompt: str) -> Iterator[tuple[int, int]]:
    closing_brace = _brace_pairs(prompt)
    for opener in _CHAIN.finditer(prompt):
        end = opener.end()
        while end in closing_brace:
            end = closing_brace[end] + 1
        if end > opener.end():
            yield opener.start(), end


def _brace_pairs(prompt: str) -> dict[int, int]:
    """Return where each brace that is closed is closed."""
    open_braces: list[int] = []
    pairs: dict[int, int] = {}
    for brace in re.finditer(r"[{}]", prompt):
        if brace[0] == "{":
            open_braces.append(brace.start())
        elif open_braces:
            pairs[open_braces.pop()] = brace.start()
    return pairs


def _value(field: re.Match[str], names: Mapping[str, Any], show: Callable[[Any], str]) -> str:
    try:
        value = names[field["name"]]
        for attribute, index in _STEP.findall(field["path"]):
            value = getattr(value, attribute) if attribute else value[_index(index, names)]
        if field["conversion"]:
            value = _CONVERSIONS[field["conversion"]](value)
        return format(value, field["format"]) if field["format"] else show(value)
    except Exception as error:  # whatever the user's own object raises
        reason = f"{type(error).__name__}: {error}"
        raise FillError(field[0], reason) from error


def _index(source: str, names: Mapping[str, Any]) -> Any:
    if source in names:
        return names[source]
    if ":" in source and source[:1] not in ("'", '"'):
        parts = (part.strip() for part in source.split(":"))
        return slice(*(int(part) if part else None for part in parts))
    try:
        return ast.literal_eval(source)
    except (SyntaxError, ValueError):
        return source  # a bare word is a key, as in `str.format`
