"""The ledger: every call that was made, and what calls that are under way may cost yet.

A call that is added counts from then on. It is written to the store off the main thread;
while it is not there, or where there is no store, it is kept here and counts all the same.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Literal, TypeAlias

from qwen_nb.errors import StoreError
from qwen_nb.values import (
    EXACT,
    By,
    Call,
    Cost,
    LedgerRow,
    Tally,
    Which,
    ledger_rows,
    new_id,
    tally_of,
)

if TYPE_CHECKING:
    from qwen_nb.store import Store

__all__ = ["Ledger", "Scope", "Spent", "month_of"]

Scope: TypeAlias = Literal["chat", "notebook", "month"]
"""Over which calls a budget holds: those of a conversation, of a notebook, or all of a
calendar month, by the clock of this machine."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What some calls cost together.

    Parameters
    ----------
    amounts : mapping
        The exact sums of the costs that are known, by currency.
    unpriced : int
        How many calls have no known cost, and are in no sum.
    """

    amounts: Mapping[str, Decimal] = field(default_factory=dict)
    unpriced: int = 0

    def of(self, currency: str) -> Decimal:
        """Return what was spent in a currency."""
        return self.amounts.get(currency, Decimal(0))


@dataclass(frozen=True, slots=True)
class _Reserved:
    which: Which
    cost: Cost


class Ledger:
    """Every call that was made. It may be used from any thread.

    Parameters
    ----------
    store : callable, optional
        Returns the store, or None where there is none now; what it raises as
        `StoreError` is the same as None. Without it everything stays in memory.
    """

    def __init__(self, store: Callable[[], Store | None] | None = None) -> None:
        self._store = store or (lambda: None)
        self._lock = threading.RLock()
        self._opening = threading.Lock()
        self._own: dict[str, Call] = {}
        self._waiting: dict[str, Store | None] = {}
        self._replayed: list[str] = []
        self._reserved: dict[str, _Reserved] = {}

    # -- what was made ---------------------------------------------------------------------

    def add(self, call: Call, *, is_kept: bool = True) -> None:
        """Take in a call that has ended; returns at once and never raises for the store.

        Parameters
        ----------
        call : Call
            What it took and cost.
        is_kept : bool
            False for one that was not made but replayed: it counts in this session only.
        """
        if call.usage is not None and call.usage.raw:
            call = replace(call, usage=replace(call.usage, raw={}))
        store = self._opened()
        with self._lock:
            id_ = new_id()
            self._own[id_] = call
            if not is_kept:
                self._replayed.append(id_)
                return
            self._waiting[id_] = None
            # also what a store that was closed, or could not be opened, did not take
            ids = [each for each, given in self._waiting.items() if given is not store]
            if store is None or not ids:
                return
            self._waiting.update(dict.fromkeys(ids, store))
            calls = [(each, self._own[each]) for each in ids]
        try:
            store.calls.add(calls, partial(self._written, ids))
        except RuntimeError:  # closed meanwhile
            with self._lock:
                self._waiting.update(dict.fromkeys(ids, None))

    def calls(
        self,
        *,
        conversation: str | None = None,
        notebook: str | None = None,
        since: float | None = None,
    ) -> list[Call]:
        """Return calls in the order in which they were sent.

        Parameters
        ----------
        conversation, notebook : str, optional
            Ids; an empty one stands for what belongs to none and was made here.
        since : float, optional
            Seconds since 1970.
        """
        which = Which(conversation=conversation, notebook=notebook, since=since)
        here, store, asked = self._parts(which)
        if store is not None:
            try:
                found = store.calls.those(asked)
            except StoreError:
                here, found = self._made_here(which), []
            here = [*found, *here]
        return sorted(here, key=lambda call: call.at)

    def rows(
        self,
        by: By,
        *,
        conversation: str | None = None,
        notebook: str | None = None,
        since: float | None = None,
    ) -> list[LedgerRow]:
        """Return calls added up; see `ledger_rows` for the rows and their order.

        Parameters
        ----------
        by : str
            turn, model, chat, day, notebook or region.
        conversation, notebook, since
            See `calls`.
        """
        which = Which(conversation=conversation, notebook=notebook, since=since)
        return ledger_rows(by, self._tallies(by, which))

    def spent(
        self, scope: Scope, of: str = "", *, scripted: bool, now: float | None = None
    ) -> Spent:
        """Return what was spent within the scope of a budget.

        Parameters
        ----------
        scope : str
            chat, notebook or month.
        of : str
            The id of the conversation or the notebook.
        scripted : bool
            What calls to the emulator would have cost, or what the others did.
        now : float, optional
            A moment of the month that is meant, in seconds since 1970.
        """
        amounts: dict[str, Decimal] = {}
        unpriced = 0
        for tally in self._tallies("region", _within(scope, of, scripted, now)):
            if tally.currency is None:
                unpriced += tally.calls
            else:
                known = amounts.get(tally.currency, Decimal(0))
                amounts[tally.currency] = EXACT.add(known, tally.cost)
        return Spent(amounts, unpriced)

    # -- what is under way -----------------------------------------------------------------

    def reserve(
        self,
        key: str,
        bound: Cost | None,
        *,
        conversation: str = "",
        notebook: str = "",
        scripted: bool = False,
        now: float | None = None,
    ) -> None:
        """Have a call that is about to be sent count with the most it can cost.

        Parameters
        ----------
        key : str
            Stands for the call; one that is reserved again counts anew.
        bound : Cost, optional
            The most it can cost; what is not known is not counted.
        conversation, notebook, scripted
            As those of its `Call`.
        now : float, optional
            Seconds since 1970.
        """
        with self._lock:
            self._reserved.pop(key, None)
            if bound is None:
                return
            at = time.time() if now is None else now
            which = Which(
                conversation=conversation, notebook=notebook, since=at, scripted=scripted
            )
            self._reserved[key] = _Reserved(which, bound)

    def release(self, key: str) -> None:
        """Let a call that has ended count no more; its `Call` is added before."""
        with self._lock:
            self._reserved.pop(key, None)

    def reserved(
        self, scope: Scope, of: str = "", *, scripted: bool, now: float | None = None
    ) -> dict[str, Decimal]:
        """Return the most that calls under way can cost, by currency; see `spent`."""
        within = _within(scope, of, scripted, now)
        amounts: dict[str, Decimal] = {}
        with self._lock:
            for each in self._reserved.values():
                which, cost = each.which, each.cost
                # One that is sent before midnight may end in the new month.
                if (
                    which.scripted == scripted
                    and within.conversation in (None, which.conversation)
                    and within.notebook in (None, which.notebook)
                ):
                    known = amounts.get(cost.currency, Decimal(0))
                    amounts[cost.currency] = EXACT.add(known, cost.amount)
        return amounts

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody else add or reserve, so that what is looked at holds when one does."""
        with self._lock:
            yield

    # -- inside ------------------------------------------------------------------------------

    def _opened(self) -> Store | None:
        try:
            with self._opening:  # by the first of many threads, and once
                return self._store()
        except StoreError:
            return None

    def _written(self, ids: list[str]) -> None:
        with self._lock:
            for each in ids:
                self._waiting.pop(each, None)

    def _made_here(self, which: Which) -> list[Call]:
        with self._lock:
            return [call for call in self._own.values() if which.holds(call)]

    def _parts(self, which: Which) -> tuple[list[Call], Store | None, Which]:
        """Return the calls that are to be taken from memory, and where the others are."""
        store = self._opened()
        # What belongs to no conversation belongs to this process.
        if store is None or "" in (which.conversation, which.notebook):
            return self._made_here(which), None, which
        with self._lock:
            # Of these nobody knows whether they are written already.
            waiting = tuple(self._waiting)
            only_here = (*waiting, *self._replayed)
            here = [call for each in only_here if which.holds(call := self._own[each])]
        return here, store, replace(which, without=waiting)

    def _tallies(self, by: By, which: Which) -> list[Tally]:
        here, store, asked = self._parts(which)
        found: list[Tally] = []
        if store is not None:
            try:
                found = store.calls.tallies(by, asked)
            except StoreError:
                here = self._made_here(which)
        return [*found, *(tally_of(by, call) for call in here)]


def month_of(now: float) -> tuple[float, float]:
    """Return where the calendar month of a moment begins and where the next one does."""
    today = time.localtime(now)
    # `mktime` carries a thirteenth month into the next year; -1: it finds out about
    # summer time itself
    begins = time.mktime((today.tm_year, today.tm_mon, 1, 0, 0, 0, 0, 0, -1))
    ends = time.mktime((today.tm_year, today.tm_mon + 1, 1, 0, 0, 0, 0, 0, -1))
    return begins, ends


def _within(scope: Scope, of: str, scripted: bool, now: float | None) -> Which:
    if scope == "chat":
        return Which(conversation=of, scripted=scripted)
    if scope == "notebook":
        return Which(notebook=of, scripted=scripted)
    begins, ends = month_of(time.time() if now is None else now)
    return Which(since=begins, before=ends, scripted=scripted)
