"""The commands about servers, keys, settings and jobs; each returns what to print."""

from __future__ import annotations

import getpass
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from qwen_nb.asking import JOBS, last_request, report
from qwen_nb.catalogue import Catalogue
from qwen_nb.chat import Chat
from qwen_nb.errors import ConfigError
from qwen_nb.magics import LineError, nearest
from qwen_nb.render import plain_table
from qwen_nb.settings import NAMES, keys, named_server, read, shown
from qwen_nb.texts import text, visible
from qwen_nb.values import Server, one_line

_WORDS_SHOWN = 40


def servers(chat: Chat, words: str = "") -> str:
    """List the servers that `use` knows."""
    rows = [
        [row.name, row.title, row.url() or row.base_url or row.workspace_host]
        for row in chat.catalogue().servers
        if words.casefold() in f"{row.name} {row.title}".casefold()
    ]
    headings = [text(f"servers.{name}", chat.language) for name in ("name", "title", "url")]
    return plain_table(headings, rows)


def use(chat: Chat, wanted: str) -> str:
    """Choose a server, an address, a model, or SERVER/MODEL for this session."""
    chat.recognised()
    catalogue, before = chat.catalogue(), dict(chat.session)
    server, slash, model = wanted.partition("/")
    if "://" in wanted or _is_server(wanted, catalogue):
        chat.session["server"] = wanted
        chat.session.pop("base_url", None)  # what is said last holds
    elif slash and model and _is_server(server, catalogue):
        chat.session.update(server=server, model=model)
        chat.session.pop("base_url", None)
    elif catalogue.find(wanted).known:
        chat.session["model"] = wanted
    else:
        raise _unknown(chat, wanted)
    try:
        return where(chat)[0]
    except ConfigError:
        chat.session.clear()
        chat.session.update(before)
        raise


def where(chat: Chat) -> tuple[str, Server]:
    """Say where questions go now; return the server too."""
    server = chat.server(started=False)
    model = chat.default_options(server).model or text("status.servers_model", chat.language)
    return text("use.done", chat.language, server=server.name, model=model), server


def _is_server(name: str, catalogue: Catalogue) -> bool:
    return name.casefold() == "emulator" or named_server(name, catalogue) is not None


def _unknown(chat: Chat, wanted: str) -> LineError:
    rows, models = chat.catalogue().servers, chat.catalogue().models()
    names = [name for row in rows for name in (row.name, *row.aliases)]
    near = nearest(wanted.casefold(), [*names, *(model.id for model in models)])
    servers = ", ".join(row.name for row in rows)
    return LineError("use.unknown", wanted=shown(wanted), near=near, servers=servers)


def config(chat: Chat, name: str = "", value: str = "", *, notebook: bool = False) -> str:
    """Show all settings or one; set one for this session, or for this notebook."""
    chat.recognised()
    if name and name not in NAMES:
        raise LineError("config.unknown", name=name, names=", ".join(NAMES))
    names = [name] if name else NAMES
    if not value:
        place = "notebook" if notebook else None
        shown_here = "\n".join(_settings_lines(chat, names, place=place))
        return shown_here or text("config.notebook_none", chat.language)
    wanted, is_kept = None if value == "default" else value, True
    if notebook:
        is_kept = _keep_setting(chat, name, wanted)
    else:
        set_setting(chat, name, wanted)
    lines = [*_settings_lines(chat, names)]
    if not is_kept:
        lines.append(text("budget.here_only", chat.language))
    return "\n".join(lines)


def _keep_setting(chat: Chat, name: str, value: str | None) -> bool:
    """Set one setting for this notebook, or for the session where nothing tells which it is.

    Returns
    -------
    bool
        Whether it is kept beyond the session.
    """
    if value is not None:
        read(name, value, f"%qwen_nb config {name}")
    if not chat.now().notebook.keep_setting(name, value):
        set_setting(chat, name, value)
        return False
    if value is not None:
        chat.session.pop(name, None)  # what is said last holds
    _speak(chat, name)
    return True


