"""Everything around a question: settings, server, conversation, ledger, screen.

Here a question becomes a `Run`: it gets its place, is made ready, is held against the
budgets, and is given a display. `Chat` is this and the verbs a person uses.
"""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from qwen_nb import cassettes
from qwen_nb.asking.account import Account
from qwen_nb.asking.bound import bound_of
from qwen_nb.asking.forming import Forming
from qwen_nb.asking.kept import Kept
from qwen_nb.asking.notebook import Archive
from qwen_nb.asking.pump import IDLE_S
from qwen_nb.asking.readers import Reading, read_apart
from qwen_nb.asking.request import Desk, Ready, checked
from qwen_nb.asking.run import Run, describing
from qwen_nb.asking.screen import Screen
from qwen_nb.asking.tool_rounds import MOST_ROUNDS, ToolRounds
from qwen_nb.catalogue import Catalogue
from qwen_nb.errors import CassetteError, ConfigError, QwenError
from qwen_nb.front_end import agrees
from qwen_nb.ledger import Budgets, Ledger, Verdict
from qwen_nb.render.html import SilentDisplay
from qwen_nb.render.terminal import TerminalDisplay
from qwen_nb.settings import Settings, servers
from qwen_nb.texts import Language, text, visible
from qwen_nb.tools import Structure, Tool, tool_name, tools_of
from qwen_nb.values import (
    ChatOptions,
    ChatRequest,
    Display,
    Question,
    Server,
    Slot,
    ToolCall,
    messages_from,
)
from qwen_nb.wire import Connections, Retries
from qwen_nb.wire.dialects import DashScopeDialect, OpenAIDialect

__all__ = ["Asker"]

TRIES = 5

_ASKED = 1000
"""Characters of a call's arguments that are shown when the person is asked."""


