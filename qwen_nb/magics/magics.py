"""`%qwen`, `%%qwen` and `%qwen_nb`: read the line, call, hand over.

A line is read with the tables of `registry`, a question is made in `question`, and a
command's function says what to print. Everything behind a line is imported when the first
line is typed, so that loading takes little.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import types
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

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

from qwen_nb.errors import QwenError
from qwen_nb.front_end import deleted_cells, warm_up
from qwen_nb.magics import transformers
from qwen_nb.magics.complete import Completer
from qwen_nb.magics.line import LineError, nearest, read_line
from qwen_nb.magics.registry import COMMANDS, OPTIONS, read_command
from qwen_nb.settings import NAMES, help_of, shown
from qwen_nb.texts import machine_language, text

if TYPE_CHECKING:
    from qwen_nb.asking import Job
    from qwen_nb.chat import Chat
    from qwen_nb.values import Reply

_SECTION = "QwenMagics"
_PAGE = 100  # columns of a table's text where there is no terminal to measure


def _with_options_described(magic: Callable[..., Any]) -> Callable[..., Any]:
    # Declared for the help of `%%qwen?` only; `read_line` reads the line.
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
        from qwen_nb.magics.commands import set_setting

        with obj.errors_in_words():
            set_setting(obj.chat, str(self.name), None if value == "default" else value)


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
    _chat: Chat | None = None

    def __init__(self, shell: Any) -> None:
        self.profile = deepcopy(shell.config.get(_SECTION))
        super().__init__(shell)

    @property
    def chat(self) -> Chat:
        """The chat of this shell, made when it is first needed."""
        if self._chat is None:
            from qwen_nb.chat import Chat

            self._chat = Chat.current()  # a program in a cell may have been earlier
        return self._chat

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
        from qwen_nb.magics.question import put, question_of

        with self._listening():
            parsed = read_line(line, OPTIONS)
            body = "" if cell is None else cell.removesuffix("\n")
            prompt = "\n".join(part for part in (parsed.words, body) if part)
            if not prompt.strip() and not parsed.values:
                self._do("status")
                return None
            is_cell = cell is not None
            question = question_of(
                self.chat, self.shell, parsed.values, prompt, local_ns, owns_cell=is_cell
            )
            return put(self.chat, self.shell, parsed.values, question)

    @line_magic
    @no_var_expand
    def qwen_nb(self, line: str) -> object:
        """Everything but asking: `%qwen_nb help` lists the commands."""
        name, _, rest = line.strip().replace("\u3000", " ").partition(" ")
        with self._listening(name):
            return self._do(name or "status", rest)

    def _do(self, name: str, line: str = "") -> object:
        """Run a command; return its value, if it is more than something to print."""
        command = COMMANDS.get(name)
        if command is None:
            raise LineError("command.unknown", command=name, near=nearest(name, COMMANDS))
        if command.takes_file:
            from qwen_nb.magics.question import filled

            line = filled(line, self.shell)
        values = read_command(command, line)
        with_shell = (self.shell,) if command.needs_shell else ()
        return self._shown(command.function(self.chat, *with_shell, **values))

    def _shown(self, told: object) -> object:
        """Print what a command returned; return what is not for printing."""
        from qwen_nb.magics.sheet import Sheet

        if isinstance(told, str):
            print(told)
        elif isinstance(told, Iterator):
            for line in told:
                print(line, flush=True)
        elif not isinstance(told, Sheet):
            return told
        elif getattr(self.shell, "kernel", None) is None:
            print(told.plain(shutil.get_terminal_size((_PAGE, 24)).columns))
        else:
            bundle = {"text/plain": told.plain(_PAGE), "text/html": told.html}
            display(bundle, raw=True)  # type: ignore[no-untyped-call]
        return None

    @contextlib.contextmanager
    def _listening(self, command: str = "") -> Iterator[None]:
        """Speak the language that is set now."""
        # What is wrong with the settings is told by what needs them.
        with contextlib.suppress(QwenError):
            self.chat.language = self.chat.settings().value("lang", self.chat.language)
        with self.errors_in_words(command):
            yield

    @contextlib.contextmanager
    def errors_in_words(self, command: str = "") -> Iterator[None]:
        """Let every error of a line say what is wrong in the language of the chat."""
        try:
            yield
        except LineError as error:
            error.facts.setdefault("command", command)
            raise UsageError(error.message(self.chat.language)) from None
        except QwenError as error:
            error.language = self.chat.language
            raise

    def before_cell(self, *_: Any) -> None:
        """Let the conversation know of deleted cells; a front end names them only once."""
        if deleted_cells(self.shell):
            from qwen_nb.asking import Notebook

            Notebook.current()  # reads what the running request says

    def leave(self) -> None:
        """Stop what runs, close what is open, and take everything back."""
        from qwen_nb.asking import CHATS, JOBS, Notebook, Screen
        from qwen_nb.cassettes import leave as leave_cassette
        from qwen_nb.magics.panel import controls

        JOBS.stop()
        controls.close_panels(self.shell)
        leave_cassette()
        self.completer.leave()
        self.shell.events.unregister("pre_run_cell", self.before_cell)
        self.chat.close()
        CHATS.pop(self.shell, None)  # what was set in it goes with it
        Notebook.current().close()
        Screen.current().leave()


def load(shell: Any) -> None:
    """Register the magics and what belongs to them."""
    magics = QwenMagics(shell)
    shell.register_magics(magics)
    magics.completer = Completer(shell, lambda: magics.chat)
    shell.events.register("pre_run_cell", magics.before_cell)
    transformers.install(shell)
    warm_up(shell, "qwen_nb.magics.question")


def unload(shell: Any) -> None:
    """Take everything back that `load` and the questions since put into the shell."""
    manager = shell.magics_manager
    for kind, names in QwenMagics.magics.items():
        for name in names:
            manager.magics[kind].pop(name, None)
    magics = manager.registry.pop(QwenMagics.__name__, None)
    if magics is not None:
        magics.leave()
        shell.configurables.remove(magics)
        for other in shell.configurables:  # `%config` tells everything to everybody
            other.config.pop(_SECTION, None)
            if magics.profile is not None:
                other.config[_SECTION] = deepcopy(magics.profile)
    transformers.remove(shell)
