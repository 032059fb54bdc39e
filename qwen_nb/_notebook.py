"""Where am I: which front end is looking, in which cell, in which execution.

Everything here is a hint from the running shell, read at the moment of the question.
What the front ends really send was measured; the rule is the first decision about
the display: a live card needs somebody who can answer (`allow_stdin`) and a cell.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

__all__ = ["FrontEnd", "cell_id", "front_end", "running_shell", "stop_route"]

FrontEnd: TypeAlias = Literal["card", "terminal", "static", "none"]
"""`card`: a notebook somebody watches. `terminal`: terminal IPython, jupyter console.
`static`: a kernel nobody watches (nbclient, nbval). `none`: a plain program."""


def running_shell() -> Any | None:
    """Return the running IPython shell, without importing IPython."""
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def front_end(shell: Any | None) -> FrontEnd:
    """Return what looks at the running cell."""
    if shell is None:
        return "none"
    if getattr(shell, "kernel", None) is None:
        return "terminal"
    if not _parent(shell).get("content", {}).get("allow_stdin"):
        return "static"
    return "card" if cell_id(shell) else "terminal"


def cell_id(shell: Any | None) -> str | None:
    """Return the id of the running cell, where the front end tells one."""
    told: str | None = _parent(shell).get("metadata", {}).get("cellId")
    return told


def stop_route(shell: Any | None) -> Literal["message", "interrupt"]:
    """Return how a click in the page reaches a kernel that is running a cell.

    ipykernel 7 can take messages meanwhile, in subshells, where the page asks for them;
    whether it did shows only when none is answered. Earlier ones hear interrupts alone.
    """
    kernel = getattr(shell, "kernel", None)
    return "message" if getattr(kernel, "_supports_kernel_subshells", False) else "interrupt"


def _parent(shell: Any | None) -> Mapping[str, Any]:
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return {}
    parent: Mapping[str, Any] = kernel.get_parent("shell") or {}
    return parent
