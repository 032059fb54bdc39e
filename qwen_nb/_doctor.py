"""What works, what does not, and why: a report that can be pasted into an issue.

It asks the server for its models and for one short thought, so a real server bills a few
tokens. No key is ever part of it.
"""

from __future__ import annotations

import platform
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal, TypeAlias

from qwen_nb import _servers
from qwen_nb._client import list_models
from qwen_nb._errors import AuthFailed, QwenError
from qwen_nb._messages import Server
from qwen_nb._settings import NAMES, Settings
from qwen_nb._texts import Language, text
from qwen_nb.catalogue import Catalogue
from qwen_nb.chat import Chat
from qwen_nb.render import SilentDisplay, visible

__all__ = ["Finding", "examine", "report"]

_SHOWN_MODELS = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    state: Literal["ok", "note", "bad"]
    words: str


_Say: TypeAlias = Callable[..., Finding]


def report(chat: Chat, language: Language) -> Iterator[str]:
    """Yield the report line by line, as it is found out."""
    marks = {"ok": "✓", "note": "·", "bad": "✗"}
    for finding in examine(chat, language):
        yield f"{marks[finding.state]} {visible(finding.words)}"


def examine(chat: Chat, language: Language) -> Iterator[Finding]:
    """Yield what is found, the things that others depend on first."""

    def say(state: Literal["ok", "note", "bad"], key: str, **facts: Any) -> Finding:
        return Finding(state, text(f"doctor.{key}", language, **facts))

    yield say("note", "versions", versions=_versions())
    try:
        settings = chat.settings()
        yield from (
            say("note", "setting", name=name, value=setting.value, origin=setting.origin)
            for name in NAMES
            if (setting := settings.get(name)) is not None
        )
        server = chat.server()
    except QwenError as error:
        yield Finding("bad", error.message(language))
        return
    yield say("note", "server", server=server.name, url=_shown_url(server, language))
    if server.scripted:
        yield say("note", "no_key")
    elif server.key is None:
        yield say("note", "key_none")
    else:
        yield say("note", "key_found", origin=server.key_origin)
    yield from _proxies(server, say)
    models = None
    try:
        models = list_models(server)
    except AuthFailed as error:
        yield Finding("bad", error.message(language))
        yield _where_the_key_fits(server, settings, chat.catalogue(), say)
        return
    except QwenError as error:
        yield Finding("bad", error.message(language))
        return
    shown = ", ".join(models[:_SHOWN_MODELS]) + (" …" if len(models) > _SHOWN_MODELS else "")
    yield say("ok", "models", n=len(models), models=shown or "—")
    yield from _thinking(chat, say, language)


def _versions() -> str:
    names = ("qwen_nb", "openai", "ipython", "ipykernel", "anywidget", "jupyterlab")
    told = [f"Python {platform.python_version()}", platform.system()]
    for name in names:
        try:
            told.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(told)


def _shown_url(server: Server, language: Language) -> str:
    return text("reply.emulator", language) if server.scripted else server.base_url


def _proxies(server: Server, say: _Say) -> Iterator[Finding]:
    proxies = urllib.request.getproxies()
    told = ", ".join(f"{kind}: {_without_password(url)}" for kind, url in proxies.items())
    if told:
        yield say("note", "proxy", proxies=told)


def _without_password(url: str) -> str:
    scheme, marker, rest = url.partition("://")
    return f"{scheme}{marker}{rest.rpartition('@')[2]}"


def _where_the_key_fits(
    server: Server, settings: Settings, catalogue: Catalogue, say: _Say
) -> Finding:
    if not server.model_studio or server.key is None:
        return say("note", "key_elsewhere")
    other = _servers.region_of_key(server, settings, catalogue)
    if other is None:
        return say("bad", "key_fits_nowhere")
    return say("ok", "key_fits", server=other.name)


def _thinking(chat: Chat, say: _Say, language: Language) -> Iterator[Finding]:
    options = chat.default_options(chat.server())
    asked = Chat(options.model, language=language, thinking=True, max_tokens=16)
    asked.session = chat.session
    try:
        reply = asked.ask("Say hello.", display=SilentDisplay(), once=True)
    except QwenError as error:
        yield Finding("bad", error.message(language))
        return
    key = "thinking_streams" if reply.thinking else "thinking_none"
    state = "ok" if reply.thinking else "note"
    yield say(state, key, model=reply.model)
    for note in reply.notes:
        yield Finding("note", note)
