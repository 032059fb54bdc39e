"""Runs the calls of one round and turns whatever happens into a text for the model.

Functions run one after another on the calling thread, so that they may draw, ask and touch
what belongs to the notebook; async ones run together. Nothing a tool does ends the turn:
what goes wrong is told to the model, and shown. A press of Stop ends the tool that runs;
what has not run by then is told to have been stopped, since each call needs a result.
"""

from __future__ import annotations

import asyncio
import inspect
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import wait
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from qwen_nb.front_end import Outputs, capturing
from qwen_nb.texts import Language, text
from qwen_nb.tools.portal import Portal
from qwen_nb.tools.schema import BadArguments, arguments_for, spread
from qwen_nb.tools.tools import Tool, sent_text
from qwen_nb.values import CallRecord, ToolCall

_SHOWN = 500
_ABANDON_S = 0.5
"""How long a stop waits for tools that are awaited to take notice."""


class Breaking(Protocol):
    """Lets an interrupt break into what is done within it; see `Interrupts.open`."""

    def __call__(self, *, once: bool = False) -> AbstractContextManager[None]:
        """Return what is to be entered; `once` for a question to the person."""


def _unbroken(*, once: bool = False) -> AbstractContextManager[None]:
    return nullcontext()


class Calling:
    """The calls of one round, being run.

    Parameters
    ----------
    calls : sequence of ToolCall
        What the model wants called.
    tools : mapping
        The tools by name.
    confirm : callable, optional
        Asks the person whether a call may run; returns why not, or nothing.
    is_stopped : callable
        Whether the person has stopped the turn.
    language : {"en", "zh"}
        Language of what the model is told.

    Attributes
    ----------
    told : callable
        Told the records so far and the calls that have not ended, at every change.
    """

    def __init__(
        self,
        calls: Sequence[ToolCall],
        tools: Mapping[str, Tool],
        *,
        confirm: Callable[[ToolCall], str | None] | None,
        is_stopped: Callable[[], bool],
        language: Language,
    ) -> None:
        self.calls = tuple(calls)
        self._tools = tools
        self._confirm = confirm
        self.told: Callable[[tuple[CallRecord, ...], tuple[ToolCall, ...]], object] = _nobody
        self._is_stopped = is_stopped
        self._language = language
        self._breaking: Breaking = _unbroken
        self._ended: dict[int, CallRecord] = {}

    @property
    def records(self) -> tuple[CallRecord, ...]:
        """A record of each call; those that have not ended say what kept them from it.

        That is the person's stop. Before it, such a record is read only if this process
        dies: of a call that was running then, nobody knows what it had done.
        """
        ended, is_stopped = self._ended.copy(), self._is_stopped()
        said = self._say("tools.stopped" if is_stopped else "tools.died")
        return tuple(
            ended.get(at) or _record(call, said, stopped=is_stopped, failed=not is_stopped)
            for at, call in enumerate(self.calls)
        )

    def run(self, breaking: Breaking) -> None:
        """Run them all from here.

        Parameters
        ----------
        breaking : callable
            Returns what lets an interrupt break into what is done within it.
        """
        self._breaking = breaking
        self._show()
        together, alone = self._sorted()
        if together:
            self._together(together)
        for job in alone:
            value = self._called(*job)
            if inspect.isawaitable(value):
                self._together([(job[0], lambda waited=value: waited, {})])

    async def awaited(self, breaking: Breaking) -> None:
        """Run them all, those that are async on this event loop."""
        self._breaking = breaking
        self._show()
        together, alone = self._sorted()
        await self._gathered(together)
        for job in alone:
            value = self._called(*job)
            if inspect.isawaitable(value):
                await self._awaited(job[0], lambda waited=value: waited, {})

    # -- one call ----------------------------------------------------------------------------

    def _sorted(self) -> tuple[list[_Job], list[_Job]]:
        """Return what can run: the async ones, and the others; the rest has ended."""
        together: list[_Job] = []
        alone: list[_Job] = []
        for at, call in enumerate(self.calls):
            if self._is_stopped():
                break
            tool = self._tools.get(call.name)
            if tool is None or tool.function is None:
                known = ", ".join(self._tools)
                self._fail(at, "tools.unknown", name=_cut(call.name), known=known)
                continue
            if (fault := _json_fault(call.arguments)) is not None:
                shown = _cut(call.arguments)
                self._fail(at, "tools.bad_json", name=call.name, reason=fault, arguments=shown)
                continue
            try:
                values = arguments_for(tool.function, call.arguments)
            except BadArguments as problem:
                self._end(at, sent_text(str(problem), self._language), failed=True)
                continue
            try:
                with self._breaking(once=True):
                    refused = self._confirm(call) if self._confirm is not None else None
            except KeyboardInterrupt:
                break
            if refused is not None:
                self._end(at, refused, failed=True)
            elif tool.is_async:
                together.append((at, tool.function, values))
            else:
                alone.append((at, tool.function, values))
        return together, alone

    def _called(self, at: int, function: Callable[..., Any], values: Mapping[str, Any]) -> Any:
        """Run one here; return what it gave where that has still to be awaited."""
        if self._is_stopped():
            return None
        with self._ending(at) as call:
            with capturing(call.outputs), self._breaking():
                positional, named = spread(function, values)
                value = function(*positional, **named)
            if inspect.isawaitable(value):
                call.goes_on = True
                return value
            call.fault = "tools.not_text"
            call.result = sent_text(value, self._language)
        return None

    async def _awaited(
        self, at: int, function: Callable[..., Any], values: Mapping[str, Any]
    ) -> None:
        with self._ending(at) as call:
            with capturing(call.outputs):
                positional, named = spread(function, values) if values else ((), {})
                value = await function(*positional, **named)
            call.fault = "tools.not_text"
            call.result = sent_text(value, self._language)
        if call.is_cancelled and not self._is_stopped():
            raise asyncio.CancelledError

    @contextmanager
    def _ending(self, at: int) -> Iterator[_Running]:
        """Keep what becomes of a call, whichever way it ends."""
        call, began = _Running(Outputs(self._language)), time.monotonic()
        facts: dict[str, Any] = {}
        try:
            yield call
        except (KeyboardInterrupt, asyncio.CancelledError):
            call.is_cancelled = True
            call.result, facts = self._say("tools.stopped"), {"stopped": True}
        except (Exception, SystemExit) as error:
            said = self._say(call.fault, name=self.calls[at].name, error=_of_error(error))
            call.result, facts = sent_text(said, self._language), {"failed": True}
        if not call.goes_on:
            seconds = time.monotonic() - began
            self._end(at, call.result, seconds=seconds, outputs=call.outputs.bundles, **facts)

    async def _gathered(self, jobs: Sequence[_Job]) -> None:
        await asyncio.gather(*(self._awaited(*job) for job in jobs))

    def _together(self, jobs: Sequence[_Job]) -> None:
        """Run async ones on a loop of their own: the one of the notebook runs already."""
        with Portal("qwen_nb-tools", _ABANDON_S) as portal, suppress(KeyboardInterrupt):
            ended = portal.start(self._gathered(jobs))
            with self._breaking():
                # a wait without end takes no interrupt on Windows
                while not wait((ended,), timeout=0.5).done:
                    pass

    # -- what the model is told --------------------------------------------------------------

    def _end(self, at: int, result: str, **facts: Any) -> None:
        self._ended.setdefault(at, _record(self.calls[at], result, **facts))
        self._show()

    def _show(self) -> None:
        ended = self._ended.copy()
        running = tuple(call for at, call in enumerate(self.calls) if at not in ended)
        self.told(tuple(ended[at] for at in sorted(ended)), running)

    def _fail(self, at: int, key: str, **facts: Any) -> None:
        # a name or an argument of the model's may hold what cannot be sent
        self._end(at, sent_text(self._say(key, **facts), self._language), failed=True)

    def _say(self, key: str, **facts: Any) -> str:
        return text(key, self._language, **facts)


