"""Calls added up: sums over calls that have something in common, and sums of such sums.

The store adds up what it holds and the ledger what is in memory, both into tallies; put
together they give the same rows wherever a call is kept. Money is added exactly, and
never over two currencies; what is not known is counted apart and is no zero.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal
from typing import Any, TypeAlias

from qwen_nb.values.usage import By, Call, LedgerRow, Usage

__all__ = [
    "MOST_TOKENS",
    "SUMS",
    "Tally",
    "Which",
    "day_of",
    "figures",
    "ledger_rows",
    "tally_of",
]

SUMS = Context(prec=120, Emax=MAX_EMAX, Emin=MIN_EMIN, traps=[])
"""Sums of money: more digits than any price has."""

MOST_TOKENS = 10**12
"""A server that tells more in one call tells nothing. Sums stay far below 2**63."""

Group: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which calls are asked for; None leaves a condition out.

    Parameters
    ----------
    conversation, notebook : str, optional
        Ids.
    since, before : float, optional
        Seconds since 1970; `before` itself is left out.
    scripted : bool, optional
        Those the emulator answered, or the others.
    without : collection of str
        Ids of calls that are left out.
    """

    conversation: str | None = None
    notebook: str | None = None
    since: float | None = None
    before: float | None = None
    scripted: bool | None = None
    without: Collection[str] = ()

    def holds(self, call: Call) -> bool:
        """Return whether a call is among them; ids that are left out are not looked at."""
        return (
            self.conversation in (None, call.conversation)
            and self.notebook in (None, call.notebook)
            and (self.since is None or call.at >= self.since)
            and (self.before is None or call.at < self.before)
            and self.scripted in (None, call.scripted)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Sums over calls of one group, one currency and one kind of server.

    Parameters
    ----------
    group : tuple
        What the calls have in common, as ids.
    key : str
        The same in words, of the latest call: a notebook may have been renamed.
    last : float
        When the latest was sent, in seconds since 1970.
    currency : str, optional
        Of `cost`; None where no call has one.
    scripted, calls, input, cached, output, thinking, cost, estimated, untold
        See `LedgerRow`.
    """

    group: Group
    key: str
    last: float
    currency: str | None
    scripted: bool
    calls: int
    input: int
    cached: int
    output: int
    thinking: int
    cost: Decimal
    estimated: int
    untold: int

    def __add__(self, other: Tally) -> Tally:
        later = max(self, other, key=lambda each: each.last)
        return replace(
            self,
            key=later.key,
            last=later.last,
            currency=self.currency if other.currency is None else other.currency,
            calls=self.calls + other.calls,
            input=self.input + other.input,
            cached=self.cached + other.cached,
            output=self.output + other.output,
            thinking=self.thinking + other.thinking,
            cost=SUMS.add(self.cost, other.cost),
            estimated=self.estimated + other.estimated,
            untold=self.untold + other.untold,
        )


def day_of(at: float) -> str:
    """Return the day of a moment, as the clock on the wall has it."""
    return time.strftime("%Y-%m-%d", time.localtime(at))


_GROUPS: dict[By, Callable[[Call], Group]] = {
    # the number of a turn says nothing without its conversation
    "turn": lambda call: (call.conversation, call.turn),
    "model": lambda call: (call.model,),
    "chat": lambda call: (call.conversation, "" if call.conversation else call.chat),
    "day": lambda call: (day_of(call.at),),
    "notebook": lambda call: (call.notebook, "" if call.notebook else call.path),
    "region": lambda call: (call.region,),
}
_KEYS: dict[By, Callable[[Call], str]] = {
    "turn": lambda call: "" if call.turn is None else str(call.turn),
    "model": lambda call: call.model,
    "chat": lambda call: call.chat,
    "day": lambda call: day_of(call.at),
    "notebook": lambda call: call.path,
    "region": lambda call: call.region,
}


def figures(usage: Usage | None) -> tuple[int | None, int | None, int | None, int | None]:
    """Return input, cached, output and thinking, as far as they can be added up."""
    if usage is None:
        return None, None, None, None
    told = usage.input, usage.cached, usage.output, usage.thinking
    return tuple(map(_count, told))  # type: ignore[return-value]


def _count(told: int | None) -> int | None:
    # A server may say anything.
    return told if isinstance(told, int) and 0 <= told <= MOST_TOKENS else None


def tally_of(by: By, call: Call) -> Tally:
    """Return the sums of one call."""
    given, cached, output, thinking = figures(call.usage)
    return Tally(
        group=_GROUPS[by](call),
        key=_KEYS[by](call),
        last=call.at,
        currency=None if call.cost is None else call.cost.currency,
        scripted=call.scripted,
        calls=1,
        input=given or 0,
        cached=cached or 0,
        output=output or 0,
        thinking=thinking or 0,
        cost=Decimal(0) if call.cost is None else call.cost.amount,
        estimated=int(call.usage is not None and call.usage.estimated),
        untold=int(given is None and output is None),
    )


def ledger_rows(by: By, tallies: Iterable[Tally]) -> list[LedgerRow]:
    """Return one row for each group, currency and kind of server, in the order to be read.

    Calls without a price are counted in the row of their group's currency; where it has
    two currencies they have a row of their own. Turns come by conversation and number,
    days by date, all others by what they cost and took, most first.
    """
    found = list(_merged(by, tallies))
    # twice, since the sort is stable: ties are in the order of names, then of ids
    found.sort(
        key=lambda pair: (
            pair[0].key, pair[1].currency, pair[1].scripted, tuple(map(str, pair[0].group))
        )
    )  # fmt: skip
    if by == "turn":
        begun: dict[str, float] = {}
        for tally, _ in found:
            talk = tally.group[0]
            begun[talk] = min(begun.get(talk, tally.last), tally.last)
        found.sort(key=lambda pair: _turn_order(pair[0], begun))
    elif by != "day":
        found.sort(key=lambda pair: _weight(pair[1]), reverse=True)
    return [row for _, row in found]


def _turn_order(tally: Tally, begun: dict[str, float]) -> tuple[Any, ...]:
    talk, turn = tally.group
    # what belongs to no turn stands at the end
    return begun[talk], talk, turn is None, turn or 0


def _weight(row: LedgerRow) -> tuple[Any, ...]:
    # Amounts of two currencies are not compared: those of one stand together.
    return row.currency, row.cost or Decimal(0), row.input + row.output, row.calls


def _merged(by: By, tallies: Iterable[Tally]) -> Iterator[tuple[Tally, LedgerRow]]:
    groups: dict[tuple[Group, bool], dict[str | None, Tally]] = {}
    names: dict[Group, Tally] = {}
    for each in tallies:
        same = groups.setdefault((each.group, each.scripted), {})
        known = same.get(each.currency)
        same[each.currency] = each if known is None else known + each
        latest = names.get(each.group)
        if latest is None or (each.last, each.key) > (latest.last, latest.key):
            names[each.group] = each
    for (group, _), same in groups.items():
        unpriced = same.pop(None, None)
        for currency, tally in same.items():
            joined = unpriced if len(same) == 1 else None
            whole = tally if joined is None else tally + joined
            missing = joined.calls if joined is not None else 0
            yield whole, _row(by, whole, names[group].key, currency, missing)
        if unpriced is not None and len(same) != 1:
            yield unpriced, _row(by, unpriced, names[group].key, None, unpriced.calls)


def _row(by: By, tally: Tally, key: str, currency: str | None, unpriced: int) -> LedgerRow:
    return LedgerRow(
        by=by,
        key=key,
        calls=tally.calls,
        input=tally.input,
        cached=tally.cached,
        output=tally.output,
        thinking=tally.thinking,
        cost=None if currency is None else tally.cost,
        currency=currency or "",
        scripted=tally.scripted,
        estimated=tally.estimated,
        untold=tally.untold,
        unpriced=unpriced,
    )
