"""What a question is answered: the script's texts in tokens, cut and counted."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from qwen_nb.emulator._rules import Question, Said
from qwen_nb.emulator._scripts import Script, choose, fill
from qwen_nb.emulator._tokens import count, split

__all__ = ["Answer", "Counts", "compose"]

# The chat template wraps each message, opens the answer, and puts tags and line breaks
# around thinking, empty thinking too; all of it is counted (protocol.md §4.2).
_AROUND_MESSAGE = 5
_BEFORE_ANSWER = 3
_AROUND_THINKING = 4

# shorter prefixes are not cached (protocol.md §6.4)
_LEAST_CACHED = 256

_CJK = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens used; `cached` is part of `prompt`, `thinking` part of `completion`."""

    prompt: int
    cached: int
    completion: int
    thinking: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Thinking and answer as tokens in the order of saying, and why it ended."""

    thinking: tuple[str, ...]
    answer: tuple[str, ...]
    finish_reason: str
    counts: Counts
    pace: float | None


def compose(question: Question, scripts: Iterable[Script]) -> Answer:
    """Answer a question from the scripts; the same question always gets the same answer."""
    script = choose(scripts, question.said)
    facts = _facts(question)
    text = script.answer
    if not question.thinking and script.answer_without_thinking is not None:
        text = script.answer_without_thinking
    # a budget cuts thinking and the answer follows, finish_reason stop (protocol.md §4.5)
    thinking = (
        split(fill(script.thinking, facts))[: question.budget] if question.thinking else []
    )
    whole = split(fill(text, facts))
    answer = whole[: question.max_tokens]
    tags = _AROUND_THINKING if question.thinking or question.silenced else 0
    return Answer(
        thinking=tuple(thinking),
        answer=tuple(answer),
        finish_reason="length" if len(answer) < len(whole) else "stop",
        counts=Counts(
            prompt=_tokens(question.messages) + _BEFORE_ANSWER,
            cached=_cached(question.messages),
            completion=len(thinking) + len(answer) + tags,
            thinking=len(thinking),
        ),
        pace=script.pace,
    )


def _tokens(messages: Iterable[Said]) -> int:
    return sum(count(message.text) + _AROUND_MESSAGE for message in messages)


def _cached(messages: tuple[Said, ...]) -> int:
    """Count what a repeated conversation finds in the cache: all before the last question."""
    asked = [at for at, message in enumerate(messages) if message.role == "user"]
    tokens = _tokens(messages[: asked[-1]]) if asked else 0
    return tokens if tokens >= _LEAST_CACHED else 0


def _facts(question: Question) -> dict[str, str]:
    said = question.said or [""]
    unlimited, limited = (
        ("不限", "{} Token") if _CJK.search(said[-1]) else ("no limit", "{} tokens")
    )
    return {
        "model": question.model.id,
        "turns": str(len(said)),
        "budget": unlimited if question.budget is None else limited.format(question.budget),
        "first_words": _first_words(said[0]),
    }


def _first_words(text: str, most: int = 40) -> str:
    words = " ".join(text[: 4 * most].split())
    if len(words) <= most:
        return words
    return words[:most].rsplit(" ", 1)[0].rstrip(",;:，；：") + " …"
