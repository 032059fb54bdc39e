"""Remarks a reader of an answer needs, before they are put into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Note"]


@dataclass(frozen=True, slots=True)
class Note:
    """A remark before it is put into words: the id of its text, and what that names."""

    key: str
    facts: Mapping[str, Any] = field(default_factory=dict)
