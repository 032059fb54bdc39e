"""One thread that writes, so that nobody who asks or streams waits for a disk.

Writes are done in the order in which they were given, each in a transaction of its own.
One that fails stays first in the queue and is tried again with the next, so that what a
full disk or a lock held off is written later; whoever cannot wait goes on in memory.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from qwen_nb.errors import StoreError
from qwen_nb.store.schema import errors_told, shown, transaction

Job: TypeAlias = Callable[[sqlite3.Connection], Any]


@dataclass(slots=True, eq=False)
class _Write:
    job: Job
    then: Callable[[Any], object] | None = None
    waited_for: bool = False
    begins: bool = True
    done: bool = False
    result: Any = None
    error: StoreError | None = None
    hopeless: bool = False


_HOPELESS = (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.DataError)
"""What would fail again however often it is tried."""


class Writer:
    """Writes to one file from a thread of its own, which starts with the first write.

    Parameters
    ----------
    database : sqlite3.Connection
        Used by that thread alone from now on.
    path : Path
        The file, for messages.
    """

    def __init__(self, database: sqlite3.Connection, path: Path) -> None:
        self._database = database
        self._path = path
        self._queue: deque[_Write] = deque()
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._busy = False
        self._fresh = False
        self._closing = False
        self._problem: StoreError | None = None

    @property
    def problem(self) -> StoreError | None:
        """Why the last write failed; None when it did not."""
        return self._problem

    def write(self, job: Job, then: Callable[[Any], object] | None = None) -> None:
        """Have something written, and `then` told what the job returned; returns at once."""
        self._put(_Write(job, then))

    def write_now(self, job: Job, *, begins: bool = True) -> Any:
        """Have something written after all that waits, and return what it returns.

        Parameters
        ----------
        job : callable
            Is given the database.
        begins : bool
            A transaction is begun for the job; not for one that begins its own.

        Raises
        ------
        StoreError
            When that fails; it is not tried again.
        """
        write = _Write(job, waited_for=True, begins=begins)
        self._put(write)
        with self._changed:
            self._changed.wait_for(lambda: write.done)
        if write.error is not None:
            raise write.error
        return write.result

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until everything is written or has failed; return whether all is written."""
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            self._fresh = True
            self._changed.notify_all()
            while self._busy or (self._queue and self._fresh and self._alive()):
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    break
                self._changed.wait(left)
            return not self._queue

    def close(self, timeout_s: float) -> bool:
        """Write what waits, end the thread, and close the file."""
        written = self.flush(timeout_s)
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(timeout_s)
        if self._thread is None or not self._thread.is_alive():
            self._database.close()
        return written

    def _alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _put(self, write: _Write) -> None:
        with self._changed:
            if self._closing:
                raise RuntimeError("the store is closed")
            self._queue.append(write)
            self._fresh = True
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="qwen_nb-store", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._closing or (self._queue and self._fresh))
                if self._closing:
                    return
                write = self._queue[0]
                self._busy = True
            self._try(write)
            with self._changed:
                self._busy = False
                self._problem = write.error
                if write.error is None or write.hopeless:
                    self._end(write)
                else:
                    # What waits behind it would be written out of order.
                    self._fresh = False
                    for each in [each for each in self._queue if each.waited_for]:
                        each.error = write.error
                        self._end(each)
                self._changed.notify_all()

    def _try(self, write: _Write) -> None:
        try:
            around = transaction(self._database) if write.begins else nullcontext()
            with errors_told(self._path), around:
                write.result = write.job(self._database)
            write.error = None
            if write.then is not None:
                write.then(write.result)
        except StoreError as error:
            write.error = error
            write.hopeless = isinstance(error.__cause__, _HOPELESS)
        except Exception as error:  # a fault of ours must not end the thread
            write.error = StoreError(
                "error.store_failed", path=shown(self._path), reason=repr(error)
            )
            write.error.__cause__ = error
            write.hopeless = True

    def _end(self, write: _Write) -> None:
        self._queue.remove(write)
        write.done = True
