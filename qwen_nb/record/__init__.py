"""Cassettes: what was asked and answered once, kept in a file and given back from it.

A recorder and a replayer stand where the transport stands, so everything above them, from
the parsing to the display, does what it does with a real server.
"""

from __future__ import annotations

from qwen_nb.record._current import (
    JOURNAL,
    VARIABLE,
    Cassette,
    Mode,
    aside,
    current,
    exchange,
    is_at_once,
    leave,
    live,
    recording,
    start,
)
from qwen_nb.record._recorder import Recorder
from qwen_nb.record._replayer import Replayer
from qwen_nb.record._report import Report

__all__ = [
    "JOURNAL",
    "VARIABLE",
    "Cassette",
    "Mode",
    "Recorder",
    "Replayer",
    "Report",
    "aside",
    "current",
    "exchange",
    "is_at_once",
    "leave",
    "live",
    "recording",
    "start",
]
