"""An exchange that is recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qwen_nb.cassettes.recordings import Answer, Ending
from qwen_nb.errors import QwenError
from qwen_nb.wire import Exchange
from qwen_nb.wire.dialects import HttpCall

_HEADERS = ("content-type", "retry-after", "retry-after-ms")


@dataclass(eq=False, slots=True)
class Ticket:
    """A request that is under way, and what of its answer has come."""

    number: int
    at: str
    server: int
    call: HttpCall
    chunks: list[bytes] = field(default_factory=list)


class Recorded:
    """An exchange that is recorded; see `Exchange`.

    Parameters
    ----------
    inner : Exchange
        The one that goes out.
    begin : callable
        Notes that a call is sent, and returns its ticket.
    end : callable
        Keeps a ticket's answer; None where the call was never sent.
    """

    def __init__(
        self,
        inner: Exchange,
        begin: Callable[[HttpCall], Ticket],
        end: Callable[[Ticket, Answer | None], None],
    ) -> None:
        self._inner = inner
        self._begin_call = begin
        self._end_call = end
        self._ticket: Ticket | None = None
        self._is_whole = self._is_stopped = False

    @property
    def status(self) -> int:
        """HTTP status."""
        return self._inner.status

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers of the answer."""
        return self._inner.headers

    def send(self, call: HttpCall) -> None:
        """Send the call, and wait for status and headers."""
        self._end()
        self._is_whole = False
        self._ticket = self._begin_call(call)
        try:
            self._inner.send(call)
        except QwenError as error:
            self._end("failed", error)
            raise
        except BaseException:  # it is no request at all
            ticket, self._ticket = self._ticket, None
            self._end_call(ticket, None)
            raise

    def chunks(self) -> Iterator[bytes]:
        """Yield the answer's bytes as they come.

        The answer is kept as soon as its reader stops reading or its bytes end, before the
        reader learns of either.
        """
        try:
            for chunk in self._inner.chunks():
                self._note(chunk)
                yield chunk
        except QwenError as error:
            self._end("broken", error)
            raise
        except BaseException:
            self._end()
            raise
        self._is_whole = True
        self._end()

    def read(self) -> bytes:
        """Return the whole rest of the answer."""
        data = self._inner.read()
        self._note(data)
        self._is_whole = True
        self._end()
        return data

    def wait(self, seconds: float) -> bool:
        """Wait; return True at once when the exchange is stopped."""
        return self._inner.wait(seconds)

    def stop(self) -> None:
        """Break the connection now."""
        self._is_stopped = True
        self._inner.stop()

    def close(self) -> None:
        """Give everything back, and keep what came."""
        self._end()
        self._inner.close()

    def _note(self, data: bytes) -> None:
        if self._ticket is not None:
            self._ticket.chunks.append(data)

    def _end(self, ending: Ending = "end", error: QwenError | None = None) -> None:
        ticket, self._ticket = self._ticket, None
        if ticket is None:
            return
        if self._is_stopped and not self._is_whole:
            ending, error = "stopped", None
        status = 0 if ending == "failed" else self._inner.status
        answer = Answer(
            status,
            _headers(self._inner.headers) if status else {},
            b"".join(ticket.chunks),
            ending,
            {} if error is None else _facts(error),
        )
        self._end_call(ticket, answer)


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name in _HEADERS if (value := headers.get(name))}


def _facts(error: QwenError) -> dict[str, Any]:
    facts = {name: value for name, value in error.facts.items() if name != "server"}
    return {"type": type(error).__name__, "key": error.key, "facts": facts}
