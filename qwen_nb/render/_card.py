"""The live card: a widget while the reply grows, a static output ever after."""

from __future__ import annotations

from secrets import token_hex
from typing import TYPE_CHECKING

from qwen_nb._messages import Asking, Frame, Reply
from qwen_nb._texts import Language, text
from qwen_nb.render._ending import retrying_words
from qwen_nb.render._safe import visible
from qwen_nb.render._static import metadata
from qwen_nb.render._still import Describe, StaticDisplay

if TYPE_CHECKING:
    from qwen_nb.render._widget import Card

__all__ = ["CardDisplay"]

_WORDS = {
    "label": "reply.label",
    "fold": "reply.thinking",
    "folded": "reply.thought",
    "region": "reply.thinking_region",
    "seconds": "reply.seconds",
    "tokens": "reply.live_tokens",
    "waiting": "state.waiting",
    "thinking": "state.thinking",
    "answering": "state.answering",
    "done": "state.done",
    "stopped": "state.stopped",
    "cut": "state.cut",
    "failed": "state.failed",
}


_STARTING_S = 2.0
"""A page needs a moment to draw the card, and what is sent before that is lost. So in the
first two seconds each message begins at the beginning."""

_STARTING_CHARACTERS = 4000
"""But not for long texts, whose bytes would grow with their square."""


class _Sent:
    """What of one text the card was sent; counted after `visible`, which may lengthen it."""

    def __init__(self) -> None:
        self._start = ""
        self._length = 0

    def add(self, piece: str, again: bool) -> tuple[str, int] | None:
        """Return the text to send and where it begins; None where there is nothing to send."""
        at = self._length
        self._length += len(piece)
        if again and 0 < self._length <= _STARTING_CHARACTERS:
            self._start += piece
            return self._start, 0
        return (piece, at) if piece else None


class CardDisplay:
    """Shows a growing reply in a live card.

    Each frame is one message to the page. At the end the card gives way to the static
    bundle, so that no widget stays in the notebook.

    Parameters
    ----------
    language : {"en", "zh"}
        The language of our own words in what is saved.
    owns_cell : bool
        True where the cell holds nothing but this reply (`%%qwen`): its output is
        cleared. False in a cell of the user's own: their prints stay, the card is blanked.
    hide_thinking : bool
        Show the thinking neither live nor in the end.
    quiet : bool
        Show nothing; leave an output that only carries the metadata.
    live_language : {"en", "zh"}, optional
        The language of our own words while the reply grows; as `language` unless given.
    describe : callable, optional
        Makes the metadata of the output; `render.metadata` unless given.

    Raises
    ------
    ImportError
        When anywidget is not installed.
    """

    def __init__(
        self,
        language: Language,
        *,
        owns_cell: bool,
        live_language: Language | None = None,
        hide_thinking: bool = False,
        quiet: bool = False,
        describe: Describe = metadata,
    ) -> None:
        # Where the widget's library is missing this says so, before anything is shown.
        from qwen_nb.render._widget import Card

        self._new_card = Card
        self._language = live_language or language
        self._owns_cell = owns_cell
        self._hide_thinking = hide_thinking
        self._quiet = quiet
        self._end = StaticDisplay(
            language, hide_thinking=hide_thinking, quiet=quiet, describe=describe
        )
        self._card: Card | None = None
        self._display_id = ""
        self._thinking = _Sent()
        self._answer = _Sent()

    def open(self, asking: Asking) -> None:
        """Show the card at once, waiting."""
        if self._quiet:
            return
        from IPython.display import display

        notes = list(asking.notes)
        if asking.scripted:
            notes.append(text("reply.emulator", self._language))
        # The numbers are filled in by the page, so their names go along as they are.
        words = {name: text(key, self._language, n="{n}") for name, key in _WORDS.items()}
        self._card = self._new_card(
            model=visible(asking.model),
            server=visible(asking.server),
            notes=[visible(note) for note in notes],
            words=words,
        )
        self._display_id = "" if self._owns_cell else token_hex(8)
        view, name = self._card.view(), self._display_id or None
        display(view, raw=True, display_id=name)  # type: ignore[no-untyped-call]

    def frame(self, frame: Frame) -> None:
        """Send what is new, as one message."""
        if self._card is None:
            return
        message: dict[str, object] = {"state": frame.state, "n": frame.tokens}
        message["s"] = round(frame.elapsed_s, 2)
        if frame.retrying is not None:
            message["w"] = retrying_words(frame.retrying, self._language)
        again = frame.elapsed_s < _STARTING_S
        thinking = "" if self._hide_thinking else visible(frame.thinking)
        if sent := self._thinking.add(thinking, again):
            message["t"], message["to"] = sent
        if sent := self._answer.add(visible(frame.answer), again):
            message["a"], message["ao"] = sent
        self._card.send(message)

    def close(self, reply: Reply) -> None:
        """Put the static output in the card's place; the widget is gone afterwards."""
        card, self._card = self._card, None
        if card is None:
            self._end.close(reply)
            return
        from IPython.display import clear_output, update_display

        try:
            if self._owns_cell:
                # Not `update_display`: nbval would compare the first output. "wait"
                # lets the page exchange both at once.
                clear_output(wait=True)  # type: ignore[no-untyped-call]
                self._end.close(reply)
            else:
                self._end.close(reply)
                blank: dict[str, str] = {}
                update_display(  # type: ignore[no-untyped-call]
                    blank, raw=True, display_id=self._display_id
                )
        finally:
            card.close()
