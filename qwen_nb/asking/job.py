"""`Job`: a question that runs in the background, and the list of all of this process."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Iterator

from qwen_nb.asking.growing import Growing
from qwen_nb.errors import QwenError
from qwen_nb.texts import Language, text
from qwen_nb.values import Reply

_KEPT = 50
"""How many jobs that have ended stay listed."""

_LEAVE_S = 1.0
"""How long a stop of jobs waits for their threads to say that they have ended."""

_WORDS = {"stopped": "stopped", "cut": "cut", "failed": "failed", "blocked": "failed"}


class Job:
    """A question that runs in the background.

    An interrupt of the kernel does not touch it; `stop` does.

    Attributes
    ----------
    id : int
        Its number: 1, 2, … in the order of asking.
    prompt, model : str
        What was asked, and whom.
    """

    def __init__(
        self,
        prompt: str,
        model: str,
        growing: Growing,
        stop: Callable[[], object],
        language: Language,
    ) -> None:
        self.id = 0
        self.prompt = prompt
        self.model = model
        self._growing = growing
        self._stop = stop
        self._language = language
        self._reply: Reply | None = None
        self._error: BaseException | None = None
        self._ended = threading.Event()
        self._began_at = time.monotonic()
        self._seconds: float | None = None

    @property
    def done(self) -> bool:
        """Whether it has ended, well or not."""
        return self._ended.is_set()

    @property
    def reply(self) -> Reply | None:
        """The reply, a partial one too; None while it is running."""
        return self._reply

    @property
    def error(self) -> BaseException | None:
        """The error that ended it, with what had come in `error.reply`; None if none did."""
        return self._error

    @property
    def state(self) -> str:
        """One of running, done, stopped, cut, failed."""
        if not self.done:
            return "running"
        return (
            "failed" if self._reply is None else _WORDS.get(self._reply.finish_reason, "done")
        )

    @property
    def seconds(self) -> float:
        """How long it has been running, or ran."""
        return time.monotonic() - self._began_at if self._seconds is None else self._seconds

    @property
    def tokens(self) -> int:
        """Output tokens so far, estimated; the server's figure where it has told one."""
        usage = self._reply.usage if self._reply is not None else None
        told = usage.output if usage is not None else None
        return self._growing.tokens if told is None else told

    def wait(self, timeout: float | None = None) -> Reply:
        """Wait for the reply.

        Parameters
        ----------
        timeout : float, optional
            Longest wait in seconds.

        Returns
        -------
        Reply
            The whole reply, or, when it was stopped, what had come.

        Raises
        ------
        TimeoutError
            When it is still running; it goes on.
        QwenError
            What ended it, as `Chat.ask` raises it.
        """
        if not self._ended.wait(timeout):
            raise TimeoutError(str(self))
        if self._error is not None:
            raise self._error
        assert self._reply is not None, "a job ends with a reply or an error"
        return self._reply

    def stop(self) -> None:
        """Stop it and keep what has come; does nothing when it has ended."""
        self._stop()

    def end(self, reply: Reply | None, error: BaseException | None) -> None:
        """Let it have ended; for whoever runs it."""
        self._reply, self._error = reply, error
        self._seconds = self.seconds
        self._ended.set()

    def __repr__(self) -> str:
        said = text(f"job.{self.state}", self._language, id=self.id)
        if self._error is None:
            return said
        colon = text("job.colon", self._language)
        words = (
            self._error.message(self._language)
            if isinstance(self._error, QwenError)
            else f"{type(self._error).__name__}: {self._error}"
        )
        return f"{said}{colon}{words}"


class Jobs:
    """All jobs of this process: the running ones, and the last that have ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = 0
        self._jobs: list[Job] = []
        self._cells: dict[Job, str] = {}

    def __iter__(self) -> Iterator[Job]:
        with self._lock:
            return iter(tuple(self._jobs))

    def add(self, job: Job, cell_id: str | None) -> None:
        """Give a job its number.

        Parameters
        ----------
        job : Job
            A new one.
        cell_id : str, optional
            The cell that starts it.
        """
        with self._lock:
            self.end_first()
            self._last += 1
            job.id = self._last
            self._jobs.append(job)
            if cell_id is not None:
                self._cells[job] = cell_id
            for old in [each for each in self._jobs if each.done][:-_KEPT]:
                self._jobs.remove(old)
                self._cells.pop(old, None)

    def end_first(self) -> None:
        """Be stopped at the end of the process before anything that is open by now closes.

        What is registered last is called first, and a store registers its end when it is
        opened: its jobs would be kept and booked nowhere.
        """
        atexit.unregister(self.stop)
        atexit.register(self.stop)

    def find(self, number: int) -> Job | None:
        """Return the job with this number, if it is still listed."""
        return next((job for job in self if job.id == number), None)

    def stop(self, *jobs: Job) -> list[Job]:
        """Stop these jobs, or all, and wait a moment for their ends.

        Returns
        -------
        list of Job
            Those that had been running.
        """
        running = [job for job in jobs or self if not job.done]
        for job in running:
            job.stop()
        until = time.monotonic() + _LEAVE_S
        for job in running:
            job._ended.wait(max(until - time.monotonic(), 0))
        return running

    def cell_runs(self, cell_id: str | None) -> None:
        """Stop what earlier executions of a cell, which now runs again, have left running."""
        with self._lock:
            left = [job for job, cell in self._cells.items() if cell == cell_id]
        for job in left:
            job.stop()


JOBS = Jobs()
