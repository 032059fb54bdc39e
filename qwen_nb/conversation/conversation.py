"""The entries of a conversation in memory, and what of them the next question sends.

The laws. Only `current` entries are part of the conversation. The order is by
`(place, k)`, never by time. Nothing is ever thrown away: a version that leaves keeps its
place and can come back. Every change goes through `_apply`, which tells it to one
listener, so that a store holds the same.
"""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from qwen_nb.conversation.order import (
    STANDING,
    answered,
    by_place,
    context_of,
    leaving,
    older_after,
    position_of,
    since_mark,
    start_of,
    to_restore,
)
from qwen_nb.conversation.rounds import api_messages
from qwen_nb.conversation.runs import Runs
from qwen_nb.values import Change, Entry, EntryState, Slot, Turn, new_id


class Conversation:
    """The turns of one conversation, in order, with all their versions.

    It may be used from several threads: a job settles when it ends.

    Parameters
    ----------
    entries : iterable of Entry
        What is known already, in any order.
    begins_anew : bool
        The next turn is to start anew.
    on_change : callable, optional
        Told of every change, from the thread that makes it, before the call returns.

    Attributes
    ----------
    on_change : callable or None
    """

    def __init__(
        self,
        entries: Iterable[Entry] = (),
        *,
        begins_anew: bool = False,
        on_change: Callable[[Change], object] | None = None,
    ) -> None:
        self.on_change = on_change
        self._entries = {entry.id: entry for entry in entries}
        self._anew = self._told_anew = begins_anew
        self._runs = Runs()
        self._pending: dict[str, Slot] = {}
        self._ordered: list[Entry] | None = None  # those that stand, until one changes
        self._lock = threading.RLock()

    # -- what there is ---------------------------------------------------------------

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All versions of all turns, by place; at one place the newest version last."""
        with self._lock:
            return tuple(sorted(self._entries.values(), key=by_place))

    @property
    def turns(self) -> tuple[Turn, ...]:
        """The turns, oldest place first."""
        return tuple(entry.turn for entry in self._standing())

    @property
    def current_entries(self) -> tuple[Entry, ...]:
        """The entries since the conversation last began anew."""
        with self._lock:
            return () if self._anew else tuple(self._context(self._standing()))

    @property
    def current(self) -> tuple[Turn, ...]:
        """The turns since the conversation last began anew."""
        return tuple(entry.turn for entry in self.current_entries)

    @property
    def begins_anew(self) -> bool:
        """Whether the next turn is to carry the mark `starts_anew`."""
        return self._anew

    @property
    def pending(self) -> tuple[Slot, ...]:
        """The questions that have a place and no answer yet."""
        with self._lock:
            return tuple(sorted(self._pending.values(), key=lambda slot: slot.position))

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The API's own list of what a new question would send before itself."""
        system = next((turn.options.system for turn in self.current[-1:]), None)
        return api_messages(self.history_for(), system)

    def entry(self, number: int) -> Entry | None:
        """Return the turn that people know by this number; None when there is none."""
        current = self.current_entries
        return current[number - 1] if 0 < number <= len(current) else None

    def find(self, entry_id: str) -> Entry | None:
        """Return a version of a turn by its id, whatever became of it."""
        return self._entries.get(entry_id)

    def number_of(self, entry_id: str) -> int | None:
        """Return the number of a turn, from 1 where its context starts; None if not current."""
        with self._lock:
            entry = self._entries.get(entry_id)
            if entry is None or entry.state != "current":
                return None
            upto = [each for each in self._standing() if each.position <= entry.position]
            return len(since_mark(upto))

    def history_for(self, position: tuple[int, int] | None = None) -> tuple[Turn, ...]:
        """Return the turns a question at a place sends along; a new one's if none is given.

        A turn that has no answer is left out: half a pair is not a history that a
        server accepts (docs/protocol.md §6.1). A stopped or cut answer is sent as far as it
        came, since the person has read it.
        """
        with self._lock:
            if position is None:
                return answered(self.current_entries)
            return answered(since_mark(self._before(position)))

    def entries_before(self, slot: Slot | None = None) -> tuple[Entry, ...]:
        """Return the entries a question has before it, answered or not; oldest first.

        Parameters
        ----------
        slot : Slot, optional
            Its place; that of a question after all others if not given.
        """
        with self._lock:
            if slot is None:
                return self.current_entries
            if slot.anew:
                return ()
            before = self._before(slot.position, slot.replaces)
            return tuple(self._context(before, slot.position))

    # -- asking ------------------------------------------------------------------------

    def place_for(
        self, cell: str | None, execution: object, *, starts_anew: bool = False
    ) -> Slot:
        """Reserve the place of a question.

        It has to be given back with `settle`, or with `release` when nothing came.

        Parameters
        ----------
        cell : str, optional
            The running cell. Without one, or in a cell that is new to the conversation,
            the question comes after all others.
        execution : object
            Tells one execution of the cell from the next, by equality; None where there
            is no telling.
        starts_anew : bool
            Its own line asks for a new beginning; what is asked after it is asked there,
            also while it is still being answered.
        """
        with self._lock:
            if cell is None or execution is None:
                anew = self._anew or starts_anew
                return self._reserve(self._next_place(), 0, None, None, (), anew)
            run = self._runs.of(cell)
            if run is None or run.execution != execution:
                known = [entry for entry in self._entries.values() if entry.cell == cell]
                waiting = [slot.place for slot in self._pending.values() if slot.cell == cell]
                place = min(waiting, default=0) or self._next_place()
                run = self._runs.begin(cell, execution, known, place)
            k, run.next_k = run.next_k, run.next_k + 1
            gone = tuple(entry.id for entry in run.leaving(self._entries.values()))
            anew = self._anew or starts_anew or k in run.marks
            return self._reserve(run.place, k, cell, execution, gone, anew)

    def slot_again(self, entry_id: str | None = None) -> Slot:
        """Reserve the place of a turn for a new version of it, as `retry` and `resume` need.

        Parameters
        ----------
        entry_id : str, optional
            The version that stands there now; that of the last turn if not given.

        Raises
        ------
        LookupError
            When it is not current any more.
        """
        with self._lock:
            current = self.current_entries
            wanted = current[-1].id if entry_id is None and current else entry_id
            entry = next((each for each in current if each.id == wanted), None)
            if entry is None:
                raise LookupError(wanted)
            anew = self._anew or entry.turn.starts_anew
            return self._reserve(entry.place, entry.k, entry.cell, None, (entry.id,), anew)

    def settle(
        self, slot: Slot, turn: Turn, *, asked_at: float = 0.0, region: str = ""
    ) -> Entry:
        """Put the answered turn into its place; what stood there leaves.

        The first turn of a new execution takes the place of all that the cell had asked
        before. Turns after it are marked as answered on an older context.

        Parameters
        ----------
        slot : Slot
            From `place_for` or `slot_again`.
        turn : Turn
            With the mark `starts_anew` if its own line asked for that.
        asked_at : float
            Seconds since 1970.
        region : str
            Where its price is looked up.
        """
        with self._lock:
            self._pending.pop(slot.id, None)
            entry = Entry(
                slot.id, slot.place, slot.k, slot.cell, turn, asked_at=asked_at, region=region
            )
            run = self._runs.of(slot.cell) if slot.execution is not None else None
            if run is not None and run.execution != slot.execution:
                if run.settled:  # a job whose cell was asked again has lost its place
                    return self._apply(self._leave([entry], "replaced"))[0]
                run = None
            if run is not None:
                entry = replace(entry, place=run.place)
                gone = run.leaving(self._entries.values())
                inherits = by_command = slot.k in run.marks
                run.own.add(slot.id)
                run.settled = True
            else:
                known = (self._entries.get(each) for each in slot.replaces)
                gone = [old for old in known if old is not None and old.state in STANDING]
                heirs = [old for old in gone if old.k == slot.k]
                inherits = any(old.turn.starts_anew for old in heirs)
                by_command = any(old.marked for old in heirs)
                self._runs.hand_over(gone, slot.id)
            # The mark of the command goes to the first answer after it, and to no other.
            begins = slot.anew and (self._anew or inherits)
            entry = replace(
                entry,
                turn=replace(turn, starts_anew=turn.starts_anew or begins),
                marked=slot.anew and (self._anew or by_command),
            )
            older = older_after(self._standing(), entry.position, gone)
            self._anew = self._anew and not slot.anew
            self._apply([*self._leave(gone, "replaced"), *older, entry])
            return entry

    def release(self, slot: Slot) -> None:
        """Give a place back that got no answer; nothing leaves and nothing is stored."""
        with self._lock:
            self._pending.pop(slot.id, None)

    # -- commands ------------------------------------------------------------------------

    def begin_anew(self) -> None:
        """Let the next turn be the first of a new conversation."""
        with self._lock:
            if not self._anew:
                self._anew = True
                self._apply([])

    def undo(self, n: int = 1) -> tuple[Entry, ...]:
        """Take the last turns back, and return them; fewer where there are not so many."""
        with self._lock:
            last = self._standing()[::-1][: max(n, 0)]
            return self._apply(self._leave(last, "undone"))

    def restore(self, which: int | str | None = None) -> Entry | None:
        """Bring a version back to its place; what stood there is replaced.

        Parameters
        ----------
        which : int or str, optional
            A turn's number: its last other version. An entry's id: that version. Without
            it: the version that left last. Doing it twice toggles.

        Returns
        -------
        Entry or None
            The version that came back; None when there is none.
        """
        with self._lock:
            there = self.entry(which) if isinstance(which, int) else None
            back = to_restore(self._entries, which, there)
            if back is None or back.state == "current":
                return back
            stood = [each for each in self._standing() if each.position == back.position]
            back = replace(back, state="current", left=0)
            older = older_after(self._standing(), back.position, stood)
            self._runs.hand_over(stood, back.id)
            self._apply([*self._leave(stood, "replaced"), *older, back])
            return back

    def forget_cells(self, cells: Iterable[str]) -> tuple[Entry, ...]:
        """Let the turns of deleted cells leave, and return them."""
        with self._lock:
            gone = set(cells)
            standing = self._standing()
            left = [entry for entry in standing if entry.cell in gone]
            changed = self._leave(left, "deleted")
            older = {
                each.id: each
                for entry in left
                for each in older_after(standing, entry.position, left)
            }
            self._apply([*changed, *older.values()])
            return tuple(changed)

    def forget(self, ids: Iterable[str]) -> tuple[Entry, ...]:
        """Let go of versions for good, and return them; the listener is not told of these."""
        with self._lock:
            gone = [entry for each in ids if (entry := self._entries.get(each)) is not None]
            standing = self._standing()
            older = {
                each.id: each
                for entry in gone
                if entry.state == "current"
                for each in older_after(standing, entry.position, gone)
            }
            for entry in gone:
                del self._entries[entry.id]
            self._ordered = None
            if older:
                self._apply(older.values())
            return tuple(gone)

    def fork(self, at: int | None = None) -> Conversation:
        """Return a new conversation with copies of the turns up to one; all if none is given.

        Raises
        ------
        LookupError
            When there is no such turn.
        """
        with self._lock:
            standing = self._standing()
            if at is not None:
                last = self.entry(at)
                if last is None:
                    raise LookupError(at)
                standing = [each for each in standing if each.position <= last.position]
            copies = (
                replace(entry, id=new_id(), copy_of=entry.copy_of or entry.id)
                for entry in standing
            )
            return Conversation(copies, begins_anew=self._anew and at is None)

    def merge(self, entries: Iterable[Entry], *, begins_anew: bool) -> None:
        """Take over what another kernel has stored; the listener is not told."""
        with self._lock:
            self._ordered = None
            for entry in entries:
                self._entries[entry.id] = entry
                self._runs.move(entry)
            self._anew = self._told_anew = begins_anew

    # -- inside ----------------------------------------------------------------------------

    def _standing(self) -> list[Entry]:
        with self._lock:
            if self._ordered is None:
                current = (each for each in self._entries.values() if each.state == "current")
                self._ordered = sorted(current, key=by_place)
            return list(self._ordered)

    def _before(self, position: tuple[int, int], without: Iterable[str] = ()) -> list[Entry]:
        standing, left_out = self._standing(), set(without)
        before = standing[: bisect_left(standing, position, key=position_of)]
        return [each for each in before if each.id not in left_out] if left_out else before

    def _context(
        self, entries: list[Entry], position: tuple[int, int] | None = None
    ) -> list[Entry]:
        """Return the entries since the last beginning, one that is on its way included."""
        return context_of(entries, self._beginnings(position))

    def _beginnings(self, position: tuple[int, int] | None) -> list[tuple[int, int]]:
        waiting = self._pending.values()
        places = [slot.position for slot in waiting if slot.anew]
        return [each for each in places if position is None or each < position]

    def _next_place(self) -> int:
        places = [entry.place for entry in self._entries.values()]
        return max(places + [slot.place for slot in self._pending.values()], default=0) + 1

    def _leave(self, entries: Iterable[Entry], state: EntryState) -> list[Entry]:
        last = max((entry.left for entry in self._entries.values()), default=0)
        return leaving(entries, state, last + 1)

    def _reserve(
        self,
        place: int,
        k: int,
        cell: str | None,
        execution: object,
        replaces: tuple[str, ...],
        anew: bool,
    ) -> Slot:
        position = place, k
        before = [] if anew else self._context(self._before(position, replaces), position)
        start = start_of(before, self._beginnings(position))
        waiting = [
            slot
            for slot in self._pending.values()
            if not anew and start <= slot.position < position
        ]
        places = {slot.position for slot in waiting}
        slot = Slot(
            id=new_id(),
            place=place,
            k=k,
            cell=cell,
            execution=execution,
            number=len({entry.position for entry in before} | places) + 1,
            replaces=replaces,
            anew=anew,
            pending=tuple(slot.id for slot in waiting),
        )
        self._pending[slot.id] = slot
        return slot

    def _apply(self, changed: Iterable[Entry]) -> tuple[Entry, ...]:
        after = tuple(changed)
        pairs = tuple((self._entries.get(entry.id), entry) for entry in after)
        self._entries.update((entry.id, entry) for entry in after)
        self._ordered = None
        anew = None if self._anew == self._told_anew else self._anew
        self._told_anew = self._anew
        if self.on_change is not None and (pairs or anew is not None):
            self.on_change(Change(pairs, anew))
        return after
