"""When a call is tried again, and how long to wait before: values only, no sleeping.

Only before anything of the answer has come, and only for what may pass by itself
(docs/protocol.md §5.2, §5.4): 408, 409, 429, 5xx, a connection that failed. A quota that is
used up for the hour or for good is not tried again.
"""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from qwen_nb.errors import ApiError, ConnectionFailed, ContentRefused, QwenError
from qwen_nb.wire.dialects import may_retry

_FIRST_S = 0.5
_LONGEST_S = 8.0
_THROTTLED_S = 60.0
"""A limit of tokens a minute needs up to a minute to pass, longer than other faults."""

_LONGEST_ASKED_S = 120.0
"""A question does not wait for a server that asks for more seconds than this; the error names
the wait it asked for."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often to try.

    Parameters
    ----------
    tries : int
        How often one question is sent at most; 1 is never again.
    """

    tries: int = 5

    def passed(self) -> None:
        """Take note that the server has begun to answer; `map` sends faster again."""

    def wait(self, tried: int, error: QwenError, chance: float | None = None) -> float | None:
        """Return the seconds to wait before the next try; None: do not try again.

        Parameters
        ----------
        tried : int
            How often it was sent already.
        error : QwenError
            What it ended with.
        chance : float, optional
            From 0 to 1, in place of a random number.
        """
        if tried >= self.tries or not _may_pass(error, tried):
            return None
        asked = error.retry_after_s if isinstance(error, ApiError) else None
        if asked is not None:
            return asked if asked <= _LONGEST_ASKED_S else None
        is_last = tried == self.tries - 1
        throttled = isinstance(error, ApiError) and _is_token_throttle(error)
        if throttled and is_last:
            wait = _THROTTLED_S
        else:
            wait = min(_FIRST_S * 2 ** (tried - 1), _LONGEST_S)
        jitter = random.random() if chance is None else chance
        return wait * (0.75 + 0.5 * jitter)


def _may_pass(error: QwenError, tried: int) -> bool:
    if isinstance(error, ConnectionFailed):
        # No program listens at that address, or the name does not exist: one more try is
        # enough, since waiting seldom helps.
        return error.key != "error.unreachable" or tried < 2
    # One code of moderation begins with InternalError; a second try is refused as well.
    if not isinstance(error, ApiError) or isinstance(error, ContentRefused):
        return False
    return may_retry(error)


def _is_token_throttle(error: ApiError) -> bool:
    return error.status == 429 and ("quota" in error.code.lower())


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the wait a server asks for, in seconds; None when it asks for none.

    `retry-after-ms`, then `retry-after` in seconds or as an HTTP date. Model Studio is
    not documented to send one; other servers do.
    """
    try:
        if told := headers.get("retry-after-ms"):
            asked = float(told) / 1000
            return max(asked, 0.0) if math.isfinite(asked) else None
        told = headers.get("retry-after", "")
        if told.replace(".", "", 1).isdigit():
            return float(told)
        if told:
            return max((parsedate_to_datetime(told) - datetime.now(UTC)).total_seconds(), 0.0)
    except (TypeError, ValueError):
        pass
    return None