class Asker:
    """Asks in one conversation, of a notebook or in memory.

    Parameters
    ----------
    options : ChatOptions
        Those that hold where a question gives none.
    name : str, optional
        A conversation of this notebook, empty for its own; None: one in memory.
    messages : iterable
        What was said before, as the API's own list.
    language : {"en", "zh"}
        Language of what is saved and of errors.
    tools : iterable, optional
        What the model may call where a question names nothing.
    confirm : bool, optional
        Ask before a tool runs; the setting `confirm_tools` unless given.
    max_rounds : int, optional
        How many rounds of calls a turn may have; the setting `tool_rounds` unless given.
    json : object, optional
        What an answer has to be where a question does not say; see `Question`.

    Attributes
    ----------
    session : dict
        Settings of this session, as `%qwen_nb config` makes them; nearest of all places.
    native : DashScopeDialect
        The native protocol, with the routes it has learned.
    last_request, last_server
        What was asked last, and the server named for it, if one was.
    """

    def __init__(
        self,
        options: ChatOptions,
        *,
        name: str | None,
        messages: Iterable[Any],
        language: Language,
        tools: Any = None,
        confirm: bool | None = None,
        max_rounds: int | None = None,
        json: Any = None,
    ) -> None:
        self.options = checked(options)
        self.tools = tools_of(tools or ())
        self.confirm = confirm
        self.max_rounds = max_rounds
        self.json = _form(json)
        self._known_tools: dict[str, Tool] = {}
        self._given_tools: set[str] = set()
        self._last_form: tuple[str, Any] = ("", None)  # for one that is asked again
        self.language = language
        self.session: dict[str, Any] = {}
        self.name = name
        self._archive = None if name is None else Archive.current()
        self._own = Kept()
        self._heard: Mapping[str, str] = {}
        self.last_request: ChatRequest | None = None
        self.last_server: str | None = None
        self._before = messages_from(messages)
        self.native = DashScopeDialect()
        self._compatible = OpenAIDialect()
        self._connections = Connections()

    @property
    def archive(self) -> Archive | None:
        """The conversations of this notebook; None for a chat in memory."""
        return self._archive

    @property
    def ledger(self) -> Ledger:
        """All calls of this person, as far as they are known here."""
        return self._of_calls.ledger

    @property
    def budgets(self) -> Budgets:
        """What may be spent."""
        return self._of_calls.budgets

    @property
    def notebook(self) -> str:
        """The id of this notebook, or one of this session where nothing identifies it."""
        return self._of_calls.notebook

    @property
    def _of_calls(self) -> Archive:
        if self._archive is None:
            return Archive.of_calls()
        return self._archive

    def kept(self, name: str | None = None) -> Kept:
        """Return the conversation that is asked now, or another one of this notebook."""
        if self._archive is None:
            return self._own
        kept = self._archive.kept(self.name if name is None else name)
        self._hear_language()
        return kept

    def settings(self, also: Mapping[str, str] | None = None) -> Settings:
        """Return all settings as they stand now.

        Parameters
        ----------
        also : mapping, optional
            Variables that count as set where the environment has none.
        """
        notebook = None if self._archive is None else self._archive.settings
        environ = {**also, **os.environ} if also else os.environ
        settings = Settings(environ, Path.cwd(), self.session, notebook)
        try:
            cassette = cassettes.current()
        except CassetteError:  # told by whoever asks a question
            return settings
        if cassette is None:
            return settings
        return settings.recorded(cassette.settings(settings.personal()), cassette.path.name)

    def know_notebook(self) -> None:
        """Find out which notebook this is, if that can be told: its own settings hold then.

        The store is opened for it, and `settings` alone never does that.
        """
        if self._archive is not None:
            self._archive.recognise()
            self._refresh_settings()

    def _refresh_settings(self) -> None:
        if self._archive is not None:
            self._archive.refresh_settings()
            self._hear_language()

    def _hear_language(self) -> None:
        # The magics read the language before anybody knew which notebook this is. A chat
        # with a name of its own was given its language by whoever made it.
        if self._archive is None or self.name is not None:
            return
        before, self._heard = self._heard, self._archive.settings
        if self._heard is not before and "lang" in self._heard:
            with contextlib.suppress(QwenError):  # told by what needs the settings
                self.language = self.settings().value("lang", self.language)

    def catalogue(self) -> Catalogue:
        """Return what is known about models, prices and servers."""
        loaded, cassette = Catalogue.load(self.settings().home), cassettes.current()
        return loaded if cassette is None else cassette.catalogue(loaded)

    def server(
        self, named: str | None = None, *, started: bool = True, watched: bool = False
    ) -> Server:
        """Return the server that questions go to now.

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
        server = self._server(named)
        if not server.scripted:
            return server
        server = replace(server, name=text("server.emulator", self.language))
        if not started or server.replayed:
            return server
        from qwen_nb.emulator import embedded

        pace = self.settings().value("emulator_pace") if watched else 0.0
        emulator = embedded(pace=pace)
        return replace(
            server,
            base_url=emulator.openai_base_url,
            native_url=emulator.dashscope_base_url,
            key=emulator.key,
        )

    def _server(self, named: str | None) -> Server:
        settings, cassette = self.settings(), cassettes.current()

        def resolve(also: Mapping[str, str]) -> Server:
            there = self.settings(also) if also else settings
            return servers.server_from(there, self.catalogue(), named)

        if cassette is None:
            return resolve({})
        said_here = (
            settings.get(name, place=place)
            for name in ("server", "base_url", "region")
            for place in ("session", "notebook")
        )
        return cassette.server(resolve, is_default=not (named or any(said_here)))

    def default_options(self, server: Server) -> ChatOptions:
        """Return the options that hold where a question gives none."""
        return self.settings().options(self.options, model_studio=server.model_studio)

    def close(self) -> None:
        """Close connections, and the embedded emulator if it was this chat's server.

        The chat can be asked again; both are then opened anew.
        """
        if self._connections.close():
            from qwen_nb.emulator import stop_embedded

            stop_embedded()

    def _run(
        self, question: Question, display: Display | None, *, is_detached: bool = False
    ) -> Run:
        question = self._equipped(question)
        with self._placed(question) as (desk, slot):
            watched = Screen.current().is_watched(self._display_wish())
            watched = watched or isinstance(display, TerminalDisplay)
            server = self.server(question.server, watched=watched)
            ready = desk.ready(question, server, slot)
            return self._prepared(ready, desk, slot, display, is_detached=is_detached)

    def _equipped(self, question: Question) -> Question:
        """Return the question with its tools, made ready and checked."""
        try:
            given = self.tools if question.tools is None else tools_of(question.tools)
            most = self.max_rounds if question.max_rounds is None else question.max_rounds
            if most is not None and most < 1:
                raise ConfigError("error.tool_rounds", value=most)
            form = self._form_of(question)
        except QwenError as error:
            raise self._told(error) from error.__cause__
        confirm = self.confirm if question.confirm is None else question.confirm
        self._known_tools |= {tool.name: tool for tool in given if tool.function is not None}
        self._given_tools |= {tool.name for tool in given}
        if question.again is not None and question.tools is None:
            # a turn that is asked again has the schemas; the functions are known here
            named = {tool.name for tool in given}
            there = question.options.params.get("tools")
            names = [*map(tool_name, there if isinstance(there, list | tuple) else ())]
            given += tuple(
                tool
                for name in names
                if name not in named and (tool := self._known_tools.get(name)) is not None
            )
            lost = [visible(name) for name in names if name and name not in self._given_tools]
            if lost:
                note = text("note.tools_lost", self.language, names=",".join(lost))
                question = replace(question, notes=(*question.notes, note))
        self._last_form = question.prompt, form
        return replace(question, tools=given, confirm=confirm, max_rounds=most, json=form)

    def _form_of(self, question: Question) -> Any:
        """Return what the answer has to be, once it is known to be askable."""
        if question.json is not None:
            return _form(question.json)
        asked, last = self._last_form
        return last if question.again is not None and asked == question.prompt else self.json

    @contextlib.contextmanager
    def _placed(self, question: Question) -> Iterator[tuple[Desk, Slot | None]]:
        """Give a question its place; it is given up again if the question is not sent."""
        kept = self.kept(question.chat)
        kept.refresh()
        self._refresh_settings()
        slot = self._slot(kept, question)
        try:
            yield self._desk(kept), slot
        except BaseException as error:
            if slot is not None:
                kept.release(slot)
            if isinstance(error, QwenError):
                raise self._told(error) from error.__cause__
            raise

    def _slot(self, kept: Kept, question: Question) -> Slot | None:
        if question.once:
            return None
        if question.again is not None:
            return kept.conversation.slot_again(question.again)
        screen = Screen.current()
        return kept.conversation.place_for(
            screen.cell_key, screen.execution, starts_anew=question.new
        )

    def _desk(self, kept: Kept) -> Desk:
        return Desk(
            kept=kept,
            before=self._before,
            options=self.options,
            settings=self.settings(),
            catalogue=self.catalogue(),
            compatible=self._compatible,
            native=self.native,
        )

    def _prepared(
        self,
        ready: Ready,
        desk: Desk,
        slot: Slot | None,
        display: Display | None,
        *,
        is_detached: bool = False,
        screen: Screen | None = None,
        retries: Retries | None = None,
        apart: Callable[[Callable[[], None]], Reading] = read_apart,
    ) -> Run:
        account = self._account(desk, ready.question, slot)
        forming = self._forming_of(ready, desk.catalogue)

        def permit(ready: Ready, form: str = "") -> None:
            account.permit(
                lambda: bound_of(ready, desk.catalogue, form).cost,
                self.budgets,
                ready.server,
                ready.options.model or "",
                self._agrees,
            )

        model = ready.options.model or ready.request.model
        permit(ready, "" if forming is None else forming.words(model))
        if self._archive is not None and (told := self._archive.take_notes(self.language)):
            question = replace(ready.question, notes=(*ready.question.notes, *told))
            ready = replace(ready, question=question)
        question, settings = ready.question, desk.settings
        screen = screen or Screen.current()
        idle_s = settings.value("idle_timeout", IDLE_S)
        if display is None:
            carries = settings.value("carry", True)
            display = screen.display(
                self.language,
                owns_cell=question.owns_cell,
                hide_thinking=question.hide_thinking,
                quiet=question.quiet,
                as_text=question.as_text,
                is_detached=is_detached,
                wished=self._display_wish(),
                describe=describing(desk.kept, slot, carries=carries),
            )
        run = Run(
            ready,
            desk,
            slot,
            screen,
            display,
            language=self.language,
            exchange=lambda server: self._connections.exchange(
                server, idle_s, native=ready.dialect is self.native
            ),
            other_region=self._other_region,
            retries=retries or Retries(settings.value("retries", TRIES)),
            idle_s=idle_s,
            account=account,
            permit=permit,
            rounds=self._rounds_of(question, ready.options.params.get("tools"), settings),
            forming=forming,
            is_seen=not isinstance(display, SilentDisplay),
            apart=apart,
        )
        weakref.finalize(run, account.release)  # also of one that was never followed
        self.last_request, self.last_server = ready.request, question.server
        return run

    def _forming_of(self, ready: Ready, catalogue: Catalogue) -> Forming | None:
        form = ready.question.json
        if not _wants(form):
            return None
        model = ready.options.model or ready.request.model
        request = ChatRequest(model, (), ready.options)
        return Forming.of(form, request, ready.server, catalogue.find, self.language)

    def _rounds_of(self, question: Question, sent: Any, settings: Settings) -> ToolRounds:
        begun = question.begun
        schemas = sent if isinstance(sent, list) else []
        return ToolRounds(
            # among what is sent there may be some that somebody else runs
            tools={name: Tool(name, each) for each in schemas if (name := tool_name(each))}
            | {tool.name: tool for tool in question.tools},
            most=question.max_rounds or settings.value("tool_rounds", MOST_ROUNDS),
            confirm=self._allows if self._confirms(question, settings) else None,
            before=begun.said if begun is not None else (),
            records=begun.reply.calls if begun is not None else (),
            language=self.language,
        )

    @staticmethod
    def _confirms(question: Question, settings: Settings) -> bool:
        """Return whether the person is asked before a tool runs."""
        told = question.confirm
        return bool(settings.value("confirm_tools", False) if told is None else told)

    def _allows(self, call: ToolCall) -> str | None:
        """Ask the person whether a call may run; return what the model is told if not."""
        asked = text(
            "tools.confirm",
            self.language,
            name=visible(call.name),
            arguments=visible(call.arguments)[:_ASKED],
        )
        if allowed := agrees(asked):
            return None
        key = "tools.nobody" if allowed is None else "tools.not_allowed"
        return text(key, self.language)

    def _agrees(self, verdict: Verdict) -> bool:
        """Ask the person whether a call may pass a budget; no, where nobody can answer."""
        return bool(agrees(verdict.asked(self.language)))

    def _account(self, desk: Desk, question: Question, slot: Slot | None) -> Account:
        archive = self._of_calls
        return Account(
            ledger=archive.ledger,
            catalogue=desk.catalogue,
            conversation=desk.kept.booked_as,
            notebook=archive.notebook,
            chat=desk.kept.name,
            path=archive.path,
            entry="" if slot is None else slot.id,
            number=None if slot is None else 1 if question.new else slot.number,
        )

    def _other_region(self, server: Server) -> Server | None:
        if isinstance(cassette := cassettes.current(), cassettes.Replayer):
            return cassette.moved(server)
        if not (server.guessed and server.key):
            return None
        settings = self.settings()
        found = servers.region_of_key(server, settings, self.catalogue())
        if found is not None:
            servers.remember_region(settings, server.key, found.region_name)
        return found

    def _display_wish(self) -> str | None:
        try:
            wish: str | None = self.settings().value("display")
        except QwenError as error:
            raise self._told(error) from error.__cause__
        return wish

    def _told(self, error: QwenError) -> QwenError:
        error.language = self.language
        return error


def _wants(form: Any) -> bool:
    return form is not None and form is not False


def _form(given: Any) -> Any:
    """Return what an answer has to be, if anything, once it is known to be askable."""
    if _wants(given):
        Structure.of(given)
    return given
