"""Thirty interrupts at random moments, in a plain program and in a real kernel."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

COUNT = 30


def pressed(tmp_path: Path, *options: str) -> dict[str, int]:
    command = [sys.executable, str(Path(__file__).parent / "_pressing.py"), *options]
    variables = {**os.environ, "QWEN_NB_HOME": str(tmp_path)}
    ran = subprocess.run(
        [*command, "--count", str(COUNT)], env=variables, capture_output=True, text=True,
        timeout=280, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    ends: dict[str, int] = json.loads(ran.stdout)
    assert sum(ends.values()) == COUNT
    return ends


@pytest.mark.kernel
def test_in_a_plain_program(tmp_path: Path) -> None:
    assert pressed(tmp_path)["Stopped, stopped"] > COUNT / 4


@pytest.mark.kernel
@pytest.mark.parametrize("look", ["--kernel", "--kernel --live"])
def test_in_a_kernel(look: str, tmp_path: Path) -> None:
    assert pressed(tmp_path, *look.split())["Stopped"] > COUNT / 4
