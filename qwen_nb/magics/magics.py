"""`%qwen`, `%%qwen` and `%qwen_nb`: read the line, call, hand over."""

from __future__ import annotations

import contextlib
import difflib
import os
import shutil
import types
from collections.abc import Callable, Iterable
from copy import deepcopy
from pathlib import Path
from typing import Any

from IPython.core.error import UsageError
from IPython.core.magic import (
    Magics,
    line_cell_magic,
    line_magic,
    magics_class,
    needs_local_scope,
    no_var_expand,
)
from IPython.core.magic_arguments import argument, magic_arguments
from IPython.display import display
from traitlets import TraitType

from qwen_nb.asking import JOBS, Archive, Job, Screen
from qwen_nb.cassettes import leave as leave_cassette
from qwen_nb.chat import Chat
from qwen_nb.errors import ConfigError, QwenError, Stopped
from qwen_nb.front_end import FillError, compact, fill, last_error, next_cell, put, user_names
from qwen_nb.magics import reports, transformers
from qwen_nb.magics.commands import (
    cassettes,
    conversations,
    exchange,
    forget_for_good,
    history,
    service,
    usage,
)
from qwen_nb.magics.complete import Completer
from qwen_nb.magics.line import OPTIONS, LineError, ParsedLine, read_line
from qwen_nb.magics.panel import controls
from qwen_nb.magics.sheet import Sheet
from qwen_nb.settings import NAMES, help_of, shown
from qwen_nb.texts import machine_language, text
from qwen_nb.values import Question, Reply, options_of

__all__ = ["QwenMagics", "load", "unload"]

_SECTION = "QwenMagics"
_OPTION_FIELDS = (
    "model", "thinking", "preserve_thinking", "system", "temperature", "max_tokens", "params",
)  # fmt: skip
_QUESTION_FIELDS = (
    "chat", "new", "once", "json", "tools", "hide_thinking", "quiet", "server", "dialect",
    "force",
)  # fmt: skip
_PAGE = 100  # columns of a table's text where there is no terminal to measure


def _with_options_described(magic: Callable[..., Any]) -> Callable[..., Any]:
    # Declared for the help of `%%qwen?` only; `_line` reads the line.
    language = machine_language(os.environ)
    for option in reversed(OPTIONS):
        meaning = text(f"option.{option.names[-1]}", language)
        shown = {"action": "store_true"} if option.kind == "flag" else {"metavar": option.shown}
        describe = argument(*option.names, help=meaning, **shown)  # type: ignore[no-untyped-call]
        magic = describe(magic)
    described: Callable[..., Any] = magic_arguments()(magic)  # type: ignore[no-untyped-call]
    return described


class SessionSetting(TraitType):  # type: ignore[type-arg]
    """A setting as `%config QwenMagics` meets it.

    Nothing is kept here: it shows what holds now, wherever it comes from, and what is
    set goes where `%qwen_nb config` puts it.
    """

    default_value = None

    def get(self, obj: Any, cls: Any = None) -> Any:
        """Return the value that holds; None where nobody set one."""
        value = obj.chat.settings().value(str(self.name))
        return shown(value) if isinstance(value, str) else value

    def set(self, obj: Any, value: Any) -> None:
        """Set it for this session; None or "default" gives it back."""
        told = None if value == "default" else value
        try:
            service.set_setting(obj.chat, str(self.name), told)
        except QwenError as error:
            error.language = obj.chat.language
            raise


_SETTINGS = {
    name: SessionSetting(allow_none=True, help=help_of(name)).tag(config=True) for name in NAMES
}
_Configured: Any = types.new_class(
    "_Configured", (Magics,), {}, lambda names: names.update(_SETTINGS)
)


