"""What the Tab key offers behind `%qwen`, `%%qwen` and `%qwen_nb`.

Only what is known here and now: nothing is asked of a server, and no store is opened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from qwen_nb.magics.line import LineError, Option, read_line
from qwen_nb.magics.registry import COMMANDS, FAQ, OPTIONS, Command

if TYPE_CHECKING:
    from qwen_nb.chat import Chat

_HOOK = "complete_command"
_ASKING = ("%qwen", "%%qwen")
_COMMANDS = "%qwen_nb"


class Completer:
    """Completes the lines of one shell's magics.

    Parameters
    ----------
    shell : InteractiveShell
        Whose names are offered where a name of the notebook is wanted.
    chat : callable
        Returns the chat whose models and servers are offered.
    """

    def __init__(self, shell: Any, chat: Callable[[], Chat]) -> None:
        self._shell, self._chat = shell, chat
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
        return self._in_line(*_split(event), OPTIONS)

    def _commanded(self, shell: Any, event: Any) -> list[str]:
        """Offer a command, or what may stand in its line."""
        given, begun = _split(event)
        name, _, line = given.lstrip().partition(" ")
        if not name:
            return sorted(COMMANDS)
        if (command := COMMANDS.get(name)) is None:
            return []
        return self._in_line(line, begun, command.options, command)

    def _in_line(
        self,
        given: str,
        begun: str,
        options: Iterable[Option],
        command: Command | None = None,
    ) -> list[str]:
        """Offer what may stand behind what is given, for the word that is begun."""
        by_name = {name: option for option in options for name in option.names}
        is_command = command is not None
        try:
            parsed = read_line(given, options, anywhere=is_command, strict=not is_command)
        except LineError as error:
            waits = error.key == "line.missing_value"
            return self._offered(by_name[error.facts["option"]].completer) if waits else []
        words, (name, has_value, _) = parsed.words.split(), begun.partition("=")
        if words and not is_command:
            return []
        if has_value and name in by_name:
            return self._offered(by_name[name].completer)
        positionals = command.positionals if command is not None else ()
        if begun[:1] != "-" and len(words) < len(positionals):
            found = self._offered(positionals[len(words)].completer)
            if found:
                return found
        return list(by_name) if is_command or begun[:1] == "-" else []

    def _offered(self, source: str | tuple[str, ...]) -> list[str]:
        """Return what a source of the registry has now."""
        match source:
            case "models":
                return [model.id for model in self._chat().catalogue().models()]
            case "servers":
                return [row.name for row in self._chat().catalogue().servers]
            case "usable":
                return [*self._offered("servers"), "emulator", *self._offered("models")]
            case "settings":
                from qwen_nb.settings import NAMES

                return list(NAMES)
            case "topics":
                return [*sorted(COMMANDS), FAQ]
            case "functions":
                return self._names(callable)
            case "types":
                return self._names(lambda value: isinstance(value, type | dict))
        assert not isinstance(source, str) or not source, source
        return list(source)

    def _names(self, fits: Callable[[Any], bool]) -> list[str]:
        hidden = self._shell.user_ns_hidden
        return sorted(
            name
            for name, value in self._shell.user_ns.items()
            if not name.startswith("_") and name not in hidden and fits(value)
        )


def _split(event: Any) -> tuple[str, str]:
    """Return what stands behind the magic's name: the words before, and the one begun."""
    line = event.text_until_cursor.partition(event.command)[2]
    words = line.split()
    begun = words[-1] if words and not line[-1:].isspace() else ""
    return line[: len(line) - len(begun)], begun
