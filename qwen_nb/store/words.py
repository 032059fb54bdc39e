"""What tells a text that holds words of a forgotten turn.

Which part of a question is the secret nobody says; too much found costs an answer that can
be asked again, too little leaves the secret where it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable

_LONG = 8
"""Bytes of words from which a line of a question is looked for by itself; shorter ones would
be found in anything."""

_LONG_ANSWER = 24
"""Bytes from which an answer is looked for; what is shorter other answers say as well."""

_MOST = 30
"""Lines and keys of one question that are looked for: a pasted table has thousands."""

_KEY = re.compile(r"[A-Za-z0-9!#$%&*+./?@\\^_|~-]{8,}")
"""What may be a key or a password, if it has letters and digits."""


def finder(prompts: Iterable[str], answers: Iterable[str] = ()) -> Callable[[str], bool] | None:
    """Return what tells whether a text, plain or JSON, holds words of these turns.

    Looked for are each question, its longer lines and words of it that may be a key, the
    longest of them; and longer answers as a whole. None where there is nothing to look for.
    """
    words = {each.strip() for each in answers if _size(each) >= _LONG_ANSWER}
    for prompt in prompts:
        lines = {line for line in map(str.strip, prompt.splitlines()) if _size(line) >= _LONG}
        keys = {each for each in _KEY.findall(prompt) if re.search(r"\d", each)}
        keys = {each for each in keys if re.search("[A-Za-z]", each)}
        words |= {prompt.strip(), *_longest(lines), *_longest(keys)}
    forms = {form for word in words if word for form in _spellings(word)}
    short = {form for form in forms if form.isascii() and len(form) < _LONG}
    long = sorted(forms - short)  # one `in` each: an alternative of many is far slower
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, sorted(short)))})(?!\w)")

    def holds(text: str) -> bool:
        return any(form in text for form in long) or bool(short and pattern.search(text))

    return holds if forms else None


def _longest(words: Iterable[str]) -> list[str]:
    return sorted(words, key=lambda word: (-len(word), word))[:_MOST]


def _size(text: str) -> int:
    return len("".join(re.findall(r"\w", text)).encode("utf-8", "replace"))


def _spellings(text: str) -> frozenset[str]:
    """Return a text as it stands in plain files, in JSON, and in JSON inside of JSON."""
    once = {json.dumps(text, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False)}
    twice = {json.dumps(each, ensure_ascii=False)[1:-1] for each in once}
    return frozenset({text} | once | twice)
