"""The ledger: every call that was made, and what calls that are under way may cost yet.

A call that is added counts from then on. It is written to the store off the main thread;
while it is not there, or where there is no store, it counts from the memory of this
process. Either way SQL adds up; see `OwnCalls`.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from qwen_nb.errors import StoreError
from qwen_nb.values import EXACT, By, Call, Cost, LedgerRow, Which, new_id

if TYPE_CHECKING:
    from qwen_nb.store import Calls, OwnCalls, Store

__all__ = ["Ledger", "Reservation", "Scope", "Spent", "month_of"]

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


@dataclass(frozen=True, slots=True, eq=False)
class Reservation:
    """The most a call that is under way can cost, held until its owner gives it back.

    Used as a context manager it is given back at the end of the block, whatever is raised
    there; giving it back once more does nothing. See `Ledger.reserve`.

    Parameters
    ----------
    ledger : Ledger
        Where it counts.
    cost : Cost, optional
        The most the call can cost; what is not known is not counted.
    conversation, notebook, scripted
        As those of its `Call`.
    """

    ledger: Ledger
    cost: Cost | None
    conversation: str = ""
    notebook: str = ""
    scripted: bool = False
    id: str = field(default_factory=new_id)

    def settle(self, call: Call, *, is_kept: bool = True) -> None:
        """Have the call count in its place, so that it never counts twice or not at all.

        Settled once more, it is still one call; see `Ledger.add`.
        """
        self.ledger.add(call, is_kept=is_kept, settles=self)

    def release(self) -> None:
        """Give it back: the call was not sent, or is in the ledger."""
        self.ledger.release(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()


_REPLAYED = object()
"""In place of the store that a call was given to: it must be given to none."""


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
        self._own: OwnCalls | None = None
        self._only_here: dict[str, object] = {}  # to which store a call was given
        self._reserved: dict[str, Reservation] = {}

    # -- what was made ---------------------------------------------------------------------

    def add(
        self, call: Call, *, is_kept: bool = True, settles: Reservation | None = None
    ) -> None:
        """Take in a call that has ended; returns at once and never raises for the store.

        Parameters
        ----------
        call : Call
            What it took and cost.
        is_kept : bool
            False for one that was not made but replayed: it counts in this session only.
        settles : Reservation, optional
            What was held for it, and is no more; see `Reservation.settle`.
        """
        store = self._opened()
        with self._lock:
            id_ = new_id() if settles is None else settles.id
            is_new = self._mine.add(id_, call)
            if settles is not None:
                self.release(settles)
            if not is_new:
                return
            self._only_here[id_] = None if is_kept else _REPLAYED
            # also what a store that was closed, or could not be opened, did not take
            ids = [
                each
                for each, given in self._only_here.items()
                if given is not store and given is not _REPLAYED
            ]
            if store is None or not ids or not is_kept:
                return
            self._only_here.update(dict.fromkeys(ids, store))
            rows = self._mine.rows(Which(among=ids))
        try:
            store.calls.add(rows, partial(self._written, ids))
        except RuntimeError:  # closed meanwhile
            with self._lock:
                self._only_here.update(dict.fromkeys(ids))

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
        stored, here = self._stored(which, lambda calls, there: calls.those(there))
        return sorted([*stored, *self._mine.those(here)], key=lambda call: call.at)

    def rows(
        self,
        by: By,
        *,
        conversation: str | None = None,
        notebook: str | None = None,
        since: float | None = None,
    ) -> list[LedgerRow]:
        """Return calls added up; see `OwnCalls.totals` for the rows and their order.

        Parameters
        ----------
        by : str
            turn, model, chat, day, notebook or region.
        conversation, notebook, since
            See `calls`.
        """
        which = Which(conversation=conversation, notebook=notebook, since=since)
        return [LedgerRow(by=by, **each) for each in self._totals(by, which)]

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
        totals = self._totals("all", _within(scope, of, scripted, now))
        return Spent(
            {each["currency"]: each["cost"] for each in totals if each["currency"]},
            sum(each["unpriced"] for each in totals),
        )

    # -- what is under way -----------------------------------------------------------------

    def reserve(
        self,
        bound: Cost | None,
        *,
        conversation: str = "",
        notebook: str = "",
        scripted: bool = False,
    ) -> Reservation:
        """Have a call that is about to be sent count with the most it can cost.

        Who reserves gives it back, in a `finally` or a `with`; or settles it.

        Parameters
        ----------
        bound : Cost, optional
            The most it can cost; what is not known is not counted.
        conversation, notebook, scripted
            As those of its `Call`.
        """
        made = Reservation(self, bound, conversation, notebook, scripted)
        with self._lock:
            self._reserved[made.id] = made
        return made

    def release(self, reservation: Reservation) -> None:
        """Let a reservation count no more; see `Reservation.release`."""
        # Without the lock: the garbage collector may call it in the middle of anything.
        self._reserved.pop(reservation.id, None)

    def reserved(self, scope: Scope, of: str = "", *, scripted: bool) -> dict[str, Decimal]:
        """Return the most that calls under way can cost, by currency; see `spent`."""
        amounts: dict[str, Decimal] = {}
        with self._lock:
            for each in list(self._reserved.values()):
                # One that is sent before midnight may end in the new month.
                of_each = {"chat": each.conversation, "notebook": each.notebook, "month": of}
                if each.cost and each.scripted == scripted and of_each[scope] == of:
                    known = amounts.get(each.cost.currency, Decimal(0))
                    amounts[each.cost.currency] = EXACT.add(known, each.cost.amount)
        return amounts

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Let nobody else add or reserve, so that what is looked at holds when one does."""
        with self._lock:
            yield

    # -- inside ------------------------------------------------------------------------------

    @property
    def _mine(self) -> OwnCalls:
        with self._lock:
            if self._own is None:
                # Here and not at the top: a notebook that asks nothing needs no database.
                from qwen_nb.store import OwnCalls

                self._own = OwnCalls()
            return self._own

    def _opened(self) -> Store | None:
        try:
            with self._opening:  # by the first of many threads, and once
                return self._store()
        except StoreError:
            return None

    def _written(self, ids: list[str]) -> None:
        with self._lock:
            for each in ids:
                self._only_here.pop(each, None)

    def _stored(
        self, which: Which, read: Callable[[Calls, Which], list[Any]]
    ) -> tuple[list[Any], Which]:
        """Return what the store says of calls, and which of those made here count beside it."""
        store = self._opened()
        # What belongs to no conversation belongs to this process.
        if store is None or "" in (which.conversation, which.notebook):
            return [], which
        with self._lock:
            # Of those that wait nobody knows whether they are written already.
            ids = tuple(self._only_here)
        try:
            return read(store.calls, replace(which, without=ids)), replace(which, among=ids)
        except StoreError:
            return [], which

    def _totals(self, by: By | Literal["all"], which: Which) -> list[dict[str, Any]]:
        stored, here = self._stored(which, lambda calls, there: calls.sums(by, there))
        return self._mine.totals(by, here, stored)


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
