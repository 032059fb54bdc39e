import http.client
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import openai
import pytest

from qwen_nb.emulator import Emulator


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


Post = Callable[..., Answered]


@pytest.fixture
def post(emulator: Emulator) -> Post:
    """Send a raw body, or a question with options, as plain bytes."""

    def post(
        body: bytes | str, *, key: str | None = None, method: str = "POST",
        path: str = "/chat/completions", **options: Any,
    ) -> Answered:  # fmt: skip
        if isinstance(body, str):
            messages = [{"role": "user", "content": body}]
            options = {"model": "qwen-plus", "messages": messages, **options}
            body = json.dumps(options).encode()
        base = urlsplit(emulator.openai_base_url)
        connection = http.client.HTTPConnection(base.hostname or "", base.port, timeout=10)
        try:
            headers = {"Authorization": f"Bearer {key or emulator.key}"}
            connection.request(method, base.path + path, body, headers)
            response = connection.getresponse()
            return Answered(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    return post
