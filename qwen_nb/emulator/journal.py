"""What the emulator received, for tests and curious people to read."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, overload


@dataclass(frozen=True, slots=True)
class Record:
    """One request as it came in.

    Parameters
    ----------
    method, path : str
        The request line; a query is left out.
    headers : mapping
        Names in lower case; whatever carries a key is left out.
    raw : bytes
        The body, byte for byte.
    status : int
        The HTTP status it was answered with.
    closed_early : bool
        True when the connection went away before the stream had ended.
    usage : mapping, optional
        The last usage the client was sent, as the dialect writes it; None where it was
        sent none. While a stream is under way it is that of the events so far.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    raw: bytes = field(repr=False)
    status: int
    closed_early: bool = False
    usage: Mapping[str, Any] | None = None

    @property
    def body(self) -> Any:
        """The body as JSON, a new object each time; None if it is none."""
        try:
            return json.loads(self.raw)
        except ValueError:
            return None


class Journal(Sequence[Record]):
    """The records in the order of arrival; any thread may read it at any time.

    Parameters
    ----------
    keep : int, optional
        How many of the latest are remembered; all unless given.
    """

    def __init__(self, keep: int | None = None) -> None:
        self._keep = keep
        self._records: list[Record] = []
        self._faults: Counter[str] = Counter()
        self._lock = threading.Lock()

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> list[Record]: ...
    def __getitem__(self, index: int | slice) -> Record | list[Record]:
        with self._lock:
            return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Record]:
        # over a copy: requests may arrive while somebody reads
        return iter(self[:])

    def __repr__(self) -> str:
        return f"Journal({self[:]!r})"

    def clear(self) -> None:
        """Forget everything, faults that have happened too."""
        with self._lock:
            self._records.clear()
            self._faults.clear()

    def _add(self, record: Record) -> None:
        with self._lock:
            self._records.append(record)
            if self._keep is not None:
                del self._records[: -self._keep]

    def _count(self, fault: str) -> int:
        """Note that a fault was asked for; return how often it had been before."""
        with self._lock:
            self._faults[fault] += 1
            return self._faults[fault] - 1

    def _change(self, record: Record, **facts: Any) -> Record:
        """Put a record with other facts in a record's place; return it."""
        changed = replace(record, **facts)
        with self._lock:
            # By identity: two equal requests are two records; none may be left after
            # clear(). The one that is looked for is among the latest.
            for at in reversed(range(len(self._records))):
                if self._records[at] is record:
                    self._records[at] = changed
                    break
        return changed
