"""Loading the extension opens no store, so a large one costs it nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from qwen_nb import Reply, Turn
from qwen_nb.store.store import Store
from qwen_nb.values.entry import Entry, new_id

# audit hooks see every file and database that is opened, by whichever way
LOADS = """
import sys
from pathlib import Path
home = sys.argv[1]
opened = []
sys.addaudithook(lambda name, told: opened.append((name, str(told[0])))
                 if name in ("open", "sqlite3.connect") else None)
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.run_line_magic("load_ext", "qwen_nb")
Path(home, "proof").touch()
print([each for each in opened if home in each[1] or each[0] == "sqlite3.connect"])
"""


def test_loading_opens_nothing_of_the_store(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite"
    store = Store(path)
    kept = store.create(path="nb.ipynb")
    turns = (Turn(f"question {n}", Reply(answer="a")) for n in range(2_000))
    entries = (Entry(new_id(), n, 0, f"c{n}", turn) for n, turn in enumerate(turns))
    store.put(kept.id, entries, begins_anew=False)
    store.close()
    before = path.stat()
    told = subprocess.run(
        [sys.executable, "-c", LOADS, str(tmp_path)],
        env=os.environ
        | {"QWEN_NB_HOME": str(tmp_path), "IPYTHONDIR": str(tmp_path / "ipython")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    opened = told.stdout.splitlines()[-1]
    assert "proof" in opened  # the hook does see what is opened there
    assert "store.sqlite" not in opened
    assert "sqlite3.connect" not in opened
    assert path.stat().st_mtime_ns == before.st_mtime_ns
