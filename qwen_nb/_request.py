"""Makes a question ready to be sent: history, options, dialect, and what there is to say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from qwen_nb import _client
from qwen_nb._conversation import Conversation, request_for
from qwen_nb._errors import ConfigError
from qwen_nb._messages import (
    ChatOptions,
    ChatRequest,
    Message,
    Note,
    Reply,
    Server,
    Turn,
    estimate_tokens,
)
from qwen_nb._question import Preview, Question
from qwen_nb._rules import check
from qwen_nb._settings import Settings
from qwen_nb._texts import Language, text
from qwen_nb.catalogue import Catalogue
from qwen_nb.dialects import Dialect
from qwen_nb.dialects.dashscope import DashScopeDialect
from qwen_nb.dialects.openai import OpenAIDialect

__all__ = ["Desk", "Ready", "checked", "in_words"]


@dataclass(frozen=True, slots=True)
class Ready:
    """A question as it would be sent, and to whom."""

    question: Question
    server: Server
    dialect: Dialect
    history: tuple[Turn, ...]
    request: ChatRequest
    notes: tuple[Note, ...]
    starts_anew: bool

    def turn(self, reply: Reply) -> Turn:
        """Return the turn that a reply makes of the question."""
        first = self.request.messages[0]
        system = (
            first.content if first.role == "system" and isinstance(first.content, str) else None
        )
        options = replace(self.request.options, model=self.request.model, system=system)
        return Turn(self.question.prompt, reply, options, self.starts_anew)

    def preview(self, language: Language, *, of: int) -> Preview:
        """Return what would be sent.

        Parameters
        ----------
        language : {"en", "zh"}
            Language of the notes.
        of : int
            How many turns there are, sent or not.
        """
        call = self.dialect.encode(self.request, self.server)
        contents = (message.content for message in self.request.messages)
        return Preview(
            server=self.server.name,
            path=call.path,
            body=call.body or {},
            turns_sent=len(self.history),
            turns_left_out=of - len(self.history),
            tokens=sum(
                estimate_tokens(content) for content in contents if isinstance(content, str)
            ),
            notes=in_words(self.notes, language),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Where a question is made ready: everything that has a say in it.

    Parameters
    ----------
    conversation : Conversation
        What was asked before.
    before : tuple of Message
        What goes ahead of its turns.
    options : ChatOptions
        Those that hold where the question gives none.
    settings : Settings
        As they stand now.
    catalogue : Catalogue
        What is known about models.
    compatible, native : Dialect
        The two protocols.
    running : int
        How many questions of the conversation are still on their way.
    """

    conversation: Conversation
    before: tuple[Message, ...]
    options: ChatOptions
    settings: Settings
    catalogue: Catalogue
    compatible: OpenAIDialect
    native: DashScopeDialect
    running: int = 0

    def ready(self, question: Question, server: Server) -> Ready:
        """Decide history, options and dialect; refuse what would certainly be refused.

        Raises
        ------
        QwenError
            When it cannot be sent as it is, or a server that has to be asked for its
            models cannot be asked.
        """
        if not question.prompt.strip():
            raise ConfigError("error.empty_prompt")
        if server.model_studio and server.key is None and server.base_url:
            raise ConfigError("error.no_key", server=server.name)
        alone = question.once or question.new
        sent, notes = self._history(question, server)
        options = self._options(question, server)
        dialect = self._dialect(question, server)
        model = options.model or _client.only_model(server)
        options = replace(options, model=model)
        facts = self.catalogue.find(model)
        self.native.suggest_route(model, facts.native_route)
        before = () if alone else self.before
        if options.system and before and before[0].role == "system":
            before = before[1:]  # two would be one too many
        request = request_for(question.prompt, sent, options, before)
        if question.continues is not None:
            prefix = Message("assistant", question.continues.answer, partial=True)
            request = replace(request, messages=(*request.messages, prefix))
        if server.model_studio:
            found = check(request, facts, force=question.force)
            request, notes = found.request, [*notes, *found.notes]
        notes += dialect.encode(request, server).notes
        anew = question.new or self.conversation.begins_anew
        if question.resumes is not None:
            anew = question.resumes.starts_anew
        return Ready(question, server, dialect, sent, request, tuple(notes), anew)

    def _history(
        self, question: Question, server: Server
    ) -> tuple[tuple[Turn, ...], list[Note]]:
        if question.once or question.new:
            return (), []
        history = self.conversation.history(until=question.resumes)
        sent = tuple(turn for turn in history if server.scripted or not turn.reply.scripted)
        notes = []
        if len(sent) < len(history):
            notes.append(Note("note.scripted_left_out", {"n": len(history) - len(sent)}))
        if self.running:
            key = "note.job_left_out" if self.running == 1 else "note.jobs_left_out"
            notes.append(Note(key, {"n": self.running}))
        return sent, notes

    def _options(self, question: Question, server: Server) -> ChatOptions:
        given = checked(question.options)
        current = () if question.once or question.new else self.conversation.current
        if given.system is None and current:
            given = replace(given, system=current[-1].options.system)
        asked = given.over(self.options)
        return self.settings.options(asked, model_studio=server.model_studio)

    def _dialect(self, question: Question, server: Server) -> Dialect:
        name = question.dialect or self.settings.value("dialect", "openai")
        if name == "openai":
            return self.compatible
        if not server.native_url and not server.scripted:
            raise ConfigError("error.no_native", server=server.name)
        return self.native


def checked(options: ChatOptions) -> ChatOptions:
    """Return the options; refuse numbers that mean nothing.

    Raises
    ------
    ConfigError
        For a budget or a limit below 1.
    """
    thinking, limit = options.thinking, options.max_tokens
    if not isinstance(thinking, bool | None) and thinking < 1:
        raise ConfigError("error.budget", value=thinking)
    if limit is not None and limit < 1:
        raise ConfigError("error.max_tokens", value=limit)
    return options


def in_words(notes: Iterable[Note], language: Language) -> tuple[str, ...]:
    """Return notes as a person reads them."""
    return tuple(text(note.key, language, **note.facts) for note in notes)
