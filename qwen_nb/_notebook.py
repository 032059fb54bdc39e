"""Where am I: which front end is looking, in which cell, in which execution.

Everything here is a hint from the running shell, read at the moment of the question.
What the front ends really send was measured; the rule is the first decision about
the display: a live card needs somebody who can answer (`allow_stdin`) and a cell.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

__all__ = ["FrontEnd", "cell_id", "front_end", "running_shell"]

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


def _parent(shell: Any | None) -> Mapping[str, Any]:
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return {}
    parent: Mapping[str, Any] = kernel.get_parent("shell") or {}
    return parent
