"""Questions that go on with a turn, or ask it again: each makes a new version of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from qwen_nb.asking.kept import Kept
from qwen_nb.asking.preparing import is_form
from qwen_nb.asking.session import Session
from qwen_nb.asking.tool_rounds import calling_message, results_of
from qwen_nb.errors import ConfigError
from qwen_nb.texts import text
from qwen_nb.values import Entry, Message, Question, Reply, Turn

# A turn is named by the id of its version, and looked for once another kernel's changes
# are known: its number may be another one by now.


def asked_again(session: Session, given: Question) -> Question:
    """Return the question that asks the last turn again, with these options over its own.

    Raises
    ------
    ConfigError
        When there is no turn yet.
    """
    current = _current(session.kept(given.chat))
    if not current:
        raise session.told(ConfigError("error.nothing_to_retry"))
    last = current[-1]
    return replace(
        given,
        prompt=last.turn.prompt,
        options=given.options.over(last.turn.options),
        again=last.id,
        new=given.new or (last.turn.starts_anew and len(current) == 1),
    )


def gone_on(session: Session) -> Question:
    """Return the question that goes on with the last turn that broke off.

    Where the answer had begun and the model can go on from a prefix, it does so with
    thinking off; else, and where the answer has a form, the question is asked again.

    Raises
    ------
    ConfigError
        When nothing is left to go on with.
    """
    kept = session.kept()
    current = _current(kept)
    entry = _unfinished(current)
    if entry is None:
        raise session.told(ConfigError("error.nothing_to_resume"))
    last = entry.turn
    if last.said:
        # what was called is not called again; its rounds go along, then the rest comes
        note = text("note.tools_resumed", session.language)
        return _after_rounds(last, last.said, entry, current, note)
    model = session.catalogue.find(last.options.model or "")
    # half a JSON in one call and half in another is none
    has_form = is_form(kept.form_of(entry.id, session.json)) or last.reply.structured
    goes_on = bool(last.reply.answer) and model.partial_mode is True and not has_form
    note = text("note.goes_on" if goes_on else "note.asked_again", session.language)
    return Question(
        prompt=last.prompt,
        options=replace(last.options, thinking=False) if goes_on else last.options,
        again=entry.id,
        continues=last.reply if goes_on else None,
        notes=(note,),
    )


def with_results(session: Session, results: Mapping[str, Any]) -> Question:
    """Return the question that goes on with the results of calls that somebody else ran.

    Raises
    ------
    ConfigError
        When the last turn waits for none, or these are not the results of its calls.
    """
    current = _current(session.kept())
    calls = current[-1].turn.reply.tool_calls if current else ()
    if not calls or current[-1].turn.reply.finish_reason != "tool_calls":
        raise session.told(ConfigError("error.no_tool_calls"))
    if {call.id for call in calls} != set(results):
        wanted = ", ".join(f"{call.id} ({call.name})" for call in calls)
        given = ", ".join(map(str, results))
        raise session.told(ConfigError("error.tool_results", wanted=wanted, given=given))
    entry = current[-1]
    last, final = entry.turn, entry.turn.reply.final
    told, records = results_of(calls, results, language=session.language)
    said = (*last.said, calling_message(final.answer, final.thinking, calls), *told)
    turn = replace(last, reply=replace(last.reply, calls=(*last.reply.calls, *records)))
    return _after_rounds(turn, said, entry, current)


def _current(kept: Kept) -> tuple[Entry, ...]:
    kept.refresh()
    return kept.conversation.current_entries


def _after_rounds(
    turn: Turn, said: tuple[Message, ...], entry: Entry, current: Sequence[Entry], *notes: str
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
        again=entry.id,
        new=turn.starts_anew and entry is current[0],
        begun=replace(turn, reply=reply, said=said),
        notes=notes,
    )


def _unfinished(current: Sequence[Entry]) -> Entry | None:
    """Return the turn that can be gone on with.

    A reply that broke off, as the kernel that was killed left it, may have been followed
    by others before anybody saw it; one that the person stopped may not.
    """
    if current and current[-1].turn.reply.finish_reason in ("stopped", "cut", "length"):
        return current[-1]
    cut = [entry for entry in current if entry.turn.reply.finish_reason == "cut"]
    return cut[-1] if cut else None
