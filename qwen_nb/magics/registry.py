"""All options and commands: the line reader, help, Tab and README's tables read them here.

What a command does stands in a module of its own, which is imported when the command is
first typed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal, TypeAlias

from qwen_nb.magics.line import LineError, Option, read_line
from qwen_nb.texts import visible

FORMATS = ("markdown", "text", "code")
"""How an answer appears; `code` shows it as Markdown and hands its code on."""

FAQ = "faq"
"""What `help` takes besides the names of commands."""

_DIALECTS = ("openai", "dashscope")
_CODE_FORMS = ("curl", "openai", "dashscope")
_USAGE_BY = ("turn", "model", "chat", "day", "notebook", "region")
_FORGOTTEN = re.compile(r"(?:(?P<kind>turn|chat)\s+)?(?P<word>.+)", re.DOTALL)
_TURN = re.compile(r"\(?[1-9][0-9]{0,8}\)?", re.ASCII)
_PAIRS = {'"': '"', "'": "'"}

Takes: TypeAlias = Literal["word", "text", "file"]


@dataclass(frozen=True, slots=True)
class Positional:
    """A word that a command takes; the last one takes all that is left of the line.

    Parameters
    ----------
    field : str
        The parameter of the command's function.
    shown : str
        How it stands in the help.
    read : callable
        Turns the word into the value; raises LineError.
    takes : str
        `word`: what begins with two dashes is an option; `text`: also other words may
        begin so; `file`: a text in which variables are filled in.
    wanted : str
        Id of the text that says it is missing; empty where the command does without.
    completer : str or tuple of str
        What the Tab key offers: these words, or a source of `complete`.
    """

    field: str
    shown: str
    read: Callable[[str], Any] = str
    takes: Takes = "word"
    wanted: str = ""
    completer: str | tuple[str, ...] = ""


@dataclass(frozen=True, slots=True)
class Command:
    """One command of `%qwen_nb`; its help is the text `command.` with its name.

    Parameters
    ----------
    name : str
        As it is typed.
    home : str
        The module of this room, and the function in it, that does the command. It is
        called with the chat and what the line gave, and returns what to print: a text, a
        Sheet, or lines as they come; anything else is the value of the line.
    positionals, options
        What the line may hold; a function's own defaults hold for what it does not.
    needs_shell : bool
        The function takes the shell after the chat.
    refuses_words : str
        Id of the text for words that no positional takes; empty where they do no harm.
    """

    name: str
    home: str
    positionals: tuple[Positional, ...] = ()
    options: tuple[Option, ...] = ()
    needs_shell: bool = False
    refuses_words: str = ""

    @property
    def function(self) -> Callable[..., Any]:
        """What does it, imported now if nobody did so before."""
        module, _, name = self.home.partition(":")
        found: Callable[..., Any] = getattr(import_module(f"qwen_nb.magics.{module}"), name)
        return found

    @property
    def takes_file(self) -> bool:
        """Whether a variable may hold a file's name."""
        return any(each.takes == "file" for each in self.positionals)

    @property
    def form(self) -> str:
        """How it is written, without its name."""
        if self.options is OPTIONS:
            return "[options]"
        options = (f"[{option.form}]" for option in self.options)
        return " ".join([*(each.shown for each in self.positionals), *options])


# -- what the words of a line are read as ----------------------------------------------------


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


def _names(token: str) -> tuple[str, ...]:
    names = tuple(re.split("[,\uff0c\u3001]", token.strip(",\uff0c\u3001")))
    if not all(part.isidentifier() for name in names for part in name.split(".")):
        raise ValueError(token)
    return names


def _one_of(words: tuple[str, ...]) -> Callable[[str], str]:
    def read(token: str) -> str:
        if token not in words:
            raise ValueError(token)
        return token

    return read


def _code_form(token: str) -> str:
    if token not in _CODE_FORMS:
        raise LineError("code.form")
    return token


def _number(token: str) -> int:
    if not (token.isdecimal() and len(token) < 10 and int(token)):
        raise LineError("chats.number", word=visible(token))
    return int(token)


def _unquoted(token: str) -> str:
    return token[1:-1] if len(token) > 1 and _PAIRS.get(token[0]) == token[-1] else token


