"""Long and fast streams of the OpenAI dialect, from a server in a process of its own.

What a stream holds is in the name of the model that is asked for: `2000` pieces of four
characters at full speed, `2000at100` a second; `numbered2000` are all different, and
`prose2000` are cut from ordinary Markdown. Of `prose` nothing is thinking, of the others
the first half.
"""

from __future__ import annotations

import json
import multiprocessing
import re
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count, product
from string import ascii_lowercase, digits
from typing import Any

SIZE = 4

_SECTION = """\
## Section {n}

The comparison in section {n} begins with the decimals, *not* with the number of digits: a
reader who sees **two** digits after the point expects the longer number to be larger. Write
both with the same length and the doubt is gone, as `0.90` and `0.11` show.

- the first point of section {n}, with `some code` in it
- the second point, which is **important** and a little longer than the others are
- the third point

Another paragraph, number {n}, tells how a program would say the same. It is short, for the
code that follows it says most of what there is to say, and it ends here.

```python
def larger(a, b):
    # section {n}
    return max(float(a), float(b))
```

"""


def pieces(model: str) -> tuple[list[str], list[str], float]:
    """Return the thinking and the answer of a model, and how many pieces come in a second."""
    found = re.fullmatch(r"(prose|numbered)?(\d+)(?:at(\d+))?", model)
    assert found, f"{model!r} says nothing about a stream"
    kind, number, rate = found[1], int(found[2]), float(found[3] or "inf")
    if kind == "prose":
        sections = (_SECTION.format(n=n) for n in count(1))
        text = ""
        while len(text) < number * SIZE:
            text += next(sections)
        return [], [text[SIZE * n : SIZE * (n + 1)] for n in range(number)], rate
    if kind == "numbered":
        letters = map("".join, product(digits + ascii_lowercase, repeat=SIZE - 1))
        # a line every twenty: a page need not lay out one endless line
        words = [
            word + (" " if n % 20 else "\n")
            for n, word in zip(range(number), letters, strict=False)
        ]
        return words[: number // 2], words[number // 2 :], rate
    return ["word"] * (number // 2), ["word"] * (number - number // 2), rate


def events(model: str) -> Iterator[bytes]:
    """Yield a stream as HTTP chunks, each when its time has come."""
    base = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    thinking, answer, rate = pieces(model)
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": None}]
    deltas += [{"content": None, "reasoning_content": piece} for piece in thinking]
    deltas += [{"content": piece, "reasoning_content": None} for piece in answer]
    frames = [
        base | {"usage": None, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in deltas
    ]
    last = {"index": 0, "delta": {"content": ""}, "finish_reason": "stop"}
    frames.append(base | {"usage": None, "choices": [last]})
    told = len(thinking) + len(answer)
    usage = {"prompt_tokens": 1, "completion_tokens": told, "total_tokens": told + 1}
    frames.append(base | {"choices": [], "usage": usage})
    datas = [json.dumps(frame) for frame in frames] + ["[DONE]"]
    bodies = [f"data: {data}\n\n".encode() for data in datas]
    start = time.monotonic()
    for n, body in enumerate(bodies):
        # a sleep of nothing costs a switch of threads, and so a packet for each event
        if (wait := start + n / rate - time.monotonic()) > 0:
            time.sleep(wait)
        yield b"%x\r\n%s\r\n" % (len(body), body)
    yield b"0\r\n\r\n"


@contextmanager
def server() -> Iterator[str]:
    """Serve streams from another process; yield the address of its API."""
    # not forked: the threads of this process may hold locks
    context = multiprocessing.get_context("spawn")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = context.Process(target=serve, args=(listener,), daemon=True)
        process.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/v1"
        finally:
            process.terminate()
            process.join()
            process.close()


def serve(listener: socket.socket) -> None:
    """Answer each request with the stream that its model names."""
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
        for event in events(model):
            connection.sendall(event)
