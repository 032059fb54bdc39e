"""What the panel shows, and what each of its controls does; there is no widget in here.

A control does what the command of the same name does and returns what to say of it.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from qwen_nb.catalogue import Catalogue, ServerRow
from qwen_nb.chat import Chat
from qwen_nb.errors import ConfigError
from qwen_nb.magics import LineError, in_a_line, spending
from qwen_nb.magics.commands import called, new, set_setting, switch, use, where
from qwen_nb.settings import Settings, named_server, server_from, shown
from qwen_nb.texts import text, visible
from qwen_nb.values import ChatOptions, Server

Choice: TypeAlias = tuple[str, str]
"""What a person reads, and what it stands for."""

DEFAULT = ""
"""Stands for giving a setting back to the places that are farther than the session."""

_EMULATOR = "emulator"
_THINKS = {"hybrid_on": True, "thinking_only": True, "hybrid_off": False, "none": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What holds at one moment, as the panel shows it.

    Parameters
    ----------
    model : str
        The model; empty where the server chooses.
    models : tuple of str
        The models that are known to be there.
    thinking, thinkings
        What this session says of thinking, and the choices.
    budget : str
        The budget this session gives, in tokens; empty for none.
    server : Choice
        What this session says of the server.
    server_by_default : str
        What the default of it means now.
    conversation, conversations
        The name of the conversation that is asked, and the choices.
    """

    model: str
    models: tuple[str, ...]
    thinking: str
    thinkings: tuple[Choice, ...]
    budget: str
    server: Choice
    server_by_default: str
    conversation: str
    conversations: tuple[Choice, ...]


def held(chat: Chat) -> Held:
    """Return what holds now.

    Raises
    ------
    ConfigError
        When a setting cannot be understood.
    """
    server, catalogue, notebook = (
        chat.server(started=False),
        chat.catalogue(),
        chat.now().notebook,
    )
    thinking = chat.settings().get("thinking", place="session")
    value = DEFAULT if thinking is None else "off" if thinking.value is False else "on"
    is_budget = thinking is not None and not isinstance(thinking.value, bool)
    chat.kept()
    names = sorted({"", notebook.name, *notebook.names()}, key=lambda name: (name != "", name))
    return Held(
        model=visible(chat.default_options(server).model or ""),
        models=_models(server, catalogue),
        thinking=value,
        thinkings=(
            (_default(_by_default(chat, server), chat), DEFAULT),
            *((text(f"panel.{each}", chat.language), each) for each in ("on", "off")),
        ),
        budget=str(thinking.value) if thinking is not None and is_budget else "",
        server=_server(chat, catalogue),
        server_by_default=_default(_server_by_default(chat, catalogue), chat),
        conversation=notebook.name,
        conversations=tuple((called(name), name) for name in names),
    )


def used(chat: Chat) -> str:
    """Return what the conversation has used so far, in words."""
    n = len(chat.conversation.current)
    key = "panel.turn" if n == 1 else "panel.turns"
    return text(key, chat.language, n=n, used=spending(chat, chat.language))


def servers(chat: Chat) -> tuple[Choice, ...]:
    """Return the servers that questions could go to: reachable by what is known here.

    Looks for the key of each, and a keyring takes its time: not for every cell.
    """
    settings, catalogue = chat.settings(), chat.catalogue()
    found = [(text("server.emulator", chat.language), _EMULATOR)]
    for row in catalogue.servers:
        with contextlib.suppress(ConfigError):
            server = server_from(settings, catalogue, row.name)
            name = visible(row.title or row.name)
            if server.key is not None or (row.kind == "server" and not row.key_env):
                found.append((name, row.name))
            elif row.kind == "region":
                found.append((text("panel.keyless", chat.language, server=name), row.name))
    return tuple(found)


# -- what the controls do ------------------------------------------------------------------


def put_model(chat: Chat, told: str) -> str:
    """Choose a model, known or not; the default where nothing is told."""
    set_setting(chat, "model", told.strip() or None)
    done, server = where(chat)
    model = chat.default_options(server).model
    if model is None or chat.catalogue().find(model).known:
        return done
    return in_a_line(chat.language, done, text("panel.unknown_model", chat.language))


def put_thinking(chat: Chat, told: str) -> str:
    """Switch thinking on or off, or leave it to the default."""
    set_setting(chat, "thinking", told or None)
    return _thinks(chat)


