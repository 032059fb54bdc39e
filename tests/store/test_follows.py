"""Any sequence of asking and commands: memory, a simple model, and the store agree."""

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

from _turns import before as sent_before
from _turns import replaced, turn
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from qwen_nb.conversation.conversation import Conversation
from qwen_nb.store.store import Store


@dataclass(eq=False)
class Row:
    """One version, as the rules tell it."""

    prompt: str
    cell: str | None
    place: int
    k: int
    anew: bool = False
    kept_mark: bool = False
    state: str = "current"
    older: bool = False

    @property
    def at(self) -> tuple[int, int]:
        return self.place, self.k


@dataclass
class Model:
    rows: list[Row] = field(default_factory=list)
    left: list[Row] = field(default_factory=list)  # who left, the last one last
    pending: bool = False

    def current(self) -> list[Row]:
        return sorted((r for r in self.rows if r.state == "current"), key=lambda r: r.at)

    def context(self, rows: list[Row]) -> list[Row]:
        marks = [index for index, row in enumerate(rows) if row.anew]
        return rows[marks[-1] :] if marks else rows

    def leave(self, rows: list[Row], state: str) -> None:
        def late(row: Row) -> tuple[tuple[int, int], bool, int]:
            gone = row.state != "current"
            return row.at, gone, -self.left.index(row) if gone else 0

        for row in sorted(rows, key=late, reverse=True):
            row.state = state
            if row in self.left:
                self.left.remove(row)
            self.left.append(row)

    def changed_at(self, at: tuple[int, int]) -> None:
        for row in self.current():
            if row.at > at:
                if row.anew:
                    break
                row.older = True

    def place_of(self, cell: str | None) -> int:
        mine = [r for r in self.rows if r.cell == cell and cell is not None]
        for state in ("current", "deleted"):
            if places := [r.place for r in mine if r.state == state]:
                return min(places)
        gone = [r for r in self.left if r in mine]
        return gone[-1].place if gone else max((r.place for r in self.rows), default=0) + 1


CELLS = st.sampled_from([*"ABCD", None])
ASKS = st.lists(st.tuples(st.booleans(), st.sampled_from([False, False, True])), max_size=3)


