import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest

from qwen_nb.emulator.server import Emulator


@pytest.fixture(scope="session")
def running() -> Iterator[Emulator]:
    with Emulator(pace=0) as emulator:
        yield emulator


@pytest.fixture
def emulator(running: Emulator) -> Emulator:
    running.journal.clear()
    running.pace = 0
    return running


@pytest.fixture
def client(emulator: Emulator) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(
        base_url=emulator.openai_base_url,
        api_key=emulator.key,
        max_retries=0,
        timeout=10,
        http_client=openai.DefaultHttpxClient(trust_env=False),
    ) as client:
        yield client


@dataclass
class Answered:
    status: int
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def chunks(self) -> list[Any]:
        """The JSON events of a stream, framing checked on the way."""
        *events, rest = self.raw.decode().split("\n\n")
        assert rest == ""
        assert events[-1] == "data: [DONE]"
        return [json.loads(event.removeprefix("data: ")) for event in events[:-1]]

    @property
    def frames(self) -> list[Any]:
        """The JSON events of a native stream, framing checked on the way."""
        *events, rest = self.raw.decode().split("\n\n")
        assert rest == ""
        frames = []
        for number, event in enumerate(events, 1):
            head = f"id:{number}\nevent:result\n:HTTP_STATUS/200\ndata:"
            assert event.startswith(head)
            frames.append(json.loads(event.removeprefix(head)))
        return frames


Post = Callable[..., Answered]


def send(
    url: str, body: bytes, headers: dict[str, str], method: str = "POST"
) -> Answered:  # fmt: skip
    base = urlsplit(url)
    connection = http.client.HTTPConnection(base.hostname or "", base.port, timeout=10)
    try:
        connection.request(method, base.path, body, headers)
        response = connection.getresponse()
        return Answered(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


@pytest.fixture
def post(emulator: Emulator) -> Post:
    """Send a raw body, or a question with options, as plain bytes."""

    def post(
        body: bytes | str | list[Any], *, key: str | None = None, method: str = "POST",
        path: str = "/chat/completions", headers: dict[str, str] | None = None, **options: Any,
    ) -> Answered:  # fmt: skip
        if isinstance(body, str):
            body = [{"role": "user", "content": body}]
        if isinstance(body, list):
            body = json.dumps({"model": "qwen-plus", "messages": body, **options}).encode()
        authorization = {"Authorization": f"Bearer {key or emulator.key}"}
        url = emulator.openai_base_url + path
        return send(url, body, {**authorization, **(headers or {})}, method)

    return post


@pytest.fixture
def native(emulator: Emulator) -> Post:
    """The same to the native dialect; `sse` asks for a stream."""

    def native(
        body: bytes | str | list[Any], *, key: str | None = None, sse: bool = False,
        route: str = "text", model: str = "qwen-plus", headers: dict[str, str] | None = None,
        **parameters: Any,
    ) -> Answered:  # fmt: skip
        if isinstance(body, str):
            body = [{"role": "user", "content": body}]
        if isinstance(body, list):
            whole = {"model": model, "input": {"messages": body}, "parameters": parameters}
            body = json.dumps(whole).encode()
        url = f"{emulator.dashscope_base_url}/services/aigc/{route}-generation/generation"
        sent = {"Authorization": f"Bearer {key or emulator.key}", **(headers or {})}
        if sse:
            sent["X-DashScope-SSE"] = "enable"
        return send(url, body, sent)

    return native
