"""A notebook as its page has it: cells with ids, outputs as they came, a kernel beside it.

The requests say what JupyterLab's say: the running cell, the cells deleted since, and
that somebody can be asked. Outputs are kept as the page keeps them, so that a saved
notebook holds what it would hold there.
"""

from __future__ import annotations

import ast
import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty
from typing import Any, Self
from uuid import uuid4

from jupyter_client.manager import KernelManager

from qwen_nb.emulator.server import Emulator
from tests.conversation.identity._kernels import HANG_S, surroundings

LOAD = "%load_ext qwen_nb\nfrom qwen_nb import Chat\nimport json"

TALK = """json.dumps([
    [e.turn.prompt, e.state, e.older, e.turn.reply.finish_reason]
    for e in Chat.current().conversation.entries])"""

QUESTIONS = """json.dumps([turn.prompt for turn in Chat.current().conversation.current])"""


def variables(emulator: Emulator | None, home: Path, **extras: str) -> dict[str, str]:
    """Return the settings of a person who has a server; None: of one who has none."""
    told = {"QWEN_NB_HOME": str(home), "QWEN_NB_RETRIES": "1", "QWEN_NB_MODEL": "qwen-plus"}
    if emulator is not None:
        told["QWEN_NB_BASE_URL"] = emulator.openai_base_url
        told["QWEN_NB_API_KEY"] = emulator.key
    return told | extras


def said(record: Any) -> list[str]:
    """Return the questions that a request held, in order."""
    messages = record.body["messages"]
    return [one["content"] for one in messages if one["role"] == "user"]


class KernelGone(Exception):
    """The kernel was killed while a cell ran."""


@dataclass
class Ran:
    """What became of one execution."""

    outputs: list[dict[str, Any]] = field(default_factory=list)
    error: str = ""

    @property
    def text(self) -> str:
        """What a terminal would show of it."""
        shown = [
            "".join(one.get("text", "")) or one.get("data", {}).get("text/plain", "")
            for one in self.outputs
        ]
        return "\n".join(shown)


