"""`Chat`: a conversation that can be asked. It puts the rooms together, no more."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict, Unpack

from qwen_nb import _client, _settings
from qwen_nb._conversation import Conversation, request_for
from qwen_nb._errors import ConfigError, QwenError, Stopped
from qwen_nb._messages import Asking, ChatOptions, Display, Reply, Server, Turn, estimate_tokens
from qwen_nb._pump import Outcome, Pump
from qwen_nb._screen import Screen
from qwen_nb._texts import Language, text
from qwen_nb._transport import HttpTransport
from qwen_nb.dialects.openai import OpenAIDialect
from qwen_nb.render import TerminalDisplay

__all__ = ["Chat", "Preview", "Question"]


class OptionFields(TypedDict, total=False):
    """The fields of `ChatOptions` but the model, as keyword arguments."""

    thinking: bool | int | None
    system: str | None
    temperature: float | None
    max_tokens: int | None
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A prompt and everything that goes with asking it.

    Parameters
    ----------
    prompt : str
        Sent as it is.
    options : ChatOptions
        Options of this call.
    new : bool
        The conversation starts anew at this turn.
    once : bool
        No history in, none out.
    hide_thinking, quiet : bool
        Keep the thinking, or everything, out of sight.
    owns_cell : bool
        Nothing else writes into the cell, so its output may be replaced as a whole.
    notes : tuple of str
        Remarks to show with the answer.
    """

    prompt: str
    options: ChatOptions = field(default_factory=ChatOptions)
    new: bool = False
    once: bool = False
    hide_thinking: bool = False
    quiet: bool = False
    owns_cell: bool = False
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Preview:
    """What a question would send; nothing was sent.

    Parameters
    ----------
    server : str
        Who would be asked.
    path : str
        Path of the call.
    body : mapping
        The JSON body.
    turns_sent, turns_left_out : int
        How many earlier turns go along, and how many do not.
    tokens : int
        Estimated input tokens.
    """

    server: str
    path: str
    body: Mapping[str, Any]
    turns_sent: int
    turns_left_out: int
    tokens: int


class Chat:
    """A conversation in memory.

    Parameters
    ----------
    model : str, optional
        Model id; the default is `QWEN_NB_MODEL`, else `qwen-plus` with thinking on.
    thinking : bool or int, optional
        Thinking on, off, or on with a budget in tokens; None leaves it to the model.
    system : str, optional
        System message.
    temperature, max_tokens, params
        See `ChatOptions`.
    language : {"en", "zh"}
        Language of what is saved and of errors.

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
        language: Language = "en",
        **options: Unpack[OptionFields],
    ) -> None:
        self.options = _checked(ChatOptions(model=model, **options))
        self.language = language
        self.conversation = Conversation()
        self._dialect = OpenAIDialect()
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
        screen = Screen.current()
        try:
            turn, outcome = self._run(question, display, screen)
        except QwenError as error:
            error.language = self.language
            raise
        if turn is not None:
            self.conversation.append(turn)
        reply, problem = outcome.reply, outcome.error
        if reply.finish_reason != "failed":
            screen.was_drawn(reply)
        if isinstance(problem, QwenError):
            problem.language, problem.reply = self.language, reply
        if problem is not None:
            raise problem
        if reply.finish_reason == "stopped":
            raise Stopped(text("stopped", self.language), reply)
        return reply

    def preview(self, question: Question) -> Preview:
        """Return what a question would send, and send nothing.

        Raises
        ------
        QwenError
            When the question could not be sent as it is.
        """
        server = self.server(started=False)
        history, options = self._prepared(question, server)
        request = request_for(question.prompt, history, options)
        call = self._dialect.encode(request, server)
        contents = (message.content for message in request.messages)
        return Preview(
            server=server.name,
            path=call.path,
            body=call.body or {},
            turns_sent=len(history),
            turns_left_out=len(self.turns) - len(history),
            tokens=sum(
                estimate_tokens(content) for content in contents if isinstance(content, str)
            ),
        )

    def server(self, *, started: bool = True, watched: bool = False) -> Server:
        """Return the server that questions go to now.

        Parameters
        ----------
        started : bool
            False only looks: the embedded emulator, if it is that, is not started.
        watched : bool
            Somebody reads along, so the emulator writes at a reader's pace.

        Raises
        ------
        ConfigError
            When the settings name no usable address.
        """
        server = _settings.server_from(os.environ)
        if not server.scripted:
            return server
        server = replace(server, name=text("server.emulator", self.language))
        if not started:
            return server
        from qwen_nb.emulator import embedded

        emulator = embedded(pace=None if watched else 0.0)
        return replace(server, base_url=emulator.openai_base_url, key=emulator.key)

    def default_options(self, server: Server) -> ChatOptions:
        """Return the options that hold where a question gives none."""
        return _settings.default_options(server, os.environ, self.options)

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

    def _prepared(
        self, question: Question, server: Server
    ) -> tuple[tuple[Turn, ...], ChatOptions]:
        if not question.prompt.strip():
            raise ConfigError("error.empty_prompt")
        alone = question.once or question.new
        history = () if alone else self.conversation.history()
        given = _checked(question.options)
        if given.system is None and not alone and self.conversation.current:
            given = replace(given, system=self.conversation.current[-1].options.system)
        return history, _settings.default_options(server, os.environ, given.over(self.options))

    def _run(
        self, question: Question, display: Display | None, screen: Screen
    ) -> tuple[Turn | None, Outcome]:
        watched = screen.is_watched or isinstance(display, TerminalDisplay)
        server = self.server(watched=watched)
        history, options = self._prepared(question, server)
        transport = self._transport_to(server)
        if options.model is None:
            options = replace(
                options, model=_client.only_model(transport, self._dialect, server)
            )
        request = request_for(question.prompt, history, options)
        number = 1 if question.new else len(self.conversation.current) + 1
        asking = Asking(
            model=request.model,
            server=server.name,
            scripted=server.scripted,
            turn=None if question.once else number,
            turns_sent=len(history),
            notes=question.notes,
        )
        display = display or screen.display(
            self.language,
            owns_cell=question.owns_cell,
            hide_thinking=question.hide_thinking,
            quiet=question.quiet,
        )
        exchange = transport.exchange()
        pump = Pump(
            exchange,
            lambda: _client.stream(request, exchange, self._dialect, server),
            display,
        )
        outcome = pump.run(asking)
        display.close(outcome.reply)
        reply = outcome.reply
        if question.once or not (reply.answer or reply.thinking):
            return None, outcome
        anew = question.new or self.conversation.begins_anew
        return Turn(question.prompt, reply, options, anew), outcome

    def _transport_to(self, server: Server) -> HttpTransport:
        if self._transport is None or self._carried != server:
            if self._transport is not None:
                self._transport.close()
            self._transport, self._carried = HttpTransport(server), server
        return self._transport


def _checked(options: ChatOptions) -> ChatOptions:
    thinking, limit = options.thinking, options.max_tokens
    if not isinstance(thinking, bool | None) and thinking < 1:
        raise ConfigError("error.budget", value=thinking)
    if limit is not None and limit < 1:
        raise ConfigError("error.max_tokens", value=limit)
    return options
