"""Recognising a server by its address."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

from qwen_nb.catalogue.rows import WORKSPACE, ServerRow

_DEFAULT_PORTS = {"http": 80, "https": 443}


def find(address: str, rows: Iterable[ServerRow]) -> ServerRow | None:
    """Return the row that a URL, `HOST` or `HOST:PORT` belongs to."""
    place = _place(address)
    if place is None:
        return None
    host, port = place
    workspaces: list[ServerRow] = []
    for row in rows:
        patterns = [row.host, *row.hosts, urlsplit(row.base_url).netloc]
        if any(_fits(pattern, host, port) for pattern in patterns if pattern):
            return row
        if row.workspace_host and _workspace(row.workspace_host).fullmatch(host):
            workspaces.append(row)
    # A plan's host has the form of a workspace's: exact names are compared before.
    return workspaces[0] if workspaces else None


def _place(address: str) -> tuple[str, int | None] | None:
    if re.search(r"[\\\s]", address):
        return None  # programs disagree about where the host of such an address ends
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return None
    if not host or (parts.scheme and parts.scheme not in _DEFAULT_PORTS):
        return None
    return _one_name(host), port or _DEFAULT_PORTS.get(parts.scheme)


def _one_name(host: str) -> str:
    try:
        return "localhost" if ipaddress.ip_address(host).is_loopback else host.casefold()
    except ValueError:
        return host.casefold()


def _fits(pattern: str, host: str, port: int | None) -> bool:
    place = _place_of(pattern)
    if place is None or place[1] not in (None, port):
        return False
    return place[0] == "*" or _labels(place[0]).fullmatch(host) is not None


@lru_cache(maxsize=256)
def _place_of(pattern: str) -> tuple[str, int | None] | None:
    # Only patterns of the table are cached: an address that a person typed may hold a
    # password, which must not stay in memory.
    return _place(pattern)


@lru_cache(maxsize=256)
def _labels(pattern: str) -> re.Pattern[str]:
    return re.compile(re.escape(pattern).replace(r"\*", "[a-z0-9-]+"))


@lru_cache(maxsize=32)
def _workspace(pattern: str) -> re.Pattern[str]:
    marker = re.escape("{workspace}")
    return re.compile(re.escape(pattern).replace(marker, WORKSPACE.pattern), re.IGNORECASE)
