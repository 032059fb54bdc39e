"""The one place where a person is asked yes or no."""

from __future__ import annotations

import unicodedata

from qwen_nb.front_end.place import can_answer, running_shell

__all__ = ["agrees"]

_YES = {"y", "yes", "是", "好"}
"""In either language, whichever the question was in."""


def agrees(question: str) -> bool | None:
    """Ask the person, and wait for the answer.

    Parameters
    ----------
    question : str
        As it is shown; what is somebody else's in it is made `visible` before.

    Returns
    -------
    bool or None
        Whether the answer was yes; whatever else was typed is a no, the end of the input
        (Ctrl-D) too. None where nobody can answer: nothing is asked then.

    Raises
    ------
    KeyboardInterrupt
        When the person interrupts the question: neither a yes nor a no. Within
        `Interrupts`, which takes interrupts away, it has to be asked within their `open`.
    """
    if not can_answer(running_shell()):
        return None
    try:
        answer = input(question)
    except EOFError:
        return False
    # an input method types wide letters: Ｙ
    return unicodedata.normalize("NFKC", answer).strip().casefold() in _YES
