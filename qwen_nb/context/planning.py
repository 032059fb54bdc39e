"""What of the history is sent along with a question.

A plan is a pure function of the turns, the question and what is known of the model. Cuts
fall only between turns. Where a plan wants something first, a summary or the similar
turns, it says so in `needs`; the call is made by somebody else, who counts it, and the
question is planned again with what it brought (`prepare` does that in order).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import replace

from qwen_nb.catalogue import Model
from qwen_nb.context.limits import limit_of
from qwen_nb.context.plans import ONCE, Plan, Why
from qwen_nb.context.retrieval import RetrievalNeed, quoted, retrieval_need
from qwen_nb.context.sizes import Memory, Weighed
from qwen_nb.context.summary import (
    Summary,
    SummaryNeed,
    head_of,
    language_of,
    still_holding,
    summary_need,
    summary_tokens,
)
from qwen_nb.conversation import (
    Past,
    Round,
    called,
    last_switch,
    rounds_before,
    text_of,
    with_text,
)
from qwen_nb.errors import ConfigError
from qwen_nb.values import ChatOptions, Content, Message, Note, Policy

THRESHOLD = 0.7
"""From this part of the limit on, the older half is summarised (docs/protocol.md §6.2)."""

AUTO = Policy()


def plan(
    turns: Sequence[Past],
    question: Content,
    model: Model,
    policy: Policy = AUTO,
    learned: int | None = None,
    *,
    options: ChatOptions,
    before: Sequence[Message] = (),
    said: Sequence[Message] = (),
    to_emulator: bool = False,
    summaries: Sequence[Summary] = (),
    found: Sequence[str] | None = None,
    can_summarise: bool = True,
    told: Collection[str] = (),
    memory: Memory | None = None,
) -> Plan:
    """Decide what is sent.

    Parameters
    ----------
    turns : sequence of Past
        The history of this question, oldest first; those without an answer too.
    question : str or tuple of mappings
        What is asked.
    model : Model
        What is known of the model.
    policy : Policy
        How a long history is treated.
    learned : int, optional
        The limit that the server itself has told, in tokens.
    options : ChatOptions
        As they will be sent: model and system message, thinking, params.
    before : sequence of Message
        What was said before the first turn, as it was given.
    said : sequence of Message
        What was said since the question: calls of tools with their thinking, results.
    to_emulator : bool
        The emulator is asked, so its own answers may go along.
    summaries : sequence of Summary
        All that this conversation has; those that do not stand for these turns are not
        looked at.
    found : sequence of str, optional
        The similar turns, the nearest first.
    can_summarise : bool
        False where a summary was wanted and could not be had.
    told : collection of str
        Keys of notes that were told in this conversation.
    memory : Memory, optional
        What earlier plans of this conversation have learned.

    Raises
    ------
    ConfigError
        When the question, or the question with the newest turn, is too long for the
        model. Not with the policy `off`.
    """
    planner = _Planner(
        turns,
        question,
        model,
        learned,
        options,
        before,
        said,
        to_emulator,
        memory if memory is not None else Memory(),
    )
    planner.told = told
    if policy.kind == "off":
        return planner.built(planner.rounds, limit=None)
    if policy.kind == "truncate":
        return planner.truncated(policy.n)
    if policy.kind == "retrieve":
        return planner.retrieved(policy.n, found)
    return planner.fitted(summaries, can_summarise=can_summarise)


class _Planner:
    """One question under planning."""

    def __init__(
        self,
        turns: Sequence[Past],
        question: Content,
        model: Model,
        learned: int | None,
        options: ChatOptions,
        before: Sequence[Message],
        said: Sequence[Message],
        to_emulator: bool,
        memory: Memory,
    ) -> None:
        self.model = model
        self.name = options.model or model.id
        self.options = options
        self.memory = memory
        self.to_emulator = to_emulator
        self.limit = limit_of(model, learned)
        self.told: Collection[str] = ()
        self.keeps_thinking = bool(options.params.get("preserve_thinking")) and (
            model.preserve_thinking is True or not model.known
        )
        head, given = rounds_before(before) if before else ((), ())
        if options.system:  # two would be one too many
            head = (
                Message("system", options.system),
                *(message for message in head if message.role != "system"),
            )
        self.head = head
        self.question = (
            Message("user", question),
            *called(said, keep_thinking=True),
        )
        self.notes: list[Note] = []
        self.left_out: dict[str, Why] = {}
        self.rounds = [*given, *self._sendable(turns)]
        self._of_turns = frozenset(past.id for past in turns)
        tools = options.params.get("tools")
        self._tools = json.dumps(tools, ensure_ascii=False, default=str) if tools else ""
        if model.single_turn and self.rounds:
            self._leave_out(self.rounds, "single_turn")
            facts = {"model": self.name, "n": len(self.rounds)}
            self.notes.append(Note("context.note.single_turn", facts))
            self.rounds = []
        self._warn_of_system()

    def _sendable(self, turns: Sequence[Past]) -> list[Round]:
        rounds: list[Round] = []
        scripted = 0
        for past in turns:
            if past.turn.reply.scripted and not self.to_emulator:
                if past.turn.reply.answer:
                    scripted += 1
                self.left_out[past.id] = "scripted"
                continue
            made = self.memory.round_of(past, keep_thinking=self.keeps_thinking, at=len(rounds))
            if made is None:
                self.left_out[past.id] = "unanswered"
            else:
                rounds.append(made)
        if scripted:
            self.notes.append(Note("note.scripted_left_out", {"n": scripted}))
        return rounds

    def _warn_of_system(self) -> None:
        key = "rule.note.system_discouraged"
        if (
            self.model.system_discouraged
            and any(message.role == "system" for message in self.head)
            and self.model.thinks(self.options)
        ):
            self.notes.append(Note(key, {"model": self.name}))

    # -- sizes --------------------------------------------------------------------------------

    def weigh(self, rounds: Sequence[Round], first: str = "") -> Weighed:
        return Weighed(
            self.memory,
            self.name,
            self.head,
            self._tools + first,
            rounds,
            self.question,
            is_all=len(rounds) == len(self.rounds),
        )

    def refuse(self, weighed: Weighed, limit: int) -> ConfigError:
        facts = {
            "model": self.name,
            "limit": limit,
            "question": weighed.question_tokens,
            "rest": weighed.head_tokens,
        }
        if weighed.question_tokens + weighed.head_tokens > limit or not weighed.last_tokens:
            return ConfigError("error.question_too_long", **facts)
        return ConfigError("error.turn_too_long", turn=weighed.last_tokens, **facts)

    # -- the ways --------------------------------------------------------------------------

    def truncated(self, n: int) -> Plan:
        """Send the last `n` rounds, fewer where the model takes no more."""
        rounds = self.rounds[-n:] if n else []
        return self.shortened(rounds, self.limit)

    def shortened(
        self, rounds: Sequence[Round], room: int | None, summary: Summary | None = None
    ) -> Plan:
        """Leave out the oldest rounds until the rest fits; the newest always stays."""
        first = self._said_first(summary)
        weighed = self.weigh(rounds, first)
        start = 0
        if room is not None:
            over = weighed.tokens - room
            while over > 0 and start < len(rounds) - 1:
                over -= weighed.weight(start)
                start += 1
            rest = self.weigh(rounds[start:], first) if start else weighed
            while rest.tokens > room and start < len(rounds) - 1:
                start += 1
                rest = self.weigh(rounds[start:], first)
            if self.limit is not None and rest.tokens > self.limit:
                if summary is not None:
                    return self.shortened(rounds[start:], room)
                raise self.refuse(rest, self.limit)
        kept = rounds[start:]
        gone = self.rounds[: len(self.rounds) - len(kept)]
        uncovered = gone[summary.count if summary else 0 :]
        if summary is not None:
            self._leave_out(gone[: summary.count], "summarised")
        if uncovered:
            self._leave_out(uncovered, "left_out")
            self.notes.append(Note("context.note.left_out", {"n": len(uncovered)}))
        return self.built(kept, summary=summary, limit=self.limit)

    def retrieved(self, k: int, found: Sequence[str] | None) -> Plan:
        """Quote the rounds that were found, then ask."""
        if found is None:
            if not self.rounds:
                return self.shortened([], self.limit)
            asked = text_of(self.question[0].content)
            language = language_of(self.rounds)
            need = retrieval_need(self.rounds, asked, k, language)
            return self._waiting(need)
        at = {round_.id: number for number, round_ in enumerate(self.rounds, 1)}
        numbers = [at[id_] for id_ in found if id_ in at][:k]
        while True:
            chosen = {number: self.rounds[number - 1] for number in numbers}
            first = ""
            if chosen:
                soft = bool(self.model.soft_switch)
                first = quoted(chosen, language_of(chosen.values()), soft_switch=soft)
            weighed = self.weigh([], first)
            if self.limit is None or weighed.tokens <= self.limit:
                break
            if not numbers:
                raise self.refuse(weighed, self.limit)
            numbers.pop()  # the least similar
        gone = [one for number, one in enumerate(self.rounds, 1) if number not in chosen]
        self._leave_out(gone, "left_out")
        if chosen:
            facts = {"n": len(chosen), "all": len(self.rounds)}
            self.notes.append(Note("context.note.quoted", facts))
        built = self.built([], first=first, limit=self.limit)
        ids = [chosen[number].id for number in sorted(chosen)]
        return replace(built, sent=tuple(id_ for id_ in ids if id_ in self._of_turns))

    def fitted(self, summaries: Sequence[Summary], *, can_summarise: bool) -> Plan:
        """Send everything while it is short, and a summary of the older part when not."""
        limit = self.limit
        weighed = self.weigh(self.rounds)
        if limit is None:
            return self.built(self.rounds, limit=None, weighed=weighed)
        room = int(limit * THRESHOLD)
        if weighed.tokens <= room:
            return self.built(self.rounds, limit=limit, weighed=weighed)
        base: Summary | None = None
        usable = [one for one in summaries if self.to_emulator or not one.scripted]
        for summary in still_holding(usable, self.rounds):
            base = summary
            weighed = self.weigh(self.rounds[base.count :], self._said_first(base))
            if weighed.tokens <= room:
                return self._with(base, weighed)
        start = base.count if base else 0
        rest = len(self.rounds) - start
        least = weighed.head_tokens + weighed.question_tokens + weighed.last_tokens
        if least > limit:
            # the head holds a summary; without it there may be room
            if base is None:
                raise self.refuse(weighed, limit)
            return self.shortened(self.rounds[-1:], room)
        if rest <= 1:
            if weighed.tokens > limit:
                raise self.refuse(weighed, limit)
            return self._with(base, weighed)
        # the summary's place: the present one, and the growth of a new one
        bound = summary_tokens(limit)
        fresh = weighed.head_tokens + bound - (base.size if base else 0)
        if not can_summarise or fresh + least - weighed.head_tokens > limit:
            return self.shortened(self.rounds[start:], room, base)
        cut = max(rest // 2, 1)
        while cut < rest - 1 and (fresh + weighed.question_tokens + weighed.after(cut) > room):
            cut += 1
        need = summary_need(
            self.model,
            self.name,
            self.rounds,
            start + cut,
            base,
            limit,
            self.memory.ratio(self.name),
        )
        facts = {"n": need.count, "model": self.name}
        self.notes.append(Note("context.note.will_summarise", facts))
        return self._waiting(need)

    def _with(self, summary: Summary | None, weighed: Weighed) -> Plan:
        if summary is None:
            return self.built(self.rounds, limit=self.limit, weighed=weighed)
        self._leave_out(self.rounds[: summary.count], "summarised")
        rounds = self.rounds[summary.count :]
        return self.built(rounds, summary=summary, limit=self.limit, weighed=weighed)

    # -- the plan --------------------------------------------------------------------------

    def built(
        self,
        rounds: Sequence[Round],
        *,
        limit: int | None,
        summary: Summary | None = None,
        first: str = "",
        weighed: Weighed | None = None,
    ) -> Plan:
        if summary is not None:
            first = self._said_first(summary)
            self.notes.append(Note("context.note.summarised", {"n": summary.count}))
        body = [message for round_ in rounds for message in round_.messages]
        body += self.question
        switch = self._fallen(rounds)
        if first:
            before = f"{first.rstrip()} {switch}\n\n" if switch else first
            content = with_text(body[0].content, before=before)
            body[0] = replace(body[0], content=content)
        elif switch:
            at = len(body) - len(self.question)
            content = with_text(body[at].content, after=f" {switch}")
            body[at] = replace(body[at], content=content)
        weighed = weighed or self.weigh(rounds, first)
        return Plan(
            messages=(*self.head, *body),
            sent=tuple(one.id for one in rounds if one.id in self._of_turns),
            left_out=self.left_out,
            notes=self._notes(),
            summary=summary,
            tokens=weighed.tokens,
            limit=limit,
            weighed=weighed,
            keeps_thinking=self.keeps_thinking,
        )

    def _waiting(self, need: SummaryNeed | RetrievalNeed) -> Plan:
        return Plan(
            messages=(),
            notes=self._notes(),
            needs=need,
            limit=self.limit,
            weighed=self.weigh([]),
        )

    def _notes(self) -> tuple[Note, ...]:
        return tuple(
            note for note in self.notes if note.key not in ONCE or note.key not in self.told
        )

    def _leave_out(self, rounds: Sequence[Round], why: Why) -> None:
        self.left_out |= {one.id: why for one in rounds if one.id in self._of_turns}

    def _said_first(self, summary: Summary | None) -> str:
        if summary is None:
            return ""
        soft = bool(self.model.soft_switch)
        return head_of(summary, soft_switch=soft)

    def _fallen(self, sent: Sequence[Round]) -> str | None:
        """Return the soft switch that governs and is not among what is sent.

        The latest switch wins for as long as it is in the history (docs/protocol.md §6.1), so
        leaving its turn out would change the mode.
        """
        if not self.model.soft_switch or len(sent) == len(self.rounds):
            return None
        if last_switch(self.question) or any(one.switch for one in sent):
            return None
        return next((one.switch for one in reversed(self.rounds) if one.switch), None)
