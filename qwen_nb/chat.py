"""`Chat`: a conversation that can be asked. It puts the rooms together, no more."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Unpack

from qwen_nb import _client, _servers
from qwen_nb._api_messages import messages_from
from qwen_nb._conversation import Conversation, request_for
from qwen_nb._errors import AuthFailed, ConfigError, QwenError, Stopped
from qwen_nb._events import Event
from qwen_nb._messages import (
    Asking,
    ChatOptions,
    ChatRequest,
    Display,
    Message,
    Note,
    Reply,
    Server,
    Turn,
    estimate_tokens,
)
from qwen_nb._pump import IDLE_S, Outcome, Pump
from qwen_nb._question import OptionFields, Preview, Question
from qwen_nb._retries import Retries
from qwen_nb._rules import check
from qwen_nb._screen import Screen
from qwen_nb._settings import Settings
from qwen_nb._texts import Language, text
from qwen_nb._transport import HttpTransport
from qwen_nb.catalogue import Catalogue
from qwen_nb.dialects import Dialect
from qwen_nb.dialects.dashscope import DashScopeDialect
from qwen_nb.dialects.openai import OpenAIDialect
from qwen_nb.dialects.thinking import thinking_notes
from qwen_nb.render import SilentDisplay, TerminalDisplay

__all__ = ["Chat"]

TRIES = 5

_LATER_S = 5.0
"""The pump measures silence; the transport's own limit only comes after it."""


