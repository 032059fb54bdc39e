"""Where am I: which front end is looking, in which cell, of which notebook.

Everything here is a hint from the running shell, read at the moment of the question.
What the front ends really send was measured. The first decision about the display: a live
card needs a person who can answer (`allow_stdin`) and a cell.
A path counts only together with a cell: a kernel that a notebook starts inherits the
notebook's environment, path included, and its requests name no cell.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

FrontEnd: TypeAlias = Literal["card", "terminal", "static", "none"]
"""`card`: a notebook that a person watches. `terminal`: terminal IPython, jupyter console.
`static`: a kernel without a person (nbclient, nbval). `none`: a plain program."""

_VSCODE = "vscode-notebook-cell:"
_ID_CHARACTERS = 8_192  # an nbformat id has at most 64; a cell's uri holds a whole path
_DELETED = 10_000
_ANSWER_BYTES = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a question was asked, as far as the front end sends it.

    Parameters
    ----------
    cell : str, optional
        Key of the running cell. In Jupyter the cell's id, as in the file. In VS Code the
        fragment of the cell's uri: a number that holds until the document is reopened.
    in_file : bool
        Whether `cell` is an id that the notebook's file holds too, once it is saved.
    path : str, optional
        The notebook, absolute and without symlinks; None without a cell. After a rename
        Jupyter's kernels know the old one until they are restarted.
    kernel : str, optional
        The kernel's id, as its server knows it.
    """

    cell: str | None = None
    in_file: bool = False
    path: str | None = None
    kernel: str | None = None


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
    if not can_answer(shell):
        return "static"
    return "card" if cell_id(shell) else "terminal"


def can_answer(shell: Any | None) -> bool:
    """Return whether a person is there who can be asked something."""
    if getattr(shell, "kernel", None) is not None:
        return bool(_parent(shell).get("content", {}).get("allow_stdin"))
    return sys.stdin is not None and sys.stdin.isatty()


def cell_id(shell: Any | None) -> str | None:
    """Return the id of the running cell, where the front end sends one."""
    told = _metadata(shell).get("cellId")
    return told if isinstance(told, str) and 0 < len(told) <= _ID_CHARACTERS else None


def deleted_cells(shell: Any | None) -> tuple[str, ...]:
    """Return the cells deleted since the last execution.

    Jupyter sends the deleted cells with the next cell that runs, whichever that is, and only
    once: a caller that needs all of them calls this at every execution.
    """
    told = _metadata(shell).get("deletedCells")
    if not isinstance(told, list):
        return ()
    ids = (each for each in told[:_DELETED] if isinstance(each, str))
    return tuple(each for each in ids if 0 < len(each) <= _ID_CHARACTERS)


def here(shell: Any | None) -> Place:
    """Return the facts of the running request, without reading a file or asking a server."""
    told = cell_id(shell)
    if told is None:
        return Place()
    from_vscode = told.startswith(_VSCODE)
    path = _vscode_path(shell, told) if from_vscode else _jupyter_path(shell)
    return Place(
        cell=told.rpartition("#")[2] if from_vscode else told,
        in_file=not from_vscode,
        path=path,
        kernel=_kernel_id(shell),
    )


def paths_from_server(shell: Any | None, *, within_s: float = 1.0) -> tuple[str, ...]:
    """Ask the Jupyter server that started this kernel which notebooks it belongs to.

    The server keeps a file about itself, with its token, beside the connection files of
    its kernels; `jupyter_server` need not be installed where the kernel is, and importing
    it takes seconds. A kernel that another kernel started finds no server.

    Parameters
    ----------
    shell : object
        The running shell.
    within_s : float, optional
        How long each step of connecting and reading may take.

    Returns
    -------
    tuple of str
        Absolute paths, most often one; empty where there is no answer.
    """
    connection, kernel = _connection_file(shell), _kernel_id(shell)
    if connection is None or kernel is None:
        return ()
    for pid in dict.fromkeys((os.environ.get("JPY_PARENT_PID", ""), str(os.getppid()))):
        about = connection.parent / f"jpserver-{pid}.json"
        if pid.isdecimal() and about.is_file():
            return tuple(_sessions(about, kernel, within_s))
    return ()


