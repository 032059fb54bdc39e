"""`%qwen_nb panel`: controls in the notebook, in step with the settings.

A control writes where `%qwen_nb config`, `use` and `switch` write. After each cell all open
panels take over what holds then, whoever changed it. A control's message may come in a
thread of its own (ipykernel 7.0 to 7.3), so one lock goes round everything.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar
from weakref import WeakKeyDictionary

from IPython.display import display

from qwen_nb.asking import Screen
from qwen_nb.chat import Chat
from qwen_nb.errors import QwenError
from qwen_nb.magics import LineError, status
from qwen_nb.magics.panel import values as values
from qwen_nb.magics.panel.values import Choice, Held
from qwen_nb.render.html import status_bundle
from qwen_nb.texts import Language, text, visible, writable

if TYPE_CHECKING:
    import ipywidgets

_VIEW = "application/vnd.jupyter.widget-view+json"
_OPEN_MOST = 10
"""So many panels live at once; the oldest gives way, for a loop that opens one each time."""


def panel(chat: Chat, shell: Any) -> None:
    """Show the panel below the running cell; the status where nobody could use it.

    Parameters
    ----------
    chat : Chat
        The chat of the magics, whose settings are shown and changed.
    shell : InteractiveShell
        The running shell.

    Raises
    ------
    QwenError
        When the settings cannot be read.
    """
    told = status(chat)
    wish = chat.settings().value("display")
    if getattr(shell, "kernel", None) is None:
        print(writable(told))
        return
    # An output of its own: with a panel that is no more, Jupyter shows an error in place of
    # every other form of the same output. Where the panel lives its style hides this one.
    display(status_bundle(told), raw=True)  # type: ignore[no-untyped-call]
    screen = Screen.current()
    if screen.can_detach(wish):
        opened = Panels.of(shell).open(chat, place=(screen.cell_id, screen.execution))
        display(opened.view(), raw=True)  # type: ignore[no-untyped-call]


def close_panels(shell: Any) -> None:
    """Close all panels of a shell and take their handlers away."""
    Panels.of(shell).close()


class Panels:
    """The open panels of one shell.

    Parameters
    ----------
    shell : InteractiveShell
        Tells when a cell has run.
    """

    _of_shells: ClassVar[WeakKeyDictionary[Any, Panels]] = WeakKeyDictionary()

    def __init__(self, shell: Any) -> None:
        self.lock = threading.RLock()
        self._shell = shell
        self._open: list[Panel] = []
        self._servers: tuple[Choice, ...] = ()

    @classmethod
    def of(cls, shell: Any) -> Panels:
        """Return the panels of a shell."""
        if shell not in cls._of_shells:
            cls._of_shells[shell] = cls(shell)
        return cls._of_shells[shell]

    def __iter__(self) -> Iterator[Panel]:
        return iter(tuple(self._open))

    def open(self, chat: Chat, *, place: tuple[str | None, int]) -> Panel:
        """Open a panel.

        Parameters
        ----------
        chat : Chat
            See `panel`.
        place : tuple
            The running cell and which execution this is. What an earlier execution of
            the cell opened is out of sight, and is closed.
        """
        with self.lock:
            cell, execution = place
            for other in self:
                if cell is not None and other.place[0] == cell and other.place[1] != execution:
                    other.close()
            if not self._open:
                self._shell.events.register("post_run_cell", self._cell_has_run)
            opened = Panel(self, chat, place)
            self._open.append(opened)
            for oldest in self._open[:-_OPEN_MOST]:
                oldest.close()
            self.follow(look_for_keys=True)
            return opened

    def close(self) -> None:
        """Close all."""
        with self.lock:
            for each in self:
                each.close()
            type(self)._of_shells.pop(self._shell, None)

    def forget(self, closed: Panel) -> None:
        """Let go of a panel that was closed; with the last one also of the shell's events."""
        with self.lock:
            if closed not in self._open:
                return
            self._open.remove(closed)
            if not self._open:
                with contextlib.suppress(ValueError):
                    self._shell.events.unregister("post_run_cell", self._cell_has_run)

    def follow(
        self, *, teller: Panel | None = None, message: str = "", look_for_keys: bool = False
    ) -> None:
        """Let every panel show what holds now.

        Parameters
        ----------
        teller : Panel, optional
            The panel that has something to say.
        message : str
            What it says; the others fall silent.
        look_for_keys : bool
            Look again which servers can be used.
        """
        with self.lock:
            for each in self:
                try:
                    if look_for_keys:
                        self._servers, look_for_keys = values.servers(each.chat), False
                    each.take(values.held(each.chat), self._servers)
                    each.say(message if each is teller else "")
                except Exception as error:
                    each.say(_reason(error, each.chat.language), failed=True)

    def _cell_has_run(self, *_: Any) -> None:
        self.follow()