@magics_class
class QwenMagics(_Configured):  # type: ignore[misc]
    """The magics of one shell, and the conversation they share."""

    shell: Any
    completer: Completer

    def __init__(self, shell: Any) -> None:
        self.chat = Chat()  # first: the profile's configuration may set something
        self.chat.stand_for(shell)
        self.profile = deepcopy(shell.config.get(_SECTION))
        super().__init__(shell)
        self._commands: dict[str, Callable[[str], object]] = {
            "budget": self._printed(usage.budget),
            "chats": self._tabled(conversations.chats),
            "code": self._printed(service.code),
            "config": self._printed(service.config),
            "doctor": self._doctor,
            "export": self._with_file(exchange.export_file),
            "forget": self._printed(forget_for_good),
            "fork": self._printed(conversations.fork),
            "help": self._help,
            "history": self._tabled(history.history),
            "import": self._with_file(exchange.import_file),
            "jobs": self._printed(service.jobs),
            "last": self._last,
            "live": self._printed(cassettes.live),
            "login": self._printed(service.login),
            "logout": self._printed(service.logout),
            "models": self._models,
            "new": self._printed(conversations.new),
            "panel": lambda rest: controls.panel(self.chat, shell, rest),
            "record": self._with_file(cassettes.record_file),
            "replay": self._with_file(cassettes.replay_file),
            "restore": self._printed(conversations.restore),
            "resume": self._resume,
            "retry": self._retry,
            "search": self._tabled(history.search),
            "servers": self._printed(service.servers),
            "status": self._status,
            "stop": self._printed(service.stop),
            "switch": self._printed(conversations.switch),
            "undo": self._printed(conversations.undo),
            "usage": self._tabled(usage.usage),
            "use": self._printed(service.use),
        }

    def update_config(self, config: Any) -> None:
        """Take in what `%config` says, and keep none: what was given up would come back."""
        self._load_config(config)

    @line_cell_magic
    @no_var_expand
    @needs_local_scope
    @_with_options_described
    def qwen(
        self, line: str, cell: str | None = None, local_ns: dict[str, Any] | None = None
    ) -> Reply | Job | None:
        """Ask a model; thinking, answer and token counts appear in the cell.

        Options come first; everything after them, on the line and in the cell, is the
        prompt. The next question continues the conversation. The reply is returned, and
        is also `_qwen`. Without a prompt the line shows where questions go.
        """
        self._listen()
        parsed = self._parsed(line)
        body = "" if cell is None else cell.removesuffix("\n")
        prompt = "\n".join(part for part in (parsed.words, body) if part)
        if not prompt.strip() and not parsed.values:
            self._status("")
            return None
        question = self._question(parsed, prompt, local_ns, owns_cell=cell is not None)
        return self._put(parsed, question)

    def _put(self, parsed: ParsedLine, question: Question) -> Reply | Job | None:
        if parsed.values.get("dry_run"):
            print(reports.preview(self.chat.preview(question), self.chat.language))
            return None
        out = parsed.values.get("out")
        hands_code_on = parsed.values.get("format") == "code"
        if parsed.values.get("bg"):
            if hands_code_on:
                raise UsageError(self._say("line.code_in_background"))
            return self._started(question, out)
        reply = self._asked(question, out)
        if hands_code_on:
            self._hand_code_on(reply, quiet=question.quiet)
        return reply

    def _hand_code_on(self, reply: Reply, *, quiet: bool) -> None:
        cell = next_cell(reply.code, self.chat.language)
        put(self.shell, cell)
        for note in () if quiet else cell.notes:
            print(note)

    @line_magic
    @no_var_expand
    def qwen_nb(self, line: str) -> object:
        """Everything but asking: `%qwen_nb help` lists the commands."""
        self._listen()
        name, _, rest = line.strip().replace("\u3000", " ").partition(" ")
        command = self._commands.get(name or "status")
        if command is None:
            near = difflib.get_close_matches(name, self._commands, n=1)
            raise UsageError(self._say("command.unknown", command=name, near=self._near(near)))
        return command(rest.strip())

    def _listen(self) -> None:
        # What is wrong with the settings is told by what needs them.
        with contextlib.suppress(QwenError):
            self.chat.language = self.chat.settings().value("lang", self.chat.language)

    def _parsed(self, line: str) -> ParsedLine:
        try:
            return read_line(line)
        except LineError as error:
            facts = dict(error.facts)
            if "near" in facts:
                facts["near"] = self._near([facts["near"]] if facts["near"] else [])
            raise UsageError(self._say(error.key, **facts)) from None

    def _question(
        self,
        parsed: ParsedLine,
        prompt: str,
        local_ns: dict[str, Any] | None,
        *,
        owns_cell: bool,
    ) -> Question:
        values = dict(parsed.values)
        filled: tuple[str, ...] = ()
        if "system" in values and values["system"].startswith("@"):
            values["system"] = self._file(values["system"][1:])
        elif not values.get("raw") and "system" in values:
            values["system"], _ = self._filled(values["system"], local_ns)
        if not values.get("raw"):
            prompt, filled = self._filled(prompt, local_ns)
        if isinstance(values.get("json"), str):
            values["json"] = self._type(values["json"], local_ns)
        if "tools" in values:
            values["tools"] = self._tools(values["tools"], local_ns)
        note = self._say("note.filled", names=", ".join(f"{{{name}}}" for name in filled))
        return Question(
            prompt=prompt,
            options=options_of(**{k: v for k, v in values.items() if k in _OPTION_FIELDS}),
            owns_cell=owns_cell,
            as_text=values.get("format") == "text",
            notes=(note,) if filled else (),
            **{k: v for k, v in values.items() if k in _QUESTION_FIELDS},
        )

    def _type(self, name: str, local_ns: dict[str, Any] | None) -> Any:
        """Return the type or schema that a name stands for; `list[NAME]` is a list of it."""
        known = user_names(self.shell.user_ns, self.shell.user_ns_hidden, local_ns)
        of = name.removeprefix("list[").removesuffix("]") if name.startswith("list[") else name
        first, *attributes = of.split(".")
        try:
            found = known[first]
            for attribute in attributes:
                found = getattr(found, attribute)
            return found if of == name else types.GenericAlias(list, (found,))
        except (KeyError, AttributeError):
            raise UsageError(self._say("line.unknown_type", name=name)) from None

    def _tools(self, names: tuple[str, ...], local_ns: dict[str, Any] | None) -> list[Any]:
        """Return what these names stand for in the notebook."""
        known = dict(user_names(self.shell.user_ns, self.shell.user_ns_hidden, local_ns))
        tools = []
        for name in names:
            first, *attributes = name.split(".")
            if first not in known:
                callables = [each for each, value in known.items() if callable(value)]
                near = difflib.get_close_matches(first, callables, n=1)
                facts = {"name": first, "near": self._near(near)}
                raise UsageError(self._say("line.unknown_tool", **facts))
            value = known[first]
            for attribute in attributes:
                if not hasattr(value, attribute):
                    near = difflib.get_close_matches(attribute, dir(value), n=1)
                    facts = {"name": name, "near": self._near(near)}
                    raise UsageError(self._say("line.unknown_tool", **facts))
                value = getattr(value, attribute)
            tools.append(value)
        return tools

    def _filled(
        self, prompt: str, local_ns: dict[str, Any] | None
    ) -> tuple[str, tuple[str, ...]]:
        names = dict(user_names(self.shell.user_ns, self.shell.user_ns_hidden, local_ns))
        if "{err}" in prompt and "err" not in names and (error := last_error()) is not None:
            names["err"] = error
        try:
            return fill(prompt, names, compact)
        except FillError as error:
            problem = ConfigError(
                "error.fill", expression=error.expression, reason=error.reason
            )
            problem.language = self.chat.language
            raise problem from None

    def _file(self, name: str) -> str:
        try:
            return Path(name).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            problem = ConfigError("error.system_file", name=name, reason=str(error))
            problem.language = self.chat.language
            raise problem from None

    def _asked(self, question: Question, out: str | None) -> Reply:
        reply: Reply | None = None
        try:
            reply = self.chat.put(question)
        except (QwenError, Stopped) as error:
            reply = error.reply
            raise
        finally:
            if out and reply is not None:
                self.shell.user_ns[out] = reply
        return reply

    def _started(self, question: Question, out: str | None) -> Job:
        job = self.chat.put_in_background(question)
        if out:
            self.shell.user_ns[out] = job
        return job

    def _printed(self, command: Callable[[Chat, str], str]) -> Callable[[str], None]:
        def run(rest: str) -> None:
            try:
                print(command(self.chat, rest))
            except QwenError as error:
                error.language = self.chat.language
                raise

        return run

    @property
    def commands(self) -> Iterable[str]:
        """The commands of `%qwen_nb`."""
        return self._commands.keys()

    def _with_file(self, command: Callable[[Chat, str], str]) -> Callable[[str], None]:
        """Return a command whose file may stand in a variable."""
        return lambda rest: self._printed(command)(self._filled(rest, None)[0])

    def _tabled(
        self, command: Callable[[Chat, str, int], Sheet | str]
    ) -> Callable[[str], None]:
        in_page = getattr(self.shell, "kernel", None) is not None

        def run(rest: str) -> None:
            width = _PAGE if in_page else shutil.get_terminal_size((_PAGE, 24)).columns
            try:
                shown = command(self.chat, rest, width)
            except QwenError as error:
                error.language = self.chat.language
                raise
            if isinstance(shown, str):
                print(shown)
            elif in_page:
                bundle = {"text/plain": shown.plain, "text/html": shown.html}
                display(bundle, raw=True)  # type: ignore[no-untyped-call]
            else:
                print(shown.plain)

        return run

    def _doctor(self, rest: str) -> None:
        for line in service.doctor(self.chat):
            print(line, flush=True)

    def _resume(self, rest: str) -> Reply:
        return self.chat.resume()

    def _models(self, rest: str) -> None:
        first, _, words = rest.partition(" ")
        is_price = first == usage.SET_PRICE
        command = usage.price_set if is_price else service.models
        self._printed(command)(words if is_price else rest)

    def _retry(self, rest: str) -> Reply | Job | None:
        parsed = self._parsed(rest)
        if parsed.words:
            raise UsageError(self._say("retry.words"))
        question = self._question(parsed, "", None, owns_cell=False)
        return self._put(parsed, self.chat.again(question))

    def _status(self, rest: str) -> None:
        print(reports.status(self.chat, self.chat.language))

    def _last(self, rest: str) -> None:
        reply = self.shell.user_ns.get("_qwen")
        if not isinstance(reply, Reply):
            raise UsageError(self._say("command.no_last"))
        Screen.current().draw(reply)

    def _help(self, rest: str) -> None:
        language = machine_language(os.environ)
        topics = (*self._commands, "faq")
        if rest and rest not in topics:
            near = difflib.get_close_matches(rest, topics, n=1)
            raise UsageError(self._say("command.unknown", command=rest, near=self._near(near)))
        print(reports.help_text(rest, sorted(self._commands), language))

    def _say(self, key: str, **values: Any) -> str:
        return text(key, self.chat.language, **values)

    def _near(self, names: list[str]) -> str:
        return self._say("command.near", name=names[0]) if names else ""


def load(shell: Any) -> None:
    """Register the magics and what belongs to them."""
    magics = QwenMagics(shell)
    shell.register_magics(magics)
    magics.completer = Completer(magics.chat, shell, magics.commands)
    transformers.install(shell)


def unload(shell: Any) -> None:
    """Take everything back that `load` and the questions since put into the shell."""
    manager = shell.magics_manager
    for kind, names in QwenMagics.magics.items():
        for name in names:
            manager.magics[kind].pop(name, None)
    magics = manager.registry.pop(QwenMagics.__name__, None)
    if magics is not None:
        JOBS.stop()
        controls.close_panels(shell)
        shell.configurables.remove(magics)
        leave_cassette()
        magics.completer.leave()
        magics.chat.close()
        Chat._of_shells.pop(shell, None)  # what was set in it goes with it
        Archive.current().close()
        for other in shell.configurables:  # `%config` tells everything to everybody
            other.config.pop(_SECTION, None)
            if magics.profile is not None:
                other.config[_SECTION] = deepcopy(magics.profile)
    transformers.remove(shell)
    Screen.current().leave()
