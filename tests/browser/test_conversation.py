"""The notebook is the conversation: seen in JupyterLab, with what was really sent."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from qwen_nb.emulator.server import Emulator
from tests.browser._lab import Lab, Notebook
from tests.conversation._page import said, variables

pytestmark = pytest.mark.browser

ONE, TWO, THREE = "A first question", "A second question", "A third question"
LOAD = "%load_ext qwen_nb\nfrom qwen_nb import Chat\nimport json"
CELLS = [LOAD, *(f"%%qwen\n{question}" for question in (ONE, TWO, THREE))]
TALK = """json.dumps([
    [e.turn.prompt, e.state, e.older] for e in Chat.current().conversation.entries])"""


@pytest.fixture(scope="module")
def service() -> Iterator[Emulator]:
    with Emulator(pace=0) as emulator:
        yield emulator


@pytest.fixture(scope="module")
def lab(service: Emulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    folder = tmp_path_factory.mktemp("conversation")
    with Lab(folder, **variables(service, folder / "qwen_home")) as lab:
        yield lab


def restart(notebook: Notebook) -> None:
    """Restart the kernel as "Restart Kernel…" does once it was confirmed."""
    notebook.ask("() => PANEL.sessionContext.session.kernel.restart()")
    notebook.wait_for_kernel()


def set_source(notebook: Notebook, index: int, source: str) -> None:
    notebook.ask(
        "([i, source]) => PANEL.content.model.cells.get(i).sharedModel.setSource(source)",
        [index, source],
    )


def command(notebook: Notebook, index: int, name: str) -> None:
    """Do something to one cell that a menu offers."""
    notebook.ask(
        "([i, name]) => { PANEL.content.activeCellIndex = i; PANEL.content.deselectAll();"
        " return window.jupyterapp.commands.execute(name).then(() => null); }",
        [index, name],
    )


def talk(notebook: Notebook) -> list[list[object]]:
    """Return all versions of all turns; in a cell that is then deleted."""
    index = notebook.run_new(f"print({TALK})")
    (output,) = notebook.outputs(index)
    told: list[list[object]] = json.loads("".join(output["text"]))
    command(notebook, index, "notebook:delete-cell")
    return told


def current(notebook: Notebook) -> list[object]:
    return [prompt for prompt, state, _ in talk(notebook) if state == "current"]


def test_a_notebook_that_is_run_again_and_again(lab: Lab, service: Emulator) -> None:
    service.journal.clear()
    with lab.open(CELLS) as notebook:
        notebook.run_all()
        restart(notebook)
        notebook.run_all()
        assert [said(record) for record in service.journal] == [
            [ONE], [ONE, TWO], [ONE, TWO, THREE],
        ] * 2  # fmt: skip
        assert current(notebook) == [ONE, TWO, THREE]  # three turns, not six
        assert "turn 3 (2 before it sent)" in notebook.text(3)

        other = "Another second question"
        set_source(notebook, 2, f"%%qwen\n{other}")
        notebook.run(2)
        assert said(service.journal[-1]) == [ONE, other]
        standing = [each for each in talk(notebook) if each[1] == "current"]
        assert standing == [
            [ONE, "current", False], [other, "current", False], [THREE, "current", True],
        ]  # fmt: skip
        notebook.run_new("back = Chat.current().restore()")
        assert current(notebook) == [ONE, TWO, THREE]


def test_deleted_cut_and_pasted_cells(lab: Lab, service: Emulator) -> None:
    with lab.open(CELLS) as notebook:
        notebook.run_all()
        command(notebook, 2, "notebook:delete-cell")
        notebook.run_new("%%qwen\nWhat is left?")
        assert said(service.journal[-1]) == [ONE, THREE, "What is left?"]
        assert [TWO, "deleted", False] in talk(notebook)
        command(notebook, 1, "notebook:cut-cell")
        command(notebook, 1, "notebook:paste-cell-below")  # the first two changed places
        notebook.run_new("%%qwen\nAnd now?")
        sources = notebook.sources()
        assert sources[1:3] == [f"%%qwen\n{THREE}", f"%%qwen\n{ONE}"]
        notebook.run(2)
        assert current(notebook).count(ONE) == 1


def test_what_was_not_saved_yet_is_known_after_a_restart(lab: Lab, service: Emulator) -> None:
    with lab.open([LOAD]) as notebook:
        notebook.run(0)
        notebook.run_new(f"%%qwen\n{ONE}")
        restart(notebook)
        notebook.run(0)
        notebook.run_new("%%qwen\nAnd now?")
        assert said(service.journal[-1]) == [ONE, "And now?"]


def test_what_was_asked_first_is_known_after_a_restart_and_a_rename(
    lab: Lab, service: Emulator
) -> None:
    what = "What did I ask first?"
    with lab.open(CELLS) as notebook:
        notebook.run_all()
        notebook.save()
        restart(notebook)
        notebook.run(0)
        index = notebook.run_new(f"%%qwen\n{what}")
        assert f"You began with: “{ONE}”" in notebook.text(index)
        assert said(service.journal[-1]) == [ONE, TWO, THREE, what]

        new = notebook.path.with_name("renamed.ipynb")
        notebook.ask("name => PANEL.context.rename(name)", new.name)
        notebook.path = new
        notebook.run_new("%%qwen\nStill here?")  # the kernel knows the old name only
        assert said(service.journal[-1]) == [ONE, TWO, THREE, what, "Still here?"]
        restart(notebook)
        notebook.run(0)
        notebook.run_new("%%qwen\nAnd after another restart?")
        assert said(service.journal[-1])[:4] == [ONE, TWO, THREE, what]
        saved = notebook.save()

    with lab.open(saved) as copy:  # the same cells and outputs at another path
        copy.run(0)
        index = copy.run_new(f"%%qwen\n{what}")
        assert f"You began with: “{ONE}”" in copy.text(index)
        assert "This notebook is a copy" in copy.text(index)
