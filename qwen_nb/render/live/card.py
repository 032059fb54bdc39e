"""The live card: a widget while the reply grows, a static output ever after."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from secrets import token_hex
from typing import TYPE_CHECKING, Literal, TypeAlias

from qwen_nb.render import (
    calling,
    calls_wanted,
    ending,
    never_began,
    retrying_words,
    thought,
    timing_line,
    usage_line,
)
from qwen_nb.render.html import Describe, StaticDisplay, metadata
from qwen_nb.render.live.sent import SentCalls, SentText
from qwen_nb.texts import Language, markup, text, visible
from qwen_nb.values import HARMFUL_TEX, FinishReason, Frame, Opening, Reply

if TYPE_CHECKING:
    from qwen_nb.render.live.widget import Card

StopRoute: TypeAlias = Literal["message", "interrupt"]
"""How a click on Stop reaches a kernel that runs a cell: as a message, where the kernel
takes messages meanwhile (an interrupt follows if it does not), or as an interrupt."""

_WORDS = {
    "label": "reply.label",
    "fold": "reply.thinking",
    "region": "reply.thinking_region",
    "seconds": "reply.seconds",
    "tokens": "reply.live_tokens",
    "rate": "reply.rate",
    "stop": "card.stop",
    "stopping": "card.stopping",
    "copy": "card.copy",
    "copied": "card.copied",
    "copy_answer": "card.copy_answer",
    "copy_code": "card.copy_code",
    "image_bare": "reply.image_bare",
    "waiting": "state.waiting",
    "thinking": "state.thinking",
    "calling": "state.calling",
    "answering": "state.answering",
    "done": "state.done",
    "stopped": "state.stopped",
    "cut": "state.cut",
    "failed": "state.failed",
}

_STATES: dict[FinishReason, str] = {"stopped": "stopped", "cut": "cut", "failed": "failed"}

_STARTING_S = 2.0
"""A page needs a moment to draw the card, and what is sent before that is lost. So in the
first two seconds each message begins at the beginning."""

_TRAVEL_S = 0.1
"""How long a click on Stop may be under way where it comes as an interrupt. One that was
made before the page saw the end belongs to this reply; it must not hit the next cell."""

_SETTLE_S = 2.0
"""How long to wait for the page to say what it has sent, once its Stop was heard. It
interrupts, too, when our answer takes long to reach it, and from then on only this page
knows whether an interrupt is under way."""

_KEPT: deque[Card] = deque()
_KEPT_MOST = 5
"""So many ended cards stay open: a page that is loaded again in the middle of a cell has
lost the end of its output, and finds the whole reply in the card."""


class CardDisplay:
    """Shows a growing reply in a live card.

    Each frame is one message to the page. For views that are opened later, it is a
    snapshot of everything whenever the text has doubled, so that bytes stay linear. At the
    end the card gives way to the static bundle, so that no widget stays in the notebook.

    Parameters
    ----------
    language : {"en", "zh"}
        The language of our own words in what is saved.
    owns_cell : bool
        True where the cell holds nothing but this reply (`%%qwen`): its output is
        cleared. False in a cell of the user's own: their prints stay, the card is blanked.
    detached : bool
        The cell ends before the reply does. Everything then goes to the output that
        `open` made, from whichever thread; what is printed or displayed from a thread
        would land in another cell.
    hide_thinking : bool
        Show the thinking neither live nor in the end.
    quiet : bool
        Show nothing; leave an output that only carries the metadata.
    as_text : bool
        Show the answer character by character, not as Markdown.
    live_language : {"en", "zh"}, optional
        The language of our own words while the reply grows; as `language` unless given.
    describe : callable, optional
        Makes the metadata of the output; `render.metadata` unless given.
    stop_route : {"message", "interrupt"}
        How the card's Stop reaches this kernel.

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
        detached: bool = False,
        live_language: Language | None = None,
        hide_thinking: bool = False,
        quiet: bool = False,
        as_text: bool = False,
        describe: Describe = metadata,
        stop_route: StopRoute = "interrupt",
    ) -> None:
        # Where the widget's library is missing this says so, before anything is shown.
        from qwen_nb.render.live.widget import Card

        self._new_card = Card
        self._language = live_language or language
        self._owns_cell = owns_cell and not detached
        self._detached = detached
        self._hide_thinking = hide_thinking
        self._quiet = quiet
        self._as_text = as_text
        # an interrupt would stop whatever cell runs by then
        self._route = "job" if detached else stop_route
        self._end = StaticDisplay(
            language,
            hide_thinking=hide_thinking,
            quiet=quiet,
            as_text=as_text,
            describe=describe,
        )
        self._card: Card | None = None
        self._closed: Card | None = None
        self._display_id = ""
        self._thinking = SentText()
        self._answer = SentText()
        self._calls = SentCalls(self._language)
        self._heading = ""
        self._thinking_from: float | None = None
        self._snapshot_length = 0
        self._last = Frame(state="waiting")

    def open(self, asking: Opening, stop: Callable[[], None] | None = None) -> None:
        """Show the card at once, waiting."""
        if self._quiet and not self._detached:
            return
        from IPython.display import display

        self._display_id = "" if self._owns_cell else token_hex(8)
        if self._quiet:
            self._blank(display)
            return
        notes = list(asking.notes)
        if asking.scripted:
            notes.append(text("reply.emulator", self._language))
        self._card = self._new_card(
            stop,
            run=token_hex(8),
            model=visible(asking.model),
            server=visible(asking.server),
            notes=[visible(note) for note in notes],
            words=self._words(),
            tex=HARMFUL_TEX,
            plain=self._as_text,
            stops=self._route if stop else "",
        )
        view, name = self._card.view(), self._display_id or None
        display(view, raw=True, display_id=name)  # type: ignore[no-untyped-call]

    def frame(self, frame: Frame) -> None:
        """Send what is new, as one message."""
        card = self._card
        if card is None:
            return
        message: dict[str, object] = {"state": frame.state, "n": frame.tokens}
        message["s"] = round(frame.elapsed_s, 2)
        if frame.retrying is not None:
            message["w"] = retrying_words(frame.retrying, self._language)
        if frame.state == "calling":
            message["w"] = calling(frame.calling, self._language)
        again = frame.elapsed_s < _STARTING_S
        thinking = "" if self._hide_thinking else visible(frame.thinking)
        if thinking and self._thinking_from is None:
            self._thinking_from = frame.elapsed_s
        if sent := self._thinking.add(thinking, again):
            message["t"], message["to"] = sent
        if frame.answer and not self._answer.length and self._thinking.length:
            self._heading = self._heading_after(frame)
        if self._heading:
            message["h"] = self._heading
        if sent := self._answer.add(visible(frame.answer), again):
            message["a"], message["ao"] = sent
        message |= self._calls.message(frame.calls, again)
        self._last = frame
        length = self._thinking.length + self._answer.length + self._calls.length
        if length >= 2 * self._snapshot_length + 1:
            self._snapshot_length = length
            card.snap = self._snapshot(message)
        else:
            card.send(message)

    def close(self, reply: Reply, failure: str = "") -> None:
        """Put the static output in the card's place.

        The card itself stays open, unseen: see `_KEPT`.
        """
        card, self._card = self._card, None
        self._closed = card
        try:
            if card is not None:
                card.forget_stop()
                self._calls.message(reply.calls, again=False)
                card.snap = self._snapshot(self._last_words(reply, failure))
            if self._detached:
                self._update(reply, failure)
            elif card is None:
                self._end.close(reply)
            else:
                self._exchange(reply)
        finally:
            if card is not None:
                _keep(card)

    def settle(self, interrupts: Callable[[], int]) -> int:
        """Wait for a click on Stop that is still under way as an interrupt."""
        card = self._closed
        if card is None:
            return 0
        if self._route == "interrupt":
            _until(lambda: interrupts() > 0, _TRAVEL_S)
            return 0
        if self._route != "message" or not card.was_pressed:
            return 0
        until = time.monotonic() + _SETTLE_S
        clicks = card.clicks_sent(_SETTLE_S)
        _until(lambda: interrupts() >= clicks, until - time.monotonic())
        return clicks

    def _exchange(self, reply: Reply) -> None:
        from IPython.display import clear_output, update_display

        if self._owns_cell:
            # Not `update_display`: nbval would compare the first output. "wait"
            # lets the page exchange both at once.
            clear_output(wait=True)  # type: ignore[no-untyped-call]
            self._end.close(reply)
        else:
            self._end.close(reply)
            self._blank(update_display)

    def _blank(self, show: Callable[..., object]) -> None:
        nothing: dict[str, str] = {}
        show(nothing, raw=True, display_id=self._display_id)

    def _update(self, reply: Reply, failure: str) -> None:
        from IPython.display import update_display

        if never_began(reply):
            # no cell is left that could show an error
            page = f'<div style="white-space:pre-wrap">{markup(failure)}</div>'
            content = {"text/html": page, "text/plain": visible(failure)}
        else:
            content = self._end.content(reply)
        update_display(  # type: ignore[no-untyped-call]
            content,
            raw=True,
            display_id=self._display_id,
            metadata=self._end.notes(reply),
        )

    def _words(self) -> dict[str, str]:
        # The numbers are filled in by the page, so their names go along as they are.
        words = {name: text(key, self._language, n="{n}") for name, key in _WORDS.items()}
        return words | {"image": text("reply.image", self._language, alt="{alt}")}

    def _heading_after(self, frame: Frame) -> str:
        seconds = frame.elapsed_s - (self._thinking_from or 0.0)
        return " · ".join(
            (
                text("reply.thought", self._language),
                text("reply.seconds", self._language, n=f"{seconds:.1f}"),
                text("reply.live_tokens", self._language, n=frame.tokens),
            )
        )

    def _last_words(self, reply: Reply, failure: str) -> dict[str, object]:
        language = self._language
        return {
            "state": _STATES.get(reply.finish_reason, "done"),
            "n": self._last.tokens,
            "s": round(reply.timing.total_s or self._last.elapsed_s, 2),
            "h": thought(reply, language) if reply.thinking else "",
            "e": visible(failure) or _how_it_ended(reply, language),
            "u": usage_line(reply, language),
            "c": timing_line(reply, language),
        }

    def _snapshot(self, message: dict[str, object]) -> dict[str, object]:
        texts = {"t": self._thinking.whole(), "a": self._answer.whole()}
        rest = {k: v for k, v in message.items() if k not in ("to", "ao", "ko")}
        return rest | texts | self._calls.whole()


def _how_it_ended(reply: Reply, language: Language) -> str:
    parts = (str(calls_wanted(reply, language) or ""), str(ending(reply, language)))
    return "\n".join(part for part in parts if part)


def _until(holds: Callable[[], bool], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not holds() and time.monotonic() < until:
        time.sleep(_TRAVEL_S / 20)


def _keep(card: Card) -> None:
    _KEPT.append(card)
    while len(_KEPT) > _KEPT_MOST:
        _KEPT.popleft().close()
