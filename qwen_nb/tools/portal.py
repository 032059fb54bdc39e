"""An event loop in a thread of its own, for what is awaited beside the notebook's own loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Self, TypeVar

_T = TypeVar("_T")


class Portal:
    """Runs coroutines in another thread; used as a context, once.

    Parameters
    ----------
    name : str
        What the thread is called.
    patience_s : float
        How long the end waits for what still runs; the thread never holds up an exit.
    """

    def __init__(self, name: str, patience_s: float) -> None:
        self._patience_s = patience_s
        self._loop: asyncio.AbstractEventLoop
        self._thread = threading.Thread(target=self._serve, name=name, daemon=True)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()  # the thread's runner closes it
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._loop.stop)
        self._thread.join(self._patience_s)

    def start(self, work: Coroutine[Any, Any, _T]) -> Future[_T]:
        """Begin something, in a copy of the present context; return what will come of it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def cancel(self) -> None:
        """Cancel everything that runs; each ends in its own time, and its future then."""
        self._do(lambda: [task.cancel() for task in asyncio.all_tasks(self._loop)])

    def _do(self, what: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # a SystemExit of what ran has ended the loop
            self._loop.call_soon_threadsafe(what)

    def _serve(self) -> None:
        # a runner cancels what is left of the tasks, and waits for their ends
        with (
            asyncio.Runner(loop_factory=lambda: self._loop) as runner,
            suppress(KeyboardInterrupt, SystemExit),  # the work's future tells of it
        ):
            runner.get_loop().run_forever()
