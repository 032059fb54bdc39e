"""What a server's refusal means, whichever dialect it came in (docs/protocol.md §5).

A refusal arrives as an HTTP status with a body, or in the middle of a stream whose
status was 200; then its code tells which status it would have been.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from qwen_nb.errors import (
    ApiError,
    AuthFailed,
    BadRequest,
    ContentRefused,
    RateLimited,
    ServerFailed,
)
from qwen_nb.values import Server, one_line
from qwen_nb.wire import SseDecoder
from qwen_nb.wire.dialects.advice import advice_for

_EXCERPT = 300
"""Characters of a server's own words that fit one readable message."""

_STATUS_OF_CODE = (
    (("invalidapikey", "invalid_api_key", "not authorized"), 401),
    (("accessdenied", "access_denied", "freetieronly"), 403),
    (("modelnotfound", "model_not_found", "model_not_supported", "notfound"), 404),
    (("throttling", "limit_requests", "limit_burst", "insufficient_quota"), 429),
    (("commoditynotpurchased", "billoverdue"), 429),
    (("requesttimeout", "request_timeout"), 408),
    # stands before "internalerror", which it contains: this one is a fault of the request
    (("internalerror.algo.invalidparameter",), 400),
    (("internalerror", "internal_error", "systemerror", "modelserv", "modelunavail"), 500),
    (("invalid", "badrequest", "arrearage", "apiconnectionerror"), 400),
    (("conflict",), 409),
)
"""Parts of codes, lower case, and the status they go with (docs/protocol.md §5.2)."""

_RETRIED = frozenset((408, 409, 429, 500, 502, 503, 504))
_BILLING = ("commoditynotpurchased", "billoverdue", "arrearage", "freetieronly")
_NOT_SOON = ("free allocated quota", "hour", "week", "month")


def told_in(body: bytes) -> Mapping[str, Any]:
    """Return the JSON object of an error's body, in any shape of docs/protocol.md §5.1.

    A native server may put the event of a stream into the body (§4.6).
    """
    for text in (*_data_lines(body), body):
        try:
            told = json.loads(text)
        except ValueError:
            continue
        if isinstance(told, dict):
            return told
    is_page = body.lstrip()[:1] == b"<"
    return {"message": "" if is_page else body.decode("utf-8", "replace")}


def _data_lines(body: bytes) -> list[bytes]:
    if b"data:" not in body or body.lstrip()[:1] in (b"{", b"["):
        return []
    decoder = SseDecoder()
    return [sse.data for sse in decoder.feed(body) + decoder.close()]


def refusal_in(body: bytes, status: int, server: Server) -> ApiError:
    """Return the error that an answer of 4xx or 5xx means (docs/protocol.md §4.6, §5.1)."""
    return refusal(status, told_in(body), server)


def refusal(status: int, told: Mapping[str, Any], server: Server) -> ApiError:
    """Return the error a server reports.

    Parameters
    ----------
    status : int
        HTTP status; 200 for a report inside a stream.
    told : mapping
        The server's report, as `told_in` returns it.
    server : Server
        Named in the message.
    """
    error = told.get("error") or told.get("errors") or told
    if not isinstance(error, dict):
        error = {"message": str(error)}
    code = str(error.get("code") or error.get("type") or "")
    words = excerpt(str(error.get("message") or error.get("detail") or ""))
    request_id = str(told.get("request_id") or told.get("requestId") or "")
    meant = _status_meant(status, code)
    kind, key = _classify(status, meant, code, words, server)
    label = " ".join(part for part in (str(status) if status != 200 else "", code) if part)
    facts: dict[str, Any] = {
        "server": server.name,
        "told": ": ".join(part for part in (label, words) if part),
    }
    if advice := advice_for(code, words, is_model_studio=server.model_studio):
        key = "error.advised_in_stream" if status == 200 else "error.advised"
        facts["advice"] = advice
    return kind(key, status=status, code=code, request_id=request_id, **facts)


def may_retry(error: ApiError) -> bool:
    """Whether the same request may succeed in a while (docs/protocol.md §5.2, §5.4).

    `insufficient_quota` is a throttle of the present minute in spite of its name; used-up
    free quotas and unpaid bills are not.
    """
    code, told = error.code.lower(), str(error.facts.get("told", "")).lower()
    if "file parsing in progress" in told:
        return True
    if _status_meant(error.status, error.code) not in _RETRIED:
        return False
    if any(part in code for part in _BILLING):
        return False
    is_quota = "quota" in code or "quota" in told
    return not (is_quota and any(part in told for part in _NOT_SOON))


def _status_meant(status: int, code: str) -> int:
    if status != 200:
        return status
    if code.isdecimal() and 400 <= int(code) <= 599:
        return int(code)
    low = code.lower()
    for parts, meant in _STATUS_OF_CODE:
        if any(part in low for part in parts):
            return meant
    return 200


def _classify(
    status: int, meant: int, code: str, words: str, server: Server
) -> tuple[type[ApiError], str]:
    said = f"{code} {words}".lower()
    if "inspection" in said or "inappropriate content" in said:
        return ContentRefused, "error.refused"
    kind, key = _kind(meant, server)
    return kind, "error.in_stream" if status == 200 else key


def _kind(status: int, server: Server) -> tuple[type[ApiError], str]:
    if status in (401, 403):
        if server.model_studio:
            return AuthFailed, "error.auth"
        return AuthFailed, "error.auth_other" if server.key else "error.auth_none"
    if status == 429:
        return RateLimited, "error.rate"
    if status == 404:
        return BadRequest, "error.not_found"
    if 400 <= status < 500:
        return BadRequest, "error.bad_request"
    return ServerFailed, "error.server"


def excerpt(words: str) -> str:
    """Return a server's words as one line of bearable length."""
    return one_line(words, _EXCERPT)
