"""What a person is asked before something happens that they may not want."""

from __future__ import annotations

from qwen_nb import front_end
from qwen_nb.ledger import Verdict
from qwen_nb.texts import Language, text, visible
from qwen_nb.values import ToolCall

_ASKED = 1000
"""Characters of a call's arguments that are shown when the person is asked."""


def agrees(verdict: Verdict, language: Language) -> bool:
    """Ask whether a call may pass a budget; no, where nobody can answer."""
    return bool(front_end.agrees(verdict.asked(language)))


def why_not(call: ToolCall, language: Language) -> str | None:
    """Ask whether a call may run; return what the model is told if not, else None."""
    asked = text(
        "tools.confirm",
        language,
        name=visible(call.name),
        arguments=visible(call.arguments)[:_ASKED],
    )
    answer = front_end.agrees(asked)
    if answer:
        return None
    return text("tools.nobody" if answer is None else "tools.not_allowed", language)
