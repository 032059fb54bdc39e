"""Fragments of tool calls become events: the one merge rule of docs/protocol.md §4.4.

Servers disagree on everything but the order of a call's argument text: ids may be
missing, empty or repeated, indexes missing or shared, arguments a text or an object. All
that is settled here, by giving each call a slot, so that no reader of the events needs to
know it. Ids and names are never concatenated from repeats.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from qwen_nb.values import Event, ToolArgumentsDelta, ToolCallStarted
from qwen_nb.wire.dialects.growing import GrowingText


@dataclass(slots=True)
class _Call:
    id: str = ""
    name: str = ""
    has_arguments: bool = False
    text: GrowingText = field(default_factory=GrowingText)


class ToolCalls:
    """The tool calls of one stream.

    Parameters
    ----------
    may_repeat : bool
        Fragments may hold the whole arguments so far (the native protocol without
        `incremental_output`, docs/protocol.md §4.3).
    """

    def __init__(self, *, may_repeat: bool = False) -> None:
        self._repeats: bool | None = None if may_repeat else False
        self._calls: list[_Call] = []
        self._by_index: dict[Any, int] = {}
        self._by_id: dict[str, int] = {}
        self._last = -1

    def __bool__(self) -> bool:
        return bool(self._calls)

    def events(self, fragments: Iterable[Any], *, repeats: bool | None = None) -> list[Event]:
        """Return what the fragments of one chunk mean.

        Parameters
        ----------
        fragments : iterable
            The `tool_calls` of a delta or message.
        repeats : bool, optional
            What the stream's texts have shown about repeating, if they have.

        Raises
        ------
        AttributeError
            When a fragment is no object.
        """
        if repeats is not None:
            self._repeats = repeats
        events: list[Event] = []
        touched: set[int] = set()
        for fragment in fragments:
            self._take(fragment, touched, events)
        return events

    def close(self) -> list[Event]:
        """Return argument text that was held back, undecided."""
        return [
            ToolArgumentsDelta(slot, text)
            for slot, call in enumerate(self._calls)
            if (text := call.text.close())
        ]

    def _take(self, fragment: Any, touched: set[int], events: list[Event]) -> None:
        function = fragment.get("function") or {}
        call_id = _text(fragment.get("id"))
        name, arguments = _text(function.get("name")), function.get("arguments")
        is_whole = arguments is not None and not isinstance(arguments, str)
        if is_whole:
            arguments = json.dumps(arguments, ensure_ascii=False)
        slot = self._slot(fragment.get("index"), call_id)
        if slot is not None and not call_id and fragment.get("index") is None:
            # A fragment without id and index goes on with the last call. But a second
            # entry of the same list, whole arguments after others, or another name begin
            # a new call.
            known = self._calls[slot]
            other = name and name != known.name and known.has_arguments
            if slot in touched or (is_whole and known.has_arguments) or other:
                slot = None
        self._add(slot, fragment.get("index"), call_id, name, arguments or "", events)
        touched.add(self._last)

    def _slot(self, index: Any, call_id: str) -> int | None:
        at_index = self._by_index.get(index) if index is not None else None
        if at_index is not None and call_id in ("", self._calls[at_index].id):
            return at_index
        if at_index is not None and not self._calls[at_index].id:
            # (a) the id belongs to the call at this index, which had none so far, unless
            # another call has that id already
            return self._by_id.get(call_id, at_index)
        if call_id:
            return self._by_id.get(call_id)  # (b) the slot of that id, or (c) a new one
        if index is not None or not self._calls:
            return None
        return self._last  # (d) neither id nor index: the last call

    def _add(
        self,
        slot: int | None,
        index: Any,
        call_id: str,
        name: str,
        arguments: str,
        events: list[Event],
    ) -> None:
        is_new = slot is None
        if slot is None:
            slot = len(self._calls)
            self._calls.append(_Call(text=GrowingText(self._repeats)))
        call = self._calls[slot]
        before = call.id, call.name
        if call_id and not call.id:
            call.id = call_id
            self._by_id[call_id] = slot
        if not call.name:
            call.name = name
        elif name != call.name and not call.has_arguments:
            call.name += name
        if is_new or before != (call.id, call.name):
            events.append(ToolCallStarted(slot, call.id, call.name))
        if arguments:
            call.has_arguments = True
            if piece := call.text.delta(arguments):
                events.append(ToolArgumentsDelta(slot, piece))
        if index is not None:
            # Several calls may share an index: it means the one that was named last.
            self._by_index[index] = slot
        self._last = slot


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
