"""Which models there are, how each thinks, and what each takes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Literal, TypeAlias

Mode: TypeAlias = Literal["hybrid_off", "hybrid_on", "thinking_only", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What `models.toml` says about one model (docs/protocol.md §1.3, §2.1, §2.2, §3.2)."""

    id: str
    mode: Mode
    stream_required: bool = False
    soft_switch: bool = False
    ignores_thinking_keys: bool = False
    thinking_budget: bool = False
    max_thinking: int | None = None
    max_answer: int | None = None
    max_input: int | None = None
    multimodal_route: bool = False
    either_route: bool = False
    vision: bool = False
    preserve_thinking: bool = False
    text_format: bool = False


@cache
def models() -> Mapping[str, Model]:
    """Return all models by id."""
    table = tomllib.loads(files(__package__).joinpath("models.toml").read_text("utf-8"))
    limits = {id_: row["tokens"] for row in table["max_input"] for id_ in row["ids"]}
    found: dict[str, Model] = {}
    for group in table["group"]:
        facts = {key: value for key, value in group.items() if key != "ids"}
        for id_ in group["ids"]:
            facts |= {key: id_ in ids for key, ids in table["which"].items()}
            found[id_] = Model(id=id_, max_input=limits.get(id_), **facts)
    return MappingProxyType(found)
