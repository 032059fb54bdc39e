"""What `%load_ext qwen_nb` costs beside a store with 100 000 turns, and beside none.

Fresh processes in turns, so that both meet the same machine. Run by hand:

    python benchmarks/loading.py [--turns 100000] [--rounds 15]
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from store import entries

from qwen_nb.store.store import Store

EACH = 500
LOADS = """
import time
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
before = time.perf_counter(), time.process_time()
shell.run_line_magic("load_ext", "qwen_nb")
print(time.perf_counter() - before[0], time.process_time() - before[1])
"""


def loaded(home: Path) -> tuple[float, float]:
    """Return the seconds and the CPU seconds that loading took."""
    told = subprocess.run(
        [sys.executable, "-c", LOADS],
        env=os.environ | {"QWEN_NB_HOME": str(home), "IPYTHONDIR": str(home / "ipython")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    took, cpu = map(float, told.stdout.split())
    return took, cpu


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--turns", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=15)
    arguments = parser.parse_args()
    dice = random.Random(1)
    with tempfile.TemporaryDirectory() as folder:
        empty, large = Path(folder, "empty"), Path(folder, "large")
        empty.mkdir()
        large.mkdir()
        store = Store(large / "store.sqlite")
        for number in range(arguments.turns // EACH):
            kept = store.create(path=f"notebook{number}.ipynb")
            store.put(kept.id, entries(dice, number, EACH), begins_anew=False)
        store.close()
        size = (large / "store.sqlite").stat().st_size / 1e6
        print(f"{arguments.turns} turns, {size:.0f} MB")
        times: dict[Path, list[tuple[float, float]]] = {empty: [], large: []}
        for home in times:
            loaded(home)  # the first fills the caches
        for _ in range(arguments.rounds):
            for home, taken in times.items():
                taken.append(loaded(home))
    for at, what in enumerate(("time", "CPU")):
        none, some = (statistics.median(one[at] for one in times[home]) * 1e3 for home in times)
        print(f"{what}: {none:.1f} ms beside none, {some:.1f} ms beside it: {some / none:.3f}")


if __name__ == "__main__":
    main()
