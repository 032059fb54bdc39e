r"""Reads a magic's line: options first, then the prompt, untouched.

Options are read left to right with shell quoting; the first token that is no option, or
`--`, starts the words, and from that character on everything is prompt. Ready-made
splitting does not serve: POSIX splitting destroys `What's this` and `\frac`, and argparse
takes words for options. `magic_arguments` is used for the declaration of help only.

A quote opens at the beginning of a value or after its `=`, so that
`-p stop=["a","b"]` keeps its quotes. Full-width spaces, quotes and dashes work as their
ASCII forms do, since a Chinese keyboard types them.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from qwen_nb.asking import conversation_named

__all__ = [
    "OPTIONS",
    "LineError",
    "Option",
    "ParsedLine",
    "read_line",
]

Kind: TypeAlias = Literal["flag", "value", "digits", "inline", "pair"]

SPACES = " \t\u3000"
_DASHES = "-－–—―−"
_QUOTES = {'"': '"', "'": "'", "“": "”", "”": "”", "‘": "’", "’": "’", "＂": "＂", "＇": "＇"}
_OPTION = re.compile(rf"([{_DASHES}]+)([A-Za-z][\w-]*)", re.ASCII)


class LineError(Exception):
    """The line cannot be read; carries the id of its text and the facts for it."""

    def __init__(self, key: str, **facts: Any) -> None:
        super().__init__(key)
        self.key = key
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Option:
    """One option of `%qwen` and `%%qwen`.

    Parameters
    ----------
    names : tuple of str
        Its spellings, the long one last.
    field : str
        Where its value goes.
    kind : str
        `flag` takes nothing; `value` takes the next token; `digits` takes the next
        token only if it is all digits; `inline` takes a value only after
        `=`; `pair` takes KEY=VALUE and may be repeated.
    shown : str
        What stands for the value in the help.
    read : callable
        Turns the token into the value; raises ValueError.
    """

    names: tuple[str, ...]
    field: str
    kind: Kind = "flag"
    shown: str = ""
    read: Callable[[str], Any] = str
    constant: Any = True


def _pair(token: str) -> tuple[str, Any]:
    key, equals, value = token.partition("=")
    if not (key and equals):
        raise ValueError(token)
    try:
        return key, json.loads(value)
    except ValueError:
        return key, value


def _name(token: str) -> str:
    if not token.isidentifier():
        raise ValueError(token)
    return token


def _form(token: str) -> str:
    if token not in FORMS:
        raise ValueError(token)
    return token


def _names(token: str) -> tuple[str, ...]:
    names = tuple(re.split("[,\uff0c\u3001]", token.strip(",\uff0c\u3001")))
    if not all(part.isidentifier() for name in names for part in name.split(".")):
        raise ValueError(token)
    return names


def _dialect(token: str) -> str:
    if token not in ("openai", "dashscope"):
        raise ValueError(token)
    return token


FORMS = ("markdown", "text", "code")
"""How an answer appears; `code` shows it as Markdown and hands its code on."""

OPTIONS: tuple[Option, ...] = (
    Option(("-m", "--model"), "model", "value", "ID"),
    Option(("--think",), "thinking", "digits", "[N]", int),
    Option(("--no-think",), "thinking", constant=False),
    Option(("--preserve-thinking",), "preserve_thinking"),
    Option(("-s", "--system"), "system", "value", "TEXT|@FILE"),
    Option(("-t", "--temperature"), "temperature", "value", "X", float),
    Option(("--max-tokens",), "max_tokens", "value", "N", int),
    Option(("-p", "--param"), "params", "pair", "KEY=VALUE", _pair),
    Option(("--json",), "json", "inline", "[=NAME]"),
    Option(("--tools",), "tools", "value", "NAME,…", _names),
    Option(("-c", "--chat"), "chat", "value", "NAME", conversation_named),
    Option(("--new",), "new"),
    Option(("--once",), "once"),
    Option(("--bg",), "bg"),
    Option(("-o", "--out"), "out", "value", "NAME", _name),
    Option(("-f", "--format"), "format", "value", "|".join(FORMS), _form),
    Option(("-q", "--quiet"), "quiet"),
    Option(("--raw",), "raw"),
    Option(("--hide-thinking",), "hide_thinking"),
    Option(("--dry-run",), "dry_run"),
    Option(("--server",), "server", "value", "NAME|URL"),
    Option(("--dialect",), "dialect", "value", "openai|dashscope", _dialect),
    Option(("--force",), "force"),
)

_BY_NAME = {name: option for option in OPTIONS for name in option.names}


@dataclass(frozen=True, slots=True)
class ParsedLine:
    """What a line says: the options by field, and the words after them."""

    values: dict[str, Any]
    words: str


def read_line(line: str) -> ParsedLine:
    """Read the options of a line.

    Parameters
    ----------
    line : str
        What stands after the magic's name.

    Returns
    -------
    ParsedLine
        The options that were given, and the prompt's words exactly as typed.

    Raises
    ------
    LineError
        For an unknown option, a missing or unreadable value, an unclosed quote.
    """
    values: dict[str, Any] = {}
    at = _skip_spaces(line, 0)
    while at < len(line):
        end = _token_end(line, at)
        token = line[at:end]
        if token in ("--", "－－", "——"):
            return ParsedLine(values, line[_skip_spaces(line, end) :])
        option, name, inline = _option_at(token)
        if option is None:
            break
        if option.kind == "flag" and inline is not None:
            raise LineError("line.no_value", option=name)
        if option.kind == "flag" or (option.kind == "inline" and inline is None):
            values[option.field] = option.constant
            at = _skip_spaces(line, end)
            continue
        if inline is None:
            following = _skip_spaces(line, end)
            if option.kind == "digits":
                word_end = _token_end(line, following)
                if not line[following:word_end].isdigit():
                    values[option.field] = True
                    at = following
                    continue
            value_at = following
        else:
            value_at = end - len(inline)
        value, at = _value(line, value_at, name)
        _store(values, option, name, value)
        at = _skip_spaces(line, at)
    return ParsedLine(values, line[at:])


def _option_at(token: str) -> tuple[Option | None, str, str | None]:
    """Return the option a token names, its plain spelling, and a value after `=`."""
    match = _OPTION.match(token)
    if match is None:
        if token[:1] == "-" and token.strip("-"):
            raise LineError("line.unknown", option=token, near="")
        return None, "", None
    dashes, word = match.groups()
    # An em dash is what an editor makes of two hyphens, so only the word tells how many
    # dashes were meant.
    name = ("-" if len(word) == 1 else "--") + word.replace("_", "-")
    rest = token[match.end() :]
    inline = rest[1:] if rest[:1] in ("=", "＝") else None
    option = _BY_NAME.get(name) if not rest or inline is not None else None
    if dashes.strip("-") == "":
        if option is None or dashes + word.replace("_", "-") != name:
            raise LineError("line.unknown", option=dashes + word, near=_nearest(name))
    elif option is None:
        return None, "", None  # Chinese text may well begin with a dash
    return option, name, inline


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, _BY_NAME, n=1, cutoff=0.7)
    return near[0] if near else ""


def _value(line: str, at: int, name: str) -> tuple[str, int]:
    if at >= len(line) or line[at] in SPACES:
        raise LineError("line.missing_value", option=name)
    parts: list[str] = []
    opens = True  # a quote may open here
    while at < len(line) and line[at] not in SPACES:
        char = line[at]
        if opens and char in _QUOTES:
            text, at = _quoted(line, at, name)
            parts.append(text)
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


def _store(values: dict[str, Any], option: Option, name: str, token: str) -> None:
    try:
        value = option.read(token)
    except ValueError:
        raise LineError(
            "line.bad_value", option=name, shown=option.shown, value=token
        ) from None
    if option.kind == "pair":
        values.setdefault(option.field, {}).update([value])
    else:
        values[option.field] = value


def _skip_spaces(line: str, at: int) -> int:
    while at < len(line) and line[at] in SPACES:
        at += 1
    return at


def _token_end(line: str, at: int) -> int:
    while at < len(line) and line[at] not in SPACES:
        at += 1
    return at