def _called(token: str) -> str:
    from qwen_nb.asking import conversation_named

    return conversation_named(token)


def _conversation(token: str) -> str:
    name = _unquoted(token).strip()
    if not name or name.startswith("-") or "\n" in name:
        raise LineError("chats.name_wanted")
    return _called(name)


def _forgotten(token: str) -> tuple[str, str]:
    """Return `turn` or `chat`, and which; nothing and a number where it may be either."""
    match = _FORGOTTEN.fullmatch(token)
    assert match is not None, token
    kind, word = match["kind"], match["word"].strip()
    is_turn = _TURN.fullmatch(word) is not None
    if kind == "turn" and not is_turn:
        raise LineError("forget.wanted")
    if is_turn and kind != "chat":
        return kind or "", word
    return "chat", _conversation(word)


def _budget(token: str) -> Any:
    from qwen_nb.ledger import budgets

    return budgets.parse(token.split())


# -- %qwen and %%qwen ------------------------------------------------------------------------

OPTIONS: tuple[Option, ...] = (
    Option(("-m", "--model"), "model", "value", "ID", completer="models"),
    Option(("--think",), "thinking", "digits", "[N]", int),
    Option(("--no-think",), "thinking", constant=False),
    Option(("--preserve-thinking",), "preserve_thinking"),
    Option(("-s", "--system"), "system", "value", "TEXT|@FILE"),
    Option(("-t", "--temperature"), "temperature", "value", "X", float),
    Option(("--max-tokens",), "max_tokens", "value", "N", int),
    Option(("-p", "--param"), "params", "pair", "KEY=VALUE", _pair),
    Option(("--json",), "json", "inline", "[=NAME]", completer="types"),
    Option(("--tools",), "tools", "value", "NAME,…", _names, completer="functions"),
    Option(("-c", "--chat"), "chat", "value", "NAME", _called),
    Option(("--new",), "new"),
    Option(("--once",), "once"),
    Option(("--bg",), "bg"),
    Option(("-o", "--out"), "out", "value", "NAME", _name),
    Option(("-f", "--format"), "format", "value", "|".join(FORMATS), _one_of(FORMATS),
           completer=FORMATS),
    Option(("-q", "--quiet"), "quiet"),
    Option(("--raw",), "raw"),
    Option(("--hide-thinking",), "hide_thinking"),
    Option(("--dry-run",), "dry_run"),
    Option(("--server",), "server", "value", "NAME|URL", completer="servers"),
    Option(("--dialect",), "dialect", "value", "|".join(_DIALECTS), _one_of(_DIALECTS),
           completer=_DIALECTS),
    Option(("--force",), "force"),
)  # fmt: skip

# -- %qwen_nb --------------------------------------------------------------------------------

_FORCE = Option(("--force",), "force")
_PRICE = "ID REGION IN OUT [OUT_THINKING] [CURRENCY]"
_SCOPES = "[chat|notebook|month]"


_BUDGET = f"[AMOUNT USD|CNY {_SCOPES}], off {_SCOPES}"


def _number_of(field: str, shown: str) -> tuple[Positional]:
    return (Positional(field, shown, _number),)


def _chat_name(shown: str = "NAME", wanted: str = "chats.name_wanted") -> tuple[Positional]:
    return (Positional("name", shown, _conversation, wanted=wanted),)


def _file(wanted: str = "") -> tuple[Positional]:
    return (Positional("file", "FILE", _unquoted, "file", wanted),)


def _word(field: str, shown: str, completer: str = "", wanted: str = "") -> Positional:
    return Positional(field, shown, wanted=wanted, completer=completer)


def _text(field: str, shown: str, completer: str = "", wanted: str = "") -> tuple[Positional]:
    return (Positional(field, shown, takes="text", wanted=wanted, completer=completer),)


