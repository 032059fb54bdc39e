"""The one place where a person is asked yes or no."""

from __future__ import annotations

import unicodedata

from qwen_nb.front_end.place import can_answer, running_shell
from qwen_nb.texts import writable

_YES = {"y", "yes", "是", "好"}
"""Answers that mean yes, in either language, whichever the question was in."""


def agrees(question: str) -> bool | None:
    """Ask the person, and wait for the answer.

    Parameters
    ----------
    question : str
        As it is shown; text in it that a model or a file wrote has gone through `visible`.

    Returns
    -------
    bool or None
        Whether the answer was yes; whatever else was typed is a no, the end of the input
        (Ctrl-D) too. None where no person can answer: nothing is asked then.

    Raises
    ------
    KeyboardInterrupt
        When the person interrupts the question: neither a yes nor a no. Within
        `Interrupts`, which takes interrupts away, it has to be asked within their `open`.
    """
    if not can_answer(running_shell()):
        return None
    try:
        answer = input(writable(question))
    except EOFError:
        return False
    # an input method types wide letters: Ｙ
    return unicodedata.normalize("NFKC", answer).strip().casefold() in _YES
