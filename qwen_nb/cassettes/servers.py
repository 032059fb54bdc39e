"""The servers that were asked, as a cassette keeps them: without keys, workspaces, ports."""

from __future__ import annotations

import re
from dataclasses import asdict, fields, replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit, urlunsplit

from qwen_nb.cassettes.recordings import AskedServer
from qwen_nb.cassettes.secrets import MARK, Redactor
from qwen_nb.values import Server
from qwen_nb.wire import is_loopback

_WORKSPACE = re.compile(
    r"^(?!trial\.|token-plan\.)[^./]+(?=\.[a-z0-9-]+\.maas\.aliyuncs\.com(?::\d+)?$)"
)
_NOT_KEPT = ("key", "key_origin", "guessed", "replayed")
_USUAL = asdict(Server(name=""))
_FIELDS = frozenset(field.name for field in fields(Server))


def name_of(server: Server) -> str:
    """Return what a server is known by; the emulator has a name in each language."""
    return "" if server.scripted else _WORKSPACE.sub("{WorkspaceId}", server.name)


def know_server(redactor: Redactor, server: Server) -> None:
    """Take in what is secret about a server: its key, and what its addresses tell."""
    redactor.know(server.key)
    for url in (server.base_url, server.native_url):
        parts = urlsplit(url)
        redactor.know(parts.password)
        for _, value in parse_qsl(parts.query):
            redactor.know(value)
        if found := _WORKSPACE.search(parts.hostname or ""):
            redactor.know(found[0])


def facts_of(server: Server, redactor: Redactor) -> dict[str, Any]:
    """Return what a cassette tells of a server: its fields, where they are not the usual."""
    facts = asdict(replace(server, name=name_of(server)))
    facts["region"] = _WORKSPACE.sub("{WorkspaceId}", server.region)
    for name in ("base_url", "native_url"):
        # the emulator has another address each time
        facts[name] = "" if server.scripted else redactor.text(_address(facts[name]))
    kept = {
        key: value
        for key, value in facts.items()
        if key not in _NOT_KEPT and (key == "name" or value != _USUAL[key])
    }
    return kept | ({"has_key": True} if server.key and not server.scripted else {})


def server_of(asked: AskedServer, cassette: str) -> Server:
    """Return the `Server` that stands for one that was asked, in a replay.

    Raises
    ------
    TypeError
        When the facts are not those of a server.
    """
    facts = {key: value for key, value in asked.facts.items() if key in _FIELDS}
    for key, value in facts.items():
        if type(value) is not type(_USUAL[key]):
            raise TypeError(key)
    has_key = bool(asked.facts.get("has_key"))
    facts |= {"key": MARK if has_key else None, "key_origin": cassette, "replayed": True}
    return Server(**facts)


def _address(url: str) -> str:
    parts = urlsplit(url)
    host = _WORKSPACE.sub("{WorkspaceId}", parts.netloc.rpartition("@")[2])
    if is_loopback(url):
        host = host.removesuffix(f":{parts.port}")
    return urlunsplit((parts.scheme, host, parts.path, "", ""))
