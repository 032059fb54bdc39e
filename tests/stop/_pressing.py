"""Interrupts at random moments, and what has to hold after each.

`python tests/stop/_pressing.py --count 200` presses in this process, with `--kernel` in a
real kernel; a line for each kind of end is printed, and a broken promise is an error.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty
from typing import Any

from qwen_nb import Chat, Reply, Stopped
from qwen_nb.emulator.server import Emulator

QUESTION = "Which is larger, 9.9 or 9.11?"
OURS = ("qwen_nb-reader", "qwen_nb-job")
SPARE_SOCKETS = 6  # connections that are kept for later, on either side


def open_sockets() -> int:
    count = 0
    for link in Path("/proc/self/fd").iterdir():
        with suppress(OSError):  # the listing's own
            count += str(link.readlink()).startswith("socket:")
    return count


def holds_soon(holds: Callable[[], bool], within_s: float = 30.0) -> bool:
    deadline = time.monotonic() + within_s
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.005)
    return holds()


def nothing_runs() -> bool:
    return all(thread.name not in OURS for thread in threading.enumerate())


def check_reply(reply: Reply, whole: Reply) -> None:
    """A reply is whole, or marked and the beginning of the whole one."""
    if reply.finish_reason == "stop":
        assert (reply.thinking, reply.answer) == (whole.thinking, whole.answer)
    else:
        assert reply.finish_reason == "stopped", reply.finish_reason
        assert whole.thinking.startswith(reply.thinking)
        assert whole.answer.startswith(reply.answer)


def press_here(count: int, seed: int) -> Counter[str]:
    """Press in this process, at moments from before the question to after its end."""
    ends: Counter[str] = Counter()
    moments = random.Random(seed)
    before = signal.getsignal(signal.SIGINT)
    with Emulator(pace=0.0005) as emulator:
        os.environ.update(
            QWEN_NB_BASE_URL=emulator.openai_base_url,
            QWEN_NB_API_KEY=emulator.key,
            QWEN_NB_MODEL="qwen-plus",
        )
        chat = Chat(thinking=True)
        whole = chat.ask(QUESTION)
        began = time.monotonic()
        assert chat.ask(QUESTION, new=True).answer == whole.answer
        takes = time.monotonic() - began
        sockets = open_sockets()
        for _ in range(count):
            had = len(chat.turns)
            end, reply = pressed(chat, moments.uniform(0, 1.15 * takes))
            ends[end] += 1
            assert signal.getsignal(signal.SIGINT) is before
            assert holds_soon(nothing_runs), threading.enumerate()
            added = chat.turns[had:]
            assert len(added) <= 1
            if reply is not None:
                check_reply(reply, whole)
                assert [turn.reply for turn in added] == ([reply] if said(reply) else [])
            elif added:
                check_reply(added[0].reply, whole)
            following = chat.ask(QUESTION, new=True)
            assert (following.answer, following.turns_sent) == (whole.answer, 0)
        assert holds_soon(lambda: open_sockets() <= sockets + SPARE_SOCKETS), open_sockets()
        chat.close()
    return ends


def said(reply: Reply) -> bool:
    return bool(reply.answer or reply.thinking)


def pressed(chat: Chat, after_s: float) -> tuple[str, Reply | None]:
    """Ask with one press on its way; return how it ended."""
    end: tuple[str, Reply | None] | None = None
    press = threading.Timer(after_s, os.kill, (os.getpid(), signal.SIGINT))
    try:
        press.start()
        try:
            reply = chat.ask(QUESTION, new=True)
            end = reply.finish_reason, reply
        except Stopped as stopped:
            end = f"Stopped, {stopped.reply.finish_reason}", stopped.reply
        press.join()
        time.sleep(0.02)  # where the press lands at the latest
    except KeyboardInterrupt:
        press.join()
        end = end or ("before or after", None)
    return end


SETUP = """\
import json, os, signal, threading
%load_ext qwen_nb
def look(names={names!r}):
    import time
    until = time.monotonic() + 30
    while any(t.name in names for t in threading.enumerate()) and time.monotonic() < until:
        time.sleep(0.005)
    links = [f"/proc/self/fd/{{name}}" for name in os.listdir("/proc/self/fd")]
    reply = get_ipython().user_ns.get("_qwen")
    return json.dumps({{
        "handler": signal.getsignal(signal.SIGINT) is signal.default_int_handler,
        "threads": [t.name for t in threading.enumerate() if t.name in names],
        "sockets": sum(os.path.exists(link) and os.readlink(link).startswith("socket:")
                       for link in links),
        "reply": reply and [reply.finish_reason, reply.thinking, reply.answer],
        "turns": len(get_ipython().magics_manager.registry["QwenMagics"].chat.turns),
    }})
