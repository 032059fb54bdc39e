"""Which models there are and how each thinks."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, TypeAlias

__all__ = ["Mode", "Model", "models"]

Mode: TypeAlias = Literal["hybrid_off", "hybrid_on", "thinking_only", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """One row of `models.toml` (protocol.md §2.1, §3.2)."""

    id: str
    mode: Mode
    stream_required: bool = False
    soft_switch: bool = False
    ignores_thinking_keys: bool = False
    thinking_budget: bool = False
    max_thinking: int | None = None
    max_answer: int | None = None


@cache
def models() -> Mapping[str, Model]:
    """Return all models by id."""
    text = files(__package__).joinpath("models.toml").read_text("utf-8")
    return MappingProxyType(
        {
            id_: Model(id=id_, **facts)
            for group in tomllib.loads(text)["group"]
            for facts in [{key: value for key, value in group.items() if key != "ids"}]
            for id_ in group["ids"]
        }
    )
