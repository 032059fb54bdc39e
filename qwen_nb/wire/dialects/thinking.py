"""Thinking: how each server switches it, spells it, and what to say about it.

One switch for the person (`ChatOptions.thinking`), one row per server of protocol.md §8.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qwen_nb.errors import ConfigError
from qwen_nb.values import ChatOptions, Note, Reply

__all__ = ["STYLES", "switch", "thinking_in", "thinking_notes"]

STYLES = (
    "top_level",
    "chat_template_kwargs",
    "reasoning_effort",
    "reasoning_object",
    "thinking_object",
    "none",
)
"""Model Studio, SiliconFlow, ModelScope; vLLM, SGLang, llama.cpp; Ollama; OpenRouter;
DeepSeek; servers that take no switch."""

_EFFORTS = ((2_048, "low"), (8_192, "medium"))
"""No document puts efforts into tokens; these borders are ours, each twice the tokens of
a usual short or middling thought."""


def switch(
    thinking: bool | int | None, style: str, *, takes_budget: bool = True
) -> tuple[dict[str, Any], tuple[Note, ...]]:
    """Return the request fields that switch thinking, and what a person must know.

    Parameters
    ----------
    thinking : bool or int, optional
        Off, on, or on with a budget in tokens; None sends nothing.
    style : str
        One of `STYLES`.
    takes_budget : bool
        Whether this server knows `thinking_budget` beside a switch at the top level.

    Raises
    ------
    ConfigError
        For a style that does not exist.
    """
    if style not in STYLES:
        raise ConfigError("error.thinking_style", value=style, styles=", ".join(STYLES))
    if thinking is None:
        return {}, ()
    is_on = thinking is not False
    budget = None if isinstance(thinking, bool) else thinking
    no_budget = () if budget is None else (Note("note.no_budget", {"budget": budget}),)
    match style:
        case "top_level":
            fields: dict[str, Any] = {"enable_thinking": is_on}
            if not takes_budget:
                return fields, no_budget
            return fields | ({} if budget is None else {"thinking_budget": budget}), ()
        case "chat_template_kwargs":
            # A budget in there would be a hint to the template at most (protocol.md §8).
            return {"chat_template_kwargs": {"enable_thinking": is_on}}, no_budget
        case "reasoning_effort":
            return _effort(is_on, budget)
        case "reasoning_object":
            return {
                "reasoning": {"enabled": is_on} if budget is None else {"max_tokens": budget}
            }, ()
        case "thinking_object":
            return {"thinking": {"type": "enabled" if is_on else "disabled"}}, no_budget
        case _:
            return {}, (Note("note.no_switch"),)


def _effort(is_on: bool, budget: int | None) -> tuple[dict[str, Any], tuple[Note, ...]]:
    if budget is None:
        return {"reasoning_effort": "medium" if is_on else "none"}, ()
    effort = next((name for border, name in _EFFORTS if budget <= border), "high")
    note = Note("note.effort", {"budget": budget, "effort": effort})
    return {"reasoning_effort": effort}, (note,)


def thinking_in(delta: Mapping[str, Any]) -> str:
    """Return the thinking of a delta or message, in whichever of its spellings comes first.

    Never two of them together: some servers send the same text twice (protocol.md §8).
    """
    for key in ("reasoning_content", "reasoning"):
        text = delta.get(key)
        if text and isinstance(text, str):
            return text
    details = delta.get("reasoning_details")
    if not isinstance(details, list):
        return ""
    # Encrypted details have neither key.
    texts = (
        detail.get("text") or detail.get("summary")
        for detail in details
        if isinstance(detail, dict)
    )
    return "".join(text for text in texts if isinstance(text, str))


def thinking_notes(options: ChatOptions, reply: Reply) -> tuple[Note, ...]:
    """Return what to say about the thinking of a reply that has ended.

    Parameters
    ----------
    options : ChatOptions
        As they were sent.
    reply : Reply
        The whole reply; nothing is said about the end of one that was stopped or cut.

    Returns
    -------
    tuple of Note
        Thinking that came though switched off, that did not come though switched on,
        that was cut at its budget (protocol.md §4.5: the finish_reason stays `stop`), or
        that left no tokens for an answer (§6.1).
    """
    wanted, spent = options.thinking, reply.usage.thinking if reply.usage else None
    has_ended = reply.finish_reason in ("stop", "length", "tool_calls")
    notes = []
    if wanted is False and (reply.thinking or spent):
        notes.append(Note("note.thought_anyway"))
    if wanted and has_ended and not (reply.thinking or spent):
        notes.append(Note("note.no_thinking"))
    if wanted and not isinstance(wanted, bool) and spent is not None and spent >= wanted:
        notes.append(Note("note.cut_at_budget", {"budget": wanted, "tokens": spent}))
    # one that ended with calls did not want to answer yet, whoever took the calls away
    wanted_to_answer = reply.finish_reason in ("stop", "length") and not reply.tool_calls
    if wanted_to_answer and reply.thinking and not reply.answer:
        notes.append(Note("note.ate_answer"))
    return tuple(notes)
