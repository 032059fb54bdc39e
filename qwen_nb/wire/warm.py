"""Imports openai in a thread of its own, so that the first question does not wait for it."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
from importlib import import_module
from typing import Any

__all__ = ["warm_up"]

_LONGEST_S = 10.0
"""How long a fork or the end of the process waits; the import takes half a second."""


def warm_up(shell: Any) -> None:
    """Import openai once the running cell has ended; in a kernel only.

    Parameters
    ----------
    shell
        The shell of IPython. One without a kernel may live for a single command, and none
        without a running event loop can say when its cell has ended: these import nothing.
    """
    if getattr(shell, "kernel", None) is None or "openai" in sys.modules:
        return
    import asyncio  # a kernel has it

    with contextlib.suppress(RuntimeError):  # no loop runs
        asyncio.get_running_loop().call_soon(_begin)


def _begin() -> None:
    thread = threading.Thread(target=_import, name="qwen_nb-warm", daemon=True)
    thread.start()

    def wait() -> None:
        if threading.current_thread() is not thread:
            thread.join(_LONGEST_S)

    # A child forked in the middle of it would wait for ever at the locks of the modules that
    # the thread was importing. At the end of the process a daemon thread is unwound wherever
    # it is, and in compiled code that aborts the process.
    atexit.register(wait)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=wait)


def _import() -> None:
    with contextlib.suppress(Exception):  # the first question imports it again, and says why
        import_module("openai")