def _sessions(about: Path, kernel: str, within_s: float) -> Iterator[str]:
    import json
    from http.client import HTTPConnection, HTTPException

    try:
        server = json.loads(about.read_bytes())
        if server.get("secure") or server.get("sock"):
            return  # it has its own certificate or a unix socket: not worth the code
        # always loopback and without a proxy, so that the token cannot leave this machine
        connection = HTTPConnection("127.0.0.1", int(server["port"]), timeout=within_s)
        try:
            connection.request(
                "GET",
                f"{server.get('base_url', '/')}api/sessions",
                headers={"Authorization": f"token {server.get('token', '')}"},
            )
            answer = connection.getresponse()
            sessions = json.loads(answer.read(_ANSWER_BYTES)) if answer.status == 200 else []
        finally:
            connection.close()
        root = Path(server["root_dir"])
        for session in sessions:
            if session["type"] == "notebook" and session["kernel"]["id"] == kernel:
                yield os.path.realpath(root / session["path"].lstrip("/"))
    except (OSError, HTTPException, ValueError, LookupError, TypeError, AttributeError):
        return  # a path is only a hint; without it the question is asked all the same


def _jupyter_path(shell: Any) -> str | None:
    told = os.environ.get("JPY_SESSION_NAME", "")
    if not told or "\0" in told:
        return None
    # Older servers send the path relative to their root; the kernel began in the folder of
    # the notebook.
    began = Path(getattr(shell, "starting_dir", None) or os.getcwd())  # noqa: PTH109
    found = began / told
    if not found.is_file() and not Path(told).is_absolute():
        found = began / Path(told).name
    # A console's session has a name too, but no file of that name.
    is_notebook = found.suffix == ".ipynb" or found.is_file()
    return os.path.realpath(found) if is_notebook else None


def _vscode_path(shell: Any, uri: str) -> str | None:
    from urllib.parse import urlsplit
    from urllib.request import url2pathname

    # The uri comes with this request, so it stands first; the name in the namespace was set
    # when the kernel began, and may be old.
    found = [url2pathname(urlsplit(uri).path)]
    if isinstance(told := shell.user_ns.get("__vsc_ipynb_file__"), str):
        found.append(told)
    for path in found:
        # an untitled document, or one on another machine, has no file here
        if path.endswith(".ipynb") and "\0" not in path and Path(path).is_file():
            return os.path.realpath(path)
    return None


def _connection_file(shell: Any | None) -> Path | None:
    app = getattr(getattr(shell, "kernel", None), "parent", None)
    told = getattr(app, "abs_connection_file", None)
    return Path(told) if isinstance(told, str) and told else None


def _kernel_id(shell: Any | None) -> str | None:
    connection = _connection_file(shell)
    name = connection.stem if connection else ""
    return name.removeprefix("kernel-") if name.startswith("kernel-") else None


def _metadata(shell: Any | None) -> Mapping[str, Any]:
    told = _parent(shell).get("metadata")
    return told if isinstance(told, Mapping) else {}


def stop_route(shell: Any | None) -> Literal["message", "interrupt"]:
    """Return how a click in the page reaches a kernel that is running a cell.

    ipykernel 7 can take messages while a cell runs, in subshells, where the page asks for
    them; whether the page did shows only when a message is not answered. Earlier releases
    take nothing but interrupts.
    """
    kernel = getattr(shell, "kernel", None)
    return "message" if getattr(kernel, "_supports_kernel_subshells", False) else "interrupt"


def _parent(shell: Any | None) -> Mapping[str, Any]:
    kernel = getattr(shell, "kernel", None)
    if kernel is None:
        return {}
    parent: Mapping[str, Any] = kernel.get_parent("shell") or {}
    return parent
