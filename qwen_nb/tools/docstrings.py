"""What a docstring says of a function and of each of its parameters.

The three ways in which Python people write it are read: NumPy's underlined sections,
Google's indented ones, and Sphinx's field lists. What is in none of them is description.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

_PARAMETERS = ("parameters", "other parameters", "args", "arguments", "keyword arguments")
_NUMPY = re.compile(r"^[-=~]{3,}\s*$")
_GOOGLE = re.compile(
    r"^(Args|Arguments|Parameters|Keyword Args|Keyword Arguments|Other Parameters|Returns?|"
    r"Raises|Yields?|Examples?|Notes?|Warnings?|Attributes|See Also|References|Todo):\s*$"
)
_GOOGLE_ENTRY = re.compile(r"^(\*{0,2}\w+)\s*(?:\([^)]*\))?\s*:\s*(.*)$")
_NUMPY_ENTRY = re.compile(r"^(\*{0,2}\w+(?:\s*,\s*\*{0,2}\w+)*)\s*(?::.*)?$")
_SPHINX = re.compile(r"^:(\w+)([^:]*):\s*(.*)$")
_SPHINX_PARAMETER = frozenset(("param", "parameter", "arg", "argument", "key", "keyword"))


@dataclass(frozen=True, slots=True)
class Described:
    """What a docstring says.

    Parameters
    ----------
    text : str
        What stands before the first section, or empty.
    parameters : mapping
        Descriptions by name, without the stars of `*args`, each on one line.
    """

    text: str = ""
    parameters: dict[str, str] = field(default_factory=dict)


def described(docstring: str | None) -> Described:
    """Read a docstring.

    Parameters
    ----------
    docstring : str, optional
        As `__doc__` has it.
    """
    if not docstring:
        return Described()
    lines = inspect.cleandoc(docstring).split("\n")
    begin = next((at for at in range(len(lines)) if _begins_section(lines, at)), len(lines))
    found: dict[str, str] = {}
    for names, text in _entries(lines[begin:]):
        for name in names.split(","):
            found[name.strip().lstrip("*")] = text
    return Described("\n".join(lines[:begin]).strip(), found)


def _begins_section(lines: Sequence[str], at: int) -> bool:
    line = lines[at]
    underlined = at + 1 < len(lines) and _NUMPY.match(lines[at + 1]) is not None
    is_first = at == 0  # a docstring may begin with a heading of its own
    return (
        (underlined and bool(line.strip()) and not is_first)
        or _GOOGLE.match(line) is not None
        or _SPHINX.match(line) is not None
    )


def _entries(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield names and description of each parameter, whichever way it is written."""
    at, entry = 0, _GOOGLE_ENTRY
    inside = False
    while at < len(lines):
        line = lines[at]
        if field_ := _SPHINX.match(line):
            kind, name, said = field_.groups()
            more, at = _block(lines, at + 1, 1)
            if kind in _SPHINX_PARAMETER and name.split():
                yield name.split()[-1], _joined(said, more)
            continue
        if at + 1 < len(lines) and _NUMPY.match(lines[at + 1]):
            inside, entry = line.strip().casefold() in _PARAMETERS, _NUMPY_ENTRY
            at += 2
            continue
        if heading := _GOOGLE.match(line):
            inside, entry = heading[1].casefold() in _PARAMETERS, _GOOGLE_ENTRY
            inside = inside or heading[1] == "Keyword Args"
            at += 1
            continue
        depth = _depth(line)
        parameter = entry.match(line.strip()) if inside and line.strip() else None
        at += 1
        if parameter is None:
            continue
        more, at = _block(lines, at, depth + 1)
        said = parameter[2] if entry is _GOOGLE_ENTRY else ""
        yield parameter[1], _joined(said, more)


def _block(lines: Sequence[str], at: int, depth: int) -> tuple[list[str], int]:
    """Return the lines from here on that are indented at least so deep, and where they end."""
    block = []
    while at < len(lines) and (not lines[at].strip() or _depth(lines[at]) >= depth):
        block.append(lines[at])
        at += 1
    return block, at


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _joined(first: str, more: Sequence[str]) -> str:
    return " ".join(" ".join((first, *more)).split())
