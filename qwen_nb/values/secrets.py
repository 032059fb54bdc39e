"""What looks like a secret, by its form or by the name it is given.

Ordinary text is left alone as far as can be told: in `password = sha256(word)` no value is
told, and `Bearer authentication` is about one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["HAS_PASSWORD", "is_secret", "names_a_secret", "secret_spans"]

HAS_PASSWORD = re.compile(r"://[^/\s:@]*:([^/\s@]+)@")
"""An address with a password in it."""

_VARIABLE = re.compile(
    r"(?:^|[_-])(?:keys?|token|secrets?|pwd|credentials?)(?:$|[_-])"
    r"|pass(?:word|wd|phrase)|api_?keys?(?:$|[_-])",
    re.IGNORECASE,
)

_HOLDS_A_KEY = re.compile(
    r"(?:x[-_])?(?:api|access|secret|private|subscription)[-_]?keys?(?:[-_]?(?:id|secret))?"
    r"|(?:(?:access|auth|session|refresh|security|bearer|id)[-_]?)?token"
    r"|(?:client[-_]?)?secret|password|passwd|pwd|authorization|(?:set[-_])?cookie",
    re.IGNORECASE,
)

_HOLDS_AN_ACCOUNT = re.compile(
    r"(?:(?:main|sub|cloud)[-_]?)?account(?:[-_]?(?:id|uid))?|(?:owner|user|ali)[-_]?uid|uid"
    r"|(?:owner|workspace|tenant)[-_]?id",
    re.IGNORECASE,
)

_ID = re.compile(r"(?=\D*\d)[\w.:-]{8,}")
"""An account is told by a word with figures in it; `savings` is none."""

_LEAST_ACCOUNT = 10**7

_NAME = (
    r"api[-_]?key|access[-_]?key(?:[-_]?(?:id|secret))?|access[-_]?token|client[-_]?secret"
    r"|secret|password|account[-_]?id|workspace[-_]?id|uid"
)

_LOOKS_LIKE_ONE = re.compile(
    # the pages of some libraries have classes such as sk-container-id-1
    r"\bsk-(?=[\w-]*(?:[A-Z]|[a-z0-9]{12}|(?=[a-z]{0,7}\d)[a-z0-9]{8}))[\w-]{12,}"
    r"|\bLTAI[0-9A-Za-z]{12,}|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bgithub_pat_\w{20,}|\bglpat-[\w-]{16,}"
    r"|\bhf_[A-Za-z0-9]{20,}|\bxox[abeoprs]-[\w-]{10,}|\bAIza[\w-]{30,}"
    r"|\beyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:(?:\s|\\[nr])*[A-Za-z0-9+/]{16,}+=*)+"
    r"(?:(?:\s|\\[nr])*[A-Za-z0-9+/]{1,15}=*(?=(?:\s|\\[nr])*-))?"
    r"(?:(?:\s|\\[nr])*-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
    r"|(?<=://)[^/\s:@\"']*:[^/\s@\"']+(?=@)"
    r"|(?i:\bbearer\s+)(?P<bearer>(?=[^\s\"']*\d)[\w.~+/=-]{8,}+)"
    # a call is no value: password = b64decode(…)
    rf"|(?i:(?<![a-z0-9])(?:{_NAME})\b\\?[\"']?\s*[:=]\s*\\?[\"']?)"
    r"(?P<named>(?=[^\s\"'(]*\d)[\w.~+/-]{8,}+(?!\())"
    r"|(?i:\baccount\W{1,4})(?P<account>\d{8,})"
    r"|(?i:[?&](?:key|token|sig|signature|api[-_]?key|access[-_]?token)=)"
    r"(?P<query>[^&#\s\"']{8,})",
)


def names_a_secret(variable: str) -> bool:
    """Tell whether a variable of the environment holds a secret, by its name."""
    return _VARIABLE.search(variable) is not None


def is_secret(name: Any, value: Any, beside: Mapping[Any, Any]) -> bool:
    """Tell whether a value of a JSON object is secret, by its name.

    Parameters
    ----------
    name : object
        Its name.
    value : object
        What it is.
    beside : mapping
        The object it is in: the tokens of a model have their probabilities beside them.
    """
    if isinstance(value, str):
        if _HOLDS_A_KEY.fullmatch(str(name)) and "logprob" not in beside:
            return bool(value)
        return bool(_HOLDS_AN_ACCOUNT.fullmatch(str(name)) and _ID.fullmatch(value))
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return bool(
        is_number and value >= _LEAST_ACCOUNT and _HOLDS_AN_ACCOUNT.fullmatch(str(name))
    )


def secret_spans(text: str) -> Iterator[tuple[int, int]]:
    """Yield where something in a text looks like a secret."""
    for match in _LOOKS_LIKE_ONE.finditer(text):
        yield match.span(match.lastgroup or 0)
