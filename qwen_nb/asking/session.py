"""`Session`: everything around a question, as it stands when the question is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, Self
from weakref import WeakKeyDictionary

from qwen_nb import cassettes
from qwen_nb.asking.kept import Kept
from qwen_nb.asking.line import Line
from qwen_nb.asking.notebook import Notebook
from qwen_nb.asking.screen import Screen
from qwen_nb.catalogue import Catalogue
from qwen_nb.errors import CassetteError, QwenError
from qwen_nb.front_end import running_shell
from qwen_nb.ledger import Budgets, Ledger
from qwen_nb.settings import Settings, servers
from qwen_nb.texts import Language, text
from qwen_nb.tools import Tool
from qwen_nb.values import ChatOptions, Message, Server
from qwen_nb.wire import Retries, only_model

TRIES = 5


@dataclass(frozen=True, eq=False, kw_only=True)
class Session:
    """Where questions are asked: made once for a question, and once for all rows of a map.

    What is looked up (settings, catalogue, servers) is looked up once and then stays as it
    is. `derived` is the only way to make another, so that none forgets anything.

    Parameters
    ----------
    notebook : Notebook
        This notebook with its conversations, its ledger and its budgets; that of the
        program where there is none.
    own : Kept, optional
        A conversation in memory; None: those of the notebook.
    name : str, optional
        Which conversation of the notebook; None: the active one.
    options : ChatOptions
        Those that hold where a question gives none.
    tools, confirm, max_rounds, json
        As in `Question`, where a question gives none.
    before : tuple of Message
        What goes ahead of the turns.
    language : {"en", "zh"}
        Language of what is saved and of errors.
    overrides : mapping
        Settings of this session, as `%qwen_nb config` makes them; nearest of all places.
    line : Line
        The connections and what was learned on them.
    screen : Screen, optional
        Where replies become visible; that of the running shell unless given.
    asks_person : bool
        False where nobody is asked whether a budget may be passed: refused at once.
    budgets : Budgets, optional
        What may be spent; the notebook's unless given.
    pace : callable, optional
        Returns how often and when a call is tried again; by the settings unless given.
    known_tools : dict
        The functions that were given so far, by name, for a turn that is asked again.
    """

    notebook: Notebook
    own: Kept | None = None
    name: str | None = None
    options: ChatOptions = field(default_factory=ChatOptions)
    tools: tuple[Tool, ...] = ()
    confirm: bool | None = None
    max_rounds: int | None = None
    json: Any = None
    before: tuple[Message, ...] = ()
    language: Language = "en"
    overrides: dict[str, Any] = field(default_factory=dict)
    line: Line = field(default_factory=Line)
    given_screen: Screen | None = None
    asks_person: bool = True
    given_budgets: Budgets | None = None
    pace: Callable[[], Retries] | None = None
    known_tools: dict[str, Tool] = field(default_factory=dict)
    _servers: dict[tuple[str | None, bool, bool], Server] = field(
        default_factory=dict, init=False, repr=False
    )

    def derived(self, **changes: Any) -> Self:
        """Return another session with these changes; what is looked up is looked up anew."""
        return replace(self, **changes)

    @property
    def ledger(self) -> Ledger:
        """All calls of this person, as far as they are known here."""
        return self.notebook.ledger

    @property
    def budgets(self) -> Budgets:
        """What may be spent."""
        return self.given_budgets or self.notebook.budgets

    @cached_property
    def screen(self) -> Screen:
        """Where replies become visible."""
        return self.given_screen or Screen.current()

    def kept(self, name: str | None = None) -> Kept:
        """Return the conversation that is asked now, or another one of this notebook."""
        if self.own is not None:
            return self.own
        return self.notebook.kept(self.name if name is None else name)

    @cached_property
    def settings(self) -> Settings:
        """All settings, those of the notebook included."""
        return self._settings({})

    def _settings(self, also: Mapping[str, str]) -> Settings:
        """Return the settings; `also` counts as set where the environment has none."""
        environ = {**also, **os.environ} if also else os.environ
        settings = Settings(environ, Path.cwd(), self.overrides, self.notebook.settings)
        try:
            cassette = cassettes.current()
        except CassetteError:  # told by whoever asks a question
            return settings
        if cassette is None:
            return settings
        return settings.recorded(cassette.settings(settings.personal()), cassette.path.name)

    @cached_property
    def catalogue(self) -> Catalogue:
        """What is known about models, prices and servers."""
        loaded, cassette = Catalogue.load(self.settings.home), cassettes.current()
        return loaded if cassette is None else cassette.catalogue(loaded)

    def server(
        self, named: str | None = None, *, started: bool = True, watched: bool = False
    ) -> Server:
        """Return the server that questions go to.

        Parameters
        ----------
        named : str, optional
            The server named for one call.
        started : bool
            False only looks: the embedded emulator, if it is that, is not started.
        watched : bool
            Somebody reads along, so the emulator writes at a reader's pace, or as the
            setting `emulator_pace` says: seconds between two pieces.

        Raises
        ------
        ConfigError
            When the settings name no usable address.
        """
        asked = named, started, watched
        if asked not in self._servers:
            self._servers[asked] = self._found(named, started=started, watched=watched)
        server = self._servers[asked]
        return self.line.moved.get(server, server)

    def _found(self, named: str | None, *, started: bool, watched: bool) -> Server:
        server = self._resolved(named)
        if not server.scripted:
            return server
        server = replace(server, name=text("server.emulator", self.language))
        if not started or server.replayed:
            return server
        from qwen_nb.emulator import embedded

        pace = self.settings.value("emulator_pace") if watched else 0.0
        emulator = embedded(pace=pace, user=self.line)
        return replace(
            server,
            base_url=emulator.openai_base_url,
            native_url=emulator.dashscope_base_url,
            key=emulator.key,
        )

    def _resolved(self, named: str | None) -> Server:
        settings, cassette = self.settings, cassettes.current()

        def resolve(also: Mapping[str, str]) -> Server:
            there = self._settings(also) if also else settings
            return servers.server_from(there, self.catalogue, named)

        if cassette is None:
            return resolve({})
        said_here = (
            settings.get(name, place=place)
            for name in ("server", "base_url", "region")
            for place in ("session", "notebook")
        )
        return cassette.server(resolve, is_default=not (named or any(said_here)))

    def other_region(self, server: Server) -> Server | None:
        """Return where a refused key belongs, if that can be found out; it is remembered."""
        if not (server.guessed and server.key):
            return None
        found = servers.region_of_key(server, self.settings, self.catalogue)
        if found is not None:
            servers.remember_region(self.settings, server.key, found.region_name)
            self.line.moved[server] = found
        return found

    def default_options(self, server: Server) -> ChatOptions:
        """Return the options that hold where a question gives none."""
        return self.settings.options(self.options, model_studio=server.model_studio)

    def only_model(self, server: Server) -> str:
        """Return the one model that a server offers, asked for once; see `only_model`."""
        known = self.line.models
        if server not in known:
            known[server] = only_model(server, cassettes.exchange)
        return known[server]

    def retries(self) -> Retries:
        """Return how often a call is tried, and when again."""
        return self.pace() if self.pace else Retries(self.settings.value("retries", TRIES))

    @property
    def display_wish(self) -> str | None:
        """The setting `display`.

        Raises
        ------
        ConfigError
            When it cannot be understood.
        """
        try:
            wish: str | None = self.settings.value("display")
        except QwenError as error:
            raise self.told(error) from error.__cause__
        return wish

    def told(self, error: QwenError) -> QwenError:
        """Return an error that speaks the language of this session."""
        error.language = self.language
        return error


class Asks(Protocol):
    """What can be asked, such as a `Chat`."""

    def recognised(self) -> Session:
        """Return the session as it stands now, the notebook's own settings included."""


CHATS: WeakKeyDictionary[Any, Asks] = WeakKeyDictionary()
"""The chat of each shell's magics."""


def current_session() -> Session:
    """Return the session of the running shell's magics, or of the program's notebook."""
    shell = running_shell()
    chat = None if shell is None else CHATS.get(shell)
    if chat is not None:
        return chat.recognised()
    notebook = Notebook.current()
    notebook.recognise()
    return Session(notebook=notebook)
