"""What the Tab key offers behind `%qwen`, `%%qwen` and `%qwen_nb`.

Only what is known here and now: nothing is asked of a server, and no store is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, get_args

from qwen_nb.chat import Chat
from qwen_nb.magics.line import FORMS, OPTIONS, Option
from qwen_nb.settings import NAMES
from qwen_nb.values import By

__all__ = ["Completer"]

_HOOK = "complete_command"
_ASKING = ("%qwen", "%%qwen")
_COMMANDS = "%qwen_nb"
_DIALECTS = ("openai", "dashscope")


class Completer:
    """Completes the lines of one shell's magics.

    Parameters
    ----------
    chat : Chat
        Whose models, servers and settings are offered.
    shell : InteractiveShell
        Whose names are offered where a name of the notebook is wanted.
    commands : iterable of str
        The commands of `%qwen_nb`.
    """

    def __init__(self, chat: Chat, shell: Any, commands: Iterable[str]) -> None:
        self._chat = chat
        self._shell = shell
        self._commands = sorted(commands)
        for name in _ASKING:
            shell.set_hook(_HOOK, self._asked, str_key=name)
        shell.set_hook(_HOOK, self._commanded, str_key=_COMMANDS)

    def leave(self) -> None:
        """Offer nothing more; other people's completers stay."""
        known = self._shell.strdispatchers.get(_HOOK)
        for name in (*_ASKING, _COMMANDS):
            chain = known.strs.get(name) if known is not None else None
            if chain is None:
                continue
            ours = (self._asked, self._commanded)  # IPython binds them to the shell
            chain.chain[:] = [
                each for each in chain.chain if getattr(each[1], "__func__", None) not in ours
            ]
            if not chain.chain:
                del known.strs[name]

    def _asked(self, shell: Any, event: Any) -> list[str]:
        """Offer what may stand here in a question's line; nothing within its words."""
        before = event.text_until_cursor.partition(event.command)[2]
        words = before.split()
        if before[-1:].isspace() or not words:
            words.append("")
        *given, begun = words
        wanted: Option | None = None
        after = ""
        for word in given:
            if wanted is not None:
                wanted = None  # this was its value
                continue
            option = _option(word.partition("=")[0])
            if option is None and not (word.isdigit() and after == "--think"):
                return []  # the words have begun
            after = word
            if option is not None and option.kind in ("value", "pair") and "=" not in word:
                wanted = option
        if wanted is not None:
            return self._values(wanted.field)
        if begun.startswith("--json="):
            return self._names(lambda value: isinstance(value, type | dict))
        return [name for option in OPTIONS for name in option.names] if begun[:1] == "-" else []

    def _values(self, field: str) -> list[str]:
        match field:
            case "model":
                return self._models()
            case "server":
                return self._servers()
            case "dialect":
                return list(_DIALECTS)
            case "format":
                return list(FORMS)
            case "tools":
                return self._names(callable)
            case _:
                return []

    def _commanded(self, shell: Any, event: Any) -> list[str]:
        words = event.text_until_cursor.split()
        if event.text_until_cursor[-1:].isspace():
            words.append("")
        if len(words) <= 2:
            return self._commands
        command, last = words[1], words[-2]
        match command, last:
            case "help", "help":
                return [*self._commands, "faq"]
            case "config", "config":
                return list(NAMES)
            case "use", "use":
                return [*self._servers(), "emulator", *self._models()]
            case ("models", "models") | ("retry", "-m" | "--model"):
                return self._models()
            case (("servers" | "login" | "logout"), _):
                return self._servers()
            case "code", "--as":
                return ["curl", *_DIALECTS]
            case "usage", "--by":
                return list(get_args(By))
        return {
            "code": ["--as"],
            "forget": ["turn", "chat", "--yes"],
            "usage": ["--by", "--plot"],
            "replay": ["--speed"],
        }.get(command, [])

    def _models(self) -> list[str]:
        return [model.id for model in self._chat.catalogue().models()]

    def _servers(self) -> list[str]:
        return [row.name for row in self._chat.catalogue().servers]

    def _names(self, fits: Callable[[Any], bool]) -> list[str]:
        hidden = self._shell.user_ns_hidden
        return sorted(
            name
            for name, value in self._shell.user_ns.items()
            if not name.startswith("_") and name not in hidden and fits(value)
        )


def _option(word: str) -> Option | None:
    return next((option for option in OPTIONS if word in option.names), None)
