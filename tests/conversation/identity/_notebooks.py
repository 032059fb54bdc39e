"""Notebook files as the front ends leave them, and a store that holds only records."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qwen_nb.values import Reply, Turn


def carried(chat: str, entry: str, **rest: Any) -> dict[str, Any]:
    """Return what an output's metadata holds of one entry."""
    return {"chat": chat, "entry": entry, "turn": {"prompt": f"{chat}/{entry}"}} | rest


def cell(id_: str | None, *carries: object, kind: str = "code") -> dict[str, Any]:
    made: dict[str, Any] = {"cell_type": kind, "metadata": {}, "source": "1"}
    if id_ is not None:
        made["id"] = id_
    outputs = [
        {
            "output_type": "display_data",
            "data": {"text/plain": "x"},
            "metadata": {"qwen_nb": each},
        }
        for each in carries
    ]
    return made | {"outputs": outputs, "execution_count": None} if kind == "code" else made


def write(path: Path, *cells: Mapping[str, Any]) -> None:
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook), "utf-8")


@dataclass(frozen=True)
class Stored:
    id: str
    path: str | None
    cells: frozenset[str] = frozenset()
    name: str | None = None


@dataclass(frozen=True)
class Shelf:
    """Records by path, the last used first."""

    stored: Sequence[Stored] = field(default=())
    gone: frozenset[str] = frozenset()

    def records_at(self, path: str) -> list[Stored]:
        return [each for each in self.stored if each.path == path]

    def record(self, conversation_id: str, /) -> Stored | None:
        return next((each for each in self.stored if each.id == conversation_id), None)

    def forgotten(self, ids: Iterable[str], /) -> frozenset[str]:
        return self.gone & set(ids)


def turn_from(carried: object) -> Turn | None:
    """Read a turn that holds a prompt and no more."""
    if not isinstance(carried, dict) or not isinstance(carried.get("prompt"), str):
        return None
    return Turn(carried["prompt"], Reply(answer="a", finish_reason="stop"))
