"""The usage line under an answer, and the little bar that draws it.

Only what the server said is told: a figure it did not give is left out, and an estimate
says that it is one.
"""

from __future__ import annotations

import re

from qwen_nb.render.amounts import money
from qwen_nb.texts import Language, attribute, text, visible
from qwen_nb.values import Reply, Usage

_INPUT, _CACHED, _THINKING, _ANSWER = "#8d99a6", "#c3cad1", "#7e57c2", "#2e7d32"

_MODEL_ID = re.compile(r"[\w./:@-]+")


def usage_line(reply: Reply, language: Language = "en") -> str:
    """Return turn, tokens, cost, model and who answered, as one line of plain text."""
    parts: list[str] = []
    if reply.turn is not None:
        key = "usage.turn_sent" if reply.turns_sent else "usage.turn"
        parts.append(text(key, language, turn=reply.turn, sent=reply.turns_sent))
    counts = _counts(reply.usage, language) if reply.usage else []
    if not counts and reply.finish_reason != "failed":
        counts = [text("usage.unknown", language)]
    parts += counts
    cost = _cost(reply, language)
    if cost and not reply.scripted:
        parts.append(cost.strip())
    if reply.model:
        parts.append(visible(reply.model).replace("\n", " "))
    if reply.scripted:
        emulator = text("reply.emulator", language)
        if cost:
            emulator = text("usage.would_cost", language, emulator=emulator, cost=cost)
        parts.append(emulator)
    return " · ".join(parts)


def price_command(model: str) -> str:
    """Return the command that sets a price, ready to be filled in.

    A server may call its model anything; a name that is no plain id stays a word to fill.
    """
    name = model if _MODEL_ID.fullmatch(model) else "MODEL"
    return f"%qwen_nb models --set-price {name} REGION IN OUT"


def lacks_a_price(reply: Reply) -> bool:
    """Whether somebody has to pay for a reply, and nobody knows how much."""
    usage = reply.usage
    told = usage is not None and usage.input is not None and usage.output is not None
    return told and reply.cost is None and not reply.scripted


def _cost(reply: Reply, language: Language) -> str:
    if reply.cost is not None:
        cost = money(reply.cost.amount, reply.cost.currency, language)
        return _about(reply.usage, cost, language)
    return text("usage.price_unknown", language) if lacks_a_price(reply) else ""


def _about(usage: Usage | None, figure: object, language: Language) -> str:
    estimated = usage is not None and usage.estimated
    return text("usage.about" if estimated else "usage.exactly", language, n=figure)


def _counts(usage: Usage, language: Language) -> list[str]:
    counts: list[str] = []
    if usage.input is not None:
        cache = [
            text(f"usage.{name}", language, n=_about(usage, n, language))
            for name, n in (("cached", usage.cached), ("created", usage.cache_created))
            if n or (name == "cached" and n is not None)
        ]
        counts.append(
            text(
                "usage.in_cache" if cache else "usage.in",
                language,
                n=_about(usage, usage.input, language),
                cache=text("reply.comma", language).join(cache),
            )
        )
    if usage.output is not None:
        counts.append(_output(usage, usage.output, language))
    elif usage.thinking is not None:
        about = _about(usage, usage.thinking, language)
        counts.append(text("usage.bar_thinking", language, n=about))
    if not counts and usage.total is not None:
        counts.append(text("usage.total", language, n=_about(usage, usage.total, language)))
    return counts


def _output(usage: Usage, output: int, language: Language) -> str:
    key = "usage.out" if usage.thinking is None else "usage.out_thinking"
    if usage.estimated and usage.thinking == output > 0:
        key = "usage.out_all_thinking"
    return text(
        key,
        language,
        n=_about(usage, output, language),
        thinking=_about(usage, usage.thinking, language),
    )


def usage_bar(usage: Usage | None, language: Language) -> str:
    """Return the bar as HTML, with its meaning in words; empty where figures lack."""
    if usage is None or usage.input is None or usage.output is None:
        return ""
    cached = min(usage.cached or 0, usage.input)
    thinking = min(usage.thinking or 0, usage.output)
    shares = (
        (usage.input - cached, _INPUT),
        (cached, _CACHED),
        (thinking, _THINKING),
        (usage.output - thinking, _ANSWER),
    )
    whole = usage.input + usage.output
    if whole <= 0:
        return ""
    words = attribute(_in_words(usage, language))
    pieces = "".join(
        f'<span style="display:inline-block;height:6px;vertical-align:top;'
        f'width:{100 * count / whole:.1f}%;background:{colour}"></span>'
        for count, colour in shares
        if count > 0
    )
    return (
        f'<span role="img" aria-label="{words}" title="{words}" style="display:inline-block;'
        "width:120px;height:6px;border-radius:3px;overflow:hidden;white-space:nowrap;"
        f'font-size:0;vertical-align:middle;margin-right:12px">{pieces}</span>'
    )


def _in_words(usage: Usage, language: Language) -> str:
    counts = {"input": usage.input}
    if usage.cached is not None:
        counts["cached"] = usage.cached
    counts["output"] = usage.output
    if usage.thinking is not None and usage.output is not None:
        del counts["output"]
        counts |= {"thinking": usage.thinking, "answer": max(usage.output - usage.thinking, 0)}
    said = (
        text(f"usage.bar_{name}", language, n=_about(usage, n, language))
        for name, n in counts.items()
    )
    return text("usage.bar", language, parts=text("calls.and", language).join(said))
