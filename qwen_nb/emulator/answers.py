"""What a question is answered: the script's texts in tokens, cut and counted."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from qwen_nb.emulator.calls import calls_for, pieces
from qwen_nb.emulator.examples import example, schema_in
from qwen_nb.emulator.question import Call, Question, Said, refuse
from qwen_nb.emulator.scripts import Script, choose, fill
from qwen_nb.emulator.tokens import count, split

# The chat template wraps each message, opens the answer, and puts tags and line breaks
# around thinking, empty thinking too; all of it is counted (docs/protocol.md §4.2).
_AROUND_MESSAGE = 5
_BEFORE_ANSWER = 3
_AROUND_THINKING = 4
_BEFORE_THINKING = 2

# shorter prefixes are not cached (docs/protocol.md §6.4)
_LEAST_CACHED = 256

_CJK = re.compile(r"[\u3400-\u9fff]")

_LOST = " … (The emulator of qwen_nb has no script that goes on from here.)"

Phase: TypeAlias = Literal["thinking", "answer", "call"]


@dataclass(frozen=True, slots=True)
class Counts:
    """Tokens used; `cached` and `attached` are part of `prompt`, `thinking` of `completion`."""

    prompt: int
    cached: int
    completion: int
    thinking: int
    attached: int = 0


@dataclass(frozen=True, slots=True)
class Fragment:
    """A call with a piece of its arguments only."""

    index: int
    call: Call
    is_first: bool


@dataclass(frozen=True, slots=True)
class Piece:
    """The least thing that is streamed, with the counts up to here."""

    phase: Phase
    text: str
    counts: Counts
    fragment: Fragment | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Thinking and answer as tokens in the order of saying, and why it ended."""

    thinking: tuple[str, ...]
    answer: tuple[str, ...]
    calls: tuple[Call, ...]
    finish_reason: str
    counts: Counts
    pace: float | None

    def pieces(self) -> Iterator[Piece]:
        """Yield all that is said, piece by piece; the counts grow along."""
        so_far = replace(self.counts, completion=_BEFORE_THINKING, thinking=0)
        for text in self.thinking:
            so_far = _grown(so_far, 1, 1)
            yield Piece("thinking", text, so_far)
        tags = self.counts.completion - self._said()
        so_far = replace(so_far, completion=tags + len(self.thinking))
        for text in self.answer:
            so_far = _grown(so_far, 1)
            yield Piece("answer", text, so_far)
        for index, call in enumerate(self.calls):
            for at, part in enumerate(pieces(call.arguments)):
                so_far = _grown(so_far, count(part) + (0 if at else count(call.name)))
                fragment = Fragment(index, replace(call, arguments=part), at == 0)
                yield Piece("call", "", so_far, fragment)

    def _said(self) -> int:
        return len(self.thinking) + len(self.answer) + sum(map(_call_tokens, self.calls))


def _grown(counts: Counts, completion: int, thinking: int = 0) -> Counts:
    return replace(
        counts,
        completion=counts.completion + completion,
        thinking=counts.thinking + thinking,
    )


def _call_tokens(call: Call) -> int:
    return count(call.name) + sum(map(count, pieces(call.arguments)))


def compose(
    question: Question, scripts: Iterable[Script], limits: Mapping[str, int] | None = None
) -> Answer:
    """Answer a question from the scripts; the same question always gets the same answer.

    Parameters
    ----------
    question : Question
        What is asked.
    scripts : iterable of Script
        In the order they are tried.
    limits : mapping, optional
        Tokens of input at most, by model, in place of the documented ones.

    Raises
    ------
    Refused
        When the input is longer than the model takes.
    """
    counts = _input(question, limits or {})
    system = "\n".join(said.text for said in question.messages if said.role == "system")
    script = choose(scripts, question.said, system)
    calls = calls_for(question, script)
    facts = _facts(question)
    thought = script.thinking_after_tools if question.results and not calls else script.thinking
    # a budget cuts thinking and the answer follows, finish_reason stop (docs/protocol.md §4.5)
    thinking = split(fill(thought, facts))[: question.budget] if question.thinking else []
    whole = [] if calls else split(_text(question, script, facts))
    answer = whole[: question.max_tokens]
    finish = "length" if len(answer) < len(whole) else "stop"
    tags = _AROUND_THINKING if question.thinking or question.silenced else 0
    said = len(thinking) + len(answer) + sum(map(_call_tokens, calls))
    counts = replace(counts, completion=said + tags, thinking=len(thinking))
    return Answer(
        thinking=tuple(thinking),
        answer=tuple(answer),
        calls=calls,
        finish_reason="tool_calls" if calls else finish,
        counts=replace(counts, **(script.usage or {})),
        pace=script.pace,
    )


