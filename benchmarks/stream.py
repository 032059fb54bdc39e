"""What it costs to show a stream live, against the bare openai SDK loop that shows nothing.

Both run in turns inside one real kernel, on the same stream from a server in another
process, at full speed. CPU is that of the whole kernel process, its sending threads
included; bytes are those that reach the front end. Run by hand:

    python benchmarks/stream.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from typing import Any

from jupyter_client.manager import start_new_kernel

from tests._stream import SIZE, server

COUNTS = (500, 2_000, 8_000, 32_000)

OURS = """
import time
_before = time.process_time()
_reply = get_ipython().run_cell_magic("qwen", "-m {n}", "go")
_cpu = time.process_time() - _before
assert len(_reply.answer) + len(_reply.thinking) == {n} * 4, "text is missing"
print(_cpu)
"""

BARE = """
import time, openai
_client = openai.OpenAI(base_url={url!r}, api_key="none")
_before = time.process_time()
_texts = []
for _chunk in _client.chat.completions.create(
    model="{n}", messages=[{{"role": "user", "content": "go"}}], stream=True,
    stream_options={{"include_usage": True}},
):
    if _chunk.choices:
        _delta = _chunk.choices[0].delta
        _texts.append(getattr(_delta, "reasoning_content", None) or _delta.content or "")
_cpu = time.process_time() - _before
assert len("".join(_texts)) == {n} * 4, "text is missing"
print(_cpu)
"""


class Front:
    """A front end that watches one kernel and counts what it is sent."""

    def __init__(self, manager: Any, client: Any) -> None:
        self.manager, self.client = manager, client

    def run(self, code: str) -> tuple[float, int]:
        """Run a cell as a notebook would; return the number it prints, and the bytes sent."""
        session = self.client.session
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": True}
        message = session.msg("execute_request", content, metadata={"cellId": "a-cell"})
        self.client.shell_channel.send(message)
        printed, size = "", 0
        while True:
            answer = self.client.get_iopub_msg(timeout=120)
            if answer["parent_header"].get("msg_id") != message["header"]["msg_id"]:
                continue
            size += len(json.dumps(answer["content"], ensure_ascii=False).encode())
            kind, said = answer["msg_type"], answer["content"]
            if kind == "stream":
                printed += said["text"]
            elif kind == "error":
                raise SystemExit("\n".join(said["traceback"]) or said["evalue"])
            elif kind == "status" and said["execution_state"] == "idle":
                return float(printed or 0), size


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with server() as url:
        environ = os.environ | {"QWEN_NB_BASE_URL": url, "NO_PROXY": "127.0.0.1"}
        front = Front(*start_new_kernel(env=environ))
        try:
            measure(front, url, rounds)
        finally:
            front.client.stop_channels()
            front.manager.shutdown_kernel(now=True)


def measure(front: Front, url: str, rounds: int) -> None:
    front.run("%load_ext qwen_nb\nimport gc")
    for code in (OURS, BARE):  # imports and connections are not what is measured
        front.run(code.format(n=50, url=url))
    print(" chunks  ours CPU s  SDK CPU s  ratio  bytes/text")
    for count in COUNTS:
        ours, bare, sizes = [], [], []
        for _ in range(rounds):
            front.run("_ = gc.collect()")
            cpu, size = front.run(OURS.format(n=count))
            ours.append(cpu)
            sizes.append(size)
            front.run("_ = gc.collect()")
            bare.append(front.run(BARE.format(n=count, url=url))[0])
        mine, other = statistics.median(ours), statistics.median(bare)
        per_text = statistics.median(sizes) / (count * SIZE)
        ratio = mine / other
        print(f"{count:>7} {mine:>11.3f} {other:>10.3f} {ratio:>6.2f} {per_text:>11.2f}")
        time.sleep(0.1)


if __name__ == "__main__":
    main()
