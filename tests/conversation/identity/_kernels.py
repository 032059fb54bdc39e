"""Kernels whose execute requests say what a front end's would."""

from __future__ import annotations

import json
import secrets
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

import qwen_nb
from tests.notebooks._clean import environment

HANG_S = 300  # far above what a machine with much else to do takes
READY = "from qwen_nb import _identity, _notebook\nshell = get_ipython()"


def surroundings(folder: Path, **extras: str) -> dict[str, str]:
    """Return an environment in which a kernel finds the package under test."""
    return environment(folder, PYTHONPATH=str(Path(qwen_nb.__file__).parents[1]), **extras)


class Kernel:
    """One kernel, its cells run with metadata of our own making."""

    def __init__(self, client: BlockingKernelClient) -> None:
        self._client = client

    def run(self, code: str, *, watched: bool = True, **metadata: object) -> None:
        """Run a cell to its end."""
        content = {
            "code": code, "silent": False, "store_history": True, "user_expressions": {},
            "allow_stdin": watched, "stop_on_error": True,
        }  # fmt: skip
        message = self._client.session.msg("execute_request", content, metadata=metadata)
        self._client.shell_channel.send(message)
        while True:
            reply = self._client.get_shell_msg(timeout=HANG_S)
            if reply["parent_header"].get("msg_id") == message["header"]["msg_id"]:
                break
        assert reply["content"]["status"] == "ok", reply["content"]

    def value(self, code: str, path: Path, **options: Any) -> Any:
        """Run an expression; return its value, which the kernel leaves in a file."""
        self.run(f"import json; open({str(path)!r}, 'w').write(json.dumps({code}))", **options)
        return json.loads(path.read_text())

    def becomes(self, code: str, value: Any, path: Path, **options: Any) -> bool:
        """Run an expression until it has a value: a busy server's answer may come too late."""
        deadline = time.monotonic() + HANG_S
        while (told := self.value(code, path, **options)) != value:
            assert time.monotonic() < deadline, told
        return True


@contextmanager
def connected(connection_file: str) -> Iterator[Kernel]:
    """Talk to a kernel that runs."""
    client = BlockingKernelClient(connection_file=connection_file)
    client.load_connection_file()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=HANG_S)
        kernel = Kernel(client)
        kernel.run(READY)
        yield kernel
    finally:
        client.stop_channels()
        client.context.destroy(linger=0)


@contextmanager
def kernel(folder: Path, told_path: str) -> Iterator[Kernel]:
    """Start a kernel that a front end told a path."""
    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(env=surroundings(folder, JPY_SESSION_NAME=told_path), cwd=str(folder))
    try:
        with connected(manager.connection_file) as running:
            yield running
    finally:
        manager.shutdown_kernel(now=True)
        manager.context.destroy(linger=0)


class Server:
    """A Jupyter server, without a page."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.root.mkdir()
        self._environment = surroundings(folder)
        self._runtime = Path(self._environment["JUPYTER_RUNTIME_DIR"])
        self._token = secrets.token_hex(16)
        self._log = (folder / "server.log").open("wb")
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root",
                "--ip=127.0.0.1", "--port=0", f"--ServerApp.root_dir={self.root}",
                f"--IdentityProvider.token={self._token}",
            ],
            env=self._environment, cwd=folder,
            stdout=self._log, stderr=subprocess.STDOUT,
        )  # fmt: skip
        self._url = self._announced()

    def _announced(self) -> str:
        about = self._runtime / f"jpserver-{self._process.pid}.json"
        deadline = time.monotonic() + HANG_S
        while time.monotonic() < deadline and self._process.poll() is None:
            try:
                return str(json.loads(about.read_text())["url"])
            except (OSError, ValueError):
                time.sleep(0.05)
        raise AssertionError(Path(self._log.name).read_text())

    def ask(self, method: str, path: str, body: object = None) -> Any:
        request = urllib.request.Request(
            f"{self._url}{path}",
            method=method,
            data=json.dumps(body).encode() if body is not None else None,
            headers={"Authorization": f"token {self._token}"},
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=HANG_S) as answer:
            return json.loads(answer.read() or b"null")

    def start(self, path: str) -> dict[str, Any]:
        """Open a notebook, as a page does; return its session."""
        asked = {"path": path, "name": Path(path).name, "type": "notebook"}
        session: dict[str, Any] = self.ask(
            "POST", "api/sessions", asked | {"kernel": {"name": "python3"}}
        )
        return session

    def rename(self, session: dict[str, Any], path: str) -> None:
        """Rename a notebook, as a page does: the file, then the session."""
        self.ask("PATCH", f"api/contents/{session['path']}", {"path": path})
        self.ask("PATCH", f"api/sessions/{session['id']}", {"path": path})

    def connected(self, session: dict[str, Any]) -> Any:
        return connected(str(self._runtime / f"kernel-{session['kernel']['id']}.json"))

    def close(self) -> None:
        for each in self.ask("GET", "api/sessions"):
            self.ask("DELETE", f"api/sessions/{each['id']}")
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(HANG_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
