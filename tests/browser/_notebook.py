"""Running a notebook in its page, and reading its cells."""

from __future__ import annotations

from typing import Any, Self

import nbformat
from nbformat import NotebookNode

from tests.browser._page import NotebookPage


class Notebook(NotebookPage):
    """One notebook in one page; its kernel ends with it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self.close_page()

    # -- running ----------------------------------------------------------------------

    def start(self, index: int) -> None:
        """Run one cell, and do not wait."""
        self.ask(
            "i => { PANEL.content.activeCellIndex = i; PANEL.content.deselectAll(); }", index
        )
        self._start("notebook:run-cell")

    def start_all(self) -> None:
        """Run all cells, and do not wait."""
        self._start("notebook:run-all-cells")

    def _start(self, command: str) -> None:
        # The promise is kept when the cells have their replies. The kernel's status would
        # not do: it says idle when a comm is answered while a cell still runs.
        self.ask(
            "command => { window.qnRunning = true; window.jupyterapp.commands.execute(command)"
            ".finally(() => { window.qnRunning = false; }); }",
            command,
        )

    def wait(self) -> None:
        """Wait until what was started has ended."""
        self.wait_for("() => window.qnRunning === false")

    def run(self, index: int) -> None:
        """Run one cell."""
        self.start(index)
        self.wait()

    def run_all(self) -> None:
        """Run all cells."""
        self.start_all()
        self.wait()

    def add(self, source: str) -> int:
        """Add a cell at the end and return its index."""
        index: int = self.ask(
            "source => { const model = PANEL.content.model.sharedModel; const end ="
            " model.cells.length; model.insertCell(end, {cell_type: 'code', source});"
            " return end; }",
            source,
        )
        return index

    def run_new(self, source: str) -> int:
        """Add a cell at the end, run it and return its index."""
        index = self.add(source)
        self.run(index)
        return index

    def press_stop(self) -> None:
        """Press the toolbar's stop button."""
        page = self.shown()
        button = "[data-command='notebook:interrupt-kernel']"
        self.browser.do(
            lambda: page.locator(f".jp-NotebookPanel-toolbar {button}").first.click()
        )

    def has_kernel(self) -> bool:
        """Tell whether the page is connected to a kernel."""
        return bool(self.ask("() => Boolean(PANEL.sessionContext.session?.kernel)"))

    def shutdown(self) -> None:
        """Shut the kernel down."""
        self.ask("() => PANEL.sessionContext.shutdown()")

    def save(self) -> NotebookNode:
        """Save, and return what the file holds."""
        self.ask("() => PANEL.context.save()")
        return nbformat.read(self.path, as_version=4)

    # -- cells --------------------------------------------------------------------------

    def sources(self) -> list[str]:
        """Return what stands in the cells."""
        sources: list[str] = self.ask(
            "() => PANEL.content.model.toJSON().cells.map(cell => cell.source)"
        )
        return sources

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """Return the outputs of a cell as they would be saved."""
        outputs: list[dict[str, Any]] = self.ask(
            "i => PANEL.content.model.cells.get(i).toJSON().outputs", index
        )
        return outputs

    def execution_count(self, index: int) -> int | None:
        """Return a cell's number; None if it was not executed."""
        count: int | None = self.ask(
            "i => PANEL.content.model.cells.get(i).toJSON().execution_count", index
        )
        return count

    def html(self, index: int) -> str:
        """Return the output of a cell as the page has it."""
        html: str = self.ask("i => PANEL.content.widgets[i].outputArea.node.innerHTML", index)
        return html

    def text(self, index: int) -> str:
        """Return what a person reads below a cell; what is folded is not among it."""
        text: str = self.ask("i => PANEL.content.widgets[i].outputArea.node.innerText", index)
        return text

    def is_trusted(self, index: int) -> bool:
        """Tell whether Lab trusts the outputs of a cell, and so shows them unsanitised."""
        trusted: bool = self.ask("i => PANEL.content.model.cells.get(i).trusted", index)
        return trusted

    def unfold(self, index: int) -> None:
        """Open the first fold below a cell."""
        self.ask(
            "i => PANEL.content.widgets[i].outputArea.node.querySelector('summary').click()",
            index,
        )
