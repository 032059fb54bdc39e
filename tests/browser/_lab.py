"""Drives a real JupyterLab in a headless Chromium, as a person would.

    with Lab(folder) as lab, lab.open(["%load_ext qwen_nb", "%qwen Hello"]) as notebook:
        notebook.run_all()
        print(notebook.text(1))

All that Lab, kernels and page write lives in one folder.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeVar
from urllib.parse import urlsplit

import nbformat
from nbformat import NotebookNode
from playwright.sync_api import ConsoleMessage, FloatRect, Page, Request, sync_playwright

from tests.browser import _chromium
from tests.notebooks._clean import environment
from tests.notebooks._tools import new_notebook

Theme = Literal["light", "dark"]
T = TypeVar("T")

HANG_S = 90
"""Bound for anything that may hang; nothing takes a fraction of it."""

_HOST = "127.0.0.1"
_THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "extensionmanager-extension/plugin": {"enabled": False},
}

_PANEL = "window.jupyterapp.shell.currentWidget"
_OPENED = f"() => window.jupyterapp && {_PANEL}?.content?.model && {_PANEL}.context.isReady"

# Each change of the card in the watched cell becomes one sample, whoever looks when.
_WATCH = """index => {
  const area = PANEL.content.widgets[index].outputArea.node;
  const samples = window.qnSamples = [];
  const look = () => {
    const card = area.querySelector("section[aria-busy]");
    if (!card) return;
    const fold = card.querySelector("details");
    const sample = {
      state: card.querySelector("[role=status]").textContent,
      thinking: card.querySelector("[role=region]").textContent,
      answer: card.querySelector(".qn-answer").textContent,
      fold_open: fold.open && !fold.hidden,
      height: card.getBoundingClientRect().height,
    };
    if (JSON.stringify(samples.at(-1)) !== JSON.stringify(sample)) samples.push(sample);
  };
  new MutationObserver(look).observe(
    area, { subtree: true, childList: true, characterData: true, attributes: true });
}""".replace("PANEL", _PANEL)


@dataclass(frozen=True)
class Sample:
    """What the live card showed at one moment."""

    state: str
    thinking: str
    answer: str
    fold_open: bool
    height: float


class Lab:
    """One JupyterLab server and one browser.

    Parameters
    ----------
    folder : Path
        Where everything lives; the caller throws it away.
    width, scale : int
        How wide the page is, and the pixels of a picture for each of its pixels.
    **extras
        More environment variables, for the kernels too.
    """

    def __init__(
        self, folder: Path, *, width: int = 1000, scale: int = 1, **extras: str
    ) -> None:
        self._width, self._scale = width, scale
        self.root = folder / "notebooks"
        self._environment = environment(folder, **extras)
        self._log = folder / "server.log"
        self._token = secrets.token_hex(16)
        self._server: subprocess.Popen[bytes] | None = None
        self._url = ""
        self._opened = 0
        # Playwright keeps an event loop running in its thread: one of its own leaves the
        # tests' thread to tests that want a loop too.
        self._thread = ThreadPoolExecutor(1, "playwright")

    def __enter__(self) -> Self:
        try:
            chromium = _chromium.find()
            self._start_server()
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
            self._stop_server()

    def do(self, work: Callable[[], T]) -> T:
        """Do something with Playwright, in its thread."""
        return self._thread.submit(work).result(3 * HANG_S)

    def open(self, notebook: Sequence[str] | NotebookNode, *, kernel: bool = True) -> Notebook:
        """Open a notebook, or one made of the sources of its cells."""
        if not isinstance(notebook, NotebookNode):
            notebook = new_notebook(notebook)
        self._opened += 1
        path = self.root / f"notebook-{self._opened}.ipynb"
        nbformat.write(notebook, path)
        opened = Notebook(self, path)
        opened.load(kernel=kernel)
        return opened

    def new_page(self) -> Page:
        """Return an empty page."""
        return self._context.new_page()

    def address(self, path: str) -> str:
        """Return the address of a page of Lab."""
        return f"{self._url}/lab{path}?token={self._token}&reset"

    def _start_server(self) -> None:
        self.root.mkdir(parents=True)
        for plugin, values in _SETTINGS.items():
            settings = Path(self._environment["JUPYTER_CONFIG_DIR"], "lab/user-settings")
            file = settings / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(values))
        with socket.create_server((_HOST, 0)) as free:
            port = free.getsockname()[1]
        self._url = f"http://{_HOST}:{port}"
        command = [
            *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root"),
            *(f"--ip={_HOST}", f"--port={port}", "--ServerApp.port_retries=0"),
            *(f"--IdentityProvider.token={self._token}", f"--ServerApp.root_dir={self.root}"),
            *("--expose-app-in-browser", "--LabApp.extension_manager=readonly"),
        ]
        with self._log.open("wb") as log:
            self._server = subprocess.Popen(
                command,
                env=self._environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + HANG_S
        while not self._answers():
            if self._server.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"JupyterLab did not start:\n{self._log.read_text()}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            self._api("/api/status")
        except OSError:
            return False
        return True

    def _api(self, path: str, method: str = "GET") -> Any:
        headers = {"Authorization": f"token {self._token}"}
        request = urllib.request.Request(self._url + path, method=method, headers=headers)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as response:
            body = response.read()
        return json.loads(body) if body else None

    def _start_browser(self, chromium: Path) -> None:
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(
            executable_path=chromium,
            env=self._environment,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        self._context = self._browser.new_context(
            viewport={"width": self._width, "height": 1000}, device_scale_factor=self._scale
        )

    def _stop_browser(self) -> None:
        if hasattr(self, "_browser"):
            self._browser.close()
        if hasattr(self, "_playwright"):
            self._playwright.stop()

    def _stop_server(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        # a kernel is in a process group of its own; a server that is told ends its kernels
        if server.poll() is None:
            server.send_signal(signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(20)


class Notebook:
    """One notebook in one page.

    Attributes
    ----------
    path : Path
        The file.
    remote : list of str
        The requests that left loopback.
    complaints : list of str
        What the page's console called an error.
    """

    def __init__(self, lab: Lab, path: Path) -> None:
        self.path = path
        self.remote: list[str] = []
        self.complaints: list[str] = []
        self._lab = lab
        self._page: Page | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.shutdown()
        self._close()

    # -- the page ---------------------------------------------------------------------

    def load(self, *, kernel: bool = True) -> None:
        """Open the notebook in a new page; a page that shows it is closed.

        Without a kernel as the file browser's "Open With > Notebook (no kernel)" does it.
        """
        self._close()
        self._page = self._lab.do(lambda: self._loaded(kernel))
        if kernel:
            self._wait_for("() => PANEL.sessionContext.session?.kernel?.status === 'idle'")

    def _loaded(self, kernel: bool) -> Page:
        page = self._lab.new_page()
        page.set_default_timeout(HANG_S * 1000)
        page.on("request", self._overhear_request)
        page.on("console", self._overhear_console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        if kernel:
            page.goto(self._lab.address(f"/tree/{self.path.name}"))
        else:
            page.goto(self._lab.address(""))
            page.wait_for_function(
                "() => window.jupyterapp?.commands.hasCommand('docmanager:open')"
            )
            page.evaluate("() => window.jupyterapp.restored.then(() => null)")
            preference = {"shouldStart": False, "canStart": False, "shouldReuse": False}
            page.evaluate(
                "options => window.jupyterapp.commands.execute('docmanager:open', options)"
                ".then(() => null)",
                {"path": self.path.name, "factory": "Notebook", "kernelPreference": preference},
            )
        page.wait_for_function(_OPENED)
        page.evaluate("() => window.jupyterapp.shell.collapseLeft()")
        return page

    def _overhear_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname != _HOST:
            self.remote.append(request.url)

    def _overhear_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def _close(self) -> None:
        page, self._page = self._page, None
        if page is not None:
            self._lab.do(page.close)

    def ask(self, script: str, argument: object = None) -> Any:
        """Return what a piece of JavaScript says; PANEL stands for the notebook's panel."""
        page, script = self._shown(), script.replace("PANEL", _PANEL)
        return self._lab.do(lambda: page.evaluate(script, argument))

    def _wait_for(self, script: str, argument: object = None) -> None:
        page, script = self._shown(), script.replace("PANEL", _PANEL)
        self._lab.do(lambda: page.wait_for_function(script, arg=argument).dispose())

    def _shown(self) -> Page:
        assert self._page is not None, "the notebook is not open"
        return self._page

    def use_theme(self, theme: Theme) -> None:
        """Switch Lab's theme."""
        self.ask(
            "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})"
            ".then(() => null)",
            _THEMES[theme],
        )
        light = str(theme == "light").lower()
        self._wait_for("light => document.body.dataset.jpThemeLight === light", light)

    def screenshot(self, path: Path, clip: FloatRect | None = None) -> None:
        """Take a picture of the page, or of a part of it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        page = self._shown()
        self._lab.do(lambda: page.screenshot(path=path, clip=clip))

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
        self._wait_for("() => window.qnRunning === false")

    def run(self, index: int) -> None:
        """Run one cell."""
        self.start(index)
        self.wait()

    def run_all(self) -> None:
        """Run all cells."""
        self.start_all()
        self.wait()

    def run_new(self, source: str) -> int:
        """Add a cell at the end, run it and return its index."""
        index: int = self.ask(
            "source => { const model = PANEL.content.model.sharedModel; const end ="
            " model.cells.length; model.insertCell(end, {cell_type: 'code', source});"
            " return end; }",
            source,
        )
        self.run(index)
        return index

    def press_stop(self) -> None:
        """Press the toolbar's stop button."""
        page = self._shown()
        button = "[data-command='notebook:interrupt-kernel']"
        self._lab.do(lambda: page.locator(f".jp-NotebookPanel-toolbar {button}").first.click())

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

    # -- the live card --------------------------------------------------------------------

    def watch(self, index: int) -> None:
        """Note from now on how the card below a cell changes."""
        self.ask(_WATCH, index)

    def samples(self) -> list[Sample]:
        """Return what was noted."""
        return [Sample(**sample) for sample in self.ask("() => window.qnSamples")]

    def wait_for_card(self, state: str, part: Literal["thinking", "answer"], n: int) -> None:
        """Wait until the watched card is in a state and one of its texts has a length."""
        self._wait_for(
            "([state, part, n]) => window.qnRunning === false || window.qnSamples.some("
            "sample => sample.state === state && sample[part].length >= n)",
            [state, part, n],
        )
        if not any(s.state == state and len(getattr(s, part)) >= n for s in self.samples()):
            cells = self.ask("() => PANEL.content.widgets.map(cell => cell.node.innerText)")
            raise AssertionError("\n".join([f"the card was never {state}:", *cells]))