class Panel:
    """The controls of one panel.

    Parameters
    ----------
    panels : Panels
        All of the shell.
    chat, place
        See `Panels.open`.

    Attributes
    ----------
    model, thinking, budget, server, conversation, new
        The controls.
    notice : Notice
        What was used, and what came of the last change.
    """

    def __init__(
        self,
        panels: Panels,
        chat: Chat,
        place: tuple[str | None, int],
    ) -> None:
        import ipywidgets as widgets

        from qwen_nb.render.live import Notice

        self.chat, self.place = chat, place
        self._panels, self._taking = panels, False
        self.model = widgets.Combobox(continuous_update=False)
        self.thinking = widgets.Dropdown()
        self.budget = widgets.Text(continuous_update=False)
        self.server = widgets.Dropdown()
        self.conversation = widgets.Dropdown()
        self.new = widgets.Button()
        self.notice = Notice()
        for short in (self.budget, self.new):
            short.add_class("qn-short")
        rows = [
            widgets.HBox(row).add_class("qn-row")
            for row in (
                [self.model],
                [self.thinking, self.budget],
                [self.server],
                [self.conversation, self.new],
            )
        ]
        self.box = widgets.VBox([*rows, self.notice]).add_class("qn-panel")
        self._all = (*self._controls, self.new, self.notice, *rows, self.box)
        for control, put in (
            (self.model, values.put_model),
            (self.thinking, values.put_thinking),
            (self.budget, values.put_budget),
            (self.server, values.put_server),
            (self.conversation, values.go_to_conversation),
        ):
            control.observe(partial(self._changed, put), "value")
        self.new.on_click(self._pressed)
        self.box.observe(self._maybe_gone, "comm")

    @property
    def _controls(self) -> tuple[ipywidgets.ValueWidget, ...]:
        return self.model, self.thinking, self.budget, self.server, self.conversation

    def view(self) -> dict[str, Any]:
        """Return the output that shows the panel."""
        version = {"version_major": 2, "version_minor": 0}
        return {_VIEW: {**version, "model_id": self.box.model_id}}

    def take(self, held: Held, servers: tuple[Choice, ...]) -> None:
        """Show what holds; nothing of it is written back."""
        with self._panels.lock:
            before, self._taking = self._taking, True
            try:
                self._name_controls()
                self.model.options = held.models
                self.model.value = held.model
                self.budget.value = held.budget
                _choose(self.thinking, held.thinkings, held.thinking)
                offered = ((held.server_by_default, values.DEFAULT), *servers)
                if held.server[1] not in {value for _, value in offered}:
                    offered += (held.server,)
                _choose(self.server, offered, held.server[1])
                _choose(self.conversation, held.conversations, held.conversation)
                self.notice.usage = values.used(self.chat)
            finally:
                self._taking = before

    def say(self, message: str, *, failed: bool = False) -> None:
        """Say what came of the last change; nothing where the message is empty."""
        with self.notice.hold_sync():
            self.notice.message, self.notice.failed = visible(message), failed

    def close(self) -> None:
        """Take the panel out of the page, its handlers and its widgets."""
        self._panels.forget(self)
        for widget in self._all:
            widget.unobserve_all()
            widget.layout.close()
            if (style := getattr(widget, "style", None)) is not None:
                style.close()
            widget.close()

    def _name_controls(self) -> None:
        language = self.chat.language
        names = ("model", "thinking", "budget", "server", "conversation")
        for name, control in zip(names, self._controls, strict=True):
            control.description = text(f"panel.{name}", language)
        self.budget.placeholder = text("panel.no_budget", language)
        self.new.description = text("panel.new", language)
        self.notice.label = text("panel.label", language)
        self.notice.heading = text("panel.usage", language)

    def _changed(self, put: Callable[[Chat, str], str], change: Any) -> None:
        with self._panels.lock:
            if not self._taking and change["new"] is not None:
                self._do(lambda: put(self.chat, change["new"]))

    def _pressed(self, button: object) -> None:
        with self._panels.lock:
            self._do(lambda: values.begin_conversation(self.chat))

    def _do(self, work: Callable[[], str]) -> None:
        # No cell runs that could show an error, and a log that nobody reads is no place.
        try:
            message = work()
        except Exception as error:
            self._panels.follow()
            self.say(_reason(error, self.chat.language), failed=True)
        else:
            self._panels.follow(teller=self, message=message, look_for_keys=True)

    def _maybe_gone(self, change: Any) -> None:
        if change["new"] is None:  # somebody closed all widgets
            self.close()


def _choose(control: Any, offered: tuple[Choice, ...], value: str) -> None:
    with control.hold_sync():
        if tuple(control.options) != offered:
            control.options = offered
        control.value = value


def _reason(error: Exception, language: Language) -> str:
    if isinstance(error, QwenError | LineError):
        return error.message(language)
    return text("panel.failed", language, kind=type(error).__name__)
