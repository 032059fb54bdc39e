"""Drives a real JupyterLab or Notebook 7 in a headless Chromium, as a person would.

    with Lab(folder) as lab, lab.open(["%load_ext qwen_nb", "%qwen Hello"]) as notebook:
        notebook.run_all()
        print(notebook.text(1))

All that server, kernels and page write lives in one folder.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self, TypeVar

import nbformat
from nbformat import NotebookNode
from playwright.sync_api import Page, sync_playwright

from tests.browser import _chromium, _kernels
from tests.browser._notebook import Notebook
from tests.browser._page import HEIGHT, Sample, Theme
from tests.browser._server import HANG_S, App, Server
from tests.notebooks._tools import new_notebook

__all__ = ["App", "Lab", "Notebook", "Sample", "Theme"]

T = TypeVar("T")


class Lab:
    """One server and one browser.

    Parameters
    ----------
    folder : Path
        Where everything lives; the caller throws it away.
    app : {"lab", "notebook"}
        What the notebooks are shown in: JupyterLab or Notebook 7.
    width, scale : int
        How wide the page is, and the pixels of a picture for each of its pixels.
    **extras
        More environment variables, for the kernels too.

    Attributes
    ----------
    server : Server
        The server.
    """

    def __init__(
        self,
        folder: Path,
        app: App = "lab",
        *,
        width: int = 1000,
        scale: int = 1,
        **extras: str,
    ) -> None:
        self.server = Server(folder, app, **extras)
        self._width, self._scale = width, scale
        self._opened = 0
        # Playwright keeps an event loop running in its thread: one of its own leaves the
        # tests' thread to tests that want a loop too.
        self._thread = ThreadPoolExecutor(1, "playwright")

    def __enter__(self) -> Self:
        try:
            chromium = _chromium.find()
            self.server.__enter__()
            self.do(lambda: self._start_browser(chromium))
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        try:
            self.do(self._stop_browser)
        finally:
            self._thread.shutdown()
            self.server.__exit__()

    def do(self, work: Callable[[], T]) -> T:
        """Do something with Playwright, in its thread."""
        return self._thread.submit(work).result(3 * HANG_S)

    def open(
        self, notebook: Sequence[str] | NotebookNode, *, kernel: str | None = _kernels.CURRENT
    ) -> Notebook:
        """Open a notebook, or one made of the sources of its cells.

        Parameters
        ----------
        notebook : sequence of str or NotebookNode
            What to open.
        kernel : {"python3", "ipykernel-7.3", "ipykernel-6.31"}, optional
            What runs it; None for no kernel at all.
        """
        if not isinstance(notebook, NotebookNode):
            notebook = new_notebook(notebook)
        if kernel and notebook.metadata.kernelspec.name != kernel:
            notebook = nbformat.from_dict(notebook)
            notebook.metadata.kernelspec |= {"name": kernel, "display_name": kernel}
        self._opened += 1
        path = self.server.root / f"notebook-{self._opened}.ipynb"
        nbformat.write(notebook, path)
        opened = Notebook(self, path)
        opened.load(kernel=kernel is not None)
        return opened

    def new_page(self) -> Page:
        """Return an empty page."""
        return self._context.new_page()

    def _start_browser(self, chromium: Path) -> None:
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(
            executable_path=chromium,
            env=self.server.environment,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        self._context = self._browser.new_context(
            viewport={"width": self._width, "height": HEIGHT}, device_scale_factor=self._scale
        )
        # what a copy button copied can be read
        self._context.grant_permissions(
            ["clipboard-read", "clipboard-write"], origin=self.server.url
        )

    def _stop_browser(self) -> None:
        if hasattr(self, "_browser"):
            self._browser.close()
        if hasattr(self, "_playwright"):
            self._playwright.stop()
