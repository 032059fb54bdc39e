r"""Reads the lines of all magics: options and words.

In a question's line options come first: the first token that is no option, or `--`, starts
the words, and from that character on everything is prompt. In a command's line options may
stand anywhere. Ready-made splitting does not serve: POSIX splitting destroys `What's this`
and `\frac`, and argparse takes words for options.

A quote opens at the beginning of a value or after its `=`, so that
`-p stop=["a","b"]` keeps its quotes. Full-width spaces, quotes and dashes work as their
ASCII forms do, since a Chinese keyboard types them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from qwen_nb.texts import Language, text

Kind: TypeAlias = Literal["flag", "value", "digits", "inline", "pair"]

SPACES = " \t\u3000"
_DASHES = "-－–—―−"
_ENDS = ("--", "－－", "——")
_QUOTES = {'"': '"', "'": "'", "“": "”", "”": "”", "‘": "’", "’": "’", "＂": "＂", "＇": "＇"}
_OPTION = re.compile(rf"([{_DASHES}]+)([A-Za-z][\w-]*)", re.ASCII)


class LineError(Exception):
    """What was typed cannot be read or done; carries the id of its text and the facts for it.

    The fact `near` is the name that was perhaps meant, or empty.
    """

    def __init__(self, key: str, **facts: Any) -> None:
        super().__init__(key)
        self.key = key
        self.facts = facts

    def message(self, language: Language) -> str:
        """Return the line that says what is wrong."""
        near = self.facts.get("near")
        told = text("command.near", language, name=near) if near else ""
        return text(self.key, language, **{**self.facts, "near": told})


@dataclass(frozen=True, slots=True)
class Option:
    """One option of a magic or of a command.

    Parameters
    ----------
    names : tuple of str
        Its spellings, the long one last. Its help is the text `option.` with the long one.
    field : str
        Where its value goes: a field of `ChatOptions` or `Question`, or a parameter of the
        command's function.
    kind : str
        `flag` takes nothing; `value` takes the next token; `digits` takes the next
        token only if it is all digits; `inline` takes a value only after
        `=`; `pair` takes KEY=VALUE and may be repeated.
    shown : str
        What stands for the value in the help.
    read : callable
        Turns the token into the value; raises ValueError, or a LineError of its own.
    constant : object
        The value where none is given.
    completer : str or tuple of str
        What the Tab key offers for its value: these words, or a source of `complete`;
        nothing where it is empty.
    """

    names: tuple[str, ...]
    field: str
    kind: Kind = "flag"
    shown: str = ""
    read: Callable[[str], Any] = str
    constant: Any = True
    completer: str | tuple[str, ...] = ""

    @property
    def form(self) -> str:
        """How it is written, the long way."""
        gap = "" if self.kind == "inline" else " "
        return f"{self.names[-1]}{gap}{self.shown}".rstrip()


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """What a line says: the options by field, and the words besides them."""

    values: dict[str, Any]
    words: str


def read_line(
    line: str, options: Iterable[Option], *, anywhere: bool = False, strict: bool = True
) -> ParsedLine:
    """Read the options of a line.

    Parameters
    ----------
    line : str
        What stands after the name of the magic or command.
    options : iterable of Option
        Those there are.
    anywhere : bool
        Options may stand behind and between the words, not only before them.
    strict : bool
        With `anywhere`: a word that begins with two dashes and is no option is an error;
        else it is one of the words.

    Returns
    -------
    ParsedLine
        The options that were given, and the words exactly as typed.

    Raises
    ------
    LineError
        For an unknown option, a missing or unreadable value, an unclosed quote.
    """
    by_name = {name: option for option in options for name in option.names}
    values: dict[str, Any] = {}
    words: list[str] = []
    at = _skip_spaces(line, 0)
    while at < len(line):
        end = _token_end(line, at)
        if line[at:end] in _ENDS:
            words.append(line[_skip_spaces(line, end) :])
            break
        refuses = not anywhere or (strict and line.startswith("--", at))
        option, name, inline = _option_at(line[at:end], by_name, refuses=refuses)
        if option is not None:
            value_at = None if inline is None else end - len(inline)
            at = _skip_spaces(line, _take(values, option, name, line, end, value_at))
            continue
        if not anywhere:
            words.append(line[at:])
            break
        following = _skip_spaces(line, _word_end(line, at))
        words.append(line[at:following])
        at = following
    return ParsedLine(values, "".join(words))


def nearest(name: str, names: Iterable[str], cutoff: float = 0.6) -> str:
    """Return the name most like one that is not there; empty if none is like it."""
    import difflib

    near = difflib.get_close_matches(name, list(names), n=1, cutoff=cutoff)
    return near[0] if near else ""


def _option_at(
    token: str, by_name: Mapping[str, Option], *, refuses: bool
) -> tuple[Option | None, str, str | None]:
    """Return the option a token names, its plain spelling, and a value after `=`."""
    match = _OPTION.match(token)
    if match is None:
        if refuses and token[:1] == "-" and token.strip("-"):
            raise LineError("line.unknown", option=token, near="")
        return None, "", None
    dashes, word = match.groups()
    # An em dash is what an editor makes of two hyphens, so only the word tells how many
    # dashes were meant.
    name = ("-" if len(word) == 1 else "--") + word.replace("_", "-")
    rest = token[match.end() :]
    inline = rest[1:] if rest[:1] in ("=", "＝") else None
    option = by_name.get(name) if not rest or inline is not None else None
    if dashes.strip("-") == "" and dashes + word.replace("_", "-") != name:
        option = None
    if option is None and refuses and dashes.strip("-") == "":
        near = nearest(name, by_name, 0.7)
        raise LineError("line.unknown", option=dashes + word, near=near)
    return option, name, inline  # Chinese text may well begin with a dash


def _take(
    values: dict[str, Any], option: Option, name: str, line: str, end: int, inline: int | None
) -> int:
    """Put an option's value to the others; return where the line goes on.

    Parameters
    ----------
    values, option, name, line
        The values so far, the option, and how it was written in the line.
    end : int
        Where the option's token ends.
    inline : int, optional
        Where a value after `=` begins.
    """
    if option.kind == "flag" and inline is not None:
        raise LineError("line.no_value", option=name)
    if option.kind == "flag" or (option.kind == "inline" and inline is None):
        values[option.field] = option.constant
        return end
    if inline is None:
        inline = _skip_spaces(line, end)
        if option.kind == "digits" and not line[inline : _token_end(line, inline)].isdigit():
            values[option.field] = option.constant
            return inline
    if _token_end(line, inline) == inline:
        raise LineError("line.missing_value", option=name, shown=option.shown.strip("[=]"))
    token, end = _value(line, inline, name)
    try:
        value = option.read(token)
    except ValueError:
        facts = {"option": name, "shown": option.shown, "value": token}
        raise LineError("line.bad_value", **facts) from None
    if option.kind == "pair":
        values.setdefault(option.field, {}).update([value])
    else:
        values[option.field] = value
    return end


def _value(line: str, at: int, name: str) -> tuple[str, int]:
    parts: list[str] = []
    opens = True  # a quote may open here
    while at < len(line) and line[at] not in SPACES:
        char = line[at]
        if opens and char in _QUOTES:
            part, at = _quoted(line, at, name)
            parts.append(part)
        else:
            parts.append(char)
            at += 1
        opens = char in "=＝"
    return "".join(parts), at


def _quoted(line: str, at: int, name: str) -> tuple[str, int]:
    closing = _QUOTES[line[at]]
    parts: list[str] = []
    at += 1
    while at < len(line):
        char = line[at]
        if char == closing:
            return "".join(parts), at + 1
        if char == "\\" and closing == '"' and line[at + 1 : at + 2] in ('"', "\\"):
            at += 1
            char = line[at]
        parts.append(char)
        at += 1
    raise LineError("line.open_quote", option=name, quote=closing)


def _word_end(line: str, at: int) -> int:
    """Return where a word ends; one in quotes goes to the quote that closes it."""
    closing = _QUOTES.get(line[at])
    if closing is not None:
        end = line.find(closing, at + 1) + 1
        if end and line[end : end + 1] in ("", *SPACES):
            return end
    return _token_end(line, at)


def _skip_spaces(line: str, at: int) -> int:
    return len(line) - len(line[at:].lstrip(SPACES))


def _token_end(line: str, at: int) -> int:
    return next((end for end in range(at, len(line)) if line[end] in SPACES), len(line))
