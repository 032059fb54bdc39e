"""What `import qwen_nb` and `%load_ext qwen_nb` give, cost, and leave alone."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import qwen_nb

PACKAGE = Path(qwen_nb.__file__).parent


def test_the_front_page_is_a_sorted_list_of_all_that_is_public() -> None:
    for name in qwen_nb.__all__:
        getattr(qwen_nb, name)  # it is fetched when it is first used
    public = {
        name
        for name, value in vars(qwen_nb).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("qwen_nb")
    }
    assert qwen_nb.__all__ == sorted(qwen_nb.__all__)
    assert set(qwen_nb.__all__) == public
    assert len(qwen_nb.__all__) <= 25


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        qwen_nb.nothing  # noqa: B018
    assert not hasattr(qwen_nb, "__wrapped__")
    assert set(qwen_nb.__all__) <= set(dir(qwen_nb))


PROBE = """
import json, sys

def modules():
    return {name.partition(".")[0] for name in sys.modules}

STEP
"""

IMPORT = """
before = modules()
opened = []
sys.addaudithook(lambda event, args: opened.append(str(args[0])) if event == "open" else None)
import qwen_nb
result = {"modules": sorted(modules() - before), "opened": opened[:], "rooms": [*sys.modules]}
sys.__stdout__.write("@@" + json.dumps(result))
"""

LOAD = """
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.run_cell("None")
import threading
before, threads = modules(), threading.active_count()
opened, connected = [], []
def hook(event, args):
    if event == "open":
        opened.append(str(args[0]))
    if event in ("socket.connect", "socket.bind", "sqlite3.connect"):
        connected.append(event)
sys.addaudithook(hook)
shell.run_line_magic("load_ext", "qwen_nb")
result = {
    "modules": sorted(modules() - before), "opened": opened[:], "connected": connected,
    "rooms": [*sys.modules],
    "threads": threading.active_count() - threads,
    "names": [name for name in shell.user_ns if "qwen" in name],
}
sys.__stdout__.write("@@" + json.dumps(result))
"""

HEAVY = {
    "openai", "anywidget", "ipywidgets", "httpx", "httpx2", "httpcore", "httpcore2", "requests",
    "starlette", "uvicorn", "markdown_it", "pydantic", "sqlite3", "ipykernel",
}  # fmt: skip


@pytest.fixture(scope="module", params=["import", "load"])
def probe(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return what a fresh process did, and what it printed."""
    step = IMPORT if request.param == "import" else LOAD
    ran = subprocess.run(
        [sys.executable, "-c", PROBE.replace("STEP", step)],
        cwd=tmp_path_factory.mktemp("elsewhere"), capture_output=True, text=True, timeout=60,
        env={"PYTHONPATH": str(PACKAGE.parent), "PATH": "", "HOME": "/nonexistent",
             "PYTHONDONTWRITEBYTECODE": "1",
             "IPYTHONDIR": str(tmp_path_factory.mktemp("ipython"))},
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    printed, _, result = ran.stdout.partition("@@")
    return {**json.loads(result), "step": request.param, "printed": printed + ran.stderr}


def test_nothing_heavy_is_imported(probe: Any) -> None:
    assert not HEAVY & set(probe["modules"])


def test_the_front_page_alone_fetches_nothing_of_its_own(probe: Any) -> None:
    ours = {name for name in probe["rooms"] if name.startswith("qwen_nb.")}
    assert (ours == set()) == (probe["step"] == "import")


def test_what_a_question_or_a_command_needs_waits_for_it(probe: Any) -> None:
    light = {"errors", "files", "front_end", "magics", "settings", "texts", "values"}
    ours = {name.split(".")[1] for name in probe["rooms"] if name.startswith("qwen_nb.")}
    assert ours <= light
    assert not any(name.startswith("qwen_nb.magics.commands") for name in probe["rooms"])


def test_no_file_but_code_is_opened(probe: Any) -> None:
    opened = [Path(name) for name in probe["opened"]]
    assert [path for path in opened if path.suffix not in (".py", ".pyc")] == []
    assert any(PACKAGE in path.parents for path in opened)


def test_nothing_is_printed(probe: Any) -> None:
    assert probe["printed"] == ""


def test_nothing_is_started(probe: Any) -> None:
    assert probe.get("connected", []) == []
    assert probe.get("threads", 0) == 0
    assert probe.get("names", []) == []


COSTS = """
import time
import comm, ipykernel.ipkernel, ipykernel.kernelapp, ipykernel.zmqshell
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
shell.run_cell("None")
began = time.process_time()
shell.run_line_magic("load_ext", "qwen_nb")
loaded = time.process_time()
import openai
print(loaded - began, time.process_time() - loaded)
"""

MOST_OF_OPENAI = 0.25
"""What a load may cost in a process that has what a kernel has, in imports of openai."""


@pytest.mark.perf
def test_a_load_costs_a_part_of_what_openai_costs(tmp_path: Path) -> None:
    variables = {
        "PYTHONPATH": str(PACKAGE.parent), "PATH": "", "HOME": str(tmp_path),
        "IPYTHONDIR": str(tmp_path / "ipython"), "PYTHONPYCACHEPREFIX": str(tmp_path / "code"),
    }  # fmt: skip
    runs = []
    for _ in range(4):
        ran = subprocess.run(
            [sys.executable, "-c", COSTS], env=variables, capture_output=True, text=True,
            timeout=60, check=True,
        )  # fmt: skip
        load, alone = map(float, ran.stdout.split())
        runs.append((load / alone, load, alone))
    ratio, load, alone = sorted(runs[1:])[1]  # the first of all compiles the code
    print(f"load {1e3 * load:.0f} ms, import openai {1e3 * alone:.0f} ms: {ratio:.2f}")
    assert ratio < MOST_OF_OPENAI
