"""Which conversation goes on: what is stored, what the file holds, what the request says.

Paths are names in one folder; a file is the ids of its cells, each with what its outputs
carry: `"c1": "A/1"` is a cell c1 whose output carries entry 1 of conversation A.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from qwen_nb.conversation.identity import Decision, decide
from qwen_nb.front_end.notebook_file import NotebookFile, read_notebook
from qwen_nb.front_end.place import Place
from tests.conversation.identity._notebooks import (
    Shelf,
    Stored,
    carried,
    cell,
    turn_from,
    write,
)

NB, OLD, OTHER = "nb.ipynb", "old.ipynb", "other.ipynb"

Cells = dict[str, str | None]


@dataclass(frozen=True)
class Case:
    says: str
    becomes: str  # how the notebook's own conversation goes on, and which
    stored: tuple[Stored, ...] = ()
    files: dict[str, Cells | str] = field(default_factory=dict)  # a text: no notebook
    path: str | None = NB
    cell: str | None = "c1"
    in_file: bool = True
    named: dict[str, str] = field(default_factory=dict)


def stored(id_: str, path: str, cells: str = "", name: str | None = None) -> Stored:
    return Stored(id_, path, frozenset(cells.split()), name)


A_HERE = stored("A", NB, "c1 c2")
A_AT_OLD = stored("A", OLD, "c1 c2")

CASES = [
    # -- no identity
    Case("no cell: nbclient, nbval, a child kernel", "none", (A_HERE,), {NB: {"c1": "A/1"}},
         cell=None),
    Case("no path: a front end that tells none", "none", (A_HERE,), path=None),
    # -- new
    Case("a new notebook, never saved: the file has no cells", "new", files={NB: {}}),
    Case("a new notebook, saved", "new", files={NB: {"c1": None}}),
    Case("today's Untitled.ipynb, unsaved", "new", (stored("A", NB, "y1 y2"),), {NB: {}}),
    Case("today's Untitled.ipynb, saved", "new", (stored("A", NB, "y1 y2"),),
         {NB: {"c1": None, "c2": None}}),
    Case("ids and metadata dropped by a tool, reopened", "new", (A_HERE,), {NB: {"": None}},
         cell="n1"),
    Case("every cell that was asked in is deleted, outputs too", "new", (A_HERE,),
         {NB: {"c3": None}}, cell="c3"),
    Case("the path is not on this machine", "new", (stored("A", NB, "y1"),)),
    Case("what the file carries cannot be read as a turn", "new", files={NB: {"c1": "Z/bad"}}),
    # -- the same
    Case("saved with its outputs", "same A", (A_HERE,), {NB: {"c1": "A/1", "c2": "A/2"}}),
    Case("never saved since the first ask: the request's cell is known", "same A",
         (A_HERE,), {NB: {}}),
    Case("saved without outputs: the file's cells are known, a new one asks", "same A",
         (A_HERE,), {NB: {"c1": None}}, cell="n1"),
    Case("outputs cleared, kernel restarted", "same A", (A_HERE,),
         {NB: {"c1": None, "c2": None}}),
    Case("ids dropped by a tool (nbformat before 4.5), metadata kept", "same A", (A_HERE,),
         {NB: {"": "A/1"}}, cell="n1"),
    Case("metadata and ids dropped, the page still open", "same A", (A_HERE,),
         {NB: {"": None}}),
    Case("the file is damaged, the page still open", "same A", (A_HERE,), {NB: "{"}),
    Case("the file is gone, the page still open", "same A", (A_HERE,)),
    Case("yesterday's notebook of this path is stored too", "same A",
         (stored("Y", NB, "y1"), A_HERE), {NB: {"c1": "A/1"}}),
    Case("a cell pasted from another notebook, its output with it", "same A",
         (A_HERE, stored("B", OTHER, "b1")),
         {NB: {"c1": "A/1", "p1": "B/1"}, OTHER: {"b1": "B/1"}}),
    Case("more pasted than asked here", "same A",
         (A_HERE, stored("B", OTHER, "b1 b2")),
         {NB: {"c1": "A/1", "p1": "B/1", "p2": "B/2"}, OTHER: {"b1": "B/1", "b2": "B/2"}}),
    Case("a copy after its fork, saved: older outputs still carry the original", "same F",
         (A_AT_OLD, stored("F", NB, "c1 c2")),
         {NB: {"c1": "A/1", "c2": "F/2"}, OLD: {"c1": "A/1", "c2": "A/2"}}),
    Case("a copy after its fork, not saved yet", "same F",
         (A_AT_OLD, stored("F", NB, "c1 c2")),
         {NB: {"c1": "A/1", "c2": "A/2"}, OLD: {"c1": "A/1", "c2": "A/2"}}),
    Case("a colleague's version of the file, with their conversation", "same A", (A_HERE,),
         {NB: {"c1": "Z/1", "c2": "Z/2"}}),
    Case("two that fit: the last used", "same B", (stored("B", NB, "c2"), A_HERE),
         {NB: {"c1": None, "c2": None}}),
    Case("two that fit: the one that the outputs show", "same A",
         (stored("B", NB, "c2"), A_HERE), {NB: {"c1": "A/1", "c2": None}}),
    Case("the one that the outputs show more often", "same B",
         (A_HERE, stored("B", NB, "c2 c3")), {NB: {"c1": "A/1", "c2": "B/1", "c3": "B/2"}}),
    # -- renamed
    Case("the old path is gone", "renamed A", (A_AT_OLD,), {NB: {"c1": "A/1"}}),
    Case("another notebook is at the old path now", "renamed A", (A_AT_OLD,),
         {NB: {"c1": "A/1"}, OLD: {"x1": "X/1"}}),
    Case("a new notebook without cells is at the old path now", "renamed A", (A_AT_OLD,),
         {NB: {"c1": "A/1"}, OLD: {}}),
    Case("renamed onto the path of a copy that is gone", "renamed A",
         (stored("F", NB, "c1 c2"), A_AT_OLD), {NB: {"c1": "A/1", "c2": "A/2"}}),
    Case("renamed, then nothing known: neither saved nor asked", "new", (A_AT_OLD,),
         {NB: {"c1": None}}),
    # -- forked
    Case("a copy, the original untouched", "forked A", (A_AT_OLD,),
         {NB: {"c1": "A/1"}, OLD: {"c1": "A/1", "c2": "A/2"}}),
    Case("a copy, the original's outputs cleared since", "forked A", (A_AT_OLD,),
         {NB: {"c1": "A/1"}, OLD: {"c1": None, "c2": None}}),
    Case("a copy made while the original was not saved again", "forked A", (A_AT_OLD,),
         {NB: {"c1": "A/1"}, OLD: {"c1": "A/1"}}),
    Case("a copy, the original cannot be read now", "forked A", (A_AT_OLD,),
         {NB: {"c1": "A/1"}, OLD: "{"}),
    Case("a copy, the original lost its cells' ids", "forked A", (A_AT_OLD,),
         {NB: {"c1": "A/1"}, OLD: {"": "A/1"}}),
    Case("a copy of a copy", "forked F",
         (A_AT_OLD, stored("F", OTHER, "c1 c2")),
         {NB: {"c1": "A/1", "c2": "F/2", "c3": "F/3"}, OLD: {"c1": "A/1"},
          OTHER: {"c1": "A/1", "c2": "F/2", "c3": "F/3"}}),
    # -- rebuilt
    Case("another machine, another store", "rebuilt Z", files={NB: {"c1": "Z/1", "c2": "Z/2"}}),
    Case("another store that knows this path as another notebook", "rebuilt Z",
         (stored("Y", NB, "y1"),), {NB: {"c1": "Z/1"}}),
    Case("two conversations: the one that is shown most", "rebuilt Z",
         files={NB: {"c1": "X/1", "c2": "Z/1", "c3": "Z/2"}}),
    # -- names
    Case("a named one goes on beside the notebook's own", "same A",
         (A_HERE, stored("N", NB, "c3", "poems")), {NB: {"c1": "A/1", "c3": "N/1"}},
         named={"poems": "same N"}),
    Case("only a named one is known", "new", (stored("N", NB, "c3", "poems"),),
         {NB: {"c1": None, "c3": None}}, named={"poems": "same N"}),
    Case("a named one, rebuilt", "new", files={NB: {"c3": "N/1/poems"}},
         named={"poems": "rebuilt N"}),
    Case("a named one that was never saved is renamed with the notebook", "renamed A",
         (A_AT_OLD, stored("N", OLD, "c3", "poems")), {NB: {"c1": "A/1", "c3": None}},
         named={"poems": "renamed N"}),
    Case("one of an older notebook of that path stays there", "renamed A",
         (A_AT_OLD, stored("N", OLD, "y1", "poems")), {NB: {"c1": "A/1", "c3": None}}),
    Case("a copy forks each", "forked A",
         (A_AT_OLD, stored("N", OLD, "c3", "poems")),
         {NB: {"c1": "A/1", "c3": "N/1"}, OLD: {"c1": "A/1", "c3": "N/1"}},
         named={"poems": "forked N"}),
    # -- VS Code: the request's key is a number, and the record remembers the file's cells
    Case("VS Code: another notebook's first cell has the same key", "new",
         (stored("A", NB, "W0sZmlsZQ%3D%3D f1"),), {NB: {"g1": None}},
         cell="W0sZmlsZQ%3D%3D", in_file=False),
    Case("VS Code: saved with its outputs", "same A",
         (stored("A", NB, "W0sZmlsZQ%3D%3D"),), {NB: {"f1": "A/1"}},
         cell="W4sZmlsZQ%3D%3D", in_file=False),
    Case("VS Code: not saved since, a cell of the file was remembered", "same A",
         (stored("A", NB, "W0sZmlsZQ%3D%3D f1"),), {NB: {"f1": None}},
         cell="W4sZmlsZQ%3D%3D", in_file=False),
    Case("VS Code: a copy", "forked A",
         (stored("A", OLD, "W0sZmlsZQ%3D%3D f1"),), {NB: {"f1": "A/1"}, OLD: {"f1": None}},
         cell="W0sZmlsZQ%3D%3D", in_file=False),
    # from JupyterLab to VS Code and back: the ids are the file's
    Case("begun in JupyterLab, opened in VS Code", "same A", (A_HERE,),
         {NB: {"c1": None}}, cell="W0sZmlsZQ%3D%3D", in_file=False),
    Case("begun in VS Code, opened in JupyterLab", "same A",
         (stored("A", NB, "W0sZmlsZQ%3D%3D c1"),), {NB: {"c1": None}}, cell="n1"),
]  # fmt: skip


def saved(path: Path, holds: Cells | str) -> None:
    if isinstance(holds, str):
        path.write_text(holds)
        return
    cells = []
    for id_, shown in holds.items():
        if not shown:
            cells.append(cell(id_ or None))
            continue
        chat, entry, *name = shown.split("/")
        rest = {"name": name[0]} if name else {}
        bad = {"turn": {"prompt": 7}} if entry == "bad" else {}
        cells.append(cell(id_ or None, carried(chat, entry, cell=id_, **rest, **bad)))
    write(path, *cells)


def decided(case: Case, folder: Path) -> Decision:
    for name, holds in case.files.items():
        saved(folder / name, holds)
    shelf = Shelf([
        Stored(each.id, str(folder / str(each.path)), each.cells, each.name)
        for each in case.stored
    ])  # fmt: skip
    path = str(folder / case.path) if case.path else None
    place = Place(cell=case.cell, in_file=case.in_file, path=path)
    file = read_notebook(path) if path else NotebookFile()
    return decide(place, file, shelf, turn_from=turn_from)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_what_goes_on(case: Case, tmp_path: Path) -> None:
    decision = decided(case, tmp_path)
    goes_on = {each.name: f"{each.how} {each.id}" for each in decision.continued}
    own = goes_on.pop(None, decision.how)
    assert (own, goes_on) == (case.becomes, case.named)
    assert own.startswith(decision.how)


def test_every_decision_has_its_rows() -> None:
    seen = {case.becomes.partition(" ")[0] for case in CASES}
    assert seen == {"none", "new", "same", "renamed", "forked", "rebuilt"}


def case(says: str) -> Case:
    return next(each for each in CASES if each.says == says)


def test_a_copy_goes_on_from_what_it_shows(tmp_path: Path) -> None:
    decision = decided(case("a copy, the original untouched"), tmp_path)
    own = decision.named(None)
    assert own is not None
    assert own.entries == {"1"}  # not entry 2, asked in the original afterwards


def test_each_fork_has_its_own_entries(tmp_path: Path) -> None:
    shown: Cells = {"c1": "A/1", "c3": "N/9"}
    both = A_AT_OLD, stored("N", OLD, "c3", "poems")
    decision = decided(Case("", "", both, {NB: shown, OLD: shown}), tmp_path)
    assert {each.id: each.entries for each in decision.continued} == {"A": {"1"}, "N": {"9"}}


def test_two_kernels_on_one_file_have_one_conversation(tmp_path: Path) -> None:
    first = decided(case("saved with its outputs"), tmp_path)
    second = decided(case("saved without outputs: the file's cells are known, a new one asks"),
                     tmp_path)  # fmt: skip
    assert first.continued == second.continued


def test_a_symlink_is_the_notebook_itself(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    saved(tmp_path / "real" / NB, {"c1": "A/1"})
    (tmp_path / "link").symlink_to("real", target_is_directory=True)
    told = os.path.realpath(tmp_path / "link" / NB)  # what `here` tells
    shelf = Shelf([Stored("A", str(tmp_path.resolve() / "real" / NB), frozenset({"c1"}))])
    place = Place(cell="c1", in_file=True, path=told)
    decision = decide(place, read_notebook(told), shelf, turn_from=turn_from)
    assert decision.how == "same"


def test_in_vscode_the_files_cells_are_remembered_and_keys_do_not_hold(tmp_path: Path) -> None:
    decision = decided(case("VS Code: saved with its outputs"), tmp_path)
    assert (decision.marks, decision.keys_hold) == ({"f1"}, False)


def test_in_jupyter_the_keys_of_the_entries_are_enough(tmp_path: Path) -> None:
    decision = decided(case("saved with its outputs"), tmp_path)
    assert (decision.marks, decision.keys_hold) == (frozenset(), True)


def test_a_person_is_told_that_it_was_rebuilt(tmp_path: Path) -> None:
    (note,) = decided(case("another machine, another store"), tmp_path).notes()
    assert "(2)" in note
    (note,) = decided(case("a named one, rebuilt"), tmp_path).notes("zh")
    assert "poems" in note


def test_a_person_is_told_of_a_copy(tmp_path: Path) -> None:
    own, named = decided(case("a copy forks each"), tmp_path).notes()
    assert "poems" in named
    assert "poems" not in own


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.says)
def test_what_goes_on_as_it_was_needs_no_note(case: Case, tmp_path: Path) -> None:
    decision = decided(case, tmp_path)
    told = [each for each in decision.continued if each.how in ("forked", "rebuilt")]
    assert len(decision.notes()) == len(told)
