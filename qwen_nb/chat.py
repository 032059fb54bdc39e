"""`Chat`: a conversation that can be asked; long, since each verb says what it gives."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, Unpack

from qwen_nb.asking import (
    CHATS,
    Asking,
    Job,
    Kept,
    Line,
    Notebook,
    Session,
    UsageTable,
    asked_again,
    checked,
    conversation_named,
    equipped,
    gone_on,
    in_background,
    is_form,
    iterate,
    prepare,
    preview,
    usage_table,
    wait,
    wait_async,
    with_results,
)
from qwen_nb.catalogue import Catalogue
from qwen_nb.conversation import Conversation
from qwen_nb.errors import ConfigError, QwenError
from qwen_nb.front_end import running_shell
from qwen_nb.ledger import Budgets, Ledger
from qwen_nb.render.html import SilentDisplay
from qwen_nb.settings import Settings
from qwen_nb.texts import Language
from qwen_nb.tools import Structure, tools_of
from qwen_nb.values import (
    AskFields,
    ChatOptions,
    ChatRequest,
    Display,
    Entry,
    Event,
    OptionFields,
    Preview,
    Question,
    Reply,
    Server,
    Turn,
    messages_from,
    options_of,
)
from qwen_nb.wire.dialects import DashScopeDialect

__all__ = ["Chat"]


class Chat:
    """A conversation that can be asked, in memory unless it is given a name.

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
    name : str, optional
        A named conversation of this notebook, as `-c NAME` asks; `main` is its own. See
        `current` for the one that is active.
    language : {"en", "zh"}
        Language of what is saved and of errors.
    tools : iterable, optional
        Functions that the model may call, as they are; or schema dicts of what is called
        elsewhere, see `tool_results`.
    confirm : bool, optional
        Ask before a function runs; the setting `confirm_tools` unless given.
    max_rounds : int, optional
        How many rounds of calls a turn may have; the setting `tool_rounds` unless given,
        else 10.
    json : object, optional
        What each answer has to be: True for any JSON, a type (pydantic model, dataclass,
        TypedDict, enum, `list[Model]`), or a JSON schema. `reply.data` is then its value.

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
        name: str | None = None,
        messages: Iterable[Any] = (),
        language: Language = "en",
        **options: Unpack[OptionFields],
    ) -> None:
        form = options.get("json")
        try:
            if is_form(form):
                Structure.of(form)
            session = Session(
                notebook=Notebook.current(),
                own=Kept() if name is None else None,
                name=None if name is None else conversation_named(name),
                options=checked(options_of(model, **options)),
                tools=tools_of(options.get("tools") or ()),
                confirm=options.get("confirm"),
                max_rounds=options.get("max_rounds"),
                json=form,
                before=messages_from(messages),
                language=language,
            )
        except QwenError as error:
            error.language = language
            raise
        self._begin(session)

    def _begin(self, session: Session) -> None:
        self._session = session
        self._heard: Mapping[str, str] = {}
        self.last_request: ChatRequest | None = None
        self.last_server: str | None = None

    @classmethod
    def _in(cls, session: Session) -> Self:
        chat = cls.__new__(cls)
        chat._begin(session)
        return chat

    def __repr__(self) -> str:
        # what a notebook shows of it stays the same from run to run
        if self._session.own is not None:
            return "<Chat in memory>"
        return f"<Chat of this notebook: {self._session.name or 'active conversation'}>"

    @classmethod
    def current(cls) -> Self:
        """Return the chat of the magics, which asks the notebook's own conversation.

        A program without a notebook has one such chat, in memory.
        """
        shell = running_shell()
        known = CHATS.get(shell or Notebook.current())
        if isinstance(known, cls):
            return known
        chat = cls()
        chat.stand_for(shell)
        return chat

    def stand_for(self, shell: Any | None) -> None:
        """Be the chat of a shell's magics: ask whichever conversation is active there."""
        self._session = self._session.derived(own=None, notebook=Notebook.current())
        CHATS[shell or Notebook.current()] = self

    # -- where it asks ---------------------------------------------------------------------

    @property
    def session(self) -> dict[str, Any]:
        """Settings of this session, as `%qwen_nb config` makes them; nearest of all places."""
        return self._session.overrides

    @property
    def options(self) -> ChatOptions:
        """The options that hold where a question gives none."""
        return self._session.options

    @property
    def native(self) -> DashScopeDialect:
        """The native protocol, with the routes it has learned."""
        return self._session.line.native

    @property
    def language(self) -> Language:
        """Language of what is saved and of errors."""
        return self._session.language

    @language.setter
    def language(self, language: Language) -> None:
        self._session = self._session.derived(language=language)

    @property
    def notebook(self) -> str:
        """The id of this notebook, or one of this session where nothing identifies it."""
        return self._session.notebook.id

    @property
    def ledger(self) -> Ledger:
        """All calls of this person, as far as they are known here."""
        return self._session.ledger

    @property
    def budgets(self) -> Budgets:
        """What may be spent."""
        return self._session.budgets

    def kept(self, name: str | None = None) -> Kept:
        """Return the conversation that is asked now, or another one of this notebook."""
        kept = self._session.kept(name)
        self._hear_language()
        return kept

    def now(self) -> Session:
        """Return the session as it stands now: its settings, its servers, its language."""
        return self._session.derived()

    def recognised(self) -> Session:
        """Return the session once it is known which notebook this is, as far as that goes.

        The notebook's own settings hold then, and its budgets. The store is opened for it,
        which `now` alone never does.
        """
        self._session.notebook.recognise()
        self._hear_language()
        return self.now()

    def default_options(self, server: Server) -> ChatOptions:
        """Return the options that hold where a question gives none."""
        return self.now().default_options(server)

    def settings(self) -> Settings:
        """Return all settings as they stand now."""
        return self.now().settings

    def catalogue(self) -> Catalogue:
        """Return what is known about models, prices and servers."""
        return self.now().catalogue

    def server(self, named: str | None = None, *, started: bool = True) -> Server:
        """Return the server that questions go to now; see `Session.server`."""
        return self.now().server(named, started=started)

    def _hear_language(self) -> None:
        # The magics read the language before anybody knew which notebook this is. A chat
        # in memory or with a name was given its language by whoever made it.
        if self._session.own is not None or self._session.name is not None:
            return
        before, self._heard = self._heard, self._session.notebook.settings
        if self._heard is not before and "lang" in self._heard:
            with contextlib.suppress(QwenError):  # told by what needs the settings
                self.language = self.settings().value("lang", self.language)

    def close(self) -> None:
        """Close connections, and the embedded emulator if no other chat asks it.

        The chat can be asked again; both are then opened anew.
        """
        self._session.line.close()

    def usage(self, by: str = "turn", *, everything: bool = False) -> UsageTable:
        """Return what was used: a table that shows itself, rows that pandas takes.

        Parameters
        ----------
        by : str
            turn: this conversation; model, chat: this notebook; day, notebook, region:
            everything that was ever asked.
        everything : bool
            Everything that was ever asked, also by turn, model or chat.

        Raises
        ------
        ConfigError
            For any other `by`.
        """
        session, kept = self._session, self.kept()
        try:
            return usage_table(
                session.ledger,
                by,
                self.language,
                conversation=kept.booked_as,
                notebook=session.notebook.id,
                everything=everything,
            )
        except ConfigError as error:
            raise session.told(error) from None

    # -- the conversation --------------------------------------------------------------------

    @property
    def conversation(self) -> Conversation:
        """The conversation that is asked now."""
        return self.kept().conversation

    @property
    def turns(self) -> tuple[Turn, ...]:
        """All turns, oldest first; replaced and undone ones are not among them."""
        return self.conversation.turns

    @property
    def messages(self) -> list[dict[str, Any]]:
        """What a new question would send before itself, as the API's own list."""
        return self.conversation.messages

    def new(self) -> None:
        """Let the next question begin a new conversation; the turns so far stay in `turns`."""
        self.conversation.begin_anew()

    def undo(self, n: int = 1) -> tuple[Turn, ...]:
        """Take the last turns back; `restore` brings them again. Return what was taken."""
        return tuple(entry.turn for entry in self.conversation.undo(n))

    def restore(self, turn: int | None = None) -> Entry | None:
        """Bring back the version that left last, or the last other version of a turn."""
        return self.conversation.restore(turn)

    def fork(self, at: int | None = None) -> Chat:
        """Return a chat in memory that goes on from a copy of the turns up to one.

        It asks as this one does: with its options, tools, form and settings, and against
        the same budgets.

        Raises
        ------
        ConfigError
            When there is no such turn.
        """
        session = self.recognised()
        kept = self.kept()
        try:
            own = Kept(kept.conversation.fork(at))
        except LookupError:
            raise session.told(ConfigError("error.no_turn", turn=at)) from None
        kept.teach(own)
        overrides = dict(session.overrides)
        return Chat._in(session.derived(own=own, overrides=overrides, line=Line(), name=None))

    # -- asking ------------------------------------------------------------------------------

    def ask(
        self,
        prompt: str,
        *,
        model: str | None = None,
        new: bool = False,
        once: bool = False,
        hide_thinking: bool = False,
        quiet: bool = False,
        server: str | None = None,
        dialect: str | None = None,
        force: bool = False,
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
        server : str, optional
            Another server for this call: a provider, a region, `emulator`, or an address.
        dialect : {"openai", "dashscope"}, optional
            Another protocol for this call.
        force : bool
            Send it although a check of ours says it will be refused.
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
            server=server,
            dialect=dialect,
            force=force,
            **options,
        )
        return self.put(question, display)

    def put(self, question: Question, display: Display | None = None) -> Reply:
        """Ask a prepared question; see `ask`."""
        return wait(self._prepared(question, display), display)

    def _prepared(self, question: Question, display: Display | None = None) -> Asking:
        session = self.recognised()
        if session.own is not None:
            session.notebook.establish()
        asking = prepare(question, session, display)
        self.last_request, self.last_server = asking.ready.request, question.server
        return asking

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
        session = self.recognised()
        tools = equipped(question, session).tools
        if any(tool.function is not None for tool in tools):
            raise session.told(ConfigError("error.tools_bg"))
        can_detach = session.screen.can_detach(session.display_wish)
        is_detached = display is not None or can_detach
        asking = self._prepared(question, display)
        return in_background(asking, display, is_detached=is_detached)

    async def ask_async(self, prompt: str, **how: Unpack[AskFields]) -> Reply:
        """Ask without blocking the event loop; otherwise as `ask`.

        Cancelling the task stops the stream; what had come is not kept.
        """
        question = Question.of(prompt, **how)
        session = self.recognised()
        server = session.server(question.server, started=False)
        model = question.options.model or session.default_options(server).model
        if model is None:  # the server has to be asked for it
            await asyncio.to_thread(session.only_model, server)
        return await wait_async(self._prepared(question))

    def stream(self, prompt: str, **how: Unpack[AskFields]) -> Iterator[Event]:
        """Ask, and yield each event as it comes; nothing is shown.

        The turn is kept when the iterator is used up. Closing it earlier stops the
        stream; the turn is then kept as stopped.

        Yields
        ------
        Event
            Started, ThinkingDelta, AnswerDelta, ToolCallStarted, ToolArgumentsDelta,
            ToolResult, UsageReport, Finished, Retrying. Each round of tools begins with
            Started and ends with Finished.

        Raises
        ------
        QwenError
            As `ask` does, after the events that had come.
        """
        yield from iterate(self._prepared(Question.of(prompt, **how), SilentDisplay()))

    def retry(self, display: Display | None = None, **how: Unpack[AskFields]) -> Reply:
        """Ask the last question again, with other options if given: a new version of it.

        Raises
        ------
        ConfigError
            When there is no turn yet.
        """
        return self.put(self.again(Question.of("", **how)), display)

    def again(self, given: Question) -> Question:
        """Return the question that asks the last turn again, with these options over its own.

        Raises
        ------
        ConfigError
            When there is no turn yet.
        """
        return asked_again(self.recognised(), given)

    def resume(self, display: Display | None = None) -> Reply:
        """Go on with the last turn, if it was stopped or cut, else with the last cut one.

        Where the answer had begun and the model can go on from a prefix, it does so with
        thinking off; else, and where the answer has a form, the question is asked again.
        Either is a new version of the turn.

        Raises
        ------
        ConfigError
            When nothing is left to go on with.
        """
        return self.put(gone_on(self.recognised()), display)

    def tool_results(self, results: Mapping[str, Any], display: Display | None = None) -> Reply:
        """Go on with the last turn, which waits for results of tools that were not run here.

        It becomes a new version of the turn, with the rounds so far.

        Parameters
        ----------
        results : mapping
            A result for each call in `reply.tool_calls`, by the call's id; texts are sent
            as they are, other values as JSON.

        Raises
        ------
        ConfigError
            When the last turn waits for none, or these are not the results of its calls.
        """
        return self.put(with_results(self.recognised(), results), display)

    def preview(self, question: Question) -> Preview:
        """Return what a question would send, and send nothing.

        Raises
        ------
        QwenError
            When the question could not be sent as it is.
        """
        return preview(question, self.recognised())
