"""Which recording a request is given: equal requests get theirs in the order they were asked.

When all were given they begin again, so that a notebook may be run twice. Of several servers
that were asked the same, each has its own answers.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Sequence
from typing import Any, TypeAlias

from qwen_nb.cassettes.recordings import Recording
from qwen_nb.cassettes.requests import canonical, has_secret, matches, without_results

_Key: TypeAlias = tuple[str | None, bool, bytes]
"""Which server, or any; whether what tools gave is left out; the request's digest."""


class Choice:
    """Chooses among recordings.

    Parameters
    ----------
    recordings : sequence of Recording
        All, in the order in which they were asked.
    servers : sequence of str
        The name of the server that was asked, for each.

    Attributes
    ----------
    given : list of int
        How often each was given.
    """

    def __init__(self, recordings: Sequence[Recording], servers: Sequence[str]) -> None:
        self.given = [0] * len(recordings)
        self._recordings = recordings
        self._servers = servers
        # the recording that is given next comes first; the counts in here may be out of date
        self._queues: dict[_Key, list[tuple[int, int]]] = {}
        self._marked: list[int] = []
        self._next_marked = 0
        for number, (each, server) in enumerate(zip(recordings, servers, strict=True)):
            for bare in (False, True):
                digest = _digest(each.method, each.path, _body(each.body, bare))
                for of in (server, None):
                    self._queues.setdefault((of, bare, digest), []).append((0, number))
            if has_secret(each.body):
                self._marked.append(number)

    def next(self, method: str, path: str, body: Any, server: str) -> tuple[int, bool] | None:
        """Take the next recording of a request; return its number.

        One that this server was asked is taken before one of another server, and one that is
        equal before one that differs in what tools gave; the second value tells whether it
        does.
        """
        for bare in (False, True):
            asked = _body(body, bare)
            digest = _digest(method, path, asked)
            for of in (server, None):
                number = self._next((of, bare, digest))
                if number is None:
                    number = self._next_with_secrets(method, path, asked, of, bare)
                if number is not None:
                    self.given[number] += 1
                    return number, bare
        return None

    def _next(self, key: _Key) -> int | None:
        queue = self._queues.get(key)
        while queue:
            count, number = queue[0]
            if count == self.given[number]:
                heapq.heapreplace(queue, (count + 1, number))
                return number
            heapq.heapreplace(queue, (self.given[number], number))
        return None

    def _next_with_secrets(
        self, method: str, path: str, body: Any, server: str | None, bare: bool
    ) -> int | None:
        """Look from the one after the last on: mostly it is the one that is wanted."""
        least = min((self.given[number] for number in self._marked), default=0)
        best: int | None = None
        for step in range(len(self._marked)):
            at = (self._next_marked + step) % len(self._marked)
            number = self._marked[at]
            each = self._recordings[number]
            if (each.method, each.path) != (method, path):
                continue
            if server not in (None, self._servers[number]):
                continue
            if not matches(_body(each.body, bare), body):
                continue
            if best is None or self.given[number] < self.given[self._marked[best]]:
                best = at
            if self.given[number] == least:
                break
        if best is None:
            return None
        self._next_marked = best + 1
        return self._marked[best]


def _body(body: Any, bare: bool) -> Any:
    return without_results(body) if bare else body


def _digest(method: str, path: str, body: Any) -> bytes:
    request = f"{method} {path} {canonical(body)}"
    return hashlib.sha256(request.encode("utf-8", "surrogatepass")).digest()
