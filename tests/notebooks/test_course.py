"""All notebooks of the course, strictly and together, here and at somebody else's."""

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests.pytest_plugin._own import own_environment
from tests.pytest_plugin._project import Project, Ran, alone

pytestmark = [pytest.mark.kernel, pytest.mark.notebook]

ROOT = Path(__file__).parents[2]
NOTEBOOKS = [
    path
    for path in sorted((ROOT / "notebooks").rglob("*.ipynb"))
    if ".ipynb_checkpoints" not in path.parts
]


@pytest.fixture
def course(tmp_path: Path) -> Iterator[Project]:
    """The course where it is; a run leaves nothing behind in it."""
    before = _files()
    yield Project(tmp_path, at=ROOT)
    assert _files() == before


def _files() -> dict[Path, bytes]:
    files = (path for path in (ROOT / "notebooks").rglob("*") if path.is_file())
    return {path: path.read_bytes() for path in files if "__pycache__" not in path.parts}


def all_passed(ran: Ran) -> bool:
    cells = {
        f"{path.relative_to(ROOT).with_suffix('')} {number}"
        for path in NOTEBOOKS
        for number, _ in enumerate(_code_cells(path))
    }
    assert set(ran.outcomes) == cells, ran.said
    assert (ran.code, ran.failed) == (0, set()), ran.said
    assert "= qwen_nb =" not in ran.said, ran.said  # nothing was recorded in vain
    return bool(cells)


def _code_cells(path: Path) -> list[nbformat.NotebookNode]:
    cells = nbformat.read(path, as_version=4).cells
    return [cell for cell in cells if cell.cell_type == "code"]


CHECKED = ("--nbval", "notebooks", "-n", "2", "-p", "no:cacheprovider")


def test_it_passes(course: Project) -> None:
    assert all_passed(course.pytest(*CHECKED))


def test_it_passes_again_without_a_network_where_everything_is_set(
    course: Project, tmp_path_factory: pytest.TempPathFactory
) -> None:
    # Chinese, prices, keys and addresses of one's own; nobody could be asked, not even here
    own = own_environment(tmp_path_factory.mktemp("own"), "http://127.0.0.1:9/v1")
    assert all_passed(course.pytest(*CHECKED, variables=own, wrapped=alone()))