class Page:
    """One notebook and its kernel.

    Parameters
    ----------
    folder : Path
        Where the notebook is.
    emulator : Emulator, optional
        The server of the settings.
    home : Path, optional
        The person's own files; in the folder if not given.
    cells : mapping
        Sources by the ids of their cells.
    """

    def __init__(
        self,
        folder: Path,
        emulator: Emulator | None = None,
        *,
        name: str = "nb.ipynb",
        home: Path | None = None,
        cells: dict[str, str] | None = None,
    ) -> None:
        self.path = folder / name
        self.home = home or folder / "qwen_home"
        self.emulator = emulator
        self.cells: dict[str, str] = dict(cells or {})
        self.outputs: dict[str, list[dict[str, Any]]] = {}
        self.on_comm: Callable[[dict[str, Any]], object] = lambda content: None
        self.on_question: Callable[[str], str] | None = None  # of a cell that asks
        self._deleted: list[str] = []
        self._is_dead = False
        self._last = "c0"
        self._folder = folder
        self._manager: KernelManager | None = None
        self.save()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *error: object) -> None:
        self.shutdown(now=True)

    # -- the kernel --------------------------------------------------------------------

    def start(self, *, load: bool = True) -> Self:
        """Start a kernel, which is told where the notebook is now."""
        # named as a Jupyter server names it; a restart keeps it
        connection = self._folder / f"kernel-{uuid4()}.json"
        manager = KernelManager(kernel_name="python3", connection_file=str(connection))
        told = variables(self.emulator, self.home, JPY_SESSION_NAME=str(self.path))
        manager.start_kernel(env=surroundings(self._folder, **told), cwd=str(self._folder))
        self._manager, self._is_dead = manager, False
        self._client = manager.client()  # looks at the process; a busy one misses heartbeats
        self._client.start_channels()
        self._client.wait_for_ready(timeout=HANG_S)
        if load:
            loaded = self.run("c0", LOAD)
            assert not loaded.error, loaded.error
        return self

    def shutdown(self, *, now: bool = False) -> None:
        manager, self._manager = self._manager, None
        if manager is None:
            return
        self._client.stop_channels()
        manager.shutdown_kernel(now=now)
        self._client.context.destroy(linger=0)
        manager.context.destroy(linger=0)

    def restart(self) -> None:
        """End the kernel and start another, as closing and opening the notebook does."""
        self.shutdown()
        self.start()

    def restart_kernel(self) -> None:
        """Restart the kernel as the page's button does: it keeps its id."""
        assert self._manager is not None
        self._manager.restart_kernel(now=False)
        self._client.wait_for_ready(timeout=HANG_S)
        self.run("c0", LOAD)

    def kill(self) -> float:
        """End the kernel at once; return when."""
        assert self._manager is not None
        os.kill(self._manager.provisioner.pid, signal.SIGKILL)  # type: ignore[union-attr]
        self._is_dead = True
        return time.monotonic()

    # -- running -----------------------------------------------------------------------

    def run(self, cell: str, source: str | None = None) -> Ran:
        """Run a cell to its end; with another source, which it then keeps."""
        if source is not None:
            self.cells[cell] = source
        self._last = cell
        deleted, self._deleted = self._deleted, []
        ran = self._execute(
            self.cells[cell], {"cellId": cell, "deletedCells": deleted, "trusted": True}
        )
        self.outputs[cell] = ran.outputs
        return ran

    def run_beside(self, source: str) -> Ran:
        """Run something as a console does that shares the kernel: in no cell."""
        return self._execute(source, {})

    def run_all(self, but: tuple[str, ...] = ("c0",)) -> None:
        """Run all cells, but the one that loads the extension, as `start` has done."""
        for cell in [cell for cell in self.cells if cell not in but]:
            ran = self.run(cell)
            assert not ran.error, ran

    def delete(self, cell: str) -> tuple[str, list[dict[str, Any]]]:
        """Delete a cell; the kernel is told with the next one that runs."""
        self._deleted.append(cell)
        return self.cells.pop(cell), self.outputs.pop(cell, [])

    def undelete(self, cell: str, kept: tuple[str, list[dict[str, Any]]]) -> None:
        """Undo that; Lab then says no more of it."""
        self.cells[cell], self.outputs[cell] = kept

    def value(self, expression: str) -> Any:
        """Return what an expression says that makes JSON, in the cell that ran last."""
        ran: dict[str, Any] = {}
        self._execute("", {"cellId": self._last}, silent=True, ask=expression, into=ran)
        assert ran["status"] == "ok", ran
        return json.loads(ast.literal_eval(ran["data"]["text/plain"]))

    def talk(self) -> list[list[Any]]:
        """Return all versions of all turns: question, state, older, how it ended."""
        talk: list[list[Any]] = self.value(TALK)
        return talk

    def questions(self) -> list[str]:
        """Return the questions of the conversation as it stands."""
        questions: list[str] = self.value(QUESTIONS)
        return questions

    # -- the file ----------------------------------------------------------------------

    def save(self, path: Path | None = None) -> None:
        cells = [
            {
                "cell_type": "code", "id": id_, "metadata": {}, "source": source,
                "execution_count": None, "outputs": self.outputs.get(id_, []),
            }
            for id_, source in self.cells.items()
        ]  # fmt: skip
        notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (path or self.path).write_text(json.dumps(notebook), "utf-8")

    def rename(self, name: str) -> None:
        """Rename the notebook; a kernel that runs does not learn it."""
        self.path = self.path.rename(self.path.with_name(name))

    def copied(self, name: str, home: Path | None = None) -> Page:
        """Copy the saved file, and return the page that shows it."""
        page = Page(self._folder, self.emulator, name=name, home=home or self.home)
        shutil.copy(self.path, page.path)
        page.cells, page.outputs = dict(self.cells), dict(self.outputs)
        return page

    # -- inside ------------------------------------------------------------------------

    def _execute(
        self,
        code: str,
        metadata: dict[str, Any],
        *,
        silent: bool = False,
        ask: str = "",
        into: dict[str, Any] | None = None,
    ) -> Ran:
        content = {
            "code": code, "silent": silent, "store_history": not silent,
            "user_expressions": {"asked": ask} if ask else {},
            "allow_stdin": True, "stop_on_error": True,
        }  # fmt: skip
        message = self._client.session.msg("execute_request", content, metadata=metadata)
        self._client.shell_channel.send(message)
        request, ran = message["header"]["msg_id"], Ran()
        self._listen(request, ran)
        while True:
            reply = self._heard(self._client.get_shell_msg)
            if reply["parent_header"].get("msg_id") == request:
                break
        told = reply["content"]
        if told["status"] != "ok":
            ran.error = f"{told.get('ename')}: {told.get('evalue')}"
        elif into is not None:
            into |= told["user_expressions"]["asked"]
        return ran

    def _heard(self, hear: Callable[..., Any]) -> Any:
        deadline = time.monotonic() + HANG_S
        while time.monotonic() < deadline and not self._is_dead:
            with contextlib.suppress(Empty):
                return hear(timeout=0.2)
            self._answer()
        raise KernelGone if self._is_dead else TimeoutError

    def _answer(self) -> None:
        with contextlib.suppress(Empty):
            asked = self._client.get_stdin_msg(timeout=0)
            assert self.on_question is not None, asked["content"]
            self._client.input(self.on_question(asked["content"]["prompt"]))

    def _listen(self, request: str, ran: Ran) -> None:
        clears = False
        places: dict[str, dict[str, Any]] = {}
        while True:
            heard = self._heard(self._client.get_iopub_msg)
            if heard["parent_header"].get("msg_id") != request:
                continue
            kind, content = heard["msg_type"], heard["content"]
            if kind == "status" and content["execution_state"] == "idle":
                return
            if kind.startswith("comm_"):
                self.on_comm(content)
            elif kind == "clear_output":
                clears = bool(content["wait"])
                if not clears:
                    ran.outputs.clear()
            elif kind == "update_display_data":
                place = places.get(content["transient"]["display_id"])
                if place is not None:
                    place |= {"data": content["data"], "metadata": content["metadata"]}
            elif kind in ("display_data", "execute_result", "stream", "error"):
                if clears:
                    ran.outputs.clear()
                    clears = False
                content = dict(content)
                id_ = content.pop("transient", {}).get("display_id")
                output = {"output_type": kind, **content}
                if id_:
                    places[id_] = output
                ran.outputs.append(output)
