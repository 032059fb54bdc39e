"""Texts that may come in pieces or whole-so-far: pieces out, whichever it is.

A native server without `incremental_output` repeats everything in each frame
(docs/protocol.md §4.3), and some translation models do so in either dialect (§7.4). We always
ask for pieces; a server that repeats all the same is noticed by its texts alone.
"""

from __future__ import annotations

_SURE_LENGTH = 8
_SURE_TIMES = 2
"""Two longer repeats of eight characters or more: no model writes that in pieces."""


class GrowingText:
    """One text of a stream.

    A text that begins with all the text before it can be read both ways. As long as all
    frames can, the part in which the readings differ is held back; the first frame that
    cannot decides, usually the second. The cost is linear: an undecided text is short, or
    equal to the one before.

    Parameters
    ----------
    repeats : bool, optional
        Whether the server repeats, where that is known already.
    """

    def __init__(self, repeats: bool | None = None) -> None:
        self.repeats = repeats
        self.is_sure = repeats is not None
        self._latest = ""
        self._pieces: list[str] = []
        self._told = 0
        self._grown = 0

    def learn(self, other: GrowingText) -> None:
        """Take over what another text of the stream has shown, unless this one has begun."""
        if other.is_sure and not self._latest:
            self.repeats, self.is_sure = other.repeats, True

    def delta(self, text: str) -> str:
        """Take in a frame's text, which is not empty; return the part that is surely new."""
        if self.repeats is False:
            return text
        if self.repeats:
            return self._rest(text)
        if not self._latest:
            self._latest, self._told = text, len(text)
            self._pieces.append(text)
            return text
        self._pieces.append(text)
        if not text.startswith(self._latest):
            return self.close(repeats=False)
        if len(text) > len(self._latest):
            self._grown += len(self._latest) >= _SURE_LENGTH
        self._latest = text
        return self.close(repeats=True) if self._grown >= _SURE_TIMES else ""

    def close(self, *, repeats: bool | None = None) -> str:
        """Decide whether the server repeats, and return the text that was held back.

        Parameters
        ----------
        repeats : bool, optional
            Whether it does, where another text of the stream has shown it; else growing
            frames are repeats, and equal ones are pieces ("ha", "ha").
        """
        if self.repeats is not None or len(self._pieces) < 2:
            return ""  # a single text reads the same both ways
        self.is_sure = repeats is not None
        if repeats is None:
            repeats = len(self._latest) > len(self._pieces[0])
        self.repeats = repeats
        pieces, self._pieces = self._pieces, []
        # Only the first frame's text was returned so far: both readings begin with it.
        return self._rest(self._latest) if repeats else "".join(pieces)[self._told :]

    def _rest(self, text: str) -> str:
        rest = text[self._told :]
        self._told += len(rest)
        return rest
