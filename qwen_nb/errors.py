"""Everything that can go wrong, as one tree; branches follow what a person can do.

    QwenError                 one line, with the next step
    ├─ ConfigError            a setting or option is missing or wrong; nothing was sent
    ├─ BudgetReached          a call could pass what the person allowed; nothing was sent
    ├─ ConnectionFailed       the server was never reached
    │  └─ TimedOut            it was reached and said nothing in time
    ├─ ApiError               the server refused: status, code, request_id
    │  ├─ AuthFailed          the key (401, 403)
    │  ├─ RateLimited         too many requests or tokens (429)
    │  ├─ ContentRefused      moderation
    │  ├─ BadRequest          any other 4xx
    │  └─ ServerFailed        5xx
    ├─ StreamError            the answer broke off: BrokenStream (no finish),
    │                         BadEvent (something that is no event stream),
    │                         WasStopped (a recorded one, where it had been stopped)
    ├─ CassetteError          a recording cannot be used: BadCassette (it cannot be read),
    │                         NoMatch (this request is not in it)
    ├─ StructuredError        an answer does not have the form that was asked for
    └─ StoreError             what was asked and answered cannot be kept or read

    Stopped                   a KeyboardInterrupt: the person stopped the reply

An error carries the id of its text and the facts for it, so that it can be said in
either language; `str(error)` is the message in the language of the notebook.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qwen_nb.texts import Language, text

__all__ = [
    "ApiError",
    "AuthFailed",
    "BadCassette",
    "BadEvent",
    "BadRequest",
    "BrokenStream",
    "BudgetReached",
    "CassetteError",
    "ConfigError",
    "ConnectionFailed",
    "ContentRefused",
    "NoMatch",
    "QwenError",
    "RateLimited",
    "ServerFailed",
    "Stopped",
    "StoreError",
    "StreamError",
    "StructuredError",
    "TimedOut",
    "WasStopped",
]


class QwenError(Exception):
    """The root of all errors of this package.

    Parameters
    ----------
    key : str
        Id of the message in `qwen_nb.texts`.
    **facts
        What the message names; also found in `facts`.

    Attributes
    ----------
    facts : dict
        The values behind the message.
    language : {"en", "zh"}
        The language of `str(error)`; whoever shows the error sets it.
    reply : Reply or None
        What had come before it went wrong, if anything was asked.
    rows : Rows or None
        What `map` had when it ended one.
    """

    def __init__(self, key: str, **facts: Any) -> None:
        super().__init__(key)
        self.key = key
        self.facts = facts
        self.language: Language = "en"
        self.reply: Any = None  # a Reply; values raise errors, so none is imported here
        self.rows: Sequence[Any] | None = None

    def message(self, language: Language) -> str:
        """Return what happened, why, and the next step, as one line."""
        return text(self.key, language, **self.facts)

    def __str__(self) -> str:
        return self.message(self.language)

    def _render_traceback_(self) -> list[str]:
        # IPython shows these lines in place of a traceback; a plain program still
        # gets its normal one.
        # What was added says where it happened, as the number of a row.
        notes: list[str] = getattr(self, "__notes__", [])
        return [f"{type(self).__name__}: {self}", *notes]


class ConfigError(QwenError):
    """A setting or an option is missing or wrong; nothing was sent."""


class BudgetReached(QwenError):
    """A call could pass a budget, or nobody can tell that it does not; nothing was sent.

    Its facts are `scope`, `amount`, `currency`, `spent` (with what calls under way can
    still cost), `unpriced` (how many calls are not in that, since nobody knows their cost)
    and `bound` (the most this call can cost; None where that is not known).
    """

    def message(self, language: Language) -> str:
        """Return what happened, why, and the next step, as one line."""
        facts = dict(self.facts)
        if "scope" in facts:
            facts["scope"] = text(f"budget.scope.{facts['scope']}", language)
        told, n = text(self.key, language, **facts), facts.get("unpriced")
        return f"{told} {text('budget.unpriced', language, n=n)}" if n else told


class ConnectionFailed(QwenError):
    """The server was never reached."""


class TimedOut(ConnectionFailed):
    """The server did not say anything in time."""


class ApiError(QwenError):
    """The server refused the request.

    Attributes
    ----------
    status : int
        HTTP status; 200 when the error came inside a stream.
    code : str
        The server's own code, or empty.
    request_id : str
        The server's id for the request, or empty.
    retry_after_s : float or None
        How long the server asks to wait before the next try.
    """

    retry_after_s: float | None = None

    def __init__(
        self, key: str, *, status: int, code: str = "", request_id: str = "", **facts: Any
    ) -> None:
        super().__init__(key, status=status, code=code, request_id=request_id, **facts)
        self.status = status
        self.code = code
        self.request_id = request_id

    def message(self, language: Language) -> str:
        """Return what happened, why, and the next step, as one line.

        Where the server's message is a known one, the next step is the advice for it,
        whose text id is the fact `advice`; `near` is a name that may have been meant.
        """
        said = super().message(language)
        if near := self.facts.get("near"):
            said += text("command.near", language, name=near)
        advice = self.facts.get("advice")
        return f"{said} {text(advice, language)}" if advice else said


class AuthFailed(ApiError):
    """The key was not accepted, or not for this model (401, 403)."""


class RateLimited(ApiError):
    """Too many requests or tokens for now (429)."""


class ContentRefused(ApiError):
    """The service's moderation refused the prompt or the answer."""


class BadRequest(ApiError):
    """The request was understood and refused (other 4xx)."""


class ServerFailed(ApiError):
    """The server had a fault of its own (5xx)."""


class StreamError(QwenError):
    """The answer broke off or was no answer."""


class BrokenStream(StreamError):
    """The stream ended without a finish; what had come is kept in `reply`."""


class BadEvent(StreamError):
    """The server sent something that is not the event stream it promised."""


class WasStopped(StreamError):
    """The answer comes from a cassette, and a person had stopped it there."""


class CassetteError(QwenError):
    """A cassette cannot be made or used; nothing was sent."""


class BadCassette(CassetteError):
    """It is no cassette, of a later form, damaged, cut off or changed."""


class NoMatch(CassetteError):
    """What was asked is not in the cassette; nothing was sent.

    Its facts name the nearest recording: `number`, the `field` that differs, what was
    `recorded` there and what was `asked`.
    """


class StructuredError(QwenError):
    """An answer does not have the form that was asked for; its text is kept in `reply`.

    Attributes
    ----------
    problems : tuple
        What does not fit, each with `path`, `expected` and `got`.
    """

    problems: tuple[object, ...] = ()


class StoreError(QwenError):
    """The file of conversations cannot be read or written; they go on in memory."""


class Stopped(KeyboardInterrupt):
    """The person stopped the reply; halts Run All and shows one quiet line."""

    def __init__(self, message: str, reply: Any) -> None:
        super().__init__(message)
        self.reply = reply
        self.rows: Sequence[Any] | None = None  # of a `map` that was stopped

    def _render_traceback_(self) -> list[str]:
        return []
