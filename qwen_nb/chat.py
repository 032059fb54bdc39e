"""`Chat`: a conversation that can be asked. It puts the rooms together, no more."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Unpack

from qwen_nb import _servers
from qwen_nb._api_messages import messages_from
from qwen_nb._connections import Connections
from qwen_nb._errors import ConfigError, QwenError
from qwen_nb._events import Event
from qwen_nb._job import Job
from qwen_nb._messages import (
    ChatOptions,
    ChatRequest,
    Display,
    Reply,
    Server,
    Turn,
)
from qwen_nb._places import PlacedConversation
from qwen_nb._pump import IDLE_S
from qwen_nb._question import AskFields, OptionFields, Preview, Question
from qwen_nb._request import Desk, Ready, checked
from qwen_nb._retries import Retries
from qwen_nb._run import Run, describing
from qwen_nb._screen import Screen
from qwen_nb._settings import Settings
from qwen_nb._texts import Language, text
from qwen_nb.catalogue import Catalogue
from qwen_nb.dialects.dashscope import DashScopeDialect
from qwen_nb.dialects.openai import OpenAIDialect
from qwen_nb.render import SilentDisplay, TerminalDisplay

__all__ = ["Chat"]

TRIES = 5


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
        self.options = checked(ChatOptions(model=model, **options))
        self.language = language
        self.session: dict[str, Any] = {}
        self.conversation = PlacedConversation()
        self.last_request: ChatRequest | None = None
        self.last_server: str | None = None
        self._before = messages_from(messages)
        self.native = DashScopeDialect()
        self._compatible = OpenAIDialect()
        self._connections = Connections()

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

        A card's Stop button ends the wait, and what had come is the reply.

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
        question = Question.of(
            prompt,
            model=model,
            new=new,
            once=once,
            hide_thinking=hide_thinking,
            quiet=quiet,
            **options,
        )
        return self.put(question, display)

    def put(self, question: Question, display: Display | None = None) -> Reply:
        """Ask a prepared question; see `ask`."""
        return self._run(question, display).here()

    def start(
        self, prompt: str, *, display: Display | None = None, **how: Unpack[AskFields]
    ) -> Job:
        """Ask in the background; otherwise as `ask`.

        The history is the one there is now, without the turns that are still on their
        way; the turn takes its place in the order of asking when it ends. Where nobody
        watches live, it blocks and returns a job that has ended.

        Parameters
        ----------
        prompt, **how
            As `ask` has them.
        display : Display, optional
            Shows the reply in place of the front end's own display; it is opened here and
            then used by another thread.

        Returns
        -------
        Job
            To wait for, to look at, to stop. `_qwen` stays as it is.

        Raises
        ------
        QwenError
            When nothing was sent; what goes wrong later is kept in `job.error`.
        """
        return self.put_in_background(Question.of(prompt, **how), display)

    def put_in_background(self, question: Question, display: Display | None = None) -> Job:
        """Ask a prepared question in the background; see `start`."""
        is_detached = display is not None or Screen.current().can_detach(self._display_wish())
        run = self._run(question, display, is_detached=is_detached)
        return run.in_background(is_detached=is_detached)

    async def ask_async(self, prompt: str, **how: Unpack[AskFields]) -> Reply:
        """Ask without blocking the event loop; otherwise as `ask`.

        Cancelling the task stops the stream; what had come is not kept.
        """
        question = Question.of(prompt, **how)
        try:
            watched = Screen.current().is_watched(self._display_wish())
            server = self.server(question.server, watched=watched)
            # It may ask the server for its models.
            ready = await asyncio.to_thread(self._desk().ready, question, server)
            run = self._prepared(ready, None)
        except QwenError as error:
            raise self._told(error) from error.__cause__
        return await run.awaited()

    def stream(self, prompt: str, **how: Unpack[AskFields]) -> Iterator[Event]:
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
        yield from self._run(Question.of(prompt, **how), SilentDisplay()).iterate()

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
            ready = self._desk().ready(question, self.server(question.server, started=False))
        except QwenError as error:
            raise self._told(error) from None
        return ready.preview(self.language, of=len(self.turns))

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
        if self._connections.close():
            from qwen_nb.emulator import stop_embedded

            stop_embedded()

    def _run(
        self, question: Question, display: Display | None, *, is_detached: bool = False
    ) -> Run:
        try:
            watched = Screen.current().is_watched(self._display_wish())
            watched = watched or isinstance(display, TerminalDisplay)
            server = self.server(question.server, watched=watched)
            ready = self._desk().ready(question, server)
            return self._prepared(ready, display, is_detached=is_detached)
        except QwenError as error:
            raise self._told(error) from error.__cause__

    def _desk(self) -> Desk:
        return Desk(
            conversation=self.conversation,
            before=self._before,
            options=self.options,
            settings=self.settings(),
            catalogue=self.catalogue(),
            compatible=self._compatible,
            native=self.native,
            running=self.conversation.running,
        )

    def _prepared(
        self, ready: Ready, display: Display | None, *, is_detached: bool = False
    ) -> Run:
        question, settings, screen = ready.question, self.settings(), Screen.current()
        idle_s = settings.value("idle_timeout", IDLE_S)
        run = Run(
            ready,
            self.conversation,
            screen,
            display
            or screen.display(
                self.language,
                owns_cell=question.owns_cell,
                hide_thinking=question.hide_thinking,
                quiet=question.quiet,
                is_detached=is_detached,
                wished=self._display_wish(),
                describe=describing(ready, carries=settings.value("carry", True)),
            ),
            language=self.language,
            exchange=lambda server: self._connections.exchange(
                server, idle_s, native=ready.dialect is self.native
            ),
            other_region=self._other_region,
            retries=Retries(settings.value("retries", TRIES)),
            idle_s=idle_s,
        )
        self.last_request, self.last_server = ready.request, question.server
        return run

    def _other_region(self, server: Server) -> Server | None:
        if not (server.guessed and server.key):
            return None
        settings = self.settings()
        found = _servers.region_of_key(server, settings, self.catalogue())
        if found is not None:
            _servers.remember_region(settings, server.key, found.region_name)
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
