"""What works, what does not, and why: a report that can be pasted into an issue.

It asks the server for its models and for one short thought, so a real server bills a few
tokens. No key is ever part of it.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias
from urllib.parse import urlsplit

from qwen_nb import cassettes
from qwen_nb.asking.drivers import wait
from qwen_nb.asking.kept import Kept
from qwen_nb.asking.preparing import prepare
from qwen_nb.asking.session import Session
from qwen_nb.catalogue import Catalogue
from qwen_nb.errors import AuthFailed, QwenError
from qwen_nb.render.html import SilentDisplay
from qwen_nb.settings import NAMES, Settings, servers, shown
from qwen_nb.texts import Language, text, visible
from qwen_nb.values import ChatOptions, Question, Server
from qwen_nb.wire import is_loopback, list_models

_SHOWN_MODELS = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report."""

    state: Literal["ok", "note", "bad"]
    words: str


_Say: TypeAlias = Callable[..., Finding]


def report(session: Session) -> Iterator[str]:
    """Yield the report line by line, as it is found out, in the language of the session."""
    marks = {"ok": "✓", "note": "·", "bad": "✗"}
    for finding in examine(session):
        yield f"{marks[finding.state]} {visible(finding.words)}"


def examine(session: Session) -> Iterator[Finding]:
    """Yield what is found, the things that others depend on first."""
    language = session.language

    def say(state: Literal["ok", "note", "bad"], key: str, **facts: Any) -> Finding:
        return Finding(state, text(f"doctor.{key}", language, **facts))

    yield say("note", "versions", versions=_versions())
    try:
        settings = session.settings
        yield from (
            say("note", "setting", name=name, value=shown(setting.value), origin=setting.origin)
            for name in NAMES
            if (setting := settings.get(name)) is not None
        )
        server = session.server()
    except QwenError as error:
        yield Finding("bad", error.message(language))
        return
    yield say("note", "server", server=server.name, url=_shown_url(server, language))
    if server.replayed:
        yield say("note", "replaying", name=server.key_origin)
        return
    if server.scripted:
        yield say("note", "no_key")
    elif server.key is None and server.model_studio:
        yield Finding("bad", text("error.no_key", language, server=server.name))
        return
    elif server.key is None:
        yield say("note", "key_none")
    else:
        yield say("note", "key_found", origin=server.key_origin)
    yield from _proxies(say)
    try:
        models = list_models(server)
    except AuthFailed as error:
        yield Finding("bad", error.message(language))
        yield _where_the_key_fits(server, settings, session.catalogue, say)
        return
    except QwenError as error:
        yield Finding("bad", error.message(language))
        if proxy := _proxy_to(server):
            host = urlsplit(server.base_url).hostname
            yield say("bad", "through_proxy", host=host, proxy=shown(proxy))
        return
    listed = ", ".join(models[:_SHOWN_MODELS]) + (" …" if len(models) > _SHOWN_MODELS else "")
    yield say("ok", "models", n=len(models), models=listed or "—")
    yield from _thinking(session, server, say)


def _versions() -> str:
    from importlib.metadata import PackageNotFoundError, version

    names = ("qwen_nb", "openai", "ipython", "ipykernel", "anywidget", "jupyterlab")
    told = [f"Python {platform.python_version()}", platform.system()]
    for name in names:
        try:
            told.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return ", ".join(told)


def _shown_url(server: Server, language: Language) -> str:
    return text("reply.emulator", language) if server.scripted else shown(server.base_url)


def _proxies(say: _Say) -> Iterator[Finding]:
    import urllib.request

    proxies = urllib.request.getproxies()
    told = ", ".join(f"{kind}: {shown(url)}" for kind, url in sorted(proxies.items()))
    if told:
        yield say("note", "proxy", proxies=told)


def _proxy_to(server: Server) -> str | None:
    """Return the proxy between here and the server, as the HTTP library chooses it."""
    import urllib.request

    parts, proxies = urlsplit(server.base_url), urllib.request.getproxies()
    host = parts.hostname or ""
    if is_loopback(server.base_url) or urllib.request.proxy_bypass(host):
        return None
    return proxies.get(parts.scheme) or proxies.get("all")


def _where_the_key_fits(
    server: Server, settings: Settings, catalogue: Catalogue, say: _Say
) -> Finding:
    if server.key is None:
        return say("bad", "key_wanted")
    if not server.model_studio:
        return say("bad", "key_elsewhere", origin=server.key_origin)
    other = servers.region_of_key(server, settings, catalogue)
    if other is None:
        return say("bad", "key_fits_nowhere")
    return say("ok", "key_fits", server=other.name, region=other.region_name)


def _thinking(session: Session, server: Server, say: _Say) -> Iterator[Finding]:
    options = session.default_options(server)
    yield say("note", "thinking_switch", style=server.thinking_style)
    asks = ChatOptions(model=options.model, thinking=True, max_tokens=16)
    alone = session.derived(own=Kept(), options=asks, tools=(), json=False, before=())
    try:
        with cassettes.aside():
            question = Question(prompt="Say hello.", once=True)
            reply = wait(prepare(question, alone, SilentDisplay()), SilentDisplay())
    except QwenError as error:
        yield Finding("bad", error.message(session.language))
        return
    if reply.thinking:
        yield say("ok", "thinking_streams", model=reply.model)
        if server.inline_think:
            yield say("note", "thinking_inline")
    elif "think>" in reply.answer:
        yield say("bad", "thinking_unsplit", model=reply.model)
    else:
        yield say("note", "thinking_none", model=reply.model)
    for note in reply.notes:
        yield Finding("note", note)
