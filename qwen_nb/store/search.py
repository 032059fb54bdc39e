"""Full-text search that finds Chinese words inside a sentence.

FTS5's own tokenisers take a Chinese sentence for one word, or miss words of two
characters. So each CJK character becomes a token of its own when a text is indexed, and
a word of the query becomes a phrase of such tokens.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from qwen_nb.values import EntryState, excerpt

__all__ = ["Found", "around", "match_of", "spaced"]

_CJK = (
    "\u3005\u3007\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\uff66-\uff9d\U00020000-\U0003ffff"
)
_CHARACTER = re.compile(f"[{_CJK}]")
_TOKEN = re.compile(f"[{_CJK}]|[^\\W_{_CJK}]+")
_QUOTED_OR_WORD = re.compile(r'"([^"]*)"|(\S+)')

_BEFORE, _LONG = 40, 160
"""Characters of an excerpt before what was found, and in all."""


@dataclass(frozen=True, slots=True)
class Found:
    """A place where something was found.

    Parameters
    ----------
    conversation, name, path : str
        Where; `path` is None for a conversation without a notebook.
    id, place, k, state
        Which entry; see `Entry`.
    asked_at : float
        Seconds since 1970.
    excerpt : str
        The words around it, on one line.
    """

    conversation: str
    name: str
    path: str | None
    id: str
    place: int
    k: int
    state: EntryState
    asked_at: float
    excerpt: str


def spaced(text: str) -> str:
    """Return a text in which each CJK character is a word, for the index."""
    text = text.replace("\0", " ").encode("utf-8", "replace").decode()
    return _CHARACTER.sub(r" \g<0> ", text)


def match_of(query: str) -> str | None:
    """Return a person's query as FTS5 wants it; None when it names nothing to look for.

    All words must occur; what stands in quotes, and Chinese without spaces, is a phrase.
    """
    phrases = [" ".join(words) for words in _phrases(query)]
    return " AND ".join(f'"{phrase}"' for phrase in phrases) or None


def around(query: str, *texts: str) -> str:
    """Return the words around the first thing found, on one line."""
    for words in _phrases(query):
        pattern = re.compile(r"[\W_]*".join(map(re.escape, words)), re.IGNORECASE)
        for text in texts:
            if there := pattern.search(text):
                return excerpt(text, max(there.start() - _BEFORE, 0), _LONG)
    return excerpt(texts[0], 0, _LONG)


def _phrases(query: str) -> list[list[str]]:
    parts = (quoted or word for quoted, word in _QUOTED_OR_WORD.findall(query))
    return [words for part in parts if (words := _TOKEN.findall(part))]
