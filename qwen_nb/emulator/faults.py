r"""What goes wrong on demand, asked for by a script or by a header.

A fault is written `name`, `name=value` or `name=value;key=value`, as in
`status=503;times=2;retry-after=1`. `times=K` lets it happen to the first K requests with
the same body; the next one is answered as if nothing had been.

Instead of an answer:

| fault | what the client meets |
|---|---|
| `status=N` | this HTTP status with a fitting body; `retry-after=S` adds the header |
| `error=NAME` | an error of `errors.toml` |
| `error-200=NAME` | the same with status 200 |
| `html`, `html=N` | a page of HTML, status 200 or N |
| `reset`, `refused` | the connection is reset before the first byte |
| `hangup` | the connection is closed before the first byte |
| `silence=0` | nothing at all |

In an answer (N pieces first; 3 unless given):

| fault | what the client meets |
|---|---|
| `cut-thinking=N`, `cut-answer=N`, `cut-calls=N` | the connection is closed after N such |
| `no-finish` | a proper end, but the finish event and all after it are missing |
| `no-done` | no `[DONE]` |
| `silence=N`, `comments=N` | nothing more, or comments only, until the client leaves |
| `malformed=N` | one line that is no JSON, then the rest |
| `error-event=NAME;after=N` | an event named error, then the end |
| `moderation=N` | output blocked after N pieces of the answer |
| `usage-missing` | no usage |
| `usage-every`, `usage-cumulative` | in each event all of it, or that so far |
| `split=N` | all bytes in order, N at a time, characters cut |
| `crlf` | lines end in `\r\n` |
| `long-line=N` | one line of N megabytes |
| `two-events`, `two-lines` | each JSON text cut over two events, or two `data` lines |

`refusal-in-stream` answers what the rules refuse with status 200 and an error event, as
the native dialect may (docs/protocol.md §1.3, §4.6).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from qwen_nb.emulator.errors import has_error, named_error, status_error
from qwen_nb.emulator.question import Refused

_BARE = {
    "reset", "refused", "hangup", "no-finish", "no-done", "usage-missing", "usage-every",
    "usage-cumulative", "crlf", "two-events", "two-lines", "refusal-in-stream",
}  # fmt: skip
_NUMBERED = {
    "status": 503, "html": 200, "cut-thinking": 3, "cut-answer": 3, "cut-calls": 1,
    "silence": 3, "comments": 3, "malformed": 3, "moderation": 3, "split": 3, "long-line": 3,
}  # fmt: skip
_NAMED = {"error", "error-200", "error-event"}


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault, read.

    Parameters
    ----------
    name : str
        Which.
    value : str
        What stands after the equals sign, or its default.
    options : mapping
        `times`, `retry-after`, `after`.
    """

    name: str
    value: str = ""
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str) -> Self:
        """Read a fault as it is written.

        Raises
        ------
        ValueError
            When there is no such fault.
        """
        first, *rest = (part.strip() for part in text.split(";"))
        name, _, value = first.partition("=")
        options = dict(part.partition("=")[::2] for part in rest)
        if name in _NUMBERED:
            value = str(int(value or _NUMBERED[name]))
        elif name in _NAMED:
            value = value or "internal_error"
            if not has_error(value):
                raise ValueError(f"no such error: {value}")
        elif name not in _BARE or value:
            raise ValueError(f"no such fault: {first}")
        for key, given in options.items():
            if key not in ("times", "retry-after", "after"):
                raise ValueError(f"no such option of a fault: {key}")
            float(given)
        return cls(name, value, options)

    @property
    def number(self) -> int:
        """The value as a number."""
        return int(self.value)

    @property
    def times(self) -> int | None:
        """To how many requests with the same body it happens; None is to all."""
        return int(self.options["times"]) if "times" in self.options else None

    @property
    def after(self) -> int:
        """After how many pieces."""
        return int(self.options.get("after", 3))

    @property
    def refusal(self) -> Refused | None:
        """The error that is answered instead, if it is one."""
        if self.name == "status":
            return status_error(self.number)
        return named_error(self.value) if self.name.startswith("error") else None
