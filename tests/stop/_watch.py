"""A display that remembers."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from qwen_nb import Reply
from qwen_nb.values import Frame, Opening


@dataclass
class Watch:
    """A display that keeps what it was shown, and by whom."""

    on_frame: Callable[[Frame], object] = lambda frame: None
    on_close: Callable[[Reply], object] = lambda reply: None
    opened: list[Opening] = field(default_factory=list)
    stops: list[Callable[[], None]] = field(default_factory=list)
    frames: list[Frame] = field(default_factory=list)
    closed: list[tuple[Reply, str]] = field(default_factory=list)
    threads: list[str] = field(default_factory=list)

    def open(self, asking: Opening, stop: Callable[[], None] | None = None) -> None:
        assert stop is not None
        self.opened.append(asking)
        self.stops.append(stop)
        self.threads.append(threading.current_thread().name)

    def frame(self, frame: Frame) -> None:
        self.frames.append(frame)
        self.threads.append(threading.current_thread().name)
        self.on_frame(frame)

    def settle(self, interrupts: Callable[[], int]) -> int:
        return 0

    def close(self, reply: Reply, failure: str = "") -> None:
        self.closed.append((reply, failure))
        self.threads.append(threading.current_thread().name)
        self.on_close(reply)

    @property
    def shown(self) -> str:
        return "".join(frame.thinking + frame.answer for frame in self.frames)