def set_setting(chat: Chat, name: str, value: object) -> None:
    """Set one setting for this session; None gives it back to the farther places.

    Raises
    ------
    ConfigError
        When the value cannot be understood; the setting stays as it was.
    """
    if value is None:
        chat.session.pop(name, None)
    else:
        read(name, value, f"%qwen_nb config {name}")
        chat.session[name] = value
    _speak(chat, name)


def _speak(chat: Chat, name: str) -> None:
    if name == "lang":
        chat.language = chat.settings().value("lang", "en")


def _settings_lines(
    chat: Chat, names: Iterable[str], *, place: str | None = None
) -> Iterator[str]:
    settings = chat.settings()
    for name in names:
        setting = settings.get(name, place=place)
        if setting is not None:
            told = setting.origin
            if setting.place == "notebook":
                told = text("config.of_notebook", chat.language, origin=told)
            yield f"{name}: {shown(setting.value)} ({told})"
        elif place is None:
            yield f"{name}: {text('config.default', chat.language)}"


def jobs(chat: Chat) -> str:
    """List the questions in the background, the last started at the end."""
    rows = [
        [
            str(job.id),
            text("jobs.running" if not job.done else f"state.{job.state}", chat.language),
            visible(job.model),
            visible(one_line(job.prompt, _WORDS_SHOWN)),
            f"{job.seconds:.0f}",
            str(job.tokens),
        ]
        for job in JOBS
    ]
    if not rows:
        return text("jobs.none", chat.language)
    names = ("id", "state", "model", "words", "seconds", "tokens")
    return plain_table([text(f"jobs.{name}", chat.language) for name in names], rows)


def stop(chat: Chat, wanted: str = "") -> str:
    """Stop one job, or all that are running."""
    if not wanted:
        stopped = JOBS.stop()
        return "\n".join(map(str, stopped)) or text("jobs.none_running", chat.language)
    job = JOBS.find(int(wanted)) if wanted.isdecimal() else None
    if job is None:
        raise LineError("jobs.unknown", wanted=wanted)
    JOBS.stop(job)
    return str(job)


def login(chat: Chat, wanted: str = "") -> str:
    """Ask for a key with a hidden prompt and keep it, bound to its server."""
    place, title = _place(chat, wanted)
    try:
        key = getpass.getpass(text("login.prompt", chat.language, server=title)).strip()
    except (EOFError, OSError, NotImplementedError) as error:
        raise LineError("login.nobody") from error
    except Exception as error:
        if type(error).__name__ != "StdinNotImplementedError":
            raise
        raise LineError("login.nobody") from error
    if not key:
        raise LineError("login.empty")
    where = keys.store(chat.settings().home, place, key)
    return text("login.done", chat.language, server=title, where=text(f"login.{where}"))


def logout(chat: Chat, wanted: str = "") -> str:
    """Forget a key that `login` kept."""
    place, title = _place(chat, wanted)
    found = keys.forget(chat.settings().home, place)
    return text("logout.done" if found else "logout.none", chat.language, server=title)


def _place(chat: Chat, wanted: str) -> tuple[str, str]:
    if not wanted:
        chat.recognised()
        server = chat.server(started=False)
        if server.model_studio:
            return keys.STUDIO, "Model Studio"
        return server.base_url, server.name
    row = named_server(wanted, chat.catalogue())
    if row is not None:
        if row.model_studio:
            return keys.STUDIO, "Model Studio"
        if row.base_url:
            return row.base_url, row.title or row.name
    if "://" not in wanted:
        raise _unknown(chat, wanted)
    return wanted, urlsplit(wanted).netloc.rpartition("@")[2]


def doctor(chat: Chat) -> Iterator[str]:
    """Say what works, what does not, and why, line by line as it is found out."""
    return report(chat.recognised())


def code(chat: Chat, *, form: str = "openai") -> str:
    """Show the last request as code that runs."""
    if chat.last_request is None:
        raise LineError("command.no_last")
    shown = last_request(chat.now(), chat.last_request, chat.last_server, form)
    if shown is None:
        raise LineError("code.no_native", server=chat.server(started=False).name)
    return shown