"""


class Kernel:
    """A real kernel and somebody who looks at it, live or not."""

    def __init__(self, emulator: Emulator, *, is_live: bool, home: str) -> None:
        from jupyter_client.manager import KernelManager

        self._is_live = is_live
        self._manager = KernelManager(kernel_name="python3")
        variables = {
            "QWEN_NB_BASE_URL": emulator.openai_base_url,
            "QWEN_NB_API_KEY": emulator.key,
            "QWEN_NB_MODEL": "qwen-plus",
            "QWEN_NB_HOME": home,
        }
        self._manager.kernel_cmd = [
            sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}",
        ]  # fmt: skip
        self._stderr = tempfile.TemporaryFile()  # noqa: SIM115  # `__exit__` closes it
        self._updates: list[dict[str, Any]] = []
        self._lost = 0
        self._manager.start_kernel(env={**os.environ, **variables}, stderr=self._stderr)
        self._client = self._manager.client()
        self._client.start_channels()
        self._client.wait_for_ready(timeout=300)
        self.interrupt = self._manager.interrupt_kernel
        assert self.run(SETUP.format(names=OURS))["status"] == "ok"

    def __enter__(self) -> Kernel:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.stop_channels()
        self._manager.shutdown_kernel(now=True)
        self._stderr.close()

    def send(self, code: str, cell: str = "cell", **expressions: str) -> str:
        """Run a cell; return the id to wait for."""
        session = self._client.session
        content = {
            "code": code, "silent": False, "store_history": True, "stop_on_error": False,
            "user_expressions": expressions, "allow_stdin": self._is_live,
        }  # fmt: skip
        metadata = {"cellId": cell} if self._is_live else {}
        message = session.msg("execute_request", content, metadata=metadata)
        self._client.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    def wait(self, sent: str) -> Any:
        """Return the content of the reply, with the outputs of the cell as `outputs`."""
        outputs = []
        while True:
            message = self._client.get_iopub_msg(timeout=300)
            if message["msg_type"] == "update_display_data":
                self._updates.append(message["content"])
            if message["parent_header"].get("msg_id") != sent:
                continue
            if message["content"].get("execution_state") == "idle":
                break
            outputs.append((message["msg_type"], message["content"]))
        while True:
            try:
                # it is sent before the kernel says that it is idle
                reply = self._client.get_shell_msg(timeout=10)
            except Empty:
                if not self._has_lost_one():
                    raise
                return {"status": "lost", "ename": "KeyboardInterrupt", "outputs": outputs}
            if reply["parent_header"].get("msg_id") == sent:
                return {**reply["content"], "outputs": outputs}

    def _has_lost_one(self) -> bool:
        """Tell whether an interrupt met the kernel itself, behind the end of a cell.

        It then drops the reply that it was about to send, whatever the cell had been, and
        goes on.
        """
        self._stderr.seek(0)
        lost = self._stderr.read().count(b"KeyboardInterrupt caught in kernel")
        known, self._lost = self._lost, lost
        return lost > known

    def run(self, code: str, cell: str = "cell", **expressions: str) -> Any:
        return self.wait(self.send(code, cell, **expressions))

    def updates(self, display_id: str) -> list[dict[str, Any]]:
        """Return what was put in the place of one output, so far."""
        return [
            content
            for content in self._updates
            if content["transient"]["display_id"] == display_id
        ]

    def ends_within(self, seconds: float) -> bool:
        """Ask the kernel to end, as the menu does."""
        self._client.shutdown()
        return holds_soon(lambda: not self._manager.is_alive(), seconds)

    @property
    def said(self) -> str:
        """What the kernel wrote into the shell it was started from, but its own warnings."""
        self._stderr.seek(0)
        lines = self._stderr.read().decode().splitlines()
        return "\n".join(line for line in lines if "[IPKernelApp]" not in line)

    def look(self) -> dict[str, Any]:
        """Return what is there after a cell."""
        told = self.run("", "looking", told="look()")["user_expressions"]["told"]
        return json.loads(eval(told["data"]["text/plain"]))  # type: ignore[no-any-return]


def press_in_kernel(count: int, seed: int, *, is_live: bool, home: str) -> Counter[str]:
    """Press in a kernel, as the toolbar's stop does."""
    ends: Counter[str] = Counter()
    moments = random.Random(seed)
    ask = f"%%qwen --think --new\n{QUESTION}"
    with (
        Emulator(pace=0.0005) as emulator,
        Kernel(emulator, is_live=is_live, home=home) as kernel,
    ):
        kernel.run(ask)
        began = time.monotonic()
        kernel.run(ask)
        takes = time.monotonic() - began
        first = kernel.look()
        _, thinking, answer = first["reply"]
        whole = Reply(thinking=thinking, answer=answer)
        for _ in range(count):
            had = kernel.look()["turns"]
            sent = kernel.send(ask)
            time.sleep(moments.uniform(0, 1.15 * takes))
            kernel.interrupt()
            ran = kernel.wait(sent)
            ends["lost" if ran["status"] == "lost" else ran.get("ename", "ok")] += 1
            assert ran.get("ename", "Stopped") in ("Stopped", "KeyboardInterrupt"), ran
            found = kernel.look()
            assert found["handler"]
            assert found["threads"] == []
            assert found["turns"] - had in (0, 1)
            reason, thinking, answer = found["reply"]
            check_reply(Reply(finish_reason=reason, thinking=thinking, answer=answer), whole)
            if ran["status"] == "ok":
                assert reason == "stop"
            assert kernel.run(ask)["status"] == "ok"
            assert kernel.look()["reply"] == ["stop", whole.thinking, whole.answer]
        assert kernel.look()["sockets"] <= first["sockets"] + SPARE_SOCKETS
    return ends


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kernel", action="store_true")
    parser.add_argument("--live", action="store_true")
    told = parser.parse_args()
    if told.kernel:
        home = os.environ.get("QWEN_NB_HOME", "")
        ends = press_in_kernel(told.count, told.seed, is_live=told.live, home=home)
    else:
        ends = press_here(told.count, told.seed)
    print(json.dumps(ends))


if __name__ == "__main__":
    main()