def put_budget(chat: Chat, told: str) -> str:
    """Switch thinking on with a budget in tokens; without one where nothing is told."""
    wanted = told.strip()
    if wanted and not (wanted.isdecimal() and int(wanted)):
        raise LineError("panel.bad_budget", value=visible(wanted))
    set_setting(chat, "thinking", wanted or "on")
    return _thinks(chat)


def put_server(chat: Chat, told: str) -> str:
    """Choose a server or region, or leave it to the default."""
    before = dict(chat.session)
    # an address of the session would stand before any server that is named
    chat.session.pop("base_url", None)
    try:
        if told == DEFAULT:
            chat.session.pop("server", None)
        else:
            use(chat, told)
        done, server = where(chat)
    except (ConfigError, LineError):
        chat.session.clear()
        chat.session.update(before)
        raise
    row = named_server(told, chat.catalogue()) if told else None
    if server.key is not None or row is None or not (row.model_studio or row.key_env):
        return done
    name = "DASHSCOPE_API_KEY" if row.model_studio else row.key_env
    key = text("status.no_key", chat.language, name=name)
    return in_a_line(chat.language, done, text("panel.key", chat.language, key=key))


def go_to_conversation(chat: Chat, name: str) -> str:
    """Let another conversation of this notebook be the one that is asked."""
    return switch(chat, name)


def begin_conversation(chat: Chat) -> str:
    """Make a conversation and go over to it, unless the one that is asked is still empty."""
    notebook = chat.now().notebook
    if not chat.conversation.entries:
        name = called(notebook.name)
        return text("panel.still_empty", chat.language, name=name)
    names, number = notebook.names(), 2
    while f"chat-{number}" in names:
        number += 1
    return new(chat, f"chat-{number}")


# -- words ---------------------------------------------------------------------------------


def _thinks(chat: Chat) -> str:
    thinking = chat.settings().get("thinking", place="session")
    if thinking is None:
        told = _default(_by_default(chat, chat.server(started=False)), chat)
    else:
        told = _thinking_words(chat, thinking.value)
    return text("panel.thinks", chat.language, thinking=told)


def _thinking_words(chat: Chat, thinking: bool | int) -> str:
    if isinstance(thinking, bool):
        return text("panel.on" if thinking else "panel.off", chat.language)
    return text("panel.up_to", chat.language, budget=thinking)


def _default(meaning: str, chat: Chat) -> str:
    if not meaning:
        return text("panel.default", chat.language)
    return text("panel.default_is", chat.language, value=meaning)


def _by_default(chat: Chat, server: Server) -> str:
    """Return what thinking would be if this session said nothing of it; empty: not known."""
    options: ChatOptions = _farther(chat, "thinking").options(
        chat.options, model_studio=server.model_studio
    )
    thinking = options.thinking
    if thinking is None and options.model is not None:
        thinking = _THINKS.get(chat.catalogue().find(options.model).mode or "")
    return "" if thinking is None else _thinking_words(chat, thinking)


def _server_by_default(chat: Chat, catalogue: Catalogue) -> str:
    try:
        server = server_from(_farther(chat, "server", "base_url"), catalogue)
    except ConfigError:
        return ""  # said when somebody chooses it
    return text("server.emulator", chat.language) if server.scripted else visible(server.name)


def _farther(chat: Chat, *names: str) -> Settings:
    """Return the settings as they would be without these of the session."""
    rest = {name: value for name, value in chat.session.items() if name not in names}
    notebook = chat.now().notebook.settings
    return Settings(os.environ, Path.cwd(), rest, notebook)


# -- facts ---------------------------------------------------------------------------------


def _models(server: Server, catalogue: Catalogue) -> tuple[str, ...]:
    if not server.model_studio:
        return ()  # what another server has, only that server knows
    ids = [model.id for model in catalogue.models()]
    region = "" if server.scripted else server.region
    there = [id for id in ids if region and catalogue.price(id, region) is not None]
    return tuple(there or ids)


def _server(chat: Chat, catalogue: Catalogue) -> Choice:
    settings = chat.settings()
    setting = settings.get("base_url", place="session") or settings.get(
        "server", place="session"
    )
    told = "" if setting is None else str(setting.value)
    if not told:
        return "", DEFAULT
    if told.casefold() == _EMULATOR:
        return text("server.emulator", chat.language), _EMULATOR
    row: ServerRow | None = None if "://" in told else named_server(told, catalogue)
    if row is None:
        return visible(shown(told)), told
    return visible(row.title or row.name), row.name
