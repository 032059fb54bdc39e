"""Which cassette is used now: the one of a `with`, of this session, or of the environment."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

from qwen_nb.errors import CassetteError
from qwen_nb.values import Server
from qwen_nb.wire import Exchange

if TYPE_CHECKING:  # most sessions use none
    from qwen_nb.cassettes.recorder import Recorder
    from qwen_nb.cassettes.replayer import Replayer
    from qwen_nb.cassettes.reports import Report

Mode: TypeAlias = Literal["record", "replay", "auto"]
"""What a cassette is used for; `auto` replays one that is there, and else records it."""

Cassette: TypeAlias = "Recorder | Replayer"

VARIABLE = "QWEN_NB_CASSETTE"
JOURNAL = "QWEN_NB_CASSETTE_JOURNAL"
SUFFIX = ".cassette"

_aside: ContextVar[bool] = ContextVar("qwen_nb_aside", default=False)
_lock = threading.RLock()
_entered: list[Cassette] = []
_session: list[Cassette | None] = []  # empty: this session has set nothing
_environment: dict[str, Cassette] = {}


def current() -> Cassette | None:
    """Return what records or replays now, None where questions simply go out.

    Raises
    ------
    CassetteError
        When the environment names one that cannot be used.
    """
    with _lock:
        if _entered:
            return _entered[-1]
        if _session:
            return _session[-1]
        value = os.environ.get(VARIABLE, "").strip()
        if not value:
            return None
        if value not in _environment:
            mode, colon, path = value.partition(":")
            if not colon or mode not in ("record", "replay", "auto") or not path.strip():
                raise CassetteError("error.cassette_variable", value=value)
            _environment[value] = opened(Path(path.strip()), mode)  # type: ignore[arg-type]
        return _environment[value]


def opened(path: Path, mode: Mode) -> Cassette:
    """Return a cassette ready to be used.

    Raises
    ------
    CassetteError
        When it cannot be read or made.
    """
    path = _file_of(path)
    if mode == "replay" or (mode == "auto" and path.exists()):
        from qwen_nb.cassettes.replayer import Replayer

        journal = os.environ.get(JOURNAL)
        return Replayer(path, os.environ, journal=Path(journal) if journal else None)
    from qwen_nb.cassettes.recorder import Recorder

    return Recorder(path, os.environ)


def _file_of(named: Path) -> Path:
    if named.name in ("", "..") or "\0" in str(named):
        raise CassetteError("error.cassette_no_folder", name=str(named))
    try:
        path = named.expanduser()
    except RuntimeError:  # nobody of that name is known here
        path = named
    # absolute: the notebook may change its folder later, and means the same file
    return (path if path.suffix else path.with_suffix(SUFFIX)).absolute()


def start(path: Path, mode: Mode) -> Cassette:
    """Use a cassette from now on in this session, in the place of any other."""
    cassette = opened(path, mode)
    with _lock:
        _session[:] = [cassette]
    return cassette


def live() -> Report | None:
    """Let questions go out again; return what became of the cassette, if there was one."""
    with _lock:
        try:
            before = current()
        except CassetteError:  # it was never used
            before = None
        _session[:] = [None]
    if before is None:
        return None
    before.close()
    return before.report()


def leave() -> None:
    """Forget what this session has set; the environment's variable holds again."""
    with _lock:
        _session.clear()


@atexit.register
def _close_all() -> None:
    """Keep what has ended, also where a kernel goes while an earlier answer still comes."""
    for cassette in (*_entered, *_session, *_environment.values()):
        if cassette is not None:
            cassette.close()


@contextlib.contextmanager
def recording(path: str | Path, mode: Mode = "auto") -> Iterator[Cassette]:
    """Record what is asked within, or replay it where it was recorded before.

    It holds for all chats of this process. What is asked is then answered from the file,
    without a key and without a network; keys and other secrets are never written.

    Parameters
    ----------
    path : str or Path
        The cassette; without a suffix, `.cassette` is added.
    mode : {"auto", "record", "replay"}
        `auto` replays a file that is there, and else records one.

    Yields
    ------
    Recorder or Replayer
        Its `report()` says what was recorded, or asked for and not.

    Raises
    ------
    CassetteError
        When the file cannot be read or made; NoMatch, where something is asked that was
        not recorded.

    Examples
    --------
    >>> with qwen_nb.recording("weather"):  # doctest: +SKIP
    ...     reply = Chat().ask("Weather in Hangzhou?")
    """
    if mode not in ("auto", "record", "replay"):
        raise CassetteError("error.cassette_mode", value=mode)
    cassette = opened(Path(path), mode)
    with _lock:
        _entered.append(cassette)
    try:
        yield cassette
    finally:
        cassette.close()
        with _lock:
            _entered.remove(cassette)


def exchange(server: Server, begin: Callable[[], Exchange]) -> Exchange:
    """Return an exchange as it is to be now: plain, recorded or replayed.

    Parameters
    ----------
    server : Server
        Who is asked.
    begin : callable
        Returns one that goes out; not called where nothing does.
    """
    cassette = current()
    if cassette is None:
        return begin()
    from qwen_nb.cassettes.recorder import Recorder

    if _aside.get() and isinstance(cassette, Recorder):
        return begin()
    return cassette.exchange(server, begin)


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Let what this thread asks within go unrecorded: it is no part of the notebook."""
    before = _aside.set(True)
    try:
        yield
    finally:
        _aside.reset(before)
