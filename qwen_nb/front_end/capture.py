"""Catches what a function prints and displays, and nothing that other code does.

A context variable holds the outputs of the function that runs, so that functions that are
awaited together each have their own, and other tasks and threads go on printing as before.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from typing import Any

from qwen_nb.front_end import place
from qwen_nb.texts import Language, text

MOST_PRINTED = 20_000
"""Characters that the prints of one call may have; the rest is left out."""

MOST_DISPLAYED = 1_000_000
"""Characters that the displays of one call may have; a picture takes some hundred thousand."""


class Outputs:
    """What one call prints and displays, in order and bounded.

    Parameters
    ----------
    language : {"en", "zh"}
        Language of the marks where something is left out.
    """

    def __init__(self, language: Language) -> None:
        self._language = language
        self._kept: list[dict[str, Any] | list[str]] = []
        self._printed = self._all = self._displayed = 0

    @property
    def bundles(self) -> tuple[Mapping[str, Any], ...]:
        """MIME bundles; what was printed in a row is one of plain text."""
        made = [
            {"text/plain": "".join(each)} if isinstance(each, list) else each
            for each in self._kept
        ]
        if self._all > self._printed:
            made.append({"text/plain": _mark(self._printed, self._all, self._language)})
        return tuple(made)

    def write(self, printed: str) -> None:
        """Take in something printed."""
        room = MOST_PRINTED - self._printed
        self._all += len(printed)
        kept = printed[:room]
        self._printed += len(kept)
        if not kept:
            return
        if not self._kept or not isinstance(self._kept[-1], list):
            self._kept.append([])
        last = self._kept[-1]
        assert isinstance(last, list), "just made one"
        last.append(kept)

    def display(self, data: Mapping[str, Any]) -> None:
        """Take in something displayed."""
        size = sum(len(str(value)) for value in data.values())
        if self._displayed + size > MOST_DISPLAYED:
            left_out = text("tools.output_left_out", self._language, n=size)
            self._kept.append({"text/plain": left_out})
            return
        self._displayed += size
        self._kept.append(dict(data))


def _mark(shown: int, of: int, language: Language) -> str:
    return text("tools.cut", language, shown=shown, all=of)


_into: ContextVar[Outputs | None] = ContextVar("qwen_nb_outputs", default=None)


class _Routed:
    """A stream that leads what a captured call writes into its outputs."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, printed: str) -> int:
        outputs = _into.get()
        if outputs is None:
            return int(self._stream.write(printed) or 0)
        outputs.write(str(printed))
        return len(printed)

    def writelines(self, lines: Any) -> None:
        for line in lines:
            self.write(line)

    def flush(self) -> None:
        if _into.get() is None:
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class _Routes:
    """Leads the streams and the shell's displays elsewhere while any function is captured."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0
        self._undo = contextlib.ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            self._users += 1
            if self._users == 1:
                for name in ("stdout", "stderr"):
                    self._lead_stream(name)
                self._lead_displays()

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if not self._users:
                self._undo.close()

    def _lead_stream(self, name: str) -> None:
        before = getattr(sys, name)
        if before is None:
            return
        routed = _Routed(before)
        setattr(sys, name, routed)

        def undo() -> None:
            if getattr(sys, name) is routed:  # else other code has replaced it meanwhile
                setattr(sys, name, before)

        self._undo.callback(undo)

    def _lead_displays(self) -> None:
        publisher = getattr(place.running_shell(), "display_pub", None)
        if publisher is None:
            return
        publish: Callable[..., Any] = publisher.publish

        def routed(data: Any, *more: Any, **others: Any) -> None:
            outputs = _into.get()
            if outputs is None:
                publish(data, *more, **others)
            elif isinstance(data, Mapping):
                outputs.display(data)

        publisher.publish = routed
        self._undo.callback(publisher.__dict__.pop, "publish", None)


_ROUTES = _Routes()


@contextlib.contextmanager
def capturing(outputs: Outputs) -> Iterator[None]:
    """Lead what is printed and displayed in this context into `outputs`."""
    with _ROUTES:
        token = _into.set(outputs)
        try:
            yield
        finally:
            _into.reset(token)
