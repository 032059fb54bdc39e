"""Whom a secure connection trusts: read once for all connections of this process.

Reading the certificates takes a hundred times as long as all else that a new connection
needs, and many questions at once open many.
"""

from __future__ import annotations

import contextlib
import os
import ssl
import sys
import threading
from pathlib import Path

_TOLD_BY = ("SSL_CERT_FILE", "SSL_CERT_DIR")

_lock = threading.Lock()
_known: dict[tuple[object, ...], ssl.SSLContext] = {}


def trusted(*, by_system: bool, by_environment: bool = True) -> ssl.SSLContext:
    """Return the context that checks whether a server is the one it claims to be.

    The certificates are read again when `SSL_CERT_FILE` or `SSL_CERT_DIR` has changed, or a
    file that they name.

    Parameters
    ----------
    by_system : bool
        Take Python's own certificates, which are the system's; else the HTTP library's.
    by_environment : bool
        Whether the HTTP library reads proxies and certificates from the environment.
    """
    key = (by_system, by_environment, *map(_stamp, _TOLD_BY))
    with _lock:  # a second thread waits for the first: reading again would take as long
        if key not in _known:
            if len(_known) > len(_TOLD_BY) + 1:
                _known.clear()
            _known[key] = _read(by_system=by_system, by_environment=by_environment)
        return _known[key]


def _read(*, by_system: bool, by_environment: bool) -> ssl.SSLContext:
    if by_system:
        return ssl.create_default_context()
    import openai

    # httpx for older releases of the SDK, httpx2 for newer ones
    client = next(
        each for each in openai.DefaultHttpxClient.__mro__ if each.__name__ == "Client"
    )
    library = sys.modules[client.__module__.partition(".")[0]]
    context: ssl.SSLContext = library.create_ssl_context(trust_env=by_environment)
    return context


def _stamp(variable: str) -> tuple[str, int]:
    told, changed = os.environ.get(variable, ""), 0
    if told:
        with contextlib.suppress(OSError):
            changed = Path(told).stat().st_mtime_ns
    return told, changed
