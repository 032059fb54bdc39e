"""The course in a real JupyterLab, live cards on, from the first cell to the last."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from tests.browser._lab import Lab
from tests.browser._seen import ARTIFACTS

pytestmark = pytest.mark.browser

COURSE = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(path.relative_to(COURSE) for path in COURSE.rglob("*.ipynb"))

ENDED = """() => PANEL.content.widgets.map(({ model }) => model)
  .filter(model => model.type === "code")
  .every(model => model.executionCount && model.executionState === "idle")"""

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(scope="module")
def quick(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab, where the emulator does not write at a reader's pace."""
    folder = tmp_path_factory.mktemp("course")
    with Lab(folder, QWEN_NB_EMULATOR_PACE="0.0005") as lab:
        yield lab


@pytest.mark.parametrize("name", NOTEBOOKS, ids=str)
def test_it_runs_from_top_to_bottom(quick: Lab, name: Path) -> None:
    saved = nbformat.read(COURSE / name, as_version=4)
    fails = {
        index
        for index, cell in enumerate(saved.cells)
        if "raises-exception" in cell.metadata.get("tags", ())
    }
    for cell in saved.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with quick.open(saved) as notebook:
        notebook.run_all()
        notebook.wait_for(ENDED)  # an error that is meant ends the command, not the cells
        ran = notebook.save()
        notebook.screenshot(ARTIFACTS / f"course_{'_'.join(name.with_suffix('').parts)}.png")
        assert notebook.complaints == []
        assert notebook.remote == []
    code = [(n, cell) for n, cell in enumerate(ran.cells) if cell.cell_type == "code"]
    assert all(cell.execution_count for _, cell in code)
    failed = {n for n, cell in code for each in cell.outputs if each.output_type == "error"}
    assert failed == fails
    # live while it grows, static ever after
    shown = [each for _, cell in code for each in cell.outputs if "data" in each]
    assert shown
    assert not any(VIEW in each.data for each in shown)
