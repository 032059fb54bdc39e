"""Which recording a request is given: equal requests get theirs in the order they were asked.

When all were given they begin again, so that a notebook may be run twice. Of several servers
that were asked the same, each has its own answers.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from qwen_nb.cassettes.requests import canonical, has_secret, matches, without_results
from qwen_nb.cassettes.values import Recording

__all__ = ["Choice"]

_Key: TypeAlias = tuple[str | None, bytes]


class Choice:
    """Chooses among recordings.

    Parameters
    ----------
    recordings : sequence of Recording
        All, in the order in which they were asked.
    servers : sequence of str
        Who was asked each.
    """

    def __init__(self, recordings: Sequence[Recording], servers: Sequence[str]) -> None:
        self.given = [0] * len(recordings)
        self._recordings = recordings
        self._servers = servers
        # those that are given next come first; how often each was given may be out of date
        self._turns: dict[_Key, list[tuple[int, int]]] = {}
        self._marked: list[int] = []
        self._next_marked = 0
        for number, (each, server) in enumerate(zip(recordings, servers, strict=True)):
            exact = _digest(each.method, each.path, each.body)
            alike = _digest(each.method, each.path, without_results(each.body))
            for digest in {exact, b"alike" + alike}:
                for who in (server, None):
                    self._turns.setdefault((who, digest), []).append((0, number))
            if has_secret(each.body):
                self._marked.append(number)

    def equal(self, method: str, path: str, body: Any, server: str | None) -> int | None:
        """Take the next recording of an equal request; return its number.

        Parameters
        ----------
        method, path, body
            What is asked.
        server : str, optional
            Who is; None: whoever it was.
        """
        found = self._next((server, _digest(method, path, body)))
        if found is None:
            found = self._next_with_secrets(method, path, body, server)
        return found

    def alike(self, method: str, path: str, body: Any, server: str | None) -> int | None:
        """Take the next one of a request that differs in what tools gave, at most."""
        bare = without_results(body)
        found = self._next((server, b"alike" + _digest(method, path, bare)))
        if found is None:
            found = self._next_with_secrets(method, path, bare, server, bare=True)
        return found

    def _next(self, key: _Key) -> int | None:
        turns = self._turns.get(key)
        while turns:
            told, number = turns[0]
            if told == self.given[number]:
                heapq.heapreplace(turns, (told + 1, number))
                self.given[number] += 1
                return number
            heapq.heapreplace(turns, (self.given[number], number))
        return None

    def _next_with_secrets(
        self, method: str, path: str, body: Any, server: str | None, *, bare: bool = False
    ) -> int | None:
        """Look from the one after the last on: mostly it is the one that is wanted."""
        if not self._marked:
            return None
        least = min(self.given[number] for number in self._marked)
        best: tuple[int, int] | None = None
        for at, number in self._from_the_last_on():
            each = self._recordings[number]
            if (each.method, each.path) != (method, path):
                continue
            if server not in (None, self._servers[number]):
                continue
            if not matches(without_results(each.body) if bare else each.body, body):
                continue
            if best is None or self.given[number] < self.given[self._marked[best[0]]]:
                best = at, number
            if self.given[number] == least:
                break
        if best is None:
            return None
        self._next_marked = best[0] + 1
        self.given[best[1]] += 1
        return best[1]

    def _from_the_last_on(self) -> Iterator[tuple[int, int]]:
        for step in range(len(self._marked)):
            at = (self._next_marked + step) % len(self._marked)
            yield at, self._marked[at]


def _digest(method: str, path: str, body: Any) -> bytes:
    told = f"{method} {path} {canonical(body)}"
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).digest()
