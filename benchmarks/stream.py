"""What it costs to show a stream live, against the bare openai SDK loop that shows nothing.

Both run in turns inside one real kernel, on the same stream from a server in another
process, at full speed. CPU is that of the whole kernel process, its sending threads
included; bytes are those that reach the front end. Run by hand:

    python benchmarks/stream.py [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import socket
import statistics
import threading
import time
from typing import Any

from jupyter_client.manager import start_new_kernel

COUNTS = (500, 2_000, 8_000, 32_000)
PIECE = "word"

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


def events(count: int) -> list[bytes]:
    """Return a stream of `count` pieces, half of them thinking, as HTTP chunks."""
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None}]
    deltas += [{"content": None, "reasoning_content": PIECE}] * (count // 2)
    deltas += [{"content": PIECE, "reasoning_content": None}] * (count - count // 2)
    frames = [
        base | {"usage": None, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in deltas
    ]
    last = {"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}
    frames.append(base | {"usage": None, "choices": [last]})
    usage = {"prompt_tokens": 1, "completion_tokens": count, "total_tokens": count + 1}
    frames.append(base | {"choices": [], "usage": usage})
    datas = [json.dumps(frame) for frame in frames] + ["[DONE]"]
    bodies = [f"data: {data}\n\n".encode() for data in datas]
    return [b"%x\r\n%s\r\n" % (len(body), body) for body in bodies] + [b"0\r\n\r\n"]


def serve(listener: socket.socket) -> None:
    """Answer each request with as many pieces as its model says."""
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_answer, args=(connection,), daemon=True).start()


def _answer(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    reader = connection.makefile("rb")
    while line := reader.readline():
        length = 0
        while line := reader.readline().strip().lower():
            if line.startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        model = json.loads(reader.read(length))["model"]
        connection.sendall(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n"
        )
        for event in events(int(model)):
            connection.sendall(event)


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
    listener = socket.create_server(("127.0.0.1", 0))
    server = multiprocessing.Process(target=serve, args=(listener,), daemon=True)
    server.start()
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
    environ = os.environ | {"QWEN_NB_BASE_URL": url, "NO_PROXY": "127.0.0.1"}
    front = Front(*start_new_kernel(env=environ))
    try:
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
            per_text = statistics.median(sizes) / (count * len(PIECE))
            ratio = mine / other
            print(f"{count:>7} {mine:>11.3f} {other:>10.3f} {ratio:>6.2f} {per_text:>11.2f}")
            time.sleep(0.1)
    finally:
        front.client.stop_channels()
        front.manager.shutdown_kernel(now=True)
        server.terminate()


if __name__ == "__main__":
    main()
