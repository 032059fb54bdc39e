"""The one emulator of this process, for whoever has no key."""

from __future__ import annotations

import atexit
import threading
from weakref import WeakSet

from qwen_nb.emulator.server import Emulator

# a notebook may run for weeks, and each request brings its whole conversation
_KEEP = 1_000

_lock = threading.Lock()
_emulator: Emulator | None = None
_users: WeakSet[object] = WeakSet()


def embedded(pace: float | None = None, *, user: object = None) -> Emulator:
    """Return the emulator of this process, started at the first call.

    Parameters
    ----------
    pace : float, optional
        Seconds between two pieces from now on, as in `Emulator`.
    user : object, optional
        Who asks it: it is not stopped under them; see `leave_embedded`.
    """
    global _emulator
    with _lock:
        if _emulator is None:
            _emulator = Emulator(keep=_KEEP).start()
        _emulator.pace = pace
        if user is not None:
            _users.add(user)
        return _emulator


def leave_embedded(user: object) -> None:
    """Stop the emulator of this process, unless somebody else asks it too."""
    with _lock:
        _users.discard(user)
        is_used = bool(_users)
    if not is_used:
        stop_embedded()


def stop_embedded() -> None:
    """Stop the emulator of this process; the next `embedded` starts a new one."""
    global _emulator
    with _lock:
        emulator, _emulator = _emulator, None
        _users.clear()
    if emulator is not None:
        emulator.stop()


atexit.register(stop_embedded)