def _input(question: Question, limits: Mapping[str, int]) -> Counts:
    model = question.model
    tools = "".join(json.dumps(tool, sort_keys=True) for tool in question.tools.values())
    prompt = _tokens(question, question.messages) + _BEFORE_ANSWER + count(tools)
    most = limits.get(model.id, model.max_input)
    if most is not None and prompt > most:
        raise refuse(f"Range of input length should be [1, {most}]")
    asked = [at for at, said in enumerate(question.messages) if said.role == "user"]
    # what a repeated conversation finds in the cache: all before the last question
    cached = _tokens(question, question.messages[: asked[-1]]) if asked else 0
    attached = sum(said.attached for said in question.messages)
    return Counts(prompt, cached if cached >= _LEAST_CACHED else 0, 0, 0, attached)


def _tokens(question: Question, messages: Iterable[Said]) -> int:
    return sum(
        count(said.text)
        + (count(said.thinking) if question.preserved else 0)
        + said.attached
        + sum(map(_call_tokens, said.calls))
        + _AROUND_MESSAGE
        for said in messages
    )


def _text(question: Question, script: Script, facts: Mapping[str, str]) -> str:
    text = script.answer
    if script.calls and not {call["name"] for call in script.calls} & question.tools.keys():
        text = script.answer_without_tools or text
    elif not question.thinking and script.answer_without_thinking is not None:
        text = script.answer_without_thinking
    text = fill(text, facts)
    if question.prefix is not None:
        return _continued(question.prefix, text, fill(script.answer, facts))
    if (wanted := _wanted(question)) is not None:
        return _json(wanted, text) if script.json is None else script.json
    return text


def _continued(prefix: str, *texts: str) -> str:
    """Return what follows the prefix, only that (docs/protocol.md §7.5)."""
    return next((text[len(prefix) :] for text in texts if text.startswith(prefix)), _LOST)


def _wanted(question: Question) -> Mapping[str, object] | None:
    """Return the schema of the answer, also where it is given in words only."""
    return (
        question.json_schema or schema_in((question.said or [""])[-1]) or question.json_schema
    )


def _json(schema: Mapping[str, object], text: str) -> str:
    chinese = bool(_CJK.search(text))
    label = "qwen_nb 模拟器的脚本值" if chinese else "scripted by the emulator of qwen_nb"

    def say(name: str) -> str:
        return f"{name}: {label}" if name else label

    value = example(schema, say) if schema else {"answer": text}
    return json.dumps(value, ensure_ascii=False)


def _facts(question: Question) -> dict[str, str]:
    said = question.said or [""]
    chinese = bool(_CJK.search(said[-1]))
    unlimited, limited = ("不限", "{} Token") if chinese else ("no limit", "{} tokens")
    return {
        "model": question.model.id,
        "turns": str(len(said)),
        "budget": unlimited if question.budget is None else limited.format(question.budget),
        "first_words": _first_words(said[0]),
        "results": "\n".join(f"- {_first_words(said.text, 200)}" for said in question.results),
        "recap": _recap(said[-1]),
        "more": "".join(f"\n- {line}" for line in _more(question, chinese)),
    }


_ASKED = re.compile(r"^(?:User|用户)[:：] ?(.+)$", re.MULTILINE)
_MOST_RECALLED = 12


def _recap(text: str) -> str:
    """Return the first words of what users say in a transcript, of the latest ones."""
    asked = _ASKED.findall(text)
    return "\n".join(f"- {_first_words(words)}" for words in asked[-_MOST_RECALLED:])


def _more(question: Question, chinese: bool) -> Iterator[str]:
    """Yield a line for each thing that came beside the words."""
    images = sum(said.images for said in question.messages)
    others = sum(said.others for said in question.messages)
    if images:
        plural = "" if images == 1 else "s"
        yield f"附件：{images} 张图片" if chinese else f"attached: {images} image{plural}"
    if others:
        plural = "" if others == 1 else "s"
        yield f"其他附件：{others} 个" if chinese else f"attached: {others} other file{plural}"
    if question.tools:
        names = ", ".join(f"`{name}`" for name in question.tools)
        yield f"工具：{names}" if chinese else f"tools: {names}"
    for result in question.results:
        words = _first_words(result.text)
        yield f"工具结果：“{words}”" if chinese else f"a tool said: “{words}”"


def _first_words(text: str, most: int = 40) -> str:
    words = " ".join(text[: 4 * most].split())
    if len(words) <= most:
        return words
    return words[:most].rsplit(" ", 1)[0].rstrip(",;:，；：") + " …"
