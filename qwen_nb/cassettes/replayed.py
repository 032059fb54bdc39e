"""An exchange that is answered from a cassette."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping

from qwen_nb import errors
from qwen_nb.cassettes.pieces import split
from qwen_nb.cassettes.recordings import Answer
from qwen_nb.errors import BrokenStream, ConnectionFailed, QwenError, WasStopped
from qwen_nb.values import Server
from qwen_nb.wire.dialects import HttpCall

_BROKEN = ("ConnectionFailed", "TimedOut", "BrokenStream", "BadEvent", "StreamError")


class Replayed:
    """An exchange that is answered from a cassette; see `Exchange`.

    Parameters
    ----------
    take : callable
        Returns the answer to a call.
    server : Server
        Who would be asked.
    """

    def __init__(self, take: Callable[[HttpCall], Answer], server: Server) -> None:
        self.status = 0
        self.headers: Mapping[str, str] = {}
        self._take = take
        self._server = server
        self._bytes: Iterator[bytes] = iter(())
        self._stopped = threading.Event()

    def send(self, call: HttpCall) -> None:
        """Look the answer up."""
        if self._stopped.is_set():
            raise ConnectionFailed("error.hung_up", server=self._server.name, reason="stopped")
        answer = self._take(call)
        if answer.ending == "failed":
            raise self._error(answer)
        self.status, self.headers = answer.status, answer.headers
        self._bytes = self._given(answer)
        if answer.ending == "stopped" and not answer.status:
            next(self._bytes, None)

    def chunks(self) -> Iterator[bytes]:
        """Yield the answer's bytes, event by event."""
        yield from self._bytes

    def _given(self, answer: Answer) -> Iterator[bytes]:
        for event in split(answer.data):
            if self._stopped.is_set():
                raise self._broken()
            yield event
        if answer.ending == "stopped":
            # stopped then, and so it is now, whether or not somebody does it again
            if self._stopped.is_set():
                raise self._broken()
            self._stopped.set()
            raise WasStopped("error.was_stopped", server=self._server.name)
        if answer.ending == "broken":
            raise self._error(answer)

    def read(self) -> bytes:
        """Return the whole rest of the answer."""
        body = b""
        with contextlib.suppress(QwenError):
            for chunk in self.chunks():
                body += chunk
        return body

    def wait(self, seconds: float) -> bool:
        """Wait for nothing; return whether the exchange is stopped."""
        return self._stopped.is_set()

    def stop(self) -> None:
        """End it now."""
        self._stopped.set()

    def close(self) -> None:
        """Nothing is open."""

    def _broken(self) -> BrokenStream:
        return BrokenStream("error.broken", server=self._server.name, reason="stopped")

    def _error(self, answer: Answer) -> QwenError:
        error = answer.error
        name = error.get("type") if error.get("type") in _BROKEN else "ConnectionFailed"
        kind: type[QwenError] = getattr(errors, str(name))
        facts = error.get("facts")
        known = facts if isinstance(facts, Mapping) else {}
        key = str(error.get("key", "error.broken"))
        return kind(key, **{**known, "server": self._server.name})
