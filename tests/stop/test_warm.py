"""A kernel imports openai before the first question, and nothing waits for that in vain."""

import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from qwen_nb.emulator.scripts import Script
from qwen_nb.emulator.server import Emulator
from qwen_nb.front_end import warm_up
from tests.stop._pressing import Kernel

HANG_S = 30
IMPORT_S = 0.5  # about as long as it takes; the moments are spread over it

BEGUN = """
import asyncio, os, sys, threading, time
from types import SimpleNamespace
from qwen_nb.front_end import warm_up

async def cell():
    warm_up(SimpleNamespace(kernel=SimpleNamespace(get_parent=lambda channel: None)))
    assert "openai" not in sys.modules

asyncio.run(cell())
(thread,) = [each for each in threading.enumerate() if each.name == "qwen_nb-warm"]
time.sleep({rest})
"""

FORK = """
was_alive = thread.is_alive()
child = os.fork()
if child == 0:
    import openai
    openai.OpenAI(api_key="x")
    os._exit(0)
status = os.waitpid(child, 0)[1]
print("forked in the middle" if was_alive else "", status)
"""

TOGETHER = """
from openai.types.chat import ChatCompletion
import openai
openai.OpenAI(api_key="x")
"""


def ran(rest_s: float, then: str = "") -> str:
    """Begin the import in a fresh process, do something later; return all that it printed."""
    done = subprocess.run(
        [sys.executable, "-c", BEGUN.format(rest=rest_s) + then],
        capture_output=True, text=True, timeout=HANG_S, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def moments(count: int) -> list[float]:
    """Moments spread over the import, each at random within its part."""
    chance = random.Random(7)
    return [IMPORT_S * (k + chance.random()) / count for k in range(count)]


@pytest.mark.service
def test_a_process_may_end_in_the_middle_of_it() -> None:
    assert [ran(rest) for rest in moments(8)] == [""] * 8


@pytest.mark.service
def test_a_fork_waits_for_it() -> None:
    said = [ran(rest, FORK).split() for rest in moments(4)]
    assert [words[-1] for words in said] == ["0"] * 4
    assert said[0][:-1] == ["forked", "in", "the", "middle"]


@pytest.mark.service
def test_a_cell_may_import_the_same() -> None:
    assert [ran(rest, TOGETHER) for rest in moments(6)] == [""] * 6


def test_without_a_kernel_nothing_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("asyncio.get_running_loop", lambda: pytest.fail("it begins"))
    warm_up(None)
    warm_up(SimpleNamespace())


@pytest.mark.kernel
def test_a_kernel_has_it_soon_after_the_cell(tmp_path: Path) -> None:
    look = "import sys; print('openai' in sys.modules)"
    with (
        Emulator(pace=0) as emulator,
        Kernel(emulator, is_live=True, home=str(tmp_path)) as kernel,
    ):
        deadline, has_it = time.monotonic() + HANG_S, ""
        while has_it != "True\n" and time.monotonic() < deadline:
            outputs = kernel.run(look)["outputs"]
            (has_it,) = [content["text"] for kind, content in outputs if kind == "stream"]
        assert has_it == "True\n"
        assert kernel.said == ""
        assert len(emulator.journal) == 0


@pytest.mark.perf
@pytest.mark.kernel
@pytest.mark.parametrize("is_live", [False, True])
def test_the_first_question_does_not_wait_for_it(tmp_path: Path, is_live: bool) -> None:
    script = Script(
        name="fifty", asks="^Fifty", thinking="", answer="one two three four five " * 10
    )
    timed = "from time import *; a = perf_counter(); import openai; print(perf_counter() - a)"
    firsts, imports = [], []
    for k in range(3):
        with (
            Emulator(pace=0) as emulator,
            Kernel(emulator, is_live=is_live, home=str(tmp_path / str(k))) as kernel,
        ):
            emulator.script(script)
            time.sleep(1)
            began = time.perf_counter()
            kernel.run("%%qwen\nFifty, please")
            firsts.append(time.perf_counter() - began)
        done = subprocess.run([sys.executable, "-c", timed], capture_output=True, check=True)
        imports.append(float(done.stdout))
    first, alone = statistics.median(firsts), statistics.median(imports)
    print(f"first question {1e3 * first:.0f} ms, import openai {1e3 * alone:.0f} ms")
    assert first < 0.5 * alone  # with the import in it, it is longer than the import