class Follows(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.store = Store(Path(self.folder.name) / "store.sqlite")
        self.id = self.store.create().id
        self.talk = self.store.load(self.id).conversation
        self.model = Model()
        self.asked = 0

    def teardown(self) -> None:
        self.store.close()
        self.folder.cleanup()

    @rule(cell=CELLS, asks=ASKS)
    def run_cell(self, cell: str | None, asks: list[tuple[bool, bool]]) -> None:
        model, own, execution = self.model, set[int](), object()
        if not asks:
            return
        place = model.place_of(cell)
        standing = [r for r in model.rows if r.cell == cell and r.state == "current"]
        old = standing or [r for r in model.rows if r.cell == cell and r.state == "deleted"]
        marks = {r.k for r in old if r.kept_mark and cell is not None}
        for k, (came, new) in enumerate(asks):
            if cell is None:
                k, place = 0, model.place_of(None)
            leaving = [
                r
                for r in model.rows
                if r.cell == cell and cell and r.state in ("current", "deleted")
                if id(r) not in own
            ]
            slot = self.talk.place_for(cell, execution)
            self.asked += 1
            prompt = str(self.asked)
            before = [r for r in model.current() if r.at < (place, k) and r not in leaving]
            anew = model.pending or k in marks
            sent = [] if anew else model.context(before)
            assert sent_before(self.talk, slot) == [r.prompt for r in sent]
            assert (slot.number, slot.pending) == (len(sent) + 1, ())
            if not came:
                self.talk.release(slot)
                continue
            entry = self.talk.settle(slot, turn(prompt, starts_anew=new), asked_at=1.0)
            assert entry.position == (place, k)
            model.leave(leaving, "replaced")
            model.pending = False
            row = Row(prompt, cell, place, k, anew or new, anew)
            model.changed_at(row.at)
            model.rows.append(row)
            own.add(id(row))

    @rule(number=st.none() | st.integers(1, 4))
    def retry(self, number: int | None) -> None:
        model = self.model
        context = [] if model.pending else model.context(model.current())
        if not context or (number or 1) > len(context):
            return
        old = context[(number or 0) - 1]
        entries = self.talk.current_entries
        slot = self.talk.slot_again(None if number is None else entries[number - 1].id)
        assert slot.number == (number or len(context))
        self.asked += 1
        self.talk.settle(slot, turn(str(self.asked)), asked_at=1.0)
        model.leave([old], "replaced")
        model.changed_at(old.at)
        row = Row(str(self.asked), old.cell, *old.at, old.anew, old.kept_mark)
        model.rows.append(row)

    @rule()
    def new(self) -> None:
        self.talk.begin_anew()
        self.model.pending = True

    @rule(n=st.integers(0, 3))
    def undo(self, n: int) -> None:
        gone = self.talk.undo(n)
        last = self.model.current()[::-1][:n]
        assert [entry.turn.prompt for entry in gone] == [r.prompt for r in last]
        self.model.leave(last, "undone")

    @rule(number=st.none() | st.integers(1, 3))
    def restore(self, number: int | None) -> None:
        model = self.model
        context = [] if model.pending else model.context(model.current())
        able = [r for r in model.left if r.state in ("replaced", "undone")]
        if number is not None:
            at = context[number - 1].at if number <= len(context) else None
            able = [r for r in able if r.at == at]
        back = self.talk.restore(number)
        assert (back and back.turn.prompt) == (able[-1].prompt if able else None)
        if able:
            row = able[-1]
            stood = [r for r in model.current() if r.at == row.at]
            model.left.remove(row)
            row.state = "current"
            model.leave(stood, "replaced")
            model.changed_at(row.at)

    @rule(cells=st.sets(st.sampled_from("ABCD"), max_size=2))
    def delete_cells(self, cells: set[str]) -> None:
        self.talk.forget_cells(cells)
        gone = [r for r in self.model.current() if r.cell in cells]
        self.model.leave(gone, "deleted")
        for row in gone:
            self.model.changed_at(row.at)

    @rule(number=st.none() | st.integers(1, 4))
    def fork(self, number: int | None) -> None:
        rows = self.model.current()
        if number is not None:
            context = [] if self.model.pending else self.model.context(rows)
            if number > len(context):
                return
            rows = rows[: rows.index(context[number - 1]) + 1]
        fork = self.talk.fork(number)
        assert [past.prompt for past in fork.turns] == [r.prompt for r in rows]
        assert not {e.id for e in fork.entries} & {e.id for e in self.talk.entries}
        kept = self.store.create(parent=self.id)
        self.store.put(kept.id, fork.entries, begins_anew=fork.begins_anew)
        loaded = self.store.load(kept.id).conversation
        assert (loaded.entries, loaded.begins_anew) == (fork.entries, fork.begins_anew)

    @rule()
    def open_again(self) -> None:
        self.talk = self.store.load(self.id).conversation

    @invariant()
    def memory_is_as_the_rules_say(self) -> None:
        model, talk = self.model, self.talk
        told = {
            (e.turn.prompt, e.state, e.older, e.position, e.turn.starts_anew, e.marked)
            for e in talk.entries
        }
        assert told == {
            (r.prompt, r.state, r.older, r.at, r.anew, r.kept_mark) for r in model.rows
        }
        context = [] if model.pending else model.context(model.current())
        assert [past.prompt for past in talk.turns] == [r.prompt for r in model.current()]
        assert [past.prompt for past in talk.current] == [r.prompt for r in context]
        numbers = [talk.number_of(entry.id) for entry in talk.current_entries]
        assert numbers == list(range(1, len(context) + 1))
        assert [past.prompt for past in replaced(talk)] == [
            r.prompt for r in model.left if r.state == "replaced"
        ]

    @invariant()
    def the_store_is_as_memory(self) -> None:
        assert self.store.flush()
        known = self.store.load(self.id).conversation
        assert known.entries == self.talk.entries
        assert known.begins_anew == self.talk.begins_anew
        assert self.store.take_problem() is None


TestFollows = Follows.TestCase
TestFollows.settings = settings(max_examples=100, stateful_step_count=25, deadline=None)


def test_two_asks_of_one_cell_do_not_take_each_other_for_old() -> None:
    talk = Conversation()
    first = talk.settle(talk.place_for("A", 0), turn("1"))
    again = talk.settle(talk.slot_again(), replace(turn("1b")))
    second = talk.settle(talk.place_for("A", 0), turn("2"))
    assert talk.turns == (again.turn, second.turn)
    assert replaced(talk) == [first.turn]
