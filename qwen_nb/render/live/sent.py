"""What of a growing reply the live card was sent; each message says only what is new."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from qwen_nb.render import Block, call_words, called, newly_ended
from qwen_nb.texts import Language, text
from qwen_nb.values import CallRecord

_STARTING_CHARACTERS = 4000
"""While a card starts, messages begin at the beginning (see `_card`), but not those of long
texts, whose bytes would grow with their square."""


class SentText:
    """What of one text the card was sent; counted after `visible`, which may lengthen it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self.length = 0

    def add(self, piece: str, again: bool) -> tuple[str, int] | None:
        """Return the text to send and where it begins; None where there is nothing to send."""
        at = self.length
        if piece:
            self._pieces.append(piece)
            self.length += len(piece)
        if again and 0 < self.length <= _STARTING_CHARACTERS:
            return self.whole(), 0
        return (piece, at) if piece else None

    def whole(self) -> str:
        """Return all of it."""
        self._pieces = ["".join(self._pieces)]
        return self._pieces[0]


class SentCalls:
    """Which calls the card was sent, as the page draws them.

    Parameters
    ----------
    language : {"en", "zh"}
        The language of our own words.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self._shown: Counter[CallRecord] = Counter()
        self._drawn: list[dict[str, Any]] = []
        self.length = 0

    def message(self, calls: Sequence[CallRecord], again: bool) -> dict[str, Any]:
        """Return the fields of a message that tell of calls; none where nothing is new.

        Parameters
        ----------
        calls : sequence of CallRecord
            All calls that have ended so far.
        again : bool
            The page may not have been there yet: say everything once more.
        """
        at = len(self._drawn)
        for call in newly_ended(calls, self._shown):
            self._drawn.append(self._call(call))
            self.length += _length(self._drawn[-1])
        if again and 0 < self.length <= _STARTING_CHARACTERS:
            at = 0
        if at == len(self._drawn):
            return {}
        return self.whole() | {"k": self._drawn[at:], "ko": at}

    def whole(self) -> dict[str, Any]:
        """Return the fields of a snapshot; none before the first call."""
        if not self._drawn:
            return {}
        line = called(list(self._shown.elements()), self._language)
        return {"k": self._drawn.copy(), "kh": line}

    def _call(self, call: CallRecord) -> dict[str, Any]:
        told = call_words(call, self._language)
        drawn: dict[str, Any] = {"n": told.name, "l": told.rest}
        if (seconds := f"{call.seconds:.1f}") != "0.0":
            drawn["l"] += f" · {text('reply.seconds', self._language, n=seconds)}"
        if told.folded:
            drawn["b"] = [_pair(block) for block in told.folded]
        if told.printed:
            drawn["p"] = _pair(told.printed)
        return drawn


def _pair(block: Block) -> list[str]:
    return [block.caption, block.body]


def _length(drawn: dict[str, Any]) -> int:
    blocks = [*drawn.get("b", ()), drawn.get("p", ("", ""))]
    return len(drawn["n"]) + len(drawn["l"]) + sum(len(body) for _, body in blocks)
