"""How a reply ended, in words: the same for every display."""

from __future__ import annotations

from typing import NamedTuple

from qwen_nb.render.calls import wants_calls
from qwen_nb.texts import Language, text, visible
from qwen_nb.values import Reply, Retrying, estimate_tokens


class Ending(NamedTuple):
    """What is to be said beside the answer; either part may be empty."""

    headline: str
    words: str

    def __str__(self) -> str:
        return " ".join(part for part in self if part)


def ending(reply: Reply, language: Language) -> Ending:
    """Say how a reply ended, if it did not simply end."""
    reason = reply.finish_reason
    answered = bool(reply.answer.strip())
    words = {
        "length": "reply.at_length",
        "blocked": "reply.blocked",
        "stopped": "reply.was_stopped" if answered else "reply.stopped_before",
        "cut": "reply.was_cut" if answered else "reply.cut_before",
        "failed": "reply.ask_again",
    }
    headline = ""
    if not answered and not wants_calls(reply):
        ours = reason in ("stopped", "cut", "failed")
        headline = text("reply.no_answer" if ours else "reply.empty_answer", language)
    return Ending(headline, text(words[reason], language) if reason in words else "")


def never_began(reply: Reply) -> bool:
    """Whether a reply failed before anything came: then it has only its error to show."""
    came = reply.answer or reply.thinking or reply.calls
    return reply.finish_reason == "failed" and not came


def retrying_words(retrying: Retrying, language: Language) -> str:
    """Say what is waited for before the question is sent again."""
    return text(
        "state.retrying",
        language,
        reason=visible(retrying.reason),
        wait=f"{retrying.wait_s:.0f}" if retrying.wait_s >= 1 else f"{retrying.wait_s:.1f}",
        attempt=retrying.attempt,
        tries=retrying.tries,
    )


def thought(reply: Reply, language: Language) -> str:
    """Return the line above the folded thinking: how much, and whether it was cut short."""
    told = reply.usage.thinking if reply.usage else None
    if told is None or (reply.usage and reply.usage.estimated):
        told = estimate_tokens(reply.thinking) if told is None else told
        amount = text("reply.about_tokens", language, n=told)
    else:
        amount = text("reply.tokens", language, n=told)
    line = f"{text('reply.thought', language)} · {amount}"
    if end := _cut_short(reply):
        line += text("reply.comma", language) + text(end, language)
    return line


def _cut_short(reply: Reply) -> str:
    if reply.thinking_cut:
        return "reply.cut_at_budget"
    if reply.answer.strip() or any(call.stopped for call in reply.calls):
        return ""  # the thinking had ended
    ends = {"stopped": "reply.stopped_by_you", "cut": "reply.cut_off"}
    return ends.get(reply.finish_reason, "")
