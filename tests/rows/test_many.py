"""Two thousand rows against a server that throttles, and the same call after a kill."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

import qwen_nb

from ._limited import ANSWER, Limit

ROWS = 2_000
EACH = 50
SHUT_EACH = 200
CONCURRENCY = 16
PROMPTS = [f"Row {number}" for number in range(ROWS)]


def test_two_thousand_rows(elsewhere: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QWEN_NB_RETRIES", "5")
    with elsewhere(Limit(each=SHUT_EACH, fails_each=EACH)) as there:
        rows = qwen_nb.map(
            range(ROWS), "Row {item}", thinking=False, on_error="keep", concurrency=CONCURRENCY
        )
        asked = there.take()
    bad = set(range(EACH - 1, ROWS, EACH))
    assert len(rows) == ROWS
    assert set(rows.errors) == bad
    assert all(isinstance(rows[number], qwen_nb.BadRequest) for number in bad)
    assert {row.answer for n, row in enumerate(rows) if n not in bad} == {ANSWER}
    assert (rows.answered, rows.kept) == (ROWS - len(bad), 0)
    by_status = Counter(status for _, status in asked)
    throttled = by_status.pop(429, 0)
    assert by_status == {200: ROWS - len(bad), 400: len(bad)}  # no row twice
    # each time it shuts, those that are under way are refused, and nobody else
    assert 0 < throttled <= (ROWS // SHUT_EACH) * CONCURRENCY
    (row,) = rows.usage()
    assert row["calls"] == ROWS - len(bad)


SAME = f"""
import sys
import qwen_nb
prompts = [f"Row {{number}}" for number in range({ROWS})]
class Items:
    def __iter__(self):
        for number, prompt in enumerate(prompts):
            if number == int(sys.argv[1]):
                sys.stdout.write("here\\n"); sys.stdout.flush()
            yield prompt
qwen_nb.map(Items(), "{{item}}", thinking=False, concurrency={CONCURRENCY})
"""


def test_killed_at_row_900(elsewhere: Any, tmp_path: Path) -> None:
    with elsewhere(Limit()) as there:
        process = subprocess.Popen(
            [sys.executable, "-c", SAME, "900"],
            stdout=subprocess.PIPE, text=True, cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(Path(qwen_nb.__file__).parent.parent)},
        )  # fmt: skip
        assert process.stdout is not None
        assert process.stdout.readline() == "here\n"
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        before = there.answered()
        assert 850 <= sum(before.values()) <= 901

        # only up to there: what comes after has nothing to do with it
        rows = qwen_nb.map(PROMPTS[:900], "{item}", thinking=False, concurrency=CONCURRENCY)
        after = there.answered()
    assert [row.answer for row in rows] == [ANSWER] * 900
    twice = set(before) & set(after)
    assert len(twice) <= CONCURRENCY
    assert rows.kept + sum(after.values()) == 900
    assert rows.kept >= 900 - 2 * CONCURRENCY
