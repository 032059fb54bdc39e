"""Which display shows a reply, and that nothing is drawn twice.

A reply a call returns has been drawn already. It draws nothing in the execution that made
it and its static bundle when it is evaluated later. Executions are told apart by
`pre_run_cell`: the shell's execution count stands still under nbval.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import sys
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from qwen_nb.asking.job import JOBS, Job
from qwen_nb.front_end import place
from qwen_nb.render.html import Describe, SilentDisplay, StaticDisplay, metadata
from qwen_nb.render.live import CardDisplay
from qwen_nb.render.terminal import TerminalDisplay
from qwen_nb.texts import Language, machine_language
from qwen_nb.values import Display, Reply

LAST_REPLY = "_qwen"
"""The name under which the last reply, a partial one too, stands in the notebook."""


class Screen:
    """The place where one shell's replies become visible.

    Parameters
    ----------
    shell : InteractiveShell or None
        None in a plain program, where nothing is shown.
    """

    _of_shells: ClassVar[WeakKeyDictionary[Any, Screen]] = WeakKeyDictionary()

    def __init__(self, shell: Any | None) -> None:
        self._shell = shell
        self._drawn_now: list[Reply | Job] = []
        self._executions = 0
        self._language: Language = "en"
        if shell is not None:
            shell.display_formatter.ipython_display_formatter.for_type(Reply, self.draw)
            self._hook = shell.display_trap.hook
            shell.display_trap.hook = self._displayhook
            if sys.displayhook == self._hook:  # in the middle of an execution
                sys.displayhook = self._displayhook
            shell.events.register("pre_run_cell", self._new_execution)

    @classmethod
    def current(cls) -> Screen:
        """Return the screen of the running shell."""
        shell = place.running_shell()
        if shell is None:
            return cls(None)
        if shell not in cls._of_shells:
            cls._of_shells[shell] = cls(shell)
        return cls._of_shells[shell]

    def is_watched(self, wished: str | None = None) -> bool:
        """Tell whether somebody sees the reply grow.

        Parameters
        ----------
        wished : {"card", "text", "static"}, optional
            The setting `display`.
        """
        return self._front_end(wished) in ("card", "terminal")

    def can_detach(self, wished: str | None = None) -> bool:
        """Tell whether a reply may grow while other cells run: a card has its own address."""
        has_cards = importlib.util.find_spec("anywidget") is not None
        return has_cards and self._front_end(wished) == "card"

    @property
    def is_in_kernel(self) -> bool:
        """Whether the shell is a Jupyter kernel's."""
        return getattr(self._shell, "kernel", None) is not None

    @property
    def cell_id(self) -> str | None:
        """The id of the running cell, where the front end tells one."""
        return place.cell_id(self._shell)

    @property
    def cell_key(self) -> str | None:
        """The key of the running cell, by which a conversation knows it again."""
        return place.here(self._shell).cell

    @property
    def execution(self) -> int:
        """Tells one execution of a cell from the next; raised by each that begins."""
        return self._executions

    def display(
        self,
        language: Language,
        *,
        owns_cell: bool,
        hide_thinking: bool,
        quiet: bool,
        as_text: bool = False,
        is_detached: bool = False,
        wished: str | None = None,
        describe: Describe = metadata,
    ) -> Display:
        """Return the display for one reply.

        What is saved is in the given language, what only lives in the machine's own.

        Parameters
        ----------
        language : {"en", "zh"}
            The language of what is saved.
        owns_cell, hide_thinking, quiet, as_text
            See `Question`.
        is_detached : bool
            It outlives its cell, and may touch only what has an address of its own.
        wished : {"card", "text", "static"}, optional
            The setting `display`; what was found out, unless given.
        describe : callable
            Makes the metadata of the output.
        """
        here = machine_language(os.environ)
        front_end = self._front_end(wished)
        if is_detached:
            return CardDisplay(
                language,
                owns_cell=False,
                detached=True,
                hide_thinking=hide_thinking,
                quiet=quiet,
                as_text=as_text,
                live_language=here,
                describe=describe,
            )
        if front_end == "none":
            return SilentDisplay()
        if front_end == "terminal":
            return TerminalDisplay(here, hide_thinking=hide_thinking, quiet=quiet)
        if front_end == "card" and not quiet:
            with contextlib.suppress(ImportError):
                return CardDisplay(
                    language,
                    owns_cell=owns_cell,
                    hide_thinking=hide_thinking,
                    as_text=as_text,
                    live_language=here,
                    describe=describe,
                    stop_route=place.stop_route(self._shell),
                )
        return StaticDisplay(
            language,
            hide_thinking=hide_thinking,
            quiet=quiet,
            as_text=as_text,
            describe=describe,
        )

    def was_drawn(self, reply: Reply, language: Language) -> None:
        """Remember that a reply stands in the output of the running execution.

        Drawn again later, it speaks the language it was first drawn in.
        """
        if self._shell is not None:
            self._language = language
            self._drawn_now.append(reply)
            self._shell.user_ns[LAST_REPLY] = reply
            self._shell.user_ns_hidden[LAST_REPLY] = reply

    def was_shown(self, job: Job) -> None:
        """Remember that a job of the running execution shows itself."""
        if self._shell is not None:
            self._drawn_now.append(job)

    def draw(self, reply: Reply) -> None:
        """Put a reply's static bundle into the output of the running cell."""
        StaticDisplay(self._language).close(reply)

    def _front_end(self, wished: str | None) -> place.FrontEnd:
        found = place.front_end(self._shell)
        if wished is None or found == "none":
            return found
        if wished == "card":
            # a terminal without a kernel has nowhere to put one
            return found if getattr(self._shell, "kernel", None) is None else "card"
        return "terminal" if wished == "text" else "static"

    def leave(self) -> None:
        """Take back everything that was put into the shell."""
        if self._shell is None:
            return
        formatter = self._shell.display_formatter.ipython_display_formatter
        with contextlib.suppress(KeyError):
            formatter.pop(Reply)
        if self._shell.display_trap.hook == self._displayhook:
            self._shell.display_trap.hook = self._hook
        with contextlib.suppress(ValueError):
            self._shell.events.unregister("pre_run_cell", self._new_execution)
        for namespace in (self._shell.user_ns, self._shell.user_ns_hidden):
            namespace.pop(LAST_REPLY, None)
        type(self)._of_shells.pop(self._shell, None)

    def _new_execution(self, *_: Any) -> None:
        self._executions += 1
        self._drawn_now.clear()
        JOBS.cell_runs(place.cell_id(self._shell))

    def _displayhook(self, result: Any = None) -> None:
        # A formatter that draws nothing is not enough: a terminal would still print the
        # bare prompt `Out[2]:`. The value is kept as any other, in `_` and `Out`.
        if not any(drawn is result for drawn in self._drawn_now):
            self._hook(result)
        elif not self._hook.quiet():
            self._hook.check_for_underscore()
            self._hook.update_user_ns(result)
            self._hook.fill_exec_result(result)
