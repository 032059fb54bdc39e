"""A conversation made again of what a notebook's outputs carry."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qwen_nb.conversation import identity
from qwen_nb.conversation.identity import Continued, decide
from qwen_nb.front_end.notebook_file import read_notebook
from qwen_nb.front_end.place import Place
from qwen_nb.values import Entry
from tests.conversation.identity._notebooks import Shelf, carried, cell, turn_from, write


def rebuilt(
    folder: Path, *cells: Mapping[str, Any], in_file: bool = True
) -> tuple[Continued, ...]:
    path = str(folder / "nb.ipynb")
    write(Path(path), *cells)
    place = Place(cell="c1", in_file=in_file, path=path)
    return decide(place, read_notebook(path), Shelf(), turn_from=turn_from).continued


def entries(*args: Any, **options: Any) -> list[tuple[str, int, int, str | None]]:
    (only,) = rebuilt(*args, **options)
    return [(each.id, each.place, each.k, each.cell) for each in only.carried]


def test_the_order_is_that_of_place_and_k_not_of_the_cells(tmp_path: Path) -> None:
    assert entries(
        tmp_path,
        cell("c1", carried("A", "e2", place=7, k=0), carried("A", "e3", place=7, k=1)),
        cell("c2", carried("A", "e1", place=4, k=0)),
    ) == [("e1", 0, 0, "c2"), ("e2", 1, 0, "c1"), ("e3", 1, 1, "c1")]


def test_without_places_the_order_is_that_of_the_cells(tmp_path: Path) -> None:
    assert entries(
        tmp_path,
        cell("c1", carried("A", "e2", place=7, k=0), carried("A", "e3")),
        cell("c2", carried("A", "e1", place=4, k=0)),
    ) == [("e2", 0, 0, "c1"), ("e3", 1, 0, "c1"), ("e1", 2, 0, "c2")]


def test_two_cells_never_share_a_place(tmp_path: Path) -> None:
    assert entries(
        tmp_path,
        cell("c1", carried("A", "e1", place=0, k=0), carried("A", "e3", place=0, k=1)),
        cell("c2", carried("A", "e2", place=0, k=0)),
    ) == [("e1", 0, 0, "c1"), ("e3", 0, 1, "c1"), ("e2", 1, 0, "c2")]


def test_an_output_copied_into_another_cell_counts_once(tmp_path: Path) -> None:
    shown = carried("A", "e1", place=0, k=0, cell="c1")
    one, copy = cell("c1", shown), cell("c9", shown)
    assert entries(tmp_path, copy, one) == entries(tmp_path, one, copy) == [("e1", 0, 0, "c1")]


def test_the_cell_is_the_one_that_holds_the_output_now(tmp_path: Path) -> None:
    shown = carried("A", "e1", place=0, k=0, cell="W0sZmlsZQ%3D%3D")
    assert entries(tmp_path, cell("c1", shown)) == [("e1", 0, 0, "c1")]
    assert entries(tmp_path, cell("c1", shown), in_file=False) == [("e1", 0, 0, None)]


def test_each_conversation_is_rebuilt_by_its_id(tmp_path: Path) -> None:
    made = rebuilt(
        tmp_path,
        cell("c1", carried("A", "a1")),
        cell("c2", carried("N", "n1", name="poems"), carried("N", "n2", name="poems")),
        cell("c3", carried("A", "a2")),
    )
    assert {(each.id, each.name): [one.id for one in each.carried] for each in made} == {
        ("A", None): ["a1", "a2"],
        ("N", "poems"): ["n1", "n2"],
    }


def test_the_turn_is_the_one_that_was_carried(tmp_path: Path) -> None:
    (only,) = rebuilt(tmp_path, cell("c1", carried("A", "e1")))
    expected = turn_from({"prompt": "A/e1"})
    assert expected is not None
    assert only.carried == (Entry("e1", 0, 0, "c1", expected),)


def test_what_is_no_turn_or_no_text_or_too_large_is_left_out(tmp_path: Path) -> None:
    large = "x" * (identity.TURN_BYTES + 1)
    turns: list[object] = [
        None, 7, "text", [], {}, {"prompt": 7}, {"prompt": "\ud83d"}, {"prompt": large},
    ]  # fmt: skip
    shown = [carried("A", f"e{n}") | {"turn": turn} for n, turn in enumerate(turns)]
    assert entries(tmp_path, cell("c1", *shown, carried("A", "good"))) == [("good", 0, 0, "c1")]


def test_all_turns_together_are_bounded(tmp_path: Path) -> None:
    big = {"prompt": "x" * 900_000}
    shown = [carried("A", f"e{n}") | {"turn": big} for n in range(50)]
    (only,) = rebuilt(tmp_path, cell("c1", *shown))
    assert 0 < sum(len(each.turn.prompt) for each in only.carried) <= identity.TURNS_BYTES


def test_what_was_forgotten_is_not_rebuilt(tmp_path: Path) -> None:
    path = tmp_path / "nb.ipynb"
    write(
        path,
        cell("c1", carried("A", "e1"), carried("A", "e2")),
        cell("c2", carried("B", "e3", name="b"), carried("C", "e4", name="c")),
    )
    place = Place(cell="c1", in_file=True, path=str(path))
    for gone, left in (
        ({"e2"}, {"A": ["e1"], "B": ["e3"], "C": ["e4"]}),
        ({"B", "e4"}, {"A": ["e1", "e2"]}),
        ({"A", "e3", "C"}, {}),
    ):
        shelf = Shelf(gone=frozenset(gone))
        decision = decide(place, read_notebook(str(path)), shelf, turn_from=turn_from)
        found = {each.id: [one.id for one in each.carried] for each in decision.continued}
        assert found == left
