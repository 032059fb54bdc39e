"""Displays that show nothing while a reply grows, and how any display ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from qwen_nb.render import never_began
from qwen_nb.render.html.static import bundle, metadata
from qwen_nb.texts import Language
from qwen_nb.values import Frame, Opening, Reply

Describe: TypeAlias = Callable[[Reply], Mapping[str, Any]]
"""What to keep of a reply under `qwen_nb` in the metadata of its output."""


class _AtTheEnd:
    """Shows nothing while a reply grows."""

    def open(self, asking: Opening, stop: Callable[[], None] | None = None) -> None:
        """Show nothing."""

    def frame(self, frame: Frame) -> None:
        """Show nothing."""

    def settle(self, interrupts: Callable[[], int]) -> int:
        """There is no button here."""
        return 0


class SilentDisplay(_AtTheEnd):
    """Shows nothing at all; for programs that only want the reply."""

    def close(self, reply: Reply, failure: str = "") -> None:
        """Show nothing."""


class StaticDisplay(_AtTheEnd):
    """Shows the finished reply as one static output, and nothing before.

    For notebooks that run with nobody watching, and the durable end of the live card.

    Parameters
    ----------
    language : {"en", "zh"}
        The language of our own words.
    hide_thinking : bool
        Leave the thinking out.
    quiet : bool
        Leave an output without content, that only carries the metadata.
    as_text : bool
        Show the answer character by character, not as Markdown.
    describe : callable, optional
        Makes the metadata of the output; `render.metadata` unless given.
    """

    def __init__(
        self,
        language: Language,
        *,
        hide_thinking: bool = False,
        quiet: bool = False,
        as_text: bool = False,
        describe: Describe = metadata,
    ) -> None:
        self._language = language
        self._hide_thinking = hide_thinking
        self._quiet = quiet
        self._as_text = as_text
        self._describe = describe

    def close(self, reply: Reply, failure: str = "") -> None:
        """Display the reply for good; one that never began has only its error to show."""
        from IPython.display import display

        if never_began(reply):
            return
        content, notes = self.content(reply), self.notes(reply)
        display(content, raw=True, metadata=notes)  # type: ignore[no-untyped-call]

    def content(self, reply: Reply) -> dict[str, str]:
        """Return what is shown."""
        if self._quiet:
            return {}
        return bundle(
            reply, self._language, hide_thinking=self._hide_thinking, as_text=self._as_text
        )

    def notes(self, reply: Reply) -> dict[str, Any]:
        """Return the metadata of the output."""
        return {"qwen_nb": dict(self._describe(reply))}
