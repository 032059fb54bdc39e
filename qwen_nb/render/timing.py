"""How long a reply took: for the live card and the metadata, never for what is compared."""

from __future__ import annotations

from qwen_nb.texts import Language, text
from qwen_nb.values import Reply


def timing_line(reply: Reply, language: Language) -> str:
    """Return seconds in all, to the first text and of thinking, and the speed."""
    timing = reply.timing
    told = (
        ("reply.seconds", timing.total_s),
        ("timing.first", timing.first_s),
        ("timing.thought", timing.thinking_s),
    )
    parts = [text(key, language, n=f"{s:.1f}") for key, s in told if s is not None]
    if speed := tokens_per_second(reply):
        parts.append(text("reply.rate", language, n=f"{speed:.0f}"))
    return " · ".join(parts)


def tokens_per_second(reply: Reply) -> float | None:
    """Return output tokens a second from the first text on; None where either is unknown."""
    first, total = reply.timing.first_s, reply.timing.total_s
    if reply.usage is None or reply.usage.output is None or reply.usage.estimated:
        return None
    if first is None or total is None or total <= first:
        return None
    return reply.usage.output / (total - first)
