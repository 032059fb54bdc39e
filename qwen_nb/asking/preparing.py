"""A question is made ready: its tools and form, its place, its history, its first budget."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from qwen_nb.asking.account import Account
from qwen_nb.asking.asking import Asking
from qwen_nb.asking.bound import bound_of
from qwen_nb.asking.consent import agrees, why_not
from qwen_nb.asking.forming import Forming
from qwen_nb.asking.growing import Growing
from qwen_nb.asking.kept import Kept
from qwen_nb.asking.request import Ready, ready_for
from qwen_nb.asking.session import Session
from qwen_nb.asking.steps import Permit
from qwen_nb.asking.tool_rounds import MOST_ROUNDS, ToolRounds
from qwen_nb.errors import ConfigError, QwenError
from qwen_nb.ledger import Verdict
from qwen_nb.render.terminal import TerminalDisplay
from qwen_nb.texts import text, visible
from qwen_nb.tools import Structure, Tool, tool_name, tools_of
from qwen_nb.values import Bound, ChatRequest, Display, Preview, Question, Slot


def prepare(question: Question, session: Session, display: Display | None = None) -> Asking:
    """Make a question ready to be sent; what it holds is given back where that fails.

    Parameters
    ----------
    question : Question
        What is asked.
    session : Session
        Where.
    display : Display, optional
        Who will show the reply, if not the front end's own display.

    Returns
    -------
    Asking
        With a place in the conversation, and the most that it can cost reserved. Whoever
        drives it ends it.

    Raises
    ------
    QwenError
        When it cannot be sent as it is; BudgetReached, when it may not be sent.
    """
    question = equipped(question, session)
    kept = session.kept(question.chat)
    kept.refresh()
    slot = _place(question, session, kept)
    account: Account | None = None
    try:
        watched = session.screen.is_watched(session.display_wish)
        watched = watched or isinstance(display, TerminalDisplay)
        server = session.server(question.server, watched=watched)
        ready = ready_for(question, session, kept, server, slot)
        account = _account(ready, slot)
        forming = _forming(ready)
        words = "" if forming is None else forming.words(ready.model)
        first = Permit(
            lambda: bound_of(ready, session.catalogue, words).cost,
            server,
            ready.options.model or "",
        )
        permit(first, account, session)
        if told := session.notebook.take_notes(session.language):
            question = replace(question, notes=(*question.notes, *told))
            ready = replace(ready, question=question)
        begun = question.begun
        return Asking(
            session=session,
            ready=ready,
            slot=slot,
            account=account,
            rounds=_rounds(ready),
            forming=forming,
            retries=session.retries(),
            growing=Growing(
                begun.reply if begun is not None else question.continues,
                rounds_before=begun is not None,
            ),
        )
    except BaseException as error:
        if account is not None:
            account.release()
        if slot is not None:
            kept.release(slot)
        if isinstance(error, QwenError):
            raise session.told(error) from error.__cause__
        raise


def permit(step: Permit, account: Account, session: Session) -> None:
    """Reserve what a request can cost at most; ask the person where that passes a budget.

    Raises
    ------
    BudgetReached
        When it may not be sent.
    """

    def ask(verdict: Verdict) -> bool:
        return session.asks_person and agrees(verdict, session.language)

    account.permit(step.bound, session.budgets, step.server, step.model, ask)


def preview(question: Question, session: Session) -> Preview:
    """Return what a question would send, and send nothing.

    Raises
    ------
    QwenError
        When the question could not be sent as it is.
    """
    question = equipped(question, session)
    kept = session.kept(question.chat)
    slot = _place(question, session, kept)
    try:
        server = session.server(question.server, started=False)
        ready = ready_for(question, session, kept, server, slot)
        forming = _forming(ready)
    except QwenError as error:
        raise session.told(error) from None
    finally:
        if slot is not None:
            kept.release(slot)
    words = "" if forming is None else forming.words(ready.model)
    bound: Bound = bound_of(ready, session.catalogue, words)
    if forming is not None and ready.plan.needs is None:
        ready = replace(ready, request=forming.sent(ready.request))
    return ready.preview(session.language, of=len(kept.conversation.turns), bound=bound)


def equipped(question: Question, session: Session) -> Question:
    """Return the question with its tools and its form, made ready and checked.

    Raises
    ------
    ConfigError
        When a tool or a form cannot be used.
    """
    try:
        given = session.tools if question.tools is None else tools_of(question.tools)
        most = session.max_rounds if question.max_rounds is None else question.max_rounds
        if most is not None and most < 1:
            raise ConfigError("error.tool_rounds", value=most)
        question = _with_form(question, session)
    except QwenError as error:
        raise session.told(error) from error.__cause__
    known = session.known_tools
    known |= {tool.name: tool for tool in given}
    if question.again is not None and question.tools is None:
        # a turn that is asked again has the schemas; the functions are known here
        named = {tool.name for tool in given}
        there = question.options.params.get("tools")
        names = [*map(tool_name, there if isinstance(there, list | tuple) else ())]
        given += tuple(
            tool
            for name in names
            if name not in named
            and (tool := known.get(name)) is not None
            and tool.function is not None
        )
        lost = [visible(name) for name in names if name and name not in known]
        if lost:
            note = text("note.tools_lost", session.language, names=",".join(lost))
            question = replace(question, notes=(*question.notes, note))
    confirm = session.confirm if question.confirm is None else question.confirm
    return replace(question, tools=given, confirm=confirm, max_rounds=most)


def _with_form(question: Question, session: Session) -> Question:
    """Return the question with the form its answer has to have, once that is askable.

    A turn that is asked again keeps the form it was asked in. Where that was a type of a
    kernel that is gone, any JSON will do, and a note says so.
    """
    form = question.json
    if form is None and question.again is not None:
        kept = session.kept(question.chat)
        form = kept.form_of(question.again, session.json)
        entry = kept.conversation.find(question.again)
        if form is None and entry is not None and entry.turn.reply.structured:
            note = text("note.form_lost", session.language)
            question = replace(question, notes=(*question.notes, note))
            form = True
    elif form is None:
        form = session.json
    if is_form(form):
        Structure.of(form)
    return replace(question, json=form)


def is_form(given: Any) -> bool:
    """Return whether an answer has to be something, and not just any text."""
    return given is not None and given is not False


def _place(question: Question, session: Session, kept: Kept) -> Slot | None:
    if question.once:
        return None
    if question.again is not None:
        try:
            return kept.conversation.slot_again(question.again)
        except LookupError:  # another kernel has asked it again, or taken it back
            raise session.told(ConfigError("error.turn_gone")) from None
    screen = session.screen
    return kept.conversation.place_for(
        screen.cell_key, screen.execution, starts_anew=question.new
    )


def _account(ready: Ready, slot: Slot | None) -> Account:
    session, notebook = ready.session, ready.session.notebook
    return Account(
        ledger=session.ledger,
        catalogue=session.catalogue,
        conversation=ready.kept.booked_as,
        notebook=notebook.id,
        chat=ready.kept.name,
        path=notebook.path,
        entry="" if slot is None else slot.id,
        number=None if slot is None else 1 if ready.question.new else slot.number,
    )


def _forming(ready: Ready) -> Forming | None:
    form, session = ready.question.json, ready.session
    if not is_form(form):
        return None
    request = ChatRequest(ready.model, (), ready.options)
    find = session.catalogue.find
    return Forming.of(form, request, ready.server, find, session.language)


def _rounds(ready: Ready) -> ToolRounds:
    question, session = ready.question, ready.session
    begun, sent = question.begun, ready.options.params.get("tools")
    schemas = sent if isinstance(sent, list) else []
    most = question.max_rounds or session.settings.value("tool_rounds", MOST_ROUNDS)
    asks = confirms(question, session)
    return ToolRounds(
        # among what is sent there may be some that somebody else runs
        tools={name: Tool(name, each) for each in schemas if (name := tool_name(each))}
        | {tool.name: tool for tool in question.tools},
        most=most,
        confirm=(lambda call: why_not(call, session.language)) if asks else None,
        before=begun.said if begun is not None else (),
        records=begun.reply.calls if begun is not None else (),
        language=session.language,
    )


def confirms(question: Question, session: Session) -> bool:
    """Return whether the person is asked before a tool runs."""
    told = question.confirm
    return bool(session.settings.value("confirm_tools", False) if told is None else told)