_ALL = (
    Command("budget", "commands.usage:budget",
            (Positional("wanted", _BUDGET, _budget, completer=("off",)),)),
    Command("chats", "commands.conversations:chats"),
    Command("code", "commands.service:code", (), (
        Option(("--as",), "form", "value", "|".join(_CODE_FORMS), _code_form,
               completer=_CODE_FORMS),
    ), refuses_words="code.form"),
    Command("config", "commands.service:config",
            (_word("name", "[NAME", "settings"), _word("value", "[VALUE]]")),
            (Option(("--notebook",), "notebook"),)),
    Command("doctor", "commands.service:doctor"),
    Command("export", "commands.exchange:export_file", _file(), (_FORCE,)),
    Command("forget", "commands.forget:forget_for_good",
            (Positional("target", "TURN|CHAT", _forgotten, wanted="forget.wanted",
                        completer=("turn", "chat")),),
            (Option(("--yes",), "yes"),)),
    Command("fork", "commands.conversations:fork", _chat_name(),
            (Option(("--at",), "at", "value", "TURN", _number), _FORCE)),
    Command("help", "help:help_text", (_word("topic", "[COMMAND|faq]", "topics"),)),
    Command("history", "commands.history:history", _number_of("number", "[N]"),
            (Option(("--thinking",), "thinking"),)),
    Command("import", "commands.exchange:import_file", _file()),
    Command("jobs", "commands.service:jobs"),
    Command("last", "question:last", needs_shell=True),
    Command("live", "commands.cassettes:live"),
    Command("login", "commands.service:login", (_word("wanted", "[SERVER|URL]", "servers"),)),
    Command("logout", "commands.service:logout", (_word("wanted", "[SERVER|URL]", "servers"),)),
    Command("models", "commands.models:models", _text("words", "[WORDS]", "models"),
            (Option(("--set-price",), "set_price", shown=_PRICE),)),
    Command("new", "commands.conversations:new", _chat_name("[NAME]", ""), (_FORCE,)),
    Command("panel", "panel.controls:panel", needs_shell=True),
    Command("record", "commands.cassettes:record_file", _file("cassettes.wanted")),
    Command("replay", "commands.cassettes:replay_file", _file("cassettes.wanted")),
    Command("restore", "commands.conversations:restore", _number_of("turn", "[TURN]")),
    Command("resume", "question:resume"),
    Command("retry", "question:retry", (), OPTIONS, needs_shell=True,
            refuses_words="retry.words"),
    Command("search", "commands.history:search",
            _text("wanted", "TEXT", wanted="search.wanted")),
    Command("servers", "commands.service:servers", _text("words", "[WORDS]", "servers")),
    Command("status", "reports:status"),
    Command("stop", "commands.service:stop", (_word("wanted", "[JOB]"),)),
    Command("switch", "commands.conversations:switch", _chat_name()),
    Command("undo", "commands.conversations:undo", _number_of("n", "[N]")),
    Command("usage", "commands.usage:usage", (), (
        Option(("--by",), "by", "value", "|".join(_USAGE_BY), completer=_USAGE_BY),
        Option(("--plot",), "plot"), Option(("--all",), "everything"),
    ), refuses_words="usage_command.form"),
    Command("use", "commands.service:use",
            (_word("wanted", "SERVER|URL|MODEL", "usable", "use.wanted"),)),
)  # fmt: skip

COMMANDS: dict[str, Command] = {command.name: command for command in _ALL}
"""By name, in the order of the alphabet."""


def read_command(command: Command, line: str) -> dict[str, Any]:
    """Read the line of a command: the values of its function's parameters.

    Raises
    ------
    LineError
        When it holds what the command does not take, or not what it needs.
    QwenError
        When an amount of money cannot be understood.
    """
    strict = all(each.takes == "word" for each in command.positionals)
    try:
        parsed = read_line(line, command.options, anywhere=True, strict=strict)
    except LineError as error:
        if error.key != "line.unknown" or command.options is OPTIONS:
            raise
        names = ", ".join(option.names[-1] for option in command.options)
        key = "command.option" if names else "command.no_options"
        raise LineError(key, option=error.facts["option"], options=names) from None
    values, words = parsed.values, parsed.words.strip()
    if words and command.refuses_words:
        raise LineError(command.refuses_words, word=words.split()[0])
    parts = words.split(maxsplit=max(len(command.positionals) - 1, 0))
    for at, positional in enumerate(command.positionals):
        if at < len(parts):
            values[positional.field] = positional.read(parts[at])
        elif positional.wanted:
            raise LineError(positional.wanted)
    return values
