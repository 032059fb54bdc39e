"""Executions of cells: which entries one has asked itself, and which it replaces."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from qwen_nb.conversation.order import STANDING, by_place
from qwen_nb.values import Entry


@dataclass(slots=True)
class Run:
    """One execution of one cell: what it has asked so far.

    Attributes
    ----------
    marks : frozenset of int
        The marks that its asks inherit from those they replace, by their number.
    """

    cell: str
    execution: object
    place: int
    next_k: int = 0
    own: set[str] = field(default_factory=set)
    marks: frozenset[int] = frozenset()
    settled: bool = False

    def leaving(self, entries: Iterable[Entry]) -> list[Entry]:
        """Return what leaves once this execution has an answer."""
        return [
            entry
            for entry in sorted(entries, key=by_place)
            if entry.cell == self.cell and entry.state in STANDING and entry.id not in self.own
        ]


class Runs:
    """The last execution of each cell."""

    def __init__(self) -> None:
        self._runs: dict[str, Run] = {}

    def of(self, cell: str | None) -> Run | None:
        """Return the last execution of a cell."""
        return self._runs.get(cell) if cell is not None else None

    def begin(self, cell: str, execution: object, known: Collection[Entry], place: int) -> Run:
        """Return a new execution of a cell.

        It stands where what is current of the cell stands, else where the cell was when
        its turns were deleted, undone or replaced last. So an undone turn that is asked
        again is a new version of it, and not a second turn of the same cell.

        Parameters
        ----------
        cell, execution
            See `Conversation.place_for`.
        known : collection of Entry
            The entries of this cell.
        place : int
            Where a cell without entries stands.
        """
        standing = [entry for entry in known if entry.state == "current"]
        old = standing or [entry for entry in known if entry.state == "deleted"]
        if old:
            place = min(entry.place for entry in old)
        elif known:
            place = max(known, key=lambda entry: entry.left).place
        marks = frozenset(entry.k for entry in old if entry.marked)
        run = self._runs[cell] = Run(cell, execution, place, marks=marks)
        return run

    def hand_over(self, old: Iterable[Entry], new: str) -> None:
        """Make a new version of something that an execution asked its own."""
        for entry in old:
            run = self.of(entry.cell)
            if run is not None and entry.id in run.own:
                run.own.add(new)

    def move(self, entry: Entry) -> None:
        """Follow an entry to the place that the store gave it."""
        run = self.of(entry.cell)
        if run is not None and entry.id in run.own:
            run.place = entry.place
