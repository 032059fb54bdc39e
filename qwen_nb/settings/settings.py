"""Where a setting comes from.

From the nearest to the farthest: this session (`%qwen_nb config` and `use`, `%config`),
this notebook (`%qwen_nb config … --notebook`, in the user's store), the environment, the
cassette that is replayed, `.env` beside the notebook (not where `QWEN_NB_DOTENV` is `off`),
`qwen_nb.toml` beside it or `[tool.qwen_nb]` in pyproject.toml, the user's own `config.toml`,
the default. All are read anew at each call, so a change holds from the next question on.

The two places beside the notebook are not the user's own: a notebook may come from
somebody else. What they may do with a key is told in `_servers`; what guards the user they
may switch on and not off.
"""

from __future__ import annotations

import re
import stat
import time
import tomllib
from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qwen_nb.errors import ConfigError
from qwen_nb.files import HomeFile, home
from qwen_nb.values import ChatOptions, Policy

__all__ = [
    "DEFAULT_MODEL",
    "NAMES",
    "Setting",
    "Settings",
    "help_of",
    "shown",
    "shown_path",
]

DEFAULT_MODEL = "qwen-plus"

DOTENV, BESIDE = ".env", "qwen_nb.toml"

_NO_DOTENV = "QWEN_NB_DOTENV"
"""Whoever checks notebooks sets it to `off`: what is in that file is one person's own."""

_SENT = ("context", "dialect", "model", "thinking")
"""What a question that names nothing is sent with."""


def _thinking(value: Any) -> bool | int:
    if isinstance(value, bool):
        return value
    told = str(value).strip().lower()
    if told in ("on", "true", "yes"):
        return True
    if told in ("off", "false", "no"):
        return False
    return _count(told)


def _switch(value: Any) -> bool:
    told = _thinking(value)
    if not isinstance(told, bool):
        raise ValueError(value)
    return told


def _count(value: Any) -> int:
    number = int(str(value))
    if number < 1:
        raise ValueError(value)
    return number


def _seconds(value: Any) -> float:
    number = float(str(value))
    if not 0 < number < float("inf"):
        raise ValueError(value)
    return number


def _pace(value: Any) -> float:
    number = float(str(value))
    if not 0 <= number < float("inf"):
        raise ValueError(value)
    return number


