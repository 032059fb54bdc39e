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
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import wait
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from typing import Any

from qwen_nb.front_end import Outputs, capturing
from qwen_nb.texts import Language, text
from qwen_nb.tools.portal import Portal
from qwen_nb.tools.schema import BadArguments, arguments_for, spread
from qwen_nb.tools.tools import Tool, sent_text
from qwen_nb.values import CallRecord, ToolCall

__all__ = ["Calling", "has_json", "owed"]

_SHOWN = 500
_ABANDON_S = 0.5
"""How long a stop waits for tools that are awaited to take notice."""


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
    told : callable
        Told the records so far and the calls that have not ended, at every change.
    is_stopped : callable
        Whether the person has stopped the turn.
    language : {"en", "zh"}
        Language of what the model is told.
    """

    def __init__(
        self,
        calls: Sequence[ToolCall],
        tools: Mapping[str, Tool],
        *,
        confirm: Callable[[ToolCall], str | None] | None,
        told: Callable[[tuple[CallRecord, ...], tuple[ToolCall, ...]], object],
        is_stopped: Callable[[], bool],
        language: Language,
    ) -> None:
        self.calls = tuple(calls)
        self._tools = tools
        self._confirm = confirm
        self._told = told
        self._is_stopped = is_stopped
        self._language = language
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
            ended.get(at) or self._record(call, said, stopped=is_stopped, failed=not is_stopped)
            for at, call in enumerate(self.calls)
        )

    def run(self, breaking: Callable[[], AbstractContextManager[None]]) -> None:
        """Run them all from here.

        Parameters
        ----------
        breaking : callable
            Returns what lets an interrupt break into what is done within it.
        """
        self._show()
        together, alone = self._sorted(breaking)
        if together:
            self._together(together, breaking)
        for at, function, values in alone:
            self._alone(at, function, values, breaking)

    async def awaited(self, breaking: Callable[[], AbstractContextManager[None]]) -> None:
        """Run them all, those that are async on this event loop."""
        self._show()
        together, alone = self._sorted(breaking)
        if together:
            await asyncio.gather(*(self._awaited(*each) for each in together))
        for at, function, values in alone:
            pending = self._alone(at, function, values, breaking, awaits=False)
            if pending is not None:
                await self._awaited(at, lambda waited=pending: waited, {})

    # -- one call ----------------------------------------------------------------------------

    def _sorted(
        self, breaking: Callable[[], AbstractContextManager[None]]
    ) -> tuple[list[_Job], list[_Job]]:
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
            if not has_json(call.arguments):
                self._refuse_json(at)
                continue
            try:
                values = arguments_for(tool.function, call.arguments)
            except BadArguments as problem:
                self._end(at, sent_text(str(problem), self._language), failed=True)
                continue
            try:
                with breaking():
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

    def _alone(
        self,
        at: int,
        function: Callable[..., Any],
        values: Mapping[str, Any],
        breaking: Callable[[], AbstractContextManager[None]],
        *,
        awaits: bool = True,
    ) -> Awaitable[Any] | None:
        """Run one here; return what it gave to be awaited, where that is done elsewhere."""
        if self._is_stopped():
            return None
        outputs, began = Outputs(self._language), time.monotonic()
        more: dict[str, Any] = {}
        try:
            with capturing(outputs), breaking():
                positional, named = spread(function, values)
                value = function(*positional, **named)
            if inspect.isawaitable(value):
                if not awaits:
                    return value
                self._together([(at, lambda: value, {})], breaking)
                return None
            result = self._text(at, value)
        except KeyboardInterrupt:
            result, more = self._say("tools.stopped"), {"stopped": True}
        except (Exception, SystemExit) as error:
            result, more = self._raised(at, error), {"failed": True}
        seconds = time.monotonic() - began
        self._end(at, result, seconds=seconds, outputs=outputs.bundles, **more)
        return None

    async def _awaited(
        self, at: int, function: Callable[..., Any], values: Mapping[str, Any]
    ) -> None:
        outputs, began = Outputs(self._language), time.monotonic()
        more: dict[str, Any] = {}
        cancelled = False
        try:
            with capturing(outputs):
                positional, named = spread(function, values) if values else ((), {})
                value = await function(*positional, **named)
            result = self._text(at, value)
        except (KeyboardInterrupt, asyncio.CancelledError):
            cancelled = True
            result, more = self._say("tools.stopped"), {"stopped": True}
        except (Exception, SystemExit) as error:
            result, more = self._raised(at, error), {"failed": True}
        seconds = time.monotonic() - began
        self._end(at, result, seconds=seconds, outputs=outputs.bundles, **more)
        if cancelled and not self._is_stopped():
            raise asyncio.CancelledError

    def _together(
        self, jobs: Sequence[_Job], breaking: Callable[[], AbstractContextManager[None]]
    ) -> None:
        """Run async ones on a loop of their own: the one of the notebook runs already."""

        async def all_of_them() -> None:
            await asyncio.gather(*(self._awaited(*job) for job in jobs))

        with Portal("qwen_nb-tools", _ABANDON_S) as portal, suppress(KeyboardInterrupt):
            ended = portal.start(all_of_them())
            with breaking():
                # a wait without end takes no interrupt on Windows
                while not wait((ended,), timeout=0.5).done:
                    pass

    # -- what the model is told --------------------------------------------------------------

    def _end(self, at: int, result: str, **facts: Any) -> None:
        self._ended.setdefault(at, self._record(self.calls[at], result, **facts))
        self._show()

    def _record(self, call: ToolCall, result: str, **facts: Any) -> CallRecord:
        return CallRecord(call.name, call.arguments, result, id=call.id, **facts)

    def _show(self) -> None:
        ended = self._ended.copy()
        running = tuple(call for at, call in enumerate(self.calls) if at not in ended)
        self._told(tuple(ended[at] for at in sorted(ended)), running)

    def _text(self, at: int, value: Any) -> str:
        try:
            return sent_text(value, self._language)
        except Exception as error:  # whatever the value's own methods raise
            reason = _of_error(error)
            raise _NoText(
                self._say("tools.not_text", name=self.calls[at].name, error=reason)
            ) from error

    def _raised(self, at: int, error: BaseException) -> str:
        if isinstance(error, _NoText):
            return str(error)
        name = self.calls[at].name
        said = self._say("tools.raised", name=name, error=_of_error(error))
        return sent_text(said, self._language)

    def _refuse_json(self, at: int) -> None:
        call = self.calls[at]
        try:
            json.loads(call.arguments)
            reason = ""
        except (ValueError, RecursionError) as error:
            reason = str(error)
        shown = _cut(call.arguments)
        self._fail(at, "tools.bad_json", name=call.name, reason=reason, arguments=shown)

    def _fail(self, at: int, key: str, **facts: Any) -> None:
        # a name or an argument of the model's may hold what cannot be sent
        self._end(at, sent_text(self._say(key, **facts), self._language), failed=True)

    def _say(self, key: str, **facts: Any) -> str:
        return text(key, self._language, **facts)


_Job = tuple[int, Callable[..., Any], Mapping[str, Any]]


class _NoText(Exception):
    """A value that cannot be told; the message is the model's."""


def has_json(arguments: str) -> bool:
    """Whether arguments can stand in a history: a server parses them (protocol.md §5.2)."""
    try:
        json.loads(arguments or "{}")
    except (ValueError, RecursionError):
        return False
    return True


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
    return tuple(
        replace(CallRecord(call.name, call.arguments, result, id=call.id), **facts)
        for call in calls
    )
