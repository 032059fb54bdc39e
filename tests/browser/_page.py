"""The page that shows one notebook: what a person's eyes, mouse and keys do there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, FloatRect, Locator, Page, Request

from tests.browser._server import HANG_S, HOST, Server

Theme = Literal["light", "dark"]
T = TypeVar("T")

HEIGHT = 1000

# What Notebook 7.6 says of itself whatever is open: its settings, while it starts.
_OWN_COMPLAINTS = {"notebook": {"Cannot read properties of undefined (reading 'schema')"}}

_THEMES = {"light": "JupyterLab Light", "dark": "JupyterLab Dark"}
_SAVE_WIDGETS = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"

# Kept by name: another view of an output becomes the current widget.
_PANEL = "window.qnPanel"
_OPENED = """() => {
  const panel = window.jupyterapp?.shell.currentWidget;
  if (!panel?.content?.model || !panel.context.isReady) return false;
  window.qnPanel = panel;
  return true;
}"""

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
}"""


@dataclass(frozen=True)
class Sample:
    """What the live card showed at one moment."""

    state: str
    thinking: str
    answer: str
    fold_open: bool
    height: float


@dataclass(frozen=True)
class Scroll:
    """How far a box is scrolled, and how far it can be; in pixels."""

    top: float
    end: float


class Browser(Protocol):
    """What a page needs of the browser."""

    server: Server

    def do(self, work: Callable[[], T]) -> T: ...
    def new_page(self) -> Page: ...


