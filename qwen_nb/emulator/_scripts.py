"""Scripted dialogues: what is said when, as data.

The packaged ones are in `scripts.toml`, tried from the top after those a test has
added; the last two match everything and mirror what was received.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

__all__ = ["Script", "choose", "fill", "packaged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """One scripted turn.

    In its texts `{{model}}`, `{{turns}}`, `{{budget}}` and `{{first_words}}` are filled
    in; all else is said as it stands.

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
    from_turn : int
        Matches from this user message on, counted from 1.
    pace : float, optional
        Seconds between two pieces; None is the emulator's usual pace.
    """

    name: str
    asks: str
    answer: str
    thinking: str = ""
    answer_without_thinking: str | None = None
    after: str | None = None
    from_turn: int = 1
    pace: float | None = None

    def __post_init__(self) -> None:
        for pattern in (self.asks, self.after or ""):
            _compiled(pattern)  # a bad pattern is an error here, not in mid-request

    def matches(self, said: Sequence[str]) -> bool:
        """Tell whether this is the script for these user messages, the last one asked."""
        *earlier, last = said or [""]
        if len(earlier) + 1 < self.from_turn or not _compiled(self.asks).search(last.strip()):
            return False
        return self.after is None or any(map(_compiled(self.after).search, earlier))


def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE | re.DOTALL)


def choose(scripts: Iterable[Script], said: Sequence[str]) -> Script:
    """Return the first script that matches."""
    return next(script for script in scripts if script.matches(said))


def fill(text: str, facts: Mapping[str, str]) -> str:
    """Put the facts into a script's text, in one pass: what was put in is not read again."""
    return re.sub(r"\{\{(\w+)\}\}", lambda found: facts.get(found[1], found[0]), text)


@cache
def packaged() -> tuple[Script, ...]:
    """Return the scripts of `scripts.toml` in their order."""
    text = files(__package__).joinpath("scripts.toml").read_text("utf-8")
    # a multi-line text ends with the newline before its closing quotes
    return tuple(
        Script(**{key: _trimmed(value) for key, value in table.items()})
        for table in tomllib.loads(text)["script"]
    )


def _trimmed(value: Any) -> Any:
    return value.rstrip("\n") if isinstance(value, str) else value
