"""What a person is asked before something happens that they may not want."""

from __future__ import annotations

from qwen_nb.front_end import can_answer, running_shell
from qwen_nb.ledger import Verdict
from qwen_nb.texts import Language, text, visible
from qwen_nb.values import ToolCall

__all__ = ["agrees", "why_not"]

_ASKED = 1000
"""Characters of a call's arguments that are shown when the person is asked."""


def agrees(verdict: Verdict, language: Language) -> bool:
    """Ask whether a call may pass a budget; no, where nobody can answer."""
    if not can_answer(running_shell()):
        return False
    return _is_yes(input(verdict.asked(language)))


def why_not(call: ToolCall, language: Language) -> str | None:
    """Ask whether a call may run; return what the model is told if not, else None."""
    if not can_answer(running_shell()):
        return text("tools.nobody", language)
    asked = text(
        "tools.confirm",
        language,
        name=visible(call.name),
        arguments=visible(call.arguments)[:_ASKED],
    )
    return None if _is_yes(input(asked)) else text("tools.not_allowed", language)


def _is_yes(answer: str) -> bool:
    return answer.strip().casefold() in ("y", "yes", "是", "好")
