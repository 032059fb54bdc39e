"""Imports what the first question in a kernel needs, so that it does not wait for it.

The client of the API takes 0.35 s of import; what draws a card, where somebody looks, 0.04.
Nothing else begins by itself.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from importlib import import_module
from typing import Any

from qwen_nb.front_end.place import front_end

_LONGEST_S = 10.0
"""How long a fork or the end of the process waits; the imports take half a second."""


def warm_up(shell: Any, *modules: str) -> None:
    """Begin once the running cell has ended, in a thread; in a kernel only.

    Parameters
    ----------
    shell
        The shell of IPython. One without a kernel may live for a single command, and one
        without a running event loop cannot say when its cell has ended: nothing begins.
    *modules : str
        Our own modules that a question goes through.
    """
    if getattr(shell, "kernel", None) is None:
        return
    import asyncio  # a kernel has it

    theirs = ["openai", "anywidget"] if front_end(shell) == "card" else ["openai"]
    with contextlib.suppress(RuntimeError):  # no loop runs
        asyncio.get_running_loop().call_soon(_begin, [*theirs, *modules])


def _begin(modules: list[str]) -> None:
    def do() -> None:
        for name in modules:
            with contextlib.suppress(Exception):  # the question imports it, and says why not
                import_module(name)

    def wait() -> None:
        if threading.current_thread() is not thread:
            thread.join(_LONGEST_S)

    thread = threading.Thread(target=do, name="qwen_nb-warm", daemon=True)
    thread.start()
    # A child forked in the middle would wait for ever at the locks of the modules that the
    # thread was importing. And a daemon thread is unwound wherever it is when the process
    # ends: not every compiled module stands that.
    atexit.register(wait)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=wait)