def _one_of(*words: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in words:
            raise ValueError(value)
        return str(value)

    return read


def _context(value: Any) -> str:
    return str(Policy.read(value))


def _words(value: Any) -> str:
    if not str(value).strip():
        raise ValueError(value)
    return str(value).strip()


@dataclass(frozen=True, slots=True)
class _Kind:
    variable: str
    read: Callable[[Any], Any]
    shown: str
    secret: bool = False
    guards: bool = False  # a file beside the notebook may switch it on, and not off


_KINDS: Mapping[str, _Kind] = {
    "api_key": _Kind("QWEN_NB_API_KEY", _words, "KEY", secret=True),
    "base_url": _Kind("QWEN_NB_BASE_URL", _words, "URL"),
    "carry": _Kind("QWEN_NB_CARRY", _switch, "on|off"),
    "confirm_tools": _Kind("QWEN_NB_CONFIRM_TOOLS", _switch, "on|off", guards=True),
    "context": _Kind("QWEN_NB_CONTEXT", _context, "auto|truncate N|retrieve K|off"),
    "dashscope_api_key": _Kind("DASHSCOPE_API_KEY", _words, "KEY", secret=True),
    "dialect": _Kind("QWEN_NB_DIALECT", _one_of("openai", "dashscope"), "openai|dashscope"),
    "display": _Kind("QWEN_NB_DISPLAY", _one_of("card", "text", "static"), "card|text|static"),
    "emulator_pace": _Kind("QWEN_NB_EMULATOR_PACE", _pace, "SECONDS"),
    "idle_timeout": _Kind("QWEN_NB_IDLE_TIMEOUT", _seconds, "SECONDS"),
    "lang": _Kind("QWEN_NB_LANG", _one_of("en", "zh"), "en|zh"),
    "model": _Kind("QWEN_NB_MODEL", _words, "ID"),
    "region": _Kind("QWEN_NB_REGION", _words, "NAME"),
    "retries": _Kind("QWEN_NB_RETRIES", _count, "N"),
    "server": _Kind("QWEN_NB_SERVER", _words, "NAME|URL"),
    "thinking": _Kind("QWEN_NB_THINKING", _thinking, "on|off|N"),
    "tool_rounds": _Kind("QWEN_NB_TOOL_ROUNDS", _count, "N"),
    "workspace": _Kind("DASHSCOPE_WORKSPACE_ID", _words, "ID"),
}

NAMES: tuple[str, ...] = tuple(name for name, kind in _KINDS.items() if not kind.secret)
"""The settings a person may set in a session; keys are no settings."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting as it holds.

    Parameters
    ----------
    value : object
        Its value, already read; it may be a key, so it is no part of the repr.
    origin : str
        The variable, file or command it comes from, as a person would look for it.
    place : str
        Which of the places: session, notebook, environment, cassette, .env, qwen_nb.toml,
        user.
    """

    value: Any = field(repr=False)
    origin: str
    place: str

    @property
    def is_own(self) -> bool:
        """Whether the user put it there, and not a file that came with the notebook."""
        return self.place not in (DOTENV, BESIDE)


@dataclass(frozen=True, slots=True)
class _Place:
    """One of the places; its values may be keys, so they are no part of the repr."""

    name: str
    values: Mapping[str, Any] = field(repr=False)
    origin: Callable[[str], str]

    def has(self, name: str) -> bool:
        """Whether a setting was made here."""
        return name in self.values

    def told(self, name: str) -> Any:
        """Return one value; who shows a traceback with its variables sees no other."""
        return self.values[name]


class Settings:
    """All settings, as they stand at one moment.

    Parameters
    ----------
    environ : mapping
        Environment variables.
    folder : Path
        The notebook's folder.
    session : mapping
        What this session set.
    notebook : mapping
        What the user set for this notebook, from the store and never from its file.

    Raises
    ------
    ConfigError
        When a file cannot be read; the text names it.
    """

    def __init__(
        self,
        environ: Mapping[str, str],
        folder: Path | None = None,
        session: Mapping[str, Any] | None = None,
        notebook: Mapping[str, Any] | None = None,
    ) -> None:
        self.environ = environ
        self.home = home(environ)
        folder = folder or Path()
        beside, file = _toml(folder, BESIDE), BESIDE
        if not beside:
            beside = _toml(folder, "pyproject.toml", "tool", "qwen_nb")
            file = "pyproject.toml"
        variables = {name: kind.variable for name, kind in _KINDS.items()}
        own = _toml(self.home, HomeFile.CONFIG)
        # with how a person finds one of the values again
        self._places: tuple[_Place, ...] = (
            _Place("session", session or {}, lambda name: f"%qwen_nb config {name}"),
            _Place(
                "notebook",
                {name: told for name, told in (notebook or {}).items() if name in NAMES},
                lambda name: f"%qwen_nb config {name} --notebook",
            ),
            _Place("environment", _by_variable(environ), lambda name: variables[name]),
            _Place(
                DOTENV, _dotenv(folder, environ), lambda name: f"{DOTENV} ({variables[name]})"
            ),
            _Place(BESIDE, _without_keys(beside), lambda name: f"{file} ({name})"),
            _Place("user", own, lambda name: f"config.toml ({name})"),
        )

    def get(self, name: str, *, place: str | None = None) -> Setting | None:
        """Return a setting, or None where none was made.

        Parameters
        ----------
        name : str
            One of the names of settings.
        place : str, optional
            Look in this place only.

        Raises
        ------
        ConfigError
            When its value cannot be understood.
        """
        for each in self._places:
            if place in (None, each.name) and each.has(name):
                origin = each.origin(name)
                setting = Setting(read(name, each.told(name), origin), origin, each.name)
                if not _KINDS[name].guards or setting.is_own or setting.value:
                    return setting
        return None

    def personal(self) -> dict[str, Any]:
        """Return what shapes requests and comes from nothing that travels with a notebook.

        A cassette keeps it, or the same notebook would ask something else elsewhere.
        """
        lasting = [each for each in self._places if each.name != "session"]
        found = {name: next((p for p in lasting if p.has(name)), None) for name in _SENT}
        return {
            name: place.told(name)
            for name, place in found.items()
            if place is not None and place.name != BESIDE
        }

    def recorded(self, told: Mapping[str, Any], name: str) -> Settings:
        """Return these settings with those of a cassette behind the environment.

        Parameters
        ----------
        told : mapping
            What was `personal` when it was recorded.
        name : str
            What the cassette is called.
        """
        # the file came with the notebook: it may say nothing about servers and keys
        sent = {setting: value for setting, value in told.items() if setting in _SENT}
        here = _Place("cassette", sent, lambda setting: f"{name} ({setting})")
        made, number = copy(self), [each.name for each in self._places].index(DOTENV)
        made._places = (*self._places[:number], here, *self._places[number:])
        return made

    def value(self, name: str, default: Any = None) -> Any:
        """Return the value of a setting."""
        setting = self.get(name)
        return default if setting is None else setting.value

    def options(self, asked: ChatOptions, *, model_studio: bool) -> ChatOptions:
        """Return the options in force: those asked for, over settings and defaults.

        On Model Studio and the emulator the default is `qwen-plus` with thinking on; a
        model that was named falls back to its own default for thinking. On another
        server no default is known here.
        """
        if asked.model is not None:
            return asked
        model, thinking = self.value("model"), self.value("thinking")
        if model is None and model_studio:
            model = DEFAULT_MODEL
            thinking = True if thinking is None else thinking
        return asked.over(ChatOptions(model=model, thinking=thinking))


def shown(value: Any) -> str:
    """Return a value as it may be shown: an address without the password in it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    return re.sub(r"(?<=://)[^/?#\s]*@", "", str(value))


def shown_path(path: Path) -> str:
    """Return a path as a message or a saved notebook may show it: not whose machine it was."""
    try:
        return str(Path("~") / path.relative_to(Path.home()))
    except (ValueError, RuntimeError):
        return str(path)


def read(name: str, value: Any, origin: str) -> Any:
    """Return a setting's value as what it means.

    Raises
    ------
    ConfigError
        When it cannot be understood.
    """
    kind = _KINDS[name]
    try:
        return kind.read(value)
    except ValueError:
        raise ConfigError(
            "error.setting",
            name=name,
            origin=origin,
            shown=kind.shown,
            value="***" if kind.secret else str(value),
        ) from None


def help_of(name: str) -> str:
    """Return what a setting takes and the variable that sets it."""
    return f"{_KINDS[name].shown} ({_KINDS[name].variable})"


def _by_variable(environ: Mapping[str, str | None]) -> dict[str, str]:
    told = {name: environ.get(kind.variable) or "" for name, kind in _KINDS.items()}
    return {name: value.strip() for name, value in told.items() if value.strip()}


def _dotenv(folder: Path, environ: Mapping[str, str]) -> Mapping[str, str]:
    if environ.get(_NO_DOTENV, "").strip().lower() == "off":
        return {}
    try:
        return dict(_told(folder / DOTENV, _variables) or {})
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError("error.settings_file", name=DOTENV, reason=str(error)) from error


def _variables(path: Path) -> Mapping[str, str]:
    """Return our own variables of a file; the others in it are not kept."""
    from dotenv.parser import parse_stream

    # Only parsed: what interpolates would let a file beside the notebook read the
    # environment, and would log what it cannot read at each question.
    with path.open(encoding="utf-8-sig") as file:
        lines = list(parse_stream(file))
    for line in lines:
        if line.error and any(
            kind.variable in line.original.string for kind in _KINDS.values()
        ):
            reason = f"line {line.original.line}"  # the line itself may hold a key
            raise ConfigError("error.settings_file", name=DOTENV, reason=reason)
    return _by_variable({line.key: line.value for line in lines if line.key})


_SETTLED_NS = 2_000_000_000
"""A file that has rested so long shows every further change by its stamp."""

_MOST_KEPT = 16

_kept: dict[Path, tuple[tuple[int, ...], Any]] = {}


def _told(path: Path, parse: Callable[[Path], Any]) -> Any:
    """Return what a file says, None where there is none; it is read when it has changed.

    Settings are looked up several times for one question, and files change rarely.
    """
    try:
        about = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not stat.S_ISREG(about.st_mode):
        return None
    changed = about.st_mtime_ns, about.st_ctime_ns
    stamp = (*changed, about.st_size, about.st_ino, about.st_dev)
    known = _kept.get(path)
    if known is not None and known[0] == stamp:
        return known[1]
    told = parse(path)
    # what was written just now may be written again within one tick of the file system
    if time.time_ns() - max(changed) > _SETTLED_NS:
        if len(_kept) >= _MOST_KEPT:
            _kept.clear()
        _kept[path] = stamp, told
    return told


def _parsed(path: Path) -> Mapping[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8-sig"))


def _toml(folder: Path, name: str, *tables: str) -> Mapping[str, Any]:
    try:
        told = _told(folder / name, _parsed)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        if tables:
            return {}  # somebody else's file; its owner's tools will say what is wrong
        raise ConfigError("error.settings_file", name=name, reason=str(error)) from error
    if told is None:
        return {}
    for table in tables:
        told = told.get(table, {}) if isinstance(told, dict) else {}
    if not isinstance(told, dict):
        raise ConfigError(
            "error.settings_file", name=name, reason=f"[{'.'.join(tables)}]: no table"
        )
    unknown = [name for name in told if name not in _KINDS]
    if unknown:
        raise ConfigError("error.settings_name", name=name, unknown=", ".join(unknown))
    return dict(told)


def _without_keys(told: Mapping[str, Any]) -> Mapping[str, Any]:
    # A key does not belong into a file that is committed; `.env` is the place beside it.
    return {name: value for name, value in told.items() if not _KINDS[name].secret}
