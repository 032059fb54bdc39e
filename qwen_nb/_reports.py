"""What the commands print: status, help, and what a question would send."""

from __future__ import annotations

import json
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from qwen_nb._kept import Kept
from qwen_nb._line import MAIN
from qwen_nb._messages import ChatOptions, Server, Turn
from qwen_nb._question import Preview
from qwen_nb._texts import Language, text
from qwen_nb.chat import Chat
from qwen_nb.render import visible

__all__ = ["help_text", "preview", "status"]


def status(chat: Chat, language: Language) -> str:
    """Return where questions go, and what has been asked so far; never a key."""
    server = chat.server(started=False)
    kept = chat.kept()
    turns = kept.conversation.current
    lines = [
        ("status.version", version("qwen_nb")),
        ("status.model", _model(chat.default_options(server), language)),
        ("status.server", _server(server, language)),
        ("status.key", _key(server, language)),
        ("status.conversation", _conversation(kept, language)),
        ("status.tokens", _tokens(turns, language)),
        ("status.next", text("status.next_steps", language)),
    ]
    told = [f"{text(key, language)}: {value}" for key, value in lines]
    if chat.archive is not None:
        told += map(visible, chat.archive.take_notes(language))
    return "\n".join(told)


def _model(options: ChatOptions, language: Language) -> str:
    if options.model is None:
        return text("status.servers_model", language)
    if options.thinking is None:
        return options.model
    key = "status.thinking_off" if options.thinking is False else "status.thinking_on"
    if options.thinking is not False and not isinstance(options.thinking, bool):
        return f"{options.model}, " + text(
            "status.thinking_budget", language, budget=options.thinking
        )
    return f"{options.model}, {text(key, language)}"


def _server(server: Server, language: Language) -> str:
    if server.scripted:
        return text("reply.emulator", language)
    scheme, _, rest = server.base_url.partition("://")
    return f"{server.name} <{scheme}://{rest.rpartition('@')[2]}>"


def _key(server: Server, language: Language) -> str:
    if server.scripted:
        return text("status.no_key_emulator", language)
    if server.key is None:
        name = "DASHSCOPE_API_KEY" if server.model_studio else "QWEN_NB_API_KEY"
        return text("status.no_key", language, name=name)
    return text("status.key_set", language, origin=server.key_origin)


def _conversation(kept: Kept, language: Language) -> str:
    key = "status.turns" if kept.store is None else "status.turns_kept"
    where = "" if kept.store is None else _short(kept.store.path)
    name = visible(kept.name) or MAIN
    n = len(kept.conversation.current)
    return text(key, language, name=name, n=n, path=visible(where))


def _short(path: Path) -> str:
    # a saved notebook need not tell whose machine it was
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def _tokens(turns: Iterable[Turn], language: Language) -> str:
    used = [turn.reply.usage for turn in turns if turn.reply.usage is not None]
    return text(
        "status.in_out",
        language,
        input=sum(usage.input or 0 for usage in used),
        output=sum(usage.output or 0 for usage in used),
    )


def preview(shown: Preview, language: Language) -> str:
    """Return what a question would send, as text."""
    title = text(
        "preview.title",
        language,
        server=shown.server,
        path=shown.path,
        sent=shown.turns_sent,
        left_out=shown.turns_left_out,
        tokens=shown.tokens,
    )
    title = "\n".join([*shown.notes, title])
    return f"{title}\n{json.dumps(dict(shown.body), ensure_ascii=False, indent=2)}"


def help_text(command: str, commands: Iterable[str], language: Language) -> str:
    """Return the help of one command, or the list of all."""
    if command:
        return f"%qwen_nb {command}: {text(f'command.{command}', language)}"
    lines = [text("help.title", language)]
    lines += [f"  %qwen_nb {name}: {text(f'command.{name}', language)}" for name in commands]
    return "\n".join([*lines, text("help.end", language)])
