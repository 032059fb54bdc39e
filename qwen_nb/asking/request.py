"""Makes a question ready to be sent: history, options, dialect, and what there is to say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from qwen_nb.asking.kept import Kept
from qwen_nb.asking.rules import check
from qwen_nb.asking.session import Session
from qwen_nb.catalogue import Model
from qwen_nb.context import (
    Limits,
    Memory,
    Plan,
    Summary,
    SummaryNeed,
    Weighed,
    plan,
)
from qwen_nb.conversation import Past
from qwen_nb.errors import ConfigError
from qwen_nb.texts import Language, text
from qwen_nb.tools import tool_name
from qwen_nb.values import (
    Bound,
    ChatOptions,
    ChatRequest,
    Message,
    Note,
    Policy,
    Preview,
    Question,
    Reply,
    Server,
    Slot,
    Turn,
)
from qwen_nb.wire.dialects import Dialect

# said by the plan, once in a conversation
_PLANNED = frozenset(("rule.note.single_turn", "rule.note.system_discouraged"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A question as it would be sent, and to whom.

    Parameters
    ----------
    question, session, kept, server
        What is asked, where, in which conversation, and whom.
    is_native : bool
        It is asked in the native protocol.
    plan : Plan
        What of the history goes along. Where it needs something first, `request` is the
        call that brings it, and `finished` makes the question's own.
    request : ChatRequest
        What is sent.
    notes : tuple of Note
        What there is to say about it.
    ask : callable
        Plans it again, with what was learned since.
    options : ChatOptions
        How the question itself is asked, also while `request` is another call.
    """

    question: Question
    session: Session
    kept: Kept
    server: Server
    is_native: bool
    plan: Plan
    request: ChatRequest
    notes: tuple[Note, ...]
    ask: Callable[..., Plan]
    options: ChatOptions

    @property
    def dialect(self) -> Dialect:
        """The protocol."""
        line = self.session.line
        return line.native if self.is_native else line.compatible

    @property
    def model(self) -> str:
        """The model of the question itself."""
        return self.options.model or self.request.model

    def moved(self, other: Server, why: str) -> Ready:
        """Return the question as it is asked of another server, bounds and summaries too."""
        question = replace(self.question, notes=(*self.question.notes, why))
        ask = partial(self.ask, server=other)
        return replace(self, question=question, server=other, ask=ask)

    def asking_again(self, said: tuple[Message, ...]) -> Callable[..., Plan]:
        """Return what plans it again, with what was said since: rounds of tools."""
        return partial(self.ask, said=said) if said else self.ask

    def turn(self, reply: Reply, said: tuple[Message, ...] = ()) -> Turn:
        """Return the turn that a reply makes of the question, and what was said between."""
        first = self.request.messages[0]
        system = (
            first.content if first.role == "system" and isinstance(first.content, str) else None
        )
        options = replace(self.request.options, model=self.request.model, system=system)
        return Turn(self.question.prompt, reply, options, self.question.new, said)

    def further(self, request: ChatRequest) -> Ready:
        """Return a further call of the turn, whose size nobody has told yet."""
        weighed = Weighed(Memory(), request.model, (), "", (), request.messages)
        planned = Plan(messages=request.messages, tokens=weighed.tokens, weighed=weighed)
        options = replace(request.options, model=request.model)
        return replace(self, request=request, options=options, plan=planned)

    def preview(self, language: Language, *, of: int, bound: Bound) -> Preview:
        """Return what would be sent.

        Parameters
        ----------
        language : {"en", "zh"}
            Language of the notes.
        of : int
            How many turns there are, sent or not.
        bound : Bound
            What it can take at most.
        """
        call = self.dialect.encode(self.request, self.server)
        sent = len(self.plan.sent)
        return Preview(
            server=self.server.name,
            region=self.server.region,
            model=self.model,
            scripted=self.server.scripted,
            path=call.path,
            body=call.body or {},
            turns_sent=sent,
            turns_left_out=of - sent,
            tokens=self.plan.tokens,
            bound=bound,
            notes=in_words(self.notes, language),
        )


