"""The emulator from a shell: `qwen-nb emulator --port 0 --key KEY`."""

from __future__ import annotations

import signal
import sys
import threading

from qwen_nb.emulator.server import Emulator


def main(port: int = 0, key: str | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM.

    The first two lines printed are the compatible and the native base address.

    Parameters
    ----------
    port : int
        Where it listens; 0 takes a free port.
    key : str, optional
        The key it accepts; a random one is printed.

    Returns
    -------
    int
        The exit status: 1 when the port is taken.
    """
    over = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: over.set())
    emulator = Emulator(key, port)
    try:
        emulator.start()
    except OSError as error:
        print(f"qwen-nb emulator: port {port}: {error.strerror}", file=sys.stderr)
        return 1
    with emulator:
        print(emulator.openai_base_url)
        print(emulator.dashscope_base_url)
        if not key:
            print(f"export DASHSCOPE_API_KEY={emulator.key}")
        sys.stdout.flush()
        # a wait without end would leave signals unheard on Windows
        while not over.wait(0.5):
            pass
    return 0
