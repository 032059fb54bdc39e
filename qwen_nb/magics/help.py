"""The help of the commands, and the tables of options and commands in the README."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from qwen_nb.chat import Chat
from qwen_nb.magics.line import LineError, nearest
from qwen_nb.magics.registry import COMMANDS, FAQ, OPTIONS, Command
from qwen_nb.texts import QUESTIONS, Language, machine_language, text


def help_text(chat: Chat, topic: str = "") -> str:
    """Return the help of one command, the list of all, or what people ask first."""
    language = machine_language(os.environ)
    if topic == FAQ:
        return "\n\n".join(text(f"faq.{name}", language) for name in QUESTIONS)
    if topic in COMMANDS:
        return _line(topic, language)
    if topic:
        near = nearest(topic, [*COMMANDS, FAQ])
        raise LineError("command.unknown", command=topic, near=near)
    lines = [f"  {_line(name, language)}" for name in sorted(COMMANDS)]
    return "\n".join([text("help.title", language), *lines, text("help.end", language)])


def _line(name: str, language: Language) -> str:
    return f"%qwen_nb {name}: {text(f'command.{name}', language)}"


def options_table(language: Language = "en") -> str:
    """Return the options of `%qwen` and `%%qwen` as a table in Markdown."""
    rows = [
        (", ".join([*each.names[:-1], each.form]), text(f"option.{each.names[-1]}", language))
        for each in OPTIONS
    ]
    return _table(("option", ""), rows)


def commands_table(language: Language = "en") -> str:
    """Return the commands of `%qwen_nb` as a table in Markdown."""
    rows = [
        (f"{command.name} {command.form}".rstrip(), _meaning(command, language))
        for command in COMMANDS.values()
    ]
    return _table(("`%qwen_nb` …", ""), rows)


def _meaning(command: Command, language: Language) -> str:
    """Return the help without the form where it repeats that."""
    told = text(f"command.{command.name}", language).removesuffix(f": {command.form}")
    words = " ".join(each.shown for each in command.positionals)
    return told.removeprefix(f"{command.form}: ").removeprefix(f"{words}: ")


def _table(headings: Sequence[str], rows: Iterable[tuple[str, str]]) -> str:
    lines = [f"| {' | '.join(headings)} |", "|---|---|"]
    for written, meaning in rows:
        cells = [cell.replace("|", "\\|") for cell in (f"`{written}`", meaning)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