def ready_for(
    question: Question, session: Session, kept: Kept, server: Server, slot: Slot | None
) -> Ready:
    """Decide history, options and dialect; refuse what would certainly be refused.

    Parameters
    ----------
    question : Question
        What is asked, with its tools made ready.
    session : Session
        Where it is asked.
    kept : Kept
        In which conversation.
    server : Server
        Whom.
    slot : Slot, optional
        Its place in the conversation; None for a question outside of it.

    Raises
    ------
    QwenError
        When it cannot be sent as it is, or a server that has to be asked for its models
        cannot be asked.
    """
    if not question.prompt.strip():
        raise ConfigError("error.empty_prompt")
    if server.model_studio and server.key is None and server.base_url:
        raise ConfigError("error.no_key", server=server.name)
    options = _options(question, session, kept, server)
    is_native = _is_native(question, session, server)
    model = options.model or session.only_model(server)
    options = replace(options, model=model)
    facts = session.catalogue.find(model)
    session.line.native.suggest_route(model, facts.native_route)
    alone = question.once or question.new
    ask = partial(
        _plan,
        session,
        kept,
        () if alone else kept.past(slot),
        question.prompt,
        facts,
        _policy(question, session),
        server=server,
        options=options,
        before=() if alone else session.before,
        memory=kept.memory,
        said=question.begun.said if question.begun is not None else (),
    )
    notes = []
    # what is awaited beside it, as by `asyncio.gather`, is no job
    if slot is not None and (jobs := kept.jobs.intersection(slot.pending)):
        key = "note.job_left_out" if len(jobs) == 1 else "note.jobs_left_out"
        notes.append(Note(key, {"n": len(jobs)}))
    planned = ask()
    ready = Ready(
        question=question,
        session=session,
        kept=kept,
        server=server,
        is_native=is_native,
        plan=planned,
        request=ChatRequest(model, ()),
        notes=(),
        ask=ask,
        options=options,
    )
    if planned.needs is None:
        return _checked(ready, options, notes)
    first = planned.needs.request if isinstance(planned.needs, SummaryNeed) else None
    request = first or ChatRequest(model, (Message("user", question.prompt),), options)
    return replace(ready, request=request, notes=(*notes, *planned.notes))


def finished(ready: Ready, planned: Plan, said: tuple[Message, ...] = ()) -> Ready:
    """Return a question with a plan that needs nothing more.

    Parameters
    ----------
    ready : Ready
        The question.
    planned : Plan
        What of the history goes along.
    said : tuple of Message
        What was said since the question: rounds of tools.
    """
    notes = [note for note in ready.notes if note.key.startswith("note.job")]
    options = _options(ready.question, ready.session, ready.kept, ready.server)
    options = replace(options, model=ready.options.model)
    if said and options.params.get("tool_choice") not in (None, "auto", "none"):
        # forced once, it would be forced again and again (docs/protocol.md §2)
        options = replace(options, params={**options.params, "tool_choice": "auto"})
    return _checked(replace(ready, plan=planned), options, notes)


def _checked(ready: Ready, options: ChatOptions, notes: list[Note]) -> Ready:
    question, server = ready.question, ready.server
    request = ChatRequest(options.model or "", ready.plan.messages, options)
    notes = [*notes, *ready.plan.notes]
    if question.continues is not None:
        prefix = Message("assistant", question.continues.answer, partial=True)
        request = replace(request, messages=(*request.messages, prefix))
    if server.model_studio:
        facts = ready.session.catalogue.find(request.model)
        found = check(request, facts, force=question.force)
        request = found.request
        notes += (note for note in found.notes if note.key not in _PLANNED)
    # What there is to say is about the options; the history was encoded before.
    short = replace(request, messages=request.messages[-1:])
    notes += ready.dialect.encode(short, server).notes
    return replace(ready, request=request, notes=tuple(notes), options=request.options)


def _plan(
    session: Session,
    kept: Kept,
    turns: Sequence[Past],
    prompt: str,
    model: Model,
    policy: Policy,
    *,
    server: Server,
    options: ChatOptions,
    summaries: tuple[Summary, ...] = (),
    told: frozenset[str] = frozenset(),
    **more: Any,
) -> Plan:
    limits = Limits(session.settings.home)
    return plan(
        turns,
        prompt,
        model,
        policy,
        limits.of(server, options.model or ""),
        options=options,
        summaries=(*kept.summaries, *summaries),
        told=kept.told | told,
        to_emulator=server.scripted,
        **more,
    )


def _policy(question: Question, session: Session) -> Policy:
    if question.force:
        return Policy("off")
    return Policy.read(session.settings.value("context", "auto"))


def _options(question: Question, session: Session, kept: Kept, server: Server) -> ChatOptions:
    given = checked(question.options)
    alone = question.once or question.new
    current = () if alone else kept.conversation.current
    if given.system is None and current:
        given = replace(given, system=current[-1].options.system)
    asked = given.over(session.options)
    options = session.settings.options(asked, model_studio=server.model_studio)
    return with_tools(options, [tool.schema for tool in question.tools or ()])


def _is_native(question: Question, session: Session, server: Server) -> bool:
    name = question.dialect or session.settings.value("dialect", "openai")
    if name not in ("openai", "dashscope"):
        shown = "openai|dashscope"
        raise ConfigError(
            "error.setting", name="dialect", shown=shown, value=name, origin="dialect="
        )
    if name == "openai":
        return False
    if not server.native_url and not server.scripted:
        raise ConfigError("error.no_native", server=server.name)
    return True


def with_tools(options: ChatOptions, schemas: Sequence[Mapping[str, Any]]) -> ChatOptions:
    """Return the options with these tools beside those that are there.

    `parallel_tool_calls` goes with them unless it was said otherwise: several calls at once
    are then one round.
    """
    there = options.params.get("tools")
    named = {schema["function"]["name"] for schema in schemas}
    others = (
        [each for each in there if tool_name(each) not in named]
        if (isinstance(there, list | tuple))
        else []
    )
    tools = [*schemas, *others]
    if not tools:
        return options
    params = {"parallel_tool_calls": True, **options.params, "tools": tools}
    return replace(options, params=params)


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