class NotebookPage:
    """One page with one notebook.

    Attributes
    ----------
    path : Path
        The file.
    remote : list of str
        The requests that left loopback.
    complaints : list of str
        What the page's console called an error, but what Notebook says of itself.
    """

    def __init__(self, browser: Browser, path: Path) -> None:
        self.path = path
        self.remote: list[str] = []
        self.complaints: list[str] = []
        self.browser = browser
        self._page: Page | None = None

    # -- the page itself --------------------------------------------------------------

    def load(self, *, kernel: bool = True) -> None:
        """Open the notebook in a new page; a page that shows it is closed.

        Without a kernel as the file browser's "Open With > Notebook (no kernel)" does it.
        """
        self.close_page()
        self._page = self.browser.do(lambda: self._loaded(kernel))
        if kernel:
            self.wait_for_kernel()

    def reload(self) -> None:
        """Load the page again as the browser's button does, whatever runs.

        The page forgets what it has started: `wait` would not return, `wait_for_kernel` does.
        """
        page = self.shown()

        def reload() -> None:
            page.reload()
            page.wait_for_function(_OPENED)

        self.browser.do(reload)

    def wait_for_kernel(self) -> None:
        """Wait until the kernel says that it is idle."""
        self.wait_for("() => PANEL.sessionContext.session?.kernel?.status === 'idle'")

    def _loaded(self, kernel: bool) -> Page:
        server, page = self.browser.server, self.browser.new_page()
        page.set_default_timeout(HANG_S * 1000)
        page.on("request", self._overhear_request)
        page.on("console", self._overhear_console)
        page.on("pageerror", lambda error: self._note_complaint(str(error)))
        # "Leave this page?"
        page.on("dialog", lambda dialog: dialog.accept())
        if kernel:
            page.goto(server.page(self.path.name))
        else:
            page.goto(server.empty_page())
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
        if parts.scheme not in ("data", "blob", "about") and parts.hostname != HOST:
            self.remote.append(request.url)

    def _overhear_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note_complaint(message.text)

    def _note_complaint(self, complaint: str) -> None:
        if complaint not in _OWN_COMPLAINTS.get(self.browser.server.app, ()):
            self.complaints.append(complaint)

    def close_page(self) -> None:
        """Close the page; the kernel runs on."""
        page, self._page = self._page, None
        if page is not None:
            self.browser.do(page.close)

    def shown(self) -> Page:
        """Return the page for what the driver has no word for; use it in `browser.do`."""
        assert self._page is not None, "the notebook is not open"
        return self._page

    def ask(self, script: str, argument: object = None) -> Any:
        """Return what a piece of JavaScript says; PANEL stands for the notebook's panel."""
        page, script = self.shown(), script.replace("PANEL", _PANEL)
        return self.browser.do(lambda: page.evaluate(script, argument))

    def wait_for(self, script: str, argument: object = None) -> None:
        """Wait until a piece of JavaScript says something true."""
        page, script = self.shown(), script.replace("PANEL", _PANEL)
        self.browser.do(lambda: page.wait_for_function(script, arg=argument).dispose())

    # -- how it looks -----------------------------------------------------------------

    def use_theme(self, theme: Theme) -> None:
        """Switch the theme."""
        self._execute("apputils:change-theme", theme=_THEMES[theme])
        light = str(theme == "light").lower()
        self.wait_for("light => document.body.dataset.jpThemeLight === light", light)
        # Lab draws a splash over the page meanwhile, beneath which nobody judges contrast
        self.wait_for("() => !document.getElementById('jupyterlab-splash')")

    def resize(self, width: int, height: int = HEIGHT) -> None:
        """Give the page another size."""
        page = self.shown()
        self.browser.do(lambda: page.set_viewport_size({"width": width, "height": height}))

    def reduce_motion(self) -> None:
        """Say, as the system's settings do, that this person wants less motion."""
        page = self.shown()
        self.browser.do(lambda: page.emulate_media(reduced_motion="reduce"))

    def screenshot(self, path: Path, clip: FloatRect | None = None) -> None:
        """Take a picture of the page, or of a part of it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        page = self.shown()
        self.browser.do(lambda: page.screenshot(path=path, clip=clip))

    # -- mouse and keys in the output of a cell -----------------------------------------

    def press_button(self, index: int, name: str) -> None:
        """Click the button below a cell that has this accessible name."""
        button = self.output(index).get_by_role("button", name=name, exact=True)
        self.browser.do(button.click)

    def press_keys(self, index: int, selector: str, *keys: str) -> None:
        """Press keys one after the other, the focus being on an element below a cell."""
        page, element = self.shown(), self.output(index).locator(selector).first

        def press() -> None:
            element.focus()
            for key in keys:
                page.keyboard.press(key)

        self.browser.do(press)

    def turn_wheel(self, index: int, selector: str, pixels: int) -> None:
        """Turn the mouse wheel over an element below a cell; up where negative."""
        page, element = self.shown(), self.output(index).locator(selector).first

        def turn() -> None:
            element.hover()
            page.mouse.wheel(0, pixels)

        self.browser.do(turn)

    def scroll(self, index: int, selector: str) -> Scroll:
        """Return how far an element below a cell is scrolled."""
        element = self.output(index).locator(selector).first
        script = "box => [box.scrollTop, box.scrollHeight - box.clientHeight]"
        return Scroll(*self.browser.do(lambda: element.evaluate(script)))

    def clipboard(self) -> str:
        """Return what was copied last."""
        copied: str = self.ask("() => navigator.clipboard.readText()")
        return copied

    def output(self, index: int) -> Locator:
        """Return the output area of a cell; use it in `browser.do`."""
        self.ask("i => { PANEL.content.widgets[i].outputArea.node.dataset.qnCell = i; }", index)
        return self.shown().locator(f"[data-qn-cell='{index}']")

    # -- another view of an output ------------------------------------------------------

    def open_second_view(self, index: int) -> None:
        """Show the output of a cell in a panel of its own too; in Lab only."""
        self.ask("i => { PANEL.content.activeCellIndex = i; }", index)
        self._execute("notebook:create-output-view")
        self.wait_for("() => document.querySelector('.jp-LinkedOutputView')")

    def second_view(self) -> str:
        """Return what a person reads there."""
        text: str = self.ask("() => document.querySelector('.jp-LinkedOutputView').innerText")
        return text

    # -- the person's settings ----------------------------------------------------------

    @contextmanager
    def saving_widgets(self) -> Iterator[None]:
        """Switch "Save Widget State Automatically" on, and off again in the end."""
        self._toggle_saving(True)
        try:
            yield
        finally:
            self._toggle_saving(False)

    def _toggle_saving(self, wanted: bool) -> None:
        is_on = f"() => window.jupyterapp.commands.isToggled('{_SAVE_WIDGETS}')"
        assert self.ask(is_on) != wanted
        self._execute(_SAVE_WIDGETS)
        self.wait_for(f"wanted => ({is_on})() === wanted", wanted)

    def _execute(self, command: str, **arguments: object) -> None:
        self.ask(
            "([command, args]) =>"
            " window.jupyterapp.commands.execute(command, args).then(() => null)",
            [command, arguments],
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
        self.wait_for(
            "([state, part, n]) => window.qnRunning === false || window.qnSamples.some("
            "sample => sample.state === state && sample[part].length >= n)",
            [state, part, n],
        )
        if not any(s.state == state and len(getattr(s, part)) >= n for s in self.samples()):
            cells = self.ask("() => PANEL.content.widgets.map(cell => cell.node.innerText)")
            raise AssertionError("\n".join([f"the card was never {state}:", *cells]))
