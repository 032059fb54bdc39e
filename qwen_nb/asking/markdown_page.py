"""A conversation as a page of Markdown for people: questions, answers, thinking, tokens."""

from __future__ import annotations

import html
from collections.abc import Iterable

from qwen_nb.render import thought
from qwen_nb.render.html import bundle, plain_words, safe_markdown
from qwen_nb.texts import Language, text
from qwen_nb.values import Turn


def transcript(turns: Iterable[Turn], title: str, language: Language = "en") -> str:
    """Return turns as Markdown that any reader shows safely.

    Parameters
    ----------
    turns : iterable of Turn
        Oldest first; where one starts anew, there is a rule and the count begins again.
    title : str
        The heading.
    language : {"en", "zh"}
        The language of our own words.
    """
    parts, number = [f"# {plain_words(title)}"], 0
    for turn in turns:
        if turn.starts_anew and number:
            parts.append("---")
        number = 1 if turn.starts_anew else number + 1
        heading = text("usage.turn", language, turn=number)
        parts.append(f"## {heading[:1].upper()}{heading[1:]}")
        parts.append(_quoted(safe_markdown(turn.prompt, language)))
        if turn.reply.thinking.strip():
            headline = html.escape(thought(turn.reply, language))
            thinking = safe_markdown(turn.reply.thinking, language).strip("\n")
            parts.append(f"<details><summary>{headline}</summary>\n\n{thinking}\n\n</details>")
        parts.append(bundle(turn.reply, language)["text/markdown"].strip("\n"))
    return "\n\n".join(parts) + "\n"


def _quoted(markdown: str) -> str:
    lines = markdown.strip("\n").split("\n")
    return "\n".join(f"> {line}".rstrip() for line in lines)
