"""What a call took and what it cost: plain values.

Money is `Decimal` from the price table to the screen; amounts of two currencies are never
added. `None` always means "not known", never zero.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Context, Decimal
from functools import reduce
from operator import attrgetter
from typing import Any, Literal, TypeAlias

__all__ = [
    "EXACT",
    "Bound",
    "By",
    "Call",
    "CallKind",
    "Cost",
    "CostKind",
    "CostPart",
    "LedgerRow",
    "Usage",
    "Which",
    "cost_of_all",
    "usage_of_all",
]

CostKind: TypeAlias = Literal["input", "cached", "cache_created", "output"]

CallKind: TypeAlias = Literal["answer", "summary", "embedding"]
"""What a call was made for: the question itself (and each round of its tools), a summary of
older turns, the embeddings of a search among them."""

By: TypeAlias = Literal["turn", "model", "chat", "day", "notebook", "region"]
"""By what the ledger adds up."""

EXACT = Context(prec=60)
"""In which money is reckoned, whatever precision a notebook has set for its own figures."""

_MILLIONTH = Decimal("0.000001")  # prices are per million tokens


@dataclass(frozen=True, slots=True)
class Usage:
    """Token counts of one reply, as the server said them (protocol.md §4.2).

    A figure the server did not give is None, not 0. `thinking` is part of `output`,
    `cached` and `cache_created` are parts of `input`; `output` may exceed thinking and
    answer together, since the think tags are counted too.

    Parameters
    ----------
    input, output, total, thinking, cached : int, optional
        Tokens.
    cache_created : int, optional
        Input tokens that were written into the explicit cache (protocol.md §6.4).
    input_parts, output_parts : mapping
        Tokens by modality (`text`, `image`, `audio`, `video`), where the server told them.
    estimated : bool
        The server told nothing, as for a reply that was stopped: these are estimates.
    raw : mapping
        The server's own object.
    """

    input: int | None = None
    output: int | None = None
    total: int | None = None
    thinking: int | None = None
    cached: int | None = None
    cache_created: int | None = None
    input_parts: Mapping[str, int] = field(default_factory=dict)
    output_parts: Mapping[str, int] = field(default_factory=dict)
    estimated: bool = False
    raw: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def tells(self) -> bool:
        """Whether there is any figure in it."""
        return any(figure is not None for figure in _figures(self))

    def over(self, earlier: Usage) -> Usage:
        """Return these figures, and the earlier ones of the same reply where these lack.

        Counts grow while a reply comes, so a zero after a figure says as little as none.
        """
        if (
            self.input and self.output and self.total
            and (self.thinking or earlier.thinking is None)
            and (self.cached or earlier.cached is None)
            and earlier.cache_created is None
            and not earlier.input_parts and not earlier.output_parts
        ):  # fmt: skip
            return self  # as with each frame of a long reply
        if not self.tells:
            return earlier
        told, before = _figures(self), _figures(earlier)
        figures = [
            old if not new and old is not None else new
            for new, old in zip(told, before, strict=True)
        ]
        # a total is the sum of the figures it came with
        if not self.total or (self.output == 0 and earlier.output):
            figures[2] = earlier.total if figures[:2] == list(before[:2]) else None
        told_now: dict[str, Any] = dict(zip(_FIGURES, figures, strict=True))
        return replace(
            self,
            **told_now,
            input_parts={**earlier.input_parts, **self.input_parts},
            output_parts={**earlier.output_parts, **self.output_parts},
        )


_FIGURES = ("input", "output", "total", "thinking", "cached", "cache_created")
_figures: Callable[[Usage], tuple[int | None, ...]] = attrgetter(*_FIGURES)


@dataclass(frozen=True, slots=True)
class CostPart:
    """One summand of a cost: so many tokens at one price per million."""

    kind: CostKind
    tokens: int
    price: Decimal

    @property
    def amount(self) -> Decimal:
        """What these tokens cost."""
        return EXACT.multiply(EXACT.multiply(self.tokens, self.price), _MILLIONTH)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one call cost by the price list, before a free quota (protocol.md §6.5).

    Parameters
    ----------
    currency : str
        `USD`, `CNY`.
    parts : tuple of CostPart
        The summands, each at its own price: a cache hit at that of a hit.
    region : str
        Where the price holds, as the price table calls it.
    up_to_input_tokens : int, optional
        The tier that held; None where there is one only, or above the last bound.
    thinking : bool
        The output is priced as that of a call that thought.
    source, date : str
        Where the price is from, and as of when.
    """

    currency: str
    parts: tuple[CostPart, ...] = ()
    region: str = ""
    up_to_input_tokens: int | None = None
    thinking: bool = False
    source: str = ""
    date: str = ""

    @property
    def amount(self) -> Decimal:
        """The sum, exact."""
        return reduce(EXACT.add, (part.amount for part in self.parts), Decimal(0))


