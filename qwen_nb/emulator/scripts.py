"""Scripted dialogues: what is said when, as data.

The packaged ones are in `scripts/`, tried in the order of `_FILES` after those a test has
added; the last ones match everything and mirror what was received.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

from qwen_nb.emulator.faults import Fault

_FILES = ("guides", "modes", "work", "trouble", "tasks", "mirror")


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One scripted turn.

    In its texts `{{model}}`, `{{turns}}`, `{{budget}}`, `{{first_words}}`, `{{results}}`,
    `{{recap}}` and `{{more}}` are filled in; all else is said as it stands.

    Parameters
    ----------
    name : str
        What people call it.
    asks : str
        Regular expression, searched in the last user message without regard to case;
        a dot matches newlines too.
    answer : str
        What is answered.
    thinking : str
        What is thought before it, where the model thinks.
    answer_without_thinking : str, optional
        What is answered instead where the model does not think.
    after : str, optional
        Regular expression that an earlier user message must match.
    all_said : str, optional
        Regular expression for all user messages together, a line each.
    system : str, optional
        Regular expression for the system message.
    from_turn : int
        Matches from this user message on, counted from 1.
    calls : sequence of mappings
        Tools to call before answering, each a `name` and `arguments` (a mapping, or
        text to send as it stands); only tools that the request offers are called.
    thinking_after_tools : str
        What is thought once their results are there.
    answer_without_tools : str, optional
        What is answered instead where the request offers none of these tools.
    json : str, optional
        What is answered instead where JSON is wanted, as it stands: it may be broken.
    pace : float, optional
        Seconds between two pieces; None is the emulator's usual pace.
    usage : mapping, optional
        Token counts to report instead of the counted ones: `prompt`, `cached`,
        `completion`, `thinking`.
    fault : str, optional
        What goes wrong, as in the header `X-Emulator-Fault`.
    """

    name: str
    asks: str
    answer: str
    thinking: str = ""
    answer_without_thinking: str | None = None
    after: str | None = None
    all_said: str | None = None
    system: str | None = None
    from_turn: int = 1
    calls: Sequence[Mapping[str, Any]] = ()
    thinking_after_tools: str = ""
    answer_without_tools: str | None = None
    json: str | None = None
    pace: float | None = None
    usage: Mapping[str, int] | None = None
    fault: str | None = None

    def __post_init__(self) -> None:
        # a mistake is an error here, not in mid-request
        for pattern in (self.asks, self.after, self.all_said, self.system):
            _compiled(pattern or "")
        if self.fault is not None:
            Fault.read(self.fault)

    def matches(self, said: Sequence[str], system: str = "") -> bool:
        """Tell whether this is the script for these user messages, the last one asked."""
        *earlier, last = said or [""]
        return (
            len(earlier) + 1 >= self.from_turn
            and _found(self.asks, last.strip())
            and (self.after is None or any(_found(self.after, text) for text in earlier))
            and (self.all_said is None or _found(self.all_said, "\n".join(said)))
            and (self.system is None or _found(self.system, system))
        )


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


def _found(pattern: str, text: str) -> bool:
    return _compiled(pattern).search(text) is not None


def choose(scripts: Iterable[Script], said: Sequence[str], system: str = "") -> Script:
    """Return the first script that matches."""
    return next(script for script in scripts if script.matches(said, system))


def fill(text: str, facts: Mapping[str, str]) -> str:
    """Put the facts into a script's text, in one pass: what was put in is not read again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: facts.get(found[1], found[0]), text)


@cache
def packaged() -> tuple[Script, ...]:
    """Return the scripts of `scripts/` in their order."""
    folder = files(__package__).joinpath("scripts")
    tables = [
        table
        for name in _FILES
        for table in tomllib.loads(folder.joinpath(f"{name}.toml").read_text("utf-8"))["script"]
    ]
    # a multi-line text ends with the newline before its closing quotes
    return tuple(
        Script(**{key: _trimmed(value) for key, value in table.items()}) for table in tables
    )


def _trimmed(value: Any) -> Any:
    return value.rstrip("\n") if isinstance(value, str) else value
