"""A Jupyter server whose notebooks, kernels and settings live in one folder."""

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
from pathlib import Path
from typing import Any, Literal, Self
from urllib.parse import quote

from tests.browser import _kernels
from tests.notebooks._clean import environment

App = Literal["lab", "notebook"]

HOST = "127.0.0.1"
HANG_S = 90
"""Bound for anything that may hang; nothing takes a fraction of it."""

_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "extensionmanager-extension/plugin": {"enabled": False},
}
_COMMANDS = {
    "lab": ["jupyterlab", "--LabApp.expose_app_in_browser=True"],
    "notebook": ["notebook", "--JupyterNotebookApp.expose_app_in_browser=True"],
}
_PAGES = {"lab": "/lab/tree/{}?reset&token={}", "notebook": "/notebooks/{}?token={}"}


class Server:
    """JupyterLab or Notebook 7, ready to answer.

    Parameters
    ----------
    folder : Path
        Where everything lives; the caller throws it away.
    app : {"lab", "notebook"}
        Which of the two.
    **extras
        More environment variables, for the kernels too.

    Attributes
    ----------
    root : Path
        Where the notebooks are.
    environment : dict
        The environment of the server, and of anything that is to live beside it.
    url : str
        The address, without a path.
    """

    def __init__(self, folder: Path, app: App, **extras: str) -> None:
        self.app = app
        self.root = folder / "notebooks"
        self.environment = environment(folder, **extras)
        self.url = ""
        self._log = folder / "server.log"
        self._token = secrets.token_hex(16)
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.root.mkdir(parents=True)
        self._write_settings()
        _kernels.offer(Path(self.environment["JUPYTER_DATA_DIR"]))
        try:
            self._start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        # a kernel is in a process group of its own; a server that is told ends its kernels
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(20)

    @property
    def log(self) -> str:
        """What the server and its kernels said so far."""
        return self._log.read_text()

    def page(self, path: str) -> str:
        """Return the address of the page that shows a notebook."""
        return self.url + _PAGES[self.app].format(quote(path), self._token)

    def empty_page(self) -> str:
        """Return the address of a Lab in which nothing is open."""
        assert self.app == "lab", "Notebook 7 has no page without a document"
        return f"{self.url}/lab?reset&token={self._token}"

    def _write_settings(self) -> None:
        for plugin, values in _SETTINGS.items():
            settings = Path(self.environment["JUPYTER_CONFIG_DIR"], "lab/user-settings")
            file = settings / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
            file.parent.mkdir(parents=True)
            file.write_text(json.dumps(values))

    def _start(self) -> None:
        with socket.create_server((HOST, 0)) as free:
            port = free.getsockname()[1]
        self.url = f"http://{HOST}:{port}"
        command = [
            *(sys.executable, "-m", *_COMMANDS[self.app], "--no-browser", "--allow-root"),
            *(f"--ip={HOST}", f"--port={port}", "--ServerApp.port_retries=0"),
            *(f"--IdentityProvider.token={self._token}", f"--ServerApp.root_dir={self.root}"),
            "--LabApp.extension_manager=readonly",  # Notebook shows that of Lab too
        ]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + HANG_S
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the {self.app} did not start:\n{self.log}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            self._api("/api/status")
        except OSError:
            return False
        return True

    def _api(self, path: str) -> Any:
        headers = {"Authorization": f"token {self._token}"}
        request = urllib.request.Request(self.url + path, headers=headers)
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=10) as response:
            return json.loads(response.read())
