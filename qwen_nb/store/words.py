"""What tells a text that holds words of a forgotten turn.

Which part of a question is the secret nobody says; too much found costs an answer that can
be asked again, too little leaves the secret where it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable

__all__ = ["finder"]

_LONG = 8
"""Bytes of words from which a line of a question is looked for by itself; shorter ones would
be found in anything."""

_LONG_ANSWER = 24
"""Bytes from which an answer is looked for; what is shorter other answers say as well."""

_KEY = re.compile(r"[A-Za-z0-9!#$%&*+./?@\\^_|~-]{8,}")
"""What may be a key or a password, if it has letters and digits."""


def finder(prompts: Iterable[str], answers: Iterable[str] = ()) -> re.Pattern[str] | None:
    """Return what finds words of these turns, as plain files and as JSON have them.

    Looked for are each question and its longer lines, words of it that may be a key, and
    longer answers as a whole. None where there is nothing to look for.
    """
    words = {each.strip() for each in answers if _size(each) >= _LONG_ANSWER}
    for prompt in prompts:
        lines = map(str.strip, prompt.splitlines())
        keys = (each for each in _KEY.findall(prompt) if re.search(r"\d", each))
        words |= {prompt.strip()}
        words |= {line for line in lines if _size(line) >= _LONG}
        words |= {each for each in keys if re.search("[A-Za-z]", each)}
    forms = {form for word in words if word for form in _spellings(word)}
    patterns = map(_pattern, sorted(forms, key=len, reverse=True))
    return re.compile("|".join(patterns)) if forms else None


def _size(text: str) -> int:
    return len("".join(re.findall(r"\w", text)).encode("utf-8", "replace"))


def _spellings(text: str) -> frozenset[str]:
    """Return a text as it stands in plain files, in JSON, and in JSON inside of JSON."""
    once = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    twice = {json.dumps(each, ensure_ascii=False)[1:-1] for each in once}
    return frozenset({text} | once | twice)


def _pattern(form: str) -> str:
    is_short = form.isascii() and len(form) < _LONG
    return rf"(?<!\w){re.escape(form)}(?!\w)" if is_short else re.escape(form)
