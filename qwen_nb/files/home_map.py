"""The folder of a person's own files, and the name of everything in it.

======================  ===========================================================
`store.sqlite`          conversations, calls and what they cost, budgets, settings of
                        notebooks, vectors
`answers.sqlite`        answers that `map` has kept; may be thrown away at any time
`keys.json`             keys given by `%qwen_nb login`, for the user's eyes only
`limits.json`           how much input a model takes, as its server said
`regions.json`          which region accepted a key; the key itself is not in it
`config.toml`           settings, written by the person
`models.csv`            models of the person's own
`prices.csv`            prices of the person's own
`servers.toml`          servers of the person's own
======================  ===========================================================

SQLite puts files of its own beside its two (`-wal`, `-shm`).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path

__all__ = ["HomeFile", "home"]


class HomeFile(StrEnum):
    """The name of a file in the folder."""

    STORE = "store.sqlite"
    ANSWERS = "answers.sqlite"
    KEYS = "keys.json"
    LIMITS = "limits.json"
    REGIONS = "regions.json"
    CONFIG = "config.toml"
    MODELS = "models.csv"
    PRICES = "prices.csv"
    SERVERS = "servers.toml"


def home(environ: Mapping[str, str]) -> Path:
    """Return the folder of the user's own files: `QWEN_NB_HOME`, else the platform's."""
    if told := environ.get("QWEN_NB_HOME", "").strip():
        return Path(told).expanduser()
    import platformdirs

    return platformdirs.user_data_path("qwen_nb", appauthor=False)
