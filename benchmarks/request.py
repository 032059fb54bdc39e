"""What the 2nd and the 200th request of one conversation cost, in CPU of this process.

The server is the emulator, in another process. Design: the 200th may cost 1.2 times the
2nd, and twice writing its messages as JSON. Run by hand:

    python benchmarks/request.py [--turns 220]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from multiprocessing.queues import Queue

from qwen_nb import Chat
from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator

ANSWER = "An answer of a few sentences. It says the same each time. " * 8
AROUND = 20


def serve(told: Queue[tuple[str, str]]) -> None:
    """Serve until this process is ended."""
    with Emulator(pace=0) as emulator:
        script = Script(name="even", asks="^Question", thinking="Hm. " * 40, answer=ANSWER)
        emulator.script(script)
        told.put((emulator.openai_base_url, emulator.key))
        time.sleep(3600)


def main() -> None:
    """Ask, and print what it cost: the median and the least of forty around each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=220)
    turns = parser.parse_args().turns
    context = multiprocessing.get_context("spawn")
    told: Queue[tuple[str, str]] = context.Queue()
    server = context.Process(target=serve, args=(told,), daemon=True)
    server.start()
    url, key = told.get()
    with tempfile.TemporaryDirectory() as home:
        os.environ |= {
            "QWEN_NB_HOME": home,
            "QWEN_NB_BASE_URL": url,
            "QWEN_NB_API_KEY": key,
        }
        chat, asked, written = Chat("qwen-plus", thinking=True), [], []
        for k in range(1, turns + 1):
            began = time.process_time()
            chat.ask(f"Question {k}: " + "some words of a person " * 4)
            asked.append(time.process_time() - began)
            messages, began = chat.messages, time.process_time()
            json.dumps(messages, ensure_ascii=False).encode()
            written.append(time.process_time() - began)
        chat.close()
    server.terminate()
    server.join()
    early, late = asked[1 : 2 * AROUND + 1], asked[-2 * AROUND :]
    for name, pick in (
        ("median", lambda times: sorted(times)[len(times) // 2]),
        ("least", min),
    ):
        first, last, dumps = (1e3 * pick(times) for times in (early, late, written[-40:]))
        print(
            f"{name:>6}: 2nd {first:.2f} ms, {turns - AROUND}th {last:.2f} ms, "
            f"json.dumps {dumps:.2f} ms, allowed {1.2 * first + 2 * dumps:.2f} ms"
        )


if __name__ == "__main__":
    main()
