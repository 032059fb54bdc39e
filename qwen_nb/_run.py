"""One question on its way: sent, followed, kept, drawn; whoever waits for it.

`ask`, a job, `ask_async` and `stream` differ only in who waits. What has come is kept
before it is drawn for good, and an interrupt is raised after both, so that none leaves one
of them undone.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from qwen_nb import _client
from qwen_nb._carried import carried
from qwen_nb._errors import AuthFailed, QwenError, Stopped
from qwen_nb._events import Event, Retrying
from qwen_nb._interrupts import Interrupts
from qwen_nb._job import JOBS, Job
from qwen_nb._messages import Asking, Display, Reply, Server, Turn
from qwen_nb._places import Place, PlacedConversation
from qwen_nb._pump import Outcome, Pump
from qwen_nb._request import Ready, in_words
from qwen_nb._retries import Retries
from qwen_nb._screen import Screen
from qwen_nb._texts import Language, text
from qwen_nb._transport import HttpExchange
from qwen_nb.dialects.thinking import thinking_notes
from qwen_nb.render import Describe, metadata

__all__ = ["Run", "describing"]

_TRAVEL_S = 0.1
"""How long a click on the card's Stop may be under way as an interrupt. One that was made
before the page saw the end belongs to this reply; it must not hit the next cell."""


class Run:
    """A question that was made ready, and all that its end needs.

    Parameters
    ----------
    ready : Ready
        The question.
    conversation : PlacedConversation
        Where its turn goes.
    screen : Screen
        Told what was drawn.
    display : Display
        Shows the reply.
    language : {"en", "zh"}
        Language of notes and errors.
    exchange : callable
        Returns a fresh exchange with a server.
    other_region : callable
        Returns where a refused key belongs, if that can be found out.
    retries : Retries
        How often to try.
    idle_s : float
        Longest silence.
    """

    def __init__(
        self,
        ready: Ready,
        conversation: PlacedConversation,
        screen: Screen,
        display: Display,
        *,
        language: Language,
        exchange: Callable[[Server], HttpExchange],
        other_region: Callable[[Server], Server | None],
        retries: Retries,
        idle_s: float,
    ) -> None:
        self._ready = ready
        self._conversation = conversation
        self._screen = screen
        self._display = display
        self._language = language
        self._exchange = exchange
        self._other_region = other_region
        self._retries = retries
        self._place: Place | None = None
        self._is_job = False
        self._asking = self._facts()
        first = exchange(ready.server)
        self._pump = Pump(
            first,
            lambda: self._events(first),
            display,
            idle_s=idle_s,
            continues=ready.question.continues,
        )

    def here(self) -> Reply:
        """Wait for the end in this thread; see `Chat.ask`."""
        with Interrupts(self._pump.stop) as interrupts:
            outcome = self._follow_here(interrupts)
            if self._screen.hears_only_interrupts and not self._ready.question.quiet:
                _await_interrupt(interrupts)
        return self._result(outcome, interrupted=interrupts.count > 0)

    async def awaited(self) -> Reply:
        """Wait for the end and leave the event loop free; see `Chat.ask_async`."""
        try:
            await self._pump.run_async(self._asking)
        except asyncio.CancelledError:
            self._pump.stop()
            self._display.close(self._pump.outcome(self._asking).reply)
            raise
        with Interrupts() as interrupts:
            outcome = self._close(interrupts)
        return self._result(outcome, interrupted=interrupts.count > 0)

    def iterate(self) -> Iterator[Event]:
        """Yield each event as it comes; see `Chat.stream`."""
        interrupted = False
        try:
            yield from self._pump.iterate(self._asking)
        except GeneratorExit:
            with Interrupts() as interrupts:
                self._close(interrupts)
            raise
        except KeyboardInterrupt:
            interrupted = True  # says Stopped, as `here` does
        with Interrupts() as interrupts:
            outcome = self._close(interrupts)
        self._result(outcome, interrupted=interrupted or interrupts.count > 0)

    def in_background(self, *, is_detached: bool) -> Job:
        """Let another thread wait for the end; see `Chat.start`.

        Parameters
        ----------
        is_detached : bool
            False waits here all the same, and returns a job that has ended.
        """
        question, self._is_job = self._ready.question, True
        job = Job(question.prompt, self._asking.model, self._pump, self._language)
        with Interrupts(self._pump.stop) as interrupts, self._giving_up(job):
            if not question.once:
                self._place = self._conversation.keep_place(starts_anew=question.new)
            JOBS.add(job, self._screen.cell_id)
            if is_detached:
                interrupts.impatiently(lambda: self._pump.open(self._asking))
                threading.Thread(
                    target=self._follow_there, args=(job,), name="qwen_nb-job", daemon=True
                ).start()
            else:
                outcome = self._follow_here(interrupts)
                job.end(outcome.reply, outcome.error)
            if job.error is None:
                self._screen.was_shown(job)
        if interrupts.count:
            raise Stopped(text("stopped", self._language), job.reply or Reply())
        return job

    def _facts(self) -> Asking:
        question, server = self._ready.question, self._ready.server
        number = 1 if question.new else self._conversation.next_number
        if question.resumes is not None:
            number = question.resumes.reply.turn or number - 1
        return Asking(
            model=self._ready.request.model,
            server=server.name,
            scripted=server.scripted,
            turn=None if question.once else number,
            turns_sent=len(self._ready.history),
            notes=(*question.notes, *in_words(self._ready.notes, self._language)),
        )

    def _events(self, exchange: HttpExchange) -> Iterator[Event]:
        """Ask; and ask again where the key belongs, if nobody had said which region that is."""
        request, dialect = self._ready.request, self._ready.dialect
        server, has_begun = self._ready.server, False
        try:
            for event in _client.stream(request, exchange, dialect, server, self._retries):
                has_begun = has_begun or not isinstance(event, Retrying)
                yield event
            return
        except AuthFailed:
            found = None if has_begun else self._other_region(server)
            if found is None:
                raise
        exchange.close()
        words = text("note.region_found", self._language, server=found.name)
        notes = (*self._asking.notes, words)
        self._asking = replace(self._asking, server=found.name, notes=notes)
        other = self._exchange(found)
        self._pump.hand_over(other)
        yield from _client.stream(request, other, dialect, found, self._retries)

    def _follow_here(self, interrupts: Interrupts) -> Outcome:
        def follow() -> None:
            self._pump.open(self._asking)
            self._pump.follow()

        try:
            interrupts.impatiently(follow)
        finally:
            self._pump.leave()
        return self._close(interrupts)

    def _follow_there(self, job: Job) -> None:
        # A thread of its own has no cell: nothing is raised from it, nothing printed.
        with contextlib.suppress(BaseException), self._giving_up(job):
            self._pump.follow()
            outcome = self._close(Interrupts())
            job.end(outcome.reply, outcome.error)

    @contextlib.contextmanager
    def _giving_up(self, job: Job) -> Iterator[None]:
        """Let whatever goes wrong on our own side be the end of the job."""
        try:
            yield
        except BaseException as error:
            self._pump.leave()
            self._fill_place(None)
            job.end(None, error)
            raise

    def _close(self, interrupts: Interrupts) -> Outcome:
        """Keep what has come, then draw it for good; a second press ends the drawing only."""
        outcome = self._pump.outcome(self._asking)
        reply, error = self._remarked(outcome.reply), outcome.error
        failure = "" if error is None else repr(error)
        if isinstance(error, QwenError):
            error.reply, error.language = reply, self._language
            failure = str(error)
        self._keep(reply)
        if self._is_job:
            interrupts.impatiently(lambda: self._display.close(reply, failure))
        else:
            if reply.finish_reason != "failed":
                self._screen.was_drawn(reply, self._language)
            interrupts.impatiently(lambda: self._display.close(reply))
        return Outcome(reply, error)

    def _keep(self, reply: Reply) -> None:
        question = self._ready.question
        turn = self._ready.turn(reply) if reply.answer or reply.thinking else None
        if self._place is not None:
            self._fill_place(turn)
        elif turn is not None and not question.once:
            self._conversation.append(turn, in_place_of=question.resumes)

    def _fill_place(self, turn: Turn | None) -> None:
        place, self._place = self._place, None
        if place is not None:
            self._conversation.fill(place, turn)

    def _remarked(self, reply: Reply) -> Reply:
        if self._ready.question.continues is not None:
            return reply  # its thinking was another request's
        remarks = thinking_notes(self._ready.request.options, reply)
        # The heading of the thinking says it, in place of a note of its own.
        others = [note for note in remarks if note.key != "note.cut_at_budget"]
        notes = (*reply.notes, *in_words(others, self._language))
        return replace(reply, notes=notes, thinking_cut=len(others) < len(remarks))

    def _result(self, outcome: Outcome, *, interrupted: bool) -> Reply:
        """Return the reply, or raise what ended it; an interrupt is never lost."""
        if interrupted:
            raise Stopped(text("stopped", self._language), outcome.reply) from outcome.error
        if outcome.error is not None:
            raise outcome.error
        return outcome.reply


def _await_interrupt(interrupts: Interrupts) -> None:
    until = time.monotonic() + _TRAVEL_S
    while not interrupts.count and time.monotonic() < until:
        time.sleep(_TRAVEL_S / 20)


def describing(ready: Ready, *, carries: bool) -> Describe:
    """Say what a saved output keeps of a reply: also what the conversation goes on from."""
    if ready.question.once or not carries:
        return metadata
    keeps_thinking = bool(ready.request.options.params.get("preserve_thinking"))

    def describe(reply: Reply) -> dict[str, Any]:
        turn = carried(ready.turn(reply), keep_thinking=keeps_thinking)
        return {**metadata(reply), "turn": turn}

    return describe
