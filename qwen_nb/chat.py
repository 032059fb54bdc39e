"""`Chat`: a conversation that can be asked. It puts the rooms together, no more."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self, Unpack
from weakref import WeakKeyDictionary

from qwen_nb.asking import (
    Archive,
    Asker,
    Job,
    Kept,
    Screen,
    UsageTable,
    bound_of,
    calling_message,
    conversation_named,
    results_of,
    usage_table,
)
from qwen_nb.conversation import Conversation
from qwen_nb.errors import ConfigError, QwenError
from qwen_nb.front_end import place
from qwen_nb.render.html import SilentDisplay
from qwen_nb.texts import Language, text
from qwen_nb.values import (
    AskFields,
    Display,
    Entry,
    Event,
    Message,
    OptionFields,
    Preview,
    Question,
    Reply,
    Turn,
    options_of,
)

__all__ = ["Chat"]


class Chat(Asker):
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

    _of_shells: ClassVar[WeakKeyDictionary[Any, Chat]] = WeakKeyDictionary()

    def __init__(
        self,
        model: str | None = None,
        *,
        name: str | None = None,
        messages: Iterable[Any] = (),
        language: Language = "en",
        **options: Unpack[OptionFields],
    ) -> None:
        given = options_of(model, **options)
        named = None if name is None else conversation_named(name)
        try:
            super().__init__(
                given,
                name=named,
                messages=messages,
                language=language,
                tools=options.get("tools"),
                confirm=options.get("confirm"),
                max_rounds=options.get("max_rounds"),
                json=options.get("json"),
            )
        except QwenError as error:
            error.language = language
            raise

    def __repr__(self) -> str:
        # what a notebook shows of it stays the same from run to run
        if self._archive is None:
            return "<Chat in memory>"
        return f"<Chat of this notebook: {self.name or 'active conversation'}>"

    @classmethod
    def current(cls) -> Self:
        """Return the chat of the magics, which asks the notebook's own conversation."""
        shell = place.running_shell()
        known = cls._of_shells.get(shell) if shell is not None else None
        if isinstance(known, cls):
            return known
        chat = cls()
        chat.stand_for(shell)
        return chat

    def stand_for(self, shell: Any | None) -> None:
        """Be the chat of a shell's magics: ask whichever conversation is active there."""
        self._archive = Archive.current()
        if shell is not None:
            Chat._of_shells[shell] = self

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
        archive, kept = self._of_calls, self.kept()
        try:
            return usage_table(
                archive.ledger,
                by,
                self.language,
                conversation=kept.booked_as,
                notebook=archive.notebook,
                everything=everything,
            )
        except ConfigError as error:
            raise self._told(error) from None

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

        Raises
        ------
        ConfigError
            When there is no such turn.
        """
        forked = Chat(language=self.language)
        self.know_notebook()
        notebook = {} if self._archive is None else self._archive.settings
        forked.options, forked.session = self.options, {**notebook, **self.session}
        forked._before = self._before
        try:
            forked._own = Kept(self.conversation.fork(at))
        except LookupError:
            raise self._told(ConfigError("error.no_turn", turn=at)) from None
        return forked

    def retry(self, display: Display | None = None, **how: Unpack[AskFields]) -> Reply:
        """Ask the last question again, with other options if given: a new version of it.

        Raises
        ------
        ConfigError
            When there is no turn yet.
        """
        given = Question.of("", **how)
        return self.put(self.again(given), display)

    def again(self, given: Question) -> Question:
        """Return the question that asks the last turn again, with these options over its own.

        Raises
        ------
        ConfigError
            When there is no turn yet.
        """
        current = self.kept(given.chat).conversation.current
        if not current:
            raise self._told(ConfigError("error.nothing_to_retry"))
        last = current[-1]
        return replace(
            given,
            prompt=last.prompt,
            options=given.options.over(last.options),
            again=len(current),
            new=given.new or (last.starts_anew and len(current) == 1),
        )

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
        self.know_notebook()
        question = self._equipped(question)
        if any(tool.function is not None for tool in question.tools):
            raise self._told(ConfigError("error.tools_bg"))
        is_detached = display is not None or Screen.current().can_detach(self._display_wish())
        run = self._run(question, display, is_detached=is_detached)
        return run.in_background(is_detached=is_detached)

    async def ask_async(self, prompt: str, **how: Unpack[AskFields]) -> Reply:
        """Ask without blocking the event loop; otherwise as `ask`.

        Cancelling the task stops the stream; what had come is not kept.
        """
        question = self._equipped(Question.of(prompt, **how))
        with self._placed(question) as (desk, slot):
            watched = Screen.current().is_watched(self._display_wish())
            server = self.server(question.server, watched=watched)
            # It may ask the server for its models.
            ready = await asyncio.to_thread(desk.ready, question, server, slot)
            run = self._prepared(ready, desk, slot, None)
        return await run.awaited()

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
        yield from self._run(Question.of(prompt, **how), SilentDisplay()).iterate()

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
        current = self.conversation.current
        number = _unfinished(current)
        if number is None:
            raise self._told(ConfigError("error.nothing_to_resume"))
        last = current[number - 1]
        if last.said:
            # what was called is not called again; its rounds go along, then the rest comes
            note = text("note.tools_resumed", self.language)
            return self.put(self._after_rounds(last, last.said, number, note), display)
        model = self.catalogue().find(last.options.model or "")
        goes_on = bool(last.reply.answer) and model.partial_mode is True
        form = self._form_of(Question(prompt=last.prompt, again=number))
        # half a JSON in one call and half in another is none
        goes_on = goes_on and (form is None or form is False)
        options = replace(last.options, thinking=False) if goes_on else last.options
        question = Question(
            prompt=last.prompt,
            options=options,
            again=number,
            continues=last.reply if goes_on else None,
            notes=(text("note.goes_on" if goes_on else "note.asked_again", self.language),),
        )
        return self.put(question, display)

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
        current = self.conversation.current
        calls = current[-1].reply.tool_calls if current else ()
        if not calls or current[-1].reply.finish_reason != "tool_calls":
            raise self._told(ConfigError("error.no_tool_calls"))
        wanted = {call.id for call in calls}
        if wanted != set(results):
            shown = ", ".join(f"{call.id} ({call.name})" for call in calls)
            given = ", ".join(map(str, results))
            raise self._told(ConfigError("error.tool_results", wanted=shown, given=given))
        last = current[-1]
        final = last.reply.final
        told, records = results_of(calls, results, language=self.language)
        said = (*last.said, calling_message(final.answer, final.thinking, calls), *told)
        turn = replace(last, reply=replace(last.reply, calls=(*last.reply.calls, *records)))
        return self.put(self._after_rounds(turn, said, len(current)), display)

    def _after_rounds(
        self, turn: Turn, said: tuple[Message, ...], number: int, *notes: str
    ) -> Question:
        """Return the question that goes on with a turn after rounds of tools."""
        spoken = [message for message in said if message.role == "assistant"]
        reply = Reply(
            thinking="\n\n".join(each.thinking for each in spoken if each.thinking),
            answer="\n\n".join(str(each.content) for each in spoken if each.content),
            calls=turn.reply.calls,
        )
        return Question(
            prompt=turn.prompt,
            options=turn.options,
            again=number,
            new=turn.starts_anew and number == 1,
            begun=replace(turn, reply=reply, said=said),
            notes=notes,
        )

    def preview(self, question: Question) -> Preview:
        """Return what a question would send, and send nothing.

        Raises
        ------
        QwenError
            When the question could not be sent as it is.
        """
        self.know_notebook()
        question = self._equipped(question)
        kept = self.kept(question.chat)
        slot = self._slot(kept, question)
        try:
            server = self.server(question.server, started=False)
            desk = self._desk(kept)
            ready = desk.ready(question, server, slot)
            forming = self._forming_of(ready, desk.catalogue)
        except QwenError as error:
            raise self._told(error) from None
        finally:
            if slot is not None:
                kept.release(slot)
        if forming is not None and ready.plan.needs is None:
            ready = replace(ready, request=forming.sent(ready.request))
        model = ready.options.model or ready.request.model
        form = "" if forming is None else forming.words(model)
        bound = bound_of(ready, self.catalogue(), form)
        return ready.preview(self.language, of=len(kept.conversation.turns), bound=bound)


def _unfinished(turns: Sequence[Turn]) -> int | None:
    """Return the number of the turn that can be gone on with.

    A reply that broke off, as the kernel that was killed left it, may have been followed
    by others before anybody saw it; one that the person stopped may not.
    """
    if turns and turns[-1].reply.finish_reason in ("stopped", "cut", "length"):
        return len(turns)
    cut = [number for number, turn in enumerate(turns, 1) if turn.reply.finish_reason == "cut"]
    return max(cut, default=None)
