"""Every error of this package; the branches that a person tells apart are on its front page."""

from __future__ import annotations

from qwen_nb._errors import (
    ApiError,
    AuthFailed,
    BadCassette,
    BadEvent,
    BadRequest,
    BrokenStream,
    BudgetReached,
    CassetteError,
    ConfigError,
    ConnectionFailed,
    ContentRefused,
    NoMatch,
    QwenError,
    RateLimited,
    ServerFailed,
    Stopped,
    StoreError,
    StreamError,
    StructuredError,
    TimedOut,
)

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
]