def _nobody(ended: object, running: object) -> None: ...


_Job: TypeAlias = tuple[int, Callable[..., Any], Mapping[str, Any]]


@dataclass(slots=True)
class _Running:
    """A call that runs, and what becomes of it."""

    outputs: Outputs
    result: str = ""
    fault: str = "tools.raised"  # what is said of an error that comes now
    is_cancelled: bool = False
    goes_on: bool = False  # it gave something that has to be awaited


def has_json(arguments: str) -> bool:
    """Whether arguments can stand in a history: servers parse them (docs/protocol.md §5.2)."""
    return _json_fault(arguments) is None


def _json_fault(arguments: str) -> str | None:
    """Return why arguments are no JSON; None where they are."""
    try:
        json.loads(arguments or "{}")
    except (ValueError, RecursionError) as error:
        return str(error)
    return None


def _of_error(error: BaseException) -> str:
    try:
        said = f"{type(error).__name__}: {error}"
    except Exception:  # its own __str__ is broken
        said = type(error).__name__
    return _cut(said.removesuffix(": "))


def _cut(said: str) -> str:
    return said if len(said) <= _SHOWN else said[: _SHOWN - 1] + "…"


def owed(calls: Sequence[ToolCall], result: str, **facts: Any) -> tuple[CallRecord, ...]:
    """Return records of calls that were not run, each told the same."""
    return tuple(_record(call, result, **facts) for call in calls)


def _record(call: ToolCall, result: str, **facts: Any) -> CallRecord:
    return CallRecord(call.name, call.arguments, result, id=call.id, **facts)
