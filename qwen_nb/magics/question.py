"""From a line and a cell to a question, and from the question to what a cell gets."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from qwen_nb.asking import Job, Screen
from qwen_nb.chat import Chat
from qwen_nb.errors import ConfigError, QwenError, Stopped
from qwen_nb.front_end import FillError, compact, fill, last_error, next_cell, user_names
from qwen_nb.front_end import put as put_into_next_cell
from qwen_nb.magics.line import LineError, nearest
from qwen_nb.magics.reports import preview
from qwen_nb.texts import text, writable
from qwen_nb.values import OptionFields, Question, Reply, options_of

_QUESTION = {field.name for field in fields(Question)}
_OPTIONS = {"model", *OptionFields.__annotations__}
"""What of a line's options is the question's own, and what the request's."""


def question_of(
    chat: Chat,
    shell: Any,
    values: Mapping[str, Any],
    prompt: str,
    local_ns: Mapping[str, Any] | None = None,
    *,
    owns_cell: bool = False,
) -> Question:
    """Return the question that options and a prompt make.

    Parameters
    ----------
    chat : Chat
        Whose language the notes are in.
    shell : InteractiveShell
        Whose variables, types and functions the line may name.
    values : mapping
        What the options say, by field.
    prompt : str
        The words of the line and the cell's body.
    local_ns : mapping, optional
        Variables of the function that the line stands in.
    owns_cell : bool
        The question is the whole cell.

    Raises
    ------
    LineError
        When a name stands for nothing.
    ConfigError
        When a file cannot be read or a variable not be filled in.
    """
    given, names = dict(values), _names(shell, local_ns)
    used: tuple[str, ...] = ()
    if given.get("system", "").startswith("@"):
        given["system"] = _file(given["system"][1:])
    elif "system" in given and not given.get("raw"):
        given["system"], _ = _filled(given["system"], names)
    if not given.get("raw"):
        prompt, used = _filled(prompt, names)
    if isinstance(given.get("json"), str):
        given["json"] = _type(given["json"], names)
    if "tools" in given:
        given["tools"] = [_tool(name, names) for name in given["tools"]]
    asks = {name: given.pop(name) for name in _QUESTION & given.keys()}
    options = {name: given[name] for name in _OPTIONS & given.keys()}
    told = ", ".join(f"{{{name}}}" for name in used)
    return Question(
        prompt=prompt,
        options=options_of(**options),
        owns_cell=owns_cell,
        as_text=given.get("format") == "text",
        notes=(text("note.filled", chat.language, names=told),) if used else (),
        **asks,
    )


def put(
    chat: Chat, shell: Any, values: Mapping[str, Any], question: Question
) -> Reply | Job | None:
    """Ask a question as the options say: at once, in the background, or only for show."""
    out, hands_code_on = values.get("out"), values.get("format") == "code"
    if values.get("dry_run"):
        print(writable(preview(chat.preview(question), chat.language)))
        return None
    if values.get("bg"):
        if hands_code_on:
            raise LineError("line.code_in_background")
        job = chat.put_in_background(question)
        if out:
            shell.user_ns[out] = job
        return job
    reply: Reply | None = None
    try:
        reply = chat.put(question)
    except (QwenError, Stopped) as error:
        reply = error.reply
        raise
    finally:
        if out and reply is not None:
            shell.user_ns[out] = reply
    if hands_code_on:
        cell = next_cell(reply.code, chat.language)
        put_into_next_cell(shell, cell)
        for note in () if question.quiet else cell.notes:
            print(writable(note))
    return reply


def retry(chat: Chat, shell: Any, /, **values: Any) -> Reply | Job | None:
    """Ask the last question again, with these options over its own."""
    return put(chat, shell, values, chat.again(question_of(chat, shell, values, "")))


def resume(chat: Chat) -> Reply:
    """Go on with the last turn, if it was stopped or cut."""
    return chat.resume()


def last(chat: Chat, shell: Any) -> None:
    """Show the last reply in the running cell."""
    reply = shell.user_ns.get("_qwen")
    if not isinstance(reply, Reply):
        raise LineError("command.no_last")
    Screen.current().draw(reply)


def filled(words: str, shell: Any) -> str:
    """Return the words of a command with the notebook's variables filled in."""
    return _filled(words, _names(shell, None))[0]


def _names(shell: Any, local_ns: Mapping[str, Any] | None) -> Mapping[str, Any]:
    return user_names(shell.user_ns, shell.user_ns_hidden, local_ns)


def _type(name: str, names: Mapping[str, Any]) -> Any:
    """Return the type or schema that a name stands for; `list[NAME]` is a list of it."""
    of = name.removeprefix("list[").removesuffix("]") if name.startswith("list[") else name
    found = _found(of, names, lambda *_: LineError("line.unknown_type", name=name))
    return found if of == name else types.GenericAlias(list, (found,))


def _tool(name: str, names: Mapping[str, Any]) -> Any:
    """Return what a tool's name stands for in the notebook."""

    def unknown(wanted: str, there: Iterable[str]) -> LineError:
        of = wanted if wanted == name.partition(".")[0] else name
        return LineError("line.unknown_tool", name=of, near=nearest(wanted, there))

    return _found(name, names, unknown)


def _found(
    path: str,
    names: Mapping[str, Any],
    unknown: Callable[[str, Iterable[str]], LineError],
) -> Any:
    """Return what `a.b.c` stands for; the error gets what is missing and what is there."""
    first, *attributes = path.split(".")
    if first not in names:
        raise unknown(first, [name for name, value in names.items() if callable(value)])
    found = names[first]
    for attribute in attributes:
        if not hasattr(found, attribute):
            raise unknown(attribute, dir(found))
        found = getattr(found, attribute)
    return found


def _filled(words: str, names: Mapping[str, Any]) -> tuple[str, tuple[str, ...]]:
    if "{err}" in words and "err" not in names and (error := last_error()) is not None:
        names = {**names, "err": error}
    try:
        return fill(words, names, compact)
    except FillError as error:
        facts = {"expression": error.expression, "reason": error.reason}
        raise ConfigError("error.fill", **facts) from None


def _file(name: str) -> str:
    try:
        return Path(name).expanduser().read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("error.system_file", name=name, reason=str(error)) from None