@dataclass(frozen=True, slots=True)
class _Ready:
    """A question as it would be sent, and to whom."""

    question: Question
    server: Server
    dialect: Dialect
    history: tuple[Turn, ...]
    request: ChatRequest
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question that is on its way, and all that its end needs."""

    ready: _Ready
    asking: Asking
    pump: Pump
    display: Display
    given_display: Display | None
    screen: Screen


class Chat:
    """A conversation in memory.

    Parameters
    ----------
    model : str, optional
        Model id; the default is the setting `model`, else `qwen-plus` with thinking on.
    thinking : bool or int, optional
        Thinking on, off, or on with a budget in tokens; None leaves it to the model.
    system : str, optional
        System message.
    temperature, max_tokens, params
        See `ChatOptions`.
    messages : iterable, optional
        What was said before, as the API's own list: texts or parts, tool rounds, dumped
        SDK messages. It is sent before the turns of this chat.
    language : {"en", "zh"}
        Language of what is saved and of errors.

    Attributes
    ----------
    session : dict
        Settings of this session, as `%qwen_nb config` makes them; nearest of all places.
    native : DashScopeDialect
        The native protocol, with the routes it has learned.
    last_request, last_server
        What was asked last, and the server named for it, if one was.

    Examples
    --------
    >>> chat = Chat(thinking=2000)
    >>> reply = chat.ask("Which is larger, 9.9 or 9.11?")  # doctest: +SKIP
    >>> reply.answer, reply.usage.output  # doctest: +SKIP
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        messages: Iterable[Any] = (),
        language: Language = "en",
        **options: Unpack[OptionFields],
    ) -> None:
        self.options = _checked(ChatOptions(model=model, **options))
        self.language = language
        self.session: dict[str, Any] = {}
        self.conversation = Conversation()
        self.last_request: ChatRequest | None = None
        self.last_server: str | None = None
        self._before = messages_from(messages)
        self.native = DashScopeDialect()
        self._compatible = OpenAIDialect()
        self._transport: HttpTransport | None = None
        self._carried: Server | None = None

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All turns, oldest first."""
        return self.conversation.turns

    def new(self) -> None:
        """Let the next question begin a new conversation; the turns so far stay in `turns`."""
        self.conversation.begin_anew()

    def ask(
        self,
        prompt: str,
        *,
        model: str | None = None,
        new: bool = False,
        once: bool = False,
        hide_thinking: bool = False,
        quiet: bool = False,
        display: Display | None = None,
        **options: Unpack[OptionFields],
    ) -> Reply:
        """Ask, and wait for the whole reply.

        It is shown while it grows: live in a notebook, as text in a terminal; a plain
        program sees nothing. The turn is kept and sent along with later questions.

        Parameters
        ----------
        prompt : str
            The question, sent as it is.
        model : str, optional
            Model id for this call.
        new, once, hide_thinking, quiet
            See `Question`.
        display : Display, optional
            Shows the reply in place of the front end's own display.
        **options
            Options of this call; see `ChatOptions`.

        Returns
        -------
        Reply
            The whole reply.

        Raises
        ------
        QwenError
            See its tree; `error.reply` holds what had come.
        Stopped
            When the person interrupted; `stopped.reply` holds what had come.
        """
        question = Question(
            prompt=prompt,
            options=ChatOptions(model=model, **options),
            new=new,
            once=once,
            hide_thinking=hide_thinking,
            quiet=quiet,
        )
        return self.put(question, display)

    def put(self, question: Question, display: Display | None = None) -> Reply:
        """Ask a prepared question; see `ask`."""
        asked = self._begin(question, display)
        outcome = asked.pump.run(asked.asking)
        if again := self._in_another_region(asked, outcome):
            asked, outcome = again, again.pump.run(again.asking)
        return self._end(asked, outcome)

    async def ask_async(
        self,
        prompt: str,
        *,
        model: str | None = None,
        new: bool = False,
        once: bool = False,
        **options: Unpack[OptionFields],
    ) -> Reply:
        """Ask without blocking the event loop; otherwise as `ask`.

        Cancelling the task stops the stream; what had come is not kept.
        """
        question = Question(
            prompt=prompt, options=ChatOptions(model=model, **options), new=new, once=once
        )
        asked = self._begin(question, None)
        try:
            outcome = await asked.pump.run_async(asked.asking)
            if again := self._in_another_region(asked, outcome):
                asked, outcome = again, await again.pump.run_async(again.asking)
        except asyncio.CancelledError:
            asked.pump.stop()
            asked.display.close(asked.pump.outcome(asked.asking).reply)
            raise
        return self._end(asked, outcome)

    def stream(
        self,
        prompt: str,
        *,
        model: str | None = None,
        new: bool = False,
        once: bool = False,
        **options: Unpack[OptionFields],
    ) -> Iterator[Event]:
        """Ask, and yield each event as it comes; nothing is shown.

        The turn is kept when the iterator is used up. Closing it earlier stops the
        stream; the turn is then kept as stopped.

        Yields
        ------
        Event
            Started, ThinkingDelta, AnswerDelta, UsageReport, Finished, Retrying.

        Raises
        ------
        QwenError
            As `ask` does, after the events that had come.
        """
        question = Question(
            prompt=prompt, options=ChatOptions(model=model, **options), new=new, once=once
        )
        asked = self._begin(question, SilentDisplay())
        events = asked.pump.iterate(asked.asking)
        try:
            outcome = yield from events
        except GeneratorExit:
            with contextlib.suppress(Stopped, QwenError):
                self._end(asked, asked.pump.outcome(asked.asking))
            raise
        except KeyboardInterrupt:
            self._end(asked, asked.pump.outcome(asked.asking))  # says Stopped, as `ask` does
            raise
        self._end(asked, outcome)

    def resume(self, display: Display | None = None) -> Reply:
        """Go on with the last turn, if it was stopped or cut.

        Where the answer had begun and the model can go on from a prefix, it does so with
        thinking off; else the question is asked again. Either is a new version of the turn.

        Raises
        ------
        ConfigError
            When the last turn had come to its end.
        """
        last = self.conversation.current[-1] if self.conversation.current else None
        if last is None or last.reply.finish_reason not in ("stopped", "cut", "length"):
            raise self._told(ConfigError("error.nothing_to_resume"))
        model = self.catalogue().find(last.options.model or "")
        goes_on = bool(last.reply.answer) and model.partial_mode is True
        options = replace(last.options, thinking=False) if goes_on else last.options
        question = Question(
            prompt=last.prompt,
            options=options,
            resumes=last,
            continues=last.reply if goes_on else None,
            notes=(text("note.goes_on" if goes_on else "note.asked_again", self.language),),
        )
        return self.put(question, display)

    def preview(self, question: Question) -> Preview:
        """Return what a question would send, and send nothing.

        Raises
        ------
        QwenError
            When the question could not be sent as it is.
        """
        try:
            ready = self._ready(question, self.server(question.server, started=False))
        except QwenError as error:
            raise self._told(error) from None
        call = ready.dialect.encode(ready.request, ready.server)
        contents = (message.content for message in ready.request.messages)
        return Preview(
            server=ready.server.name,
            path=call.path,
            body=call.body or {},
            turns_sent=len(ready.history),
            turns_left_out=len(self.turns) - len(ready.history),
            tokens=sum(
                estimate_tokens(content) for content in contents if isinstance(content, str)
            ),
            notes=self._words(ready.notes),
        )

    def settings(self) -> Settings:
        """Return all settings as they stand now."""
        return Settings(os.environ, Path.cwd(), self.session)

    def catalogue(self) -> Catalogue:
        """Return what is known about models, prices and servers."""
        return Catalogue.load(self.settings().home)

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
            Somebody reads along, so the emulator writes at a reader's pace.

        Raises
        ------
        ConfigError
            When the settings name no usable address.
        """
        server = _servers.server_from(self.settings(), self.catalogue(), named)
        if not server.scripted:
            return server
        server = replace(server, name=text("server.emulator", self.language))
        if not started:
            return server
        from qwen_nb.emulator import embedded

        emulator = embedded(pace=None if watched else 0.0)
        return replace(
            server,
            base_url=emulator.openai_base_url,
            native_url=emulator.dashscope_base_url,
            key=emulator.key,
        )

    def default_options(self, server: Server) -> ChatOptions:
        """Return the options that hold where a question gives none."""
        return self.settings().options(self.options, model_studio=server.model_studio)

    def close(self) -> None:
        """Close connections, and the embedded emulator if it was this chat's server.

        The chat can be asked again; both are then opened anew.
        """
        if self._transport is not None:
            self._transport.close()
            self._transport = None
        if self._carried is not None and self._carried.scripted:
            from qwen_nb.emulator import stop_embedded

            stop_embedded()
        self._carried = None

    def _begin(self, question: Question, display: Display | None) -> _Asked:
        try:
            screen = Screen.current()
            watched = screen.is_watched or isinstance(display, TerminalDisplay)
            server = self.server(question.server, watched=watched)
            return self._send(self._ready(question, server), display, screen)
        except QwenError as error:
            raise self._told(error) from error.__cause__

    def _ready(self, question: Question, server: Server) -> _Ready:
        """Decide history, options and dialect; refuse what would certainly be refused."""
        if not question.prompt.strip():
            raise ConfigError("error.empty_prompt")
        if server.model_studio and server.key is None and server.base_url:
            raise ConfigError("error.no_key", server=server.name)
        alone = question.once or question.new
        history = () if alone else self.conversation.history(until=question.resumes)
        sent = tuple(turn for turn in history if server.scripted or not turn.reply.scripted)
        notes: list[Note] = []
        if len(sent) < len(history):
            notes.append(Note("note.scripted_left_out", {"n": len(history) - len(sent)}))
        given = _checked(question.options)
        if given.system is None and not alone and self.conversation.current:
            given = replace(given, system=self.conversation.current[-1].options.system)
        asked = given.over(self.options)
        options = self.settings().options(asked, model_studio=server.model_studio)
        dialect = self._dialect(question, server)
        model = options.model or _client.only_model(server)
        options = replace(options, model=model)
        facts = self.catalogue().find(model)
        self.native.suggest_route(model, facts.native_route)
        before = () if alone else self._before
        if options.system and before and before[0].role == "system":
            before = before[1:]  # two would be one too many
        request = request_for(question.prompt, sent, options, before)
        if question.continues is not None:
            prefix = Message("assistant", question.continues.answer, partial=True)
            request = replace(request, messages=(*request.messages, prefix))
        if server.model_studio:
            checked = check(request, facts, force=question.force)
            request, notes = checked.request, [*notes, *checked.notes]
        notes += dialect.encode(request, server).notes
        return _Ready(question, server, dialect, sent, request, tuple(notes))

    def _dialect(self, question: Question, server: Server) -> Dialect:
        name = question.dialect or self.settings().value("dialect", "openai")
        if name == "openai":
            return self._compatible
        if not server.native_url and not server.scripted:
            raise ConfigError("error.no_native", server=server.name)
        return self.native

    def _send(self, ready: _Ready, display: Display | None, screen: Screen) -> _Asked:
        question, server, request = ready.question, ready.server, ready.request
        number = 1 if question.new else len(self.conversation.current) + 1
        if question.resumes is not None:
            number -= 1
        asking = Asking(
            model=request.model,
            server=server.name,
            scripted=server.scripted,
            turn=None if question.once else number,
            turns_sent=len(ready.history),
            notes=(*question.notes, *self._words(ready.notes)),
        )
        given = display
        display = given or screen.display(
            self.language,
            owns_cell=question.owns_cell,
            hide_thinking=question.hide_thinking,
            quiet=question.quiet,
        )
        settings = self.settings()
        native = ready.dialect is self.native
        carried = replace(server, base_url=server.native_url) if native else server
        idle_s = settings.value("idle_timeout", IDLE_S)
        exchange = self._transport_to(carried, idle_s).exchange()
        retries = Retries(settings.value("retries", TRIES))
        pump = Pump(
            exchange,
            lambda: _client.stream(request, exchange, ready.dialect, server, retries),
            display,
            idle_s=idle_s,
            continues=question.continues,
        )
        self.last_request, self.last_server = request, question.server
        return _Asked(ready, asking, pump, display, given, screen)

    def _in_another_region(self, asked: _Asked, outcome: Outcome) -> _Asked | None:
        """Ask again where the key belongs, if nobody had said which region that is."""
        server = asked.ready.server
        if not (server.guessed and isinstance(outcome.error, AuthFailed) and server.key):
            return None
        settings, catalogue = self.settings(), self.catalogue()
        found = _servers.region_of_key(server, settings, catalogue)
        if found is None:
            return None
        _servers.remember_region(settings, server.key, found.region_name)
        asked.display.close(outcome.reply)
        words = text("note.region_found", self.language, server=found.name)
        question = replace(asked.ready.question, notes=(*asked.ready.question.notes, words))
        ready = self._ready(question, found)
        return self._send(ready, asked.given_display, asked.screen)

    def _end(self, asked: _Asked, outcome: Outcome) -> Reply:
        ready, reply, problem = asked.ready, outcome.reply, outcome.error
        question, options = ready.question, ready.request.options
        remarks = thinking_notes(options, reply) if question.continues is None else ()
        reply = replace(reply, notes=(*reply.notes, *self._words(remarks)))
        asked.display.close(reply)
        if (reply.answer or reply.thinking) and not question.once:
            anew = question.new or self.conversation.begins_anew
            options = replace(options, model=ready.request.model, system=_system(ready.request))
            turn = Turn(question.prompt, reply, options, anew)
            self.conversation.append(turn, in_place_of=question.resumes)
        if reply.finish_reason != "failed":
            asked.screen.was_drawn(reply, self.language)
        if isinstance(problem, QwenError):
            problem.reply = reply
            raise self._told(problem)
        if problem is not None:
            raise problem
        if reply.finish_reason == "stopped":
            raise Stopped(text("stopped", self.language), reply)
        return reply

    def _told(self, error: QwenError) -> QwenError:
        error.language = self.language
        return error

    def _words(self, notes: Iterable[Note]) -> tuple[str, ...]:
        return tuple(text(note.key, self.language, **note.facts) for note in notes)

    def _transport_to(self, server: Server, idle_s: float) -> HttpTransport:
        known = self._transport
        if known is None or self._carried != server or known.idle_s != idle_s + _LATER_S:
            if known is not None:
                known.close()
            self._transport = known = HttpTransport(server, idle_s + _LATER_S)
            self._carried = server
        return known


def _system(request: ChatRequest) -> str | None:
    first = request.messages[0]
    return first.content if first.role == "system" and isinstance(first.content, str) else None


def _checked(options: ChatOptions) -> ChatOptions:
    thinking, limit = options.thinking, options.max_tokens
    if not isinstance(thinking, bool | None) and thinking < 1:
        raise ConfigError("error.budget", value=thinking)
    if limit is not None and limit < 1:
        raise ConfigError("error.max_tokens", value=limit)
    return options
