"""The one emulator of this process, for whoever has no key."""

from __future__ import annotations

import atexit
import threading

from qwen_nb.emulator.server import Emulator

# a notebook may run for weeks, and each request brings its whole conversation
_KEEP = 1_000

_lock = threading.Lock()
_emulator: Emulator | None = None


def embedded(pace: float | None = None) -> Emulator:
    """Return the emulator of this process, started at the first call.

    Parameters
    ----------
    pace : float, optional
        Seconds between two pieces from now on, as in `Emulator`.
    """
    global _emulator
    with _lock:
        if _emulator is None:
            _emulator = Emulator(keep=_KEEP).start()
        _emulator.pace = pace
        return _emulator


def stop_embedded() -> None:
    """Stop the emulator of this process; the next `embedded` starts a new one."""
    global _emulator
    with _lock:
        emulator, _emulator = _emulator, None
    if emulator is not None:
        emulator.stop()


atexit.register(stop_embedded)
