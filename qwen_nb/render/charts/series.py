"""What charts are drawn from: calls added up to bars, and costs to running sums."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from qwen_nb.texts import Language, text
from qwen_nb.values import EXACT, Call, Usage

KINDS = ("cached", "input", "thinking", "answer")
"""The parts of a bar from its foot up; `input` is what did not come from the cache."""

_NICE = (1, 2, 5, 10)
_FAR = 5  # times higher than the next one: drawn to scale it would flatten the others
_FEW = 20  # one in so many bars may be cut


@dataclass(frozen=True, slots=True)
class Bar:
    """The tokens of some turns or calls, numbered from `first` to `last`.

    Parameters
    ----------
    parts : tuple of int
        Tokens of each of `KINDS`.
    estimated, untold : bool
        Whether some of them are estimates, or missing.
    """

    first: int
    last: int
    parts: tuple[int, ...]
    estimated: bool
    untold: bool

    @property
    def total(self) -> int:
        """All of its tokens."""
        return sum(self.parts)

    def kinds(self) -> dict[str, int]:
        """Return the tokens of each of `KINDS` that is there."""
        return {kind: n for kind, n in zip(KINDS, self.parts, strict=True) if n}

    @property
    def label(self) -> str:
        """Its numbers."""
        return str(self.first) if self.first == self.last else f"{self.first}–{self.last}"


@dataclass(frozen=True, slots=True)
class Bars:
    """Bars side by side.

    Parameters
    ----------
    unit : {"turn", "call"}
        What their numbers count.
    size : int
        How many turns or calls one bar adds up.
    bars : tuple of Bar
        In order.
    """

    unit: str
    size: int
    bars: tuple[Bar, ...]

    def where(self, bar: Bar, language: Language) -> str:
        """Say which turns or calls a bar stands for."""
        key = f"chart.at_{self.unit}{'' if bar.first == bar.last else 's'}"
        return text(key, language, n=bar.label)

    def title(self, language: Language) -> str:
        """Say what is drawn."""
        key = f"chart.tokens_{self.unit}{'' if self.size == 1 else 's'}"
        return text(key, language, n=self.size)

    @property
    def top(self) -> int:
        """The tokens that reach the upper edge; a few bars may have more and are cut.

        One huge bar would leave nothing to see of the others.
        """
        heights = sorted((bar.total for bar in self.bars), reverse=True)
        most = max(1, len(heights) // _FEW) if len(heights) > 2 else 0
        for cut in range(most, 0, -1):
            if 0 < _FAR * heights[cut] < heights[cut - 1]:
                return heights[cut] * 3 // 2
        return heights[0] if heights else 0

    def sums(self) -> dict[str, int]:
        """Return the tokens of each of `KINDS` in all bars, where there are any."""
        sums = (sum(bar.parts[at] for bar in self.bars) for at in range(len(KINDS)))
        return {kind: tokens for kind, tokens in zip(KINDS, sums, strict=True) if tokens}

    def cut(self) -> list[Bar]:
        """Return the bars that are higher than the chart."""
        top = self.top
        return [bar for bar in self.bars if bar.total > top]


@dataclass(frozen=True, slots=True)
class Line:
    """A running cost in one currency.

    Parameters
    ----------
    points : tuple of (int, Decimal)
        The number of a call, from 1, and the sum with it; one for each call with a cost.
    most : (int, Decimal)
        The dearest call, and its cost.
    """

    currency: str
    scripted: bool
    points: tuple[tuple[int, Decimal], ...]
    most: tuple[int, Decimal]
    estimated: bool

    @property
    def sum(self) -> Decimal:
        """What all of them cost."""
        return self.points[-1][1]

    def thinned(self, most: int) -> list[tuple[int, Decimal]]:
        """Return no more than so many of the points, the last among them."""
        every = -(-len(self.points) // most)
        return list(self.points[-1::-every])[::-1]

    def name(self, language: Language) -> str:
        """Say what it is."""
        key = "chart.line_would" if self.scripted else "chart.line_cost"
        return text(key, language, currency=self.currency)


def in_order(calls: Iterable[Call]) -> list[Call]:
    """Return calls in the order in which they were sent."""
    return sorted(calls, key=lambda call: call.at)


def bars(calls: Sequence[Call], most: int) -> Bars:
    """Add up calls to no more than `most` bars.

    The calls of one conversation make a bar for each turn; those of several, one for each
    call. Where that is too many, as many as needed go together.
    """
    homes = {(call.notebook, call.conversation, call.chat) for call in calls}
    numbered: dict[int, list[Call]] = {}
    by_turn = len(homes) == 1 and all(call.turn is not None for call in calls)
    for number, call in enumerate(in_order(calls), 1):
        at = call.turn if by_turn and call.turn is not None else number
        numbered.setdefault(at, []).append(call)
    numbers = sorted(numbered)
    size = int(_round_up(Decimal(max(1, -(-len(numbers) // most)))))
    runs = [numbers[at : at + size] for at in range(0, len(numbers), size)]
    return Bars(
        "turn" if by_turn else "call",
        size,
        tuple(
            _bar(run[0], run[-1], [call for number in run for call in numbered[number]])
            for run in runs
        ),
    )


def lines(calls: Iterable[Call]) -> list[Line]:
    """Return the running cost of each currency, what nobody pays apart from the rest."""
    costs: dict[tuple[str, bool], list[tuple[int, Decimal]]] = {}
    estimated = set()
    for number, call in enumerate(in_order(calls), 1):
        if call.cost is None:
            continue
        key = (call.cost.currency, call.scripted)
        costs.setdefault(key, []).append((number, call.cost.amount))
        if call.usage is not None and call.usage.estimated:
            estimated.add(key)
    return [
        Line(
            currency,
            scripted,
            tuple(_running(each)),
            max(each, key=lambda pair: pair[1]),
            (currency, scripted) in estimated,
        )
        for (currency, scripted), each in sorted(costs.items())
    ]


def ticks(top: Decimal, about: int = 4) -> list[Decimal]:
    """Return round numbers from 0 on, the last of them not below `top`."""
    if top <= 0:
        return [Decimal(0)]
    step = _round_up(top / about)
    count = int((top / step).to_integral_value(ROUND_CEILING))
    return [step * at for at in range(count + 1)]


def _round_up(number: Decimal) -> Decimal:
    """Return the next round number: 1, 2 or 5 times a power of ten."""
    power = Decimal(1).scaleb(number.adjusted())
    return next(nice * power for nice in _NICE if nice * power >= number)


def _running(costs: Iterable[tuple[int, Decimal]]) -> Iterable[tuple[int, Decimal]]:
    whole = Decimal(0)
    for number, amount in costs:
        whole = EXACT.add(whole, amount)
        yield number, whole


def _bar(first: int, last: int, calls: Iterable[Call]) -> Bar:
    each = []
    estimated = untold = False
    for call in calls:
        usage = call.usage
        # a call for embeddings has no output to tell
        wanted = call.kind != "embedding"
        if usage is None or usage.input is None or (wanted and usage.output is None):
            untold = True
        if usage is not None:
            estimated = estimated or usage.estimated
            each.append(_parts(usage))
    parts = tuple(map(sum, zip(*each, strict=True))) or (0,) * len(KINDS)
    return Bar(first, last, parts, estimated, untold)


def _parts(usage: Usage) -> tuple[int, int, int, int]:
    given, output = max(usage.input or 0, 0), max(usage.output or 0, 0)
    cached = min(max(usage.cached or 0, 0), given)
    thinking = max(usage.thinking or 0, 0)
    if usage.output is not None:
        thinking = min(thinking, output)
    return cached, given - cached, thinking, max(output - thinking, 0)
