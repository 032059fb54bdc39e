"""The one registry of options and commands, and what is made from it."""

import dataclasses
import inspect
import re
from pathlib import Path
from typing import Any, get_args

import pytest

import qwen_nb
from qwen_nb.asking import FORMS
from qwen_nb.magics.help import commands_table, options_table
from qwen_nb.magics.line import LineError
from qwen_nb.magics.registry import COMMANDS, OPTIONS, Command, read_command
from qwen_nb.texts import TEXTS
from qwen_nb.values import By, OptionFields, Question
from tests.conftest import Notebook

README = Path(qwen_nb.__file__).parents[1] / "README.md"

each_command = pytest.mark.parametrize("command", COMMANDS.values(), ids=lambda each: each.name)


def test_the_commands_stand_in_order_and_none_twice() -> None:
    assert list(COMMANDS) == sorted(COMMANDS)
    assert all(name == command.name for name, command in COMMANDS.items())


@each_command
def test_what_a_line_gives_is_what_the_function_takes(command: Command) -> None:
    fields = [each.field for each in (*command.positionals, *command.options)]
    given = 2 if command.needs_shell else 1
    wanted = {each.field for each in command.positionals if each.wanted}
    signature = inspect.signature(command.function)
    signature.bind(*[None] * given, **dict.fromkeys(fields))
    signature.bind(*[None] * given, **dict.fromkeys(wanted))  # the others have a default


@each_command
@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_command_has_its_help(
    command: Command, language: str, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LC_ALL", f"{language}_XX.UTF-8")
    line = f"%qwen_nb {command.name}: {TEXTS[f'command.{command.name}'][language == 'zh']}"
    assert notebook.run(f"%qwen_nb help {command.name}").out == f"{line}\n"
    assert line in notebook.run("%qwen_nb help").out


@each_command
def test_its_help_names_no_option_that_it_does_not_have(command: Command) -> None:
    known = {name for option in command.options for name in option.names}
    for told in TEXTS[f"command.{command.name}"]:
        assert set(re.findall(r"--[a-z-]+", told)) <= known


def test_no_two_options_of_a_command_share_a_name() -> None:
    for command in COMMANDS.values():
        names = [name for option in command.options for name in option.names]
        assert len(names) == len(set(names)), command.name


def test_every_option_of_a_question_fills_something() -> None:
    own = {"bg", "dry_run", "format", "out", "raw"}
    question = {field.name for field in dataclasses.fields(Question)}
    known = {*own, *question, "model", *OptionFields.__annotations__}
    assert {option.field for option in OPTIONS} <= known


def test_words_that_are_known_elsewhere_too_are_the_same() -> None:
    (form,) = COMMANDS["code"].options
    by = COMMANDS["usage"].options[0]
    assert form.completer == FORMS
    assert by.completer == get_args(By)


LINES: dict[str, dict[str, Any]] = {
    "new": {},
    "new two words": {"name": "two words"},
    "new --force draft": {"name": "draft", "force": True},
    "new 'a --force'": {"name": "a --force"},
    "new main": {"name": ""},
    "fork a b --at=2 --force": {"name": "a b", "at": 2, "force": True},
    "fork --at 2 a": {"name": "a", "at": 2},
    "fork ——at 2 a": {"name": "a", "at": 2},
    "switch -- odd": {"name": "odd"},
    "undo": {},
    "undo 3": {"n": 3},
    "history --thinking 2": {"number": 2, "thinking": True},
    "config": {},
    "config model": {"name": "model"},
    "config context truncate 5 --notebook": {
        "name": "context", "value": "truncate 5", "notebook": True,
    },
    "config model -- a --b": {"name": "model", "value": "a --b"},
    "record a b": {"file": "a b"},
    "replay it --fast": {"file": "it --fast"},
    "export 'my file.md' --force": {"file": "my file.md", "force": True},
    "search 'tis --dry \"a b\"": {"wanted": "'tis --dry \"a b\""},
    "models --set-price m sg -1 2": {"words": "m sg -1 2", "set_price": True},
    "usage --by=day --plot --all": {"by": "day", "plot": True, "everything": True},
    "code --as curl": {"form": "curl"},
    "retry --think 50 -q": {"thinking": 50, "quiet": True},
    "jobs whatever": {},
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_read(line: str) -> None:
    name, _, rest = line.partition(" ")
    assert read_command(COMMANDS[name], rest) == LINES[line]


WRONG = {
    "config model --session m": "command.option",
    "doctor --all": "command.no_options",
    "fork": "chats.name_wanted",
    "fork a --at two": "chats.number",
    "fork a --at": "line.missing_value",
    "new a --force=yes": "line.no_value",
    "new --odd": "command.option",
    "undo 1 2": "chats.number",
    "code curl": "code.form",
    "code --as java": "code.form",
    "code --as": "line.missing_value",
    "usage day": "usage_command.form",
    "retry why": "retry.words",
    "retry --thnik": "line.unknown",
    "use": "use.wanted",
}


@pytest.mark.parametrize("line", WRONG)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_wrong_line_is_one_line(line: str, language: Any) -> None:
    name, _, rest = line.partition(" ")
    with pytest.raises(LineError) as caught:
        read_command(COMMANDS[name], rest)
    assert caught.value.key == WRONG[line]
    caught.value.facts.setdefault("command", name)
    assert "\n" not in caught.value.message(language)


@pytest.mark.parametrize(
    ("name", "made"), [("options", options_table), ("commands", commands_table)]
)
def test_the_readme_has_the_tables(name: str, made: Any) -> None:
    begin, end = f"<!-- {name}: made by docs/tables.py -->\n", f"<!-- end of {name} -->"
    written = README.read_text("utf-8").partition(begin)[2].partition(end)[0]
    assert written.strip() == made(), "python docs/tables.py"
