"""The suite itself, started as what runs in the background is: the interrupt ignored."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.notebooks._tools import HANG_S

pytestmark = pytest.mark.service

ROOT = Path(__file__).parents[2]

# a press in this process that is waited for, one in a stream, one in a program that was started
PRESSES = (
    "test_an_interrupt_does_not_touch_a_job",
    "test_an_interrupt_in_a_stream_keeps_what_had_come",
    "test_a_program_that_is_started_may_be_interrupted",
)


def test_a_program_that_is_started_may_be_interrupted() -> None:
    tells = "import signal as s; print(s.getsignal(s.SIGINT) is s.default_int_handler)"
    command = [sys.executable, "-c", tells]
    told = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S, check=True)
    assert told.stdout == "True\n"


def test_the_suite_may_be_started_in_the_background() -> None:
    folders = (ROOT / "tests" / name for name in ("stop", "asking"))
    command = [
        *("sh", "-c", 'trap "" INT; exec "$0" "$@"', sys.executable, "-m", "pytest"),
        *("-q", "-p", "no:cacheprovider", "-k", " or ".join(PRESSES), *map(str, folders)),
    ]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=HANG_S)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"\n{len(PRESSES)} passed" in ran.stdout