def usage_of_all(usages: Sequence[Usage | None]) -> Usage | None:
    """Return what several calls took together.

    A sum is not known where one of its figures is not; of the details (thinking, cached)
    those that were told are added, since a server leaves out what there was none of.
    """
    told = [usage for usage in usages if usage is not None]
    if not told or len(usages) == 1:
        return told[0] if told else None
    is_whole = len(told) == len(usages)
    figures: dict[str, Any] = {}
    for name in _FIGURES:
        each = [value for usage in told if (value := getattr(usage, name)) is not None]
        is_known = bool(each) if name in _DETAILS else is_whole and len(each) == len(told)
        figures[name] = sum(each) if is_known else None
    return Usage(
        **figures,
        input_parts=_added([usage.input_parts for usage in told]),
        output_parts=_added([usage.output_parts for usage in told]),
        estimated=any(usage.estimated for usage in told),
    )


_DETAILS = ("thinking", "cached", "cache_created")


def _added(parts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(name for each in parts for name in each)
    return {name: sum(each.get(name, 0) for each in parts) for name in names}


def cost_of_all(costs: Sequence[Cost | None]) -> Cost | None:
    """Return what several calls cost together; None where one is not known."""
    known = [cost for cost in costs if cost is not None]
    if not known or len(known) < len(costs) or len({cost.currency for cost in known}) > 1:
        return None
    tokens: dict[tuple[CostKind, Decimal], int] = {}
    for part in (part for cost in known for part in cost.parts):
        key = part.kind, part.price
        tokens[key] = tokens.get(key, 0) + part.tokens
    tiers = {cost.up_to_input_tokens for cost in known}
    return replace(
        known[-1],
        parts=tuple(CostPart(kind, n, price) for (kind, price), n in tokens.items()),
        up_to_input_tokens=known[-1].up_to_input_tokens if len(tiers) == 1 else None,
        thinking=any(cost.thinking for cost in known),
    )


@dataclass(frozen=True, slots=True)
class Bound:
    """What a question can take at most; None: nothing bounds it, or no price is known.

    Parameters
    ----------
    input, output : int, optional
        Tokens; `output` with the thinking.
    cost : Cost, optional
        The price of both, and of the calls that have to be made before it.
    """

    input: int | None = None
    output: int | None = None
    cost: Cost | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call that was made, as the ledger keeps it.

    Parameters
    ----------
    at : float
        When it was sent, in seconds since 1970.
    kind : str
        What for.
    model, server : str
        Who answered.
    region : str
        Where its price is looked up.
    scripted : bool
        The emulator answered: the cost is what it would have been.
    usage : Usage, optional
        What it took; `usage.estimated` where the server told nothing.
    cost : Cost, optional
        None where no price is known, or not all of the usage.
    conversation, notebook : str
        Ids of where it belongs; empty for a chat in memory.
    chat, path : str
        The conversation's name, empty for the notebook's own; where the notebook was.
    entry : str
        Id of the version of the turn it was made for.
    turn : int, optional
        The number of that turn when it was asked.
    """

    at: float
    kind: CallKind = "answer"
    model: str = ""
    server: str = ""
    region: str = ""
    scripted: bool = False
    usage: Usage | None = None
    cost: Cost | None = None
    conversation: str = ""
    notebook: str = ""
    chat: str = ""
    path: str = ""
    entry: str = ""
    turn: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerRow:
    """What some calls took together, all priced in one currency or not priced at all.

    Parameters
    ----------
    by : str
        What they have in common: turn, model, chat, day, notebook, region.
    key : str
        Which one: a turn's number, a model's id, a conversation's name (empty for the
        notebook's own), `2026-11-22`, a notebook's path, a region of the price table.
    calls : int
        How many.
    input, cached, output, thinking : int
        Tokens, as far as they are known; `cached` is part of `input`, `thinking` of
        `output`.
    cost : Decimal, optional
        What the calls with a price cost; None where not one has.
    currency : str
        Its currency; empty where there is no cost.
    scripted : bool
        The emulator answered: the cost is what it would have been.
    estimated : int
        How many of the calls have estimated tokens.
    untold : int
        How many have no tokens at all, not even estimated.
    unpriced : int
        How many have no cost.
    """

    by: By
    key: str
    calls: int = 0
    input: int = 0
    cached: int = 0
    output: int = 0
    thinking: int = 0
    cost: Decimal | None = None
    currency: str = ""
    scripted: bool = False
    estimated: int = 0
    untold: int = 0
    unpriced: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which calls of the ledger are asked for; None leaves a condition out.

    Parameters
    ----------
    conversation, notebook : str, optional
        Ids.
    since, before : float, optional
        Seconds since 1970; `before` itself is left out.
    scripted : bool, optional
        Those the emulator answered, or the others.
    among, without : collection of str, optional
        Ids of calls: only these; not these.
    """

    conversation: str | None = None
    notebook: str | None = None
    since: float | None = None
    before: float | None = None
    scripted: bool | None = None
    among: Collection[str] | None = None
    without: Collection[str] = ()
