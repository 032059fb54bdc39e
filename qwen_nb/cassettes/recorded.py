"""An exchange that is recorded."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from qwen_nb.cassettes.secrets import Redactor
from qwen_nb.cassettes.values import Answer, Chunk, Ending
from qwen_nb.errors import QwenError
from qwen_nb.values import Server
from qwen_nb.wire import Exchange
from qwen_nb.wire.dialects import HttpCall

if TYPE_CHECKING:
    from qwen_nb.cassettes.recorder import Recorder, Ticket

__all__ = ["Recorded"]

_HEADERS = ("content-type", "retry-after", "retry-after-ms")
_EVENT_ENDS = re.compile(rb"\n\r?\n")


class Recorded:
    """An exchange that is recorded; see `Exchange`.

    Parameters
    ----------
    inner : Exchange
        The one that goes out.
    recorder : Recorder
        Who keeps it.
    server : Server
        Who is asked.
    """

    def __init__(self, inner: Exchange, recorder: Recorder, server: Server) -> None:
        self._inner = inner
        self._recorder = recorder
        self._server = server
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
        self._ticket = self._recorder.begin(self._server, call)
        try:
            self._inner.send(call)
        except QwenError as error:
            self._end("failed", error)
            raise
        except BaseException:  # it is no request at all
            ticket, self._ticket = self._ticket, None
            self._recorder.end(ticket, None)
            raise

    def chunks(self) -> Iterator[bytes]:
        """Yield the answer's bytes as they come.

        It is kept when its reader has heard enough, which is before anybody hears the end.
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
        if self._ticket is not None and data:
            self._ticket.chunks.append((self._recorder.clock(), data))

    def _end(self, ending: Ending = "end", error: QwenError | None = None) -> None:
        ticket, self._ticket = self._ticket, None
        if ticket is None:
            return
        if self._is_stopped and not self._is_whole:
            ending, error = "stopped", None
        status = 0 if ending == "failed" else self._inner.status
        headers = _headers(self._inner.headers) if status else {}
        redactor = self._recorder.redactor
        self._recorder.end(ticket, _answer(ticket, status, headers, ending, error, redactor))


def _answer(
    ticket: Ticket,
    status: int,
    headers: dict[str, str],
    ending: Ending,
    error: QwenError | None,
    redactor: Redactor,
) -> Callable[[], Answer]:
    def answer() -> Answer:
        said = {} if error is None else redactor.value(_said(error))
        return Answer(status, headers, tuple(_events(ticket, redactor)), ending, said)

    return answer


def _events(ticket: Ticket, redactor: Redactor) -> Iterator[Chunk]:
    """Yield the answer event by event, each with how long it was waited for.

    How the network cut it is chance; so two recordings of one answer differ in nothing but
    their pauses.
    """
    whole = b"".join(data for _, data in ticket.chunks)
    clean = redactor.stream(whole)
    ends, cuts = _ends(whole), _ends(clean)
    if len(cuts) != len(ends):  # a secret of several lines was one piece with what follows
        ends, cuts = ends[-1:], cuts[-1:]
    arrived, came = [], 0
    for at, data in ticket.chunks:
        came += len(data)
        arrived.append((came, at))
    before, number, since = ticket.began, 0, 0
    for end, cut in zip(ends, cuts, strict=True):
        while number < len(arrived) - 1 and arrived[number][0] < end:
            number += 1
        at = arrived[number][1] if arrived else before
        if cut > since:
            yield Chunk(max(0.0, round(at - before, 2)), clean[since:cut])
        before, since = at, cut


def _ends(data: bytes) -> list[int]:
    ends = [match.end() for match in _EVENT_ENDS.finditer(data)]
    if not ends or ends[-1] < len(data):
        ends.append(len(data))
    return ends


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: told for name in _HEADERS if (told := headers.get(name))}


def _said(error: QwenError) -> dict[str, Any]:
    facts = {name: value for name, value in error.facts.items() if name != "server"}
    return {"type": type(error).__name__, "key": error.key, "facts": facts}
