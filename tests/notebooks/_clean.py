"""Where nothing of the person's own reaches in: no keys, no proxies, no settings, no home."""

import os
import sys
from pathlib import Path

_OURS = ("QWEN_NB_", "DASHSCOPE_")
_THEIRS = ("JUPYTER", "JPY_", "IPYTHON", "PYTEST_", "PYTHONWARNINGS", "XDG_", "LC_")


def environment(folder: Path, **extras: str) -> dict[str, str]:
    """Return an environment for Jupyter and IPython that lives in one folder."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(_OURS + _THEIRS) and not name.lower().endswith("_proxy")
    }
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    # the Python that runs the tests, as it was named: a resolved path would leave its venv
    path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", "")])
    return kept | {
        "PATH": path,
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "jupyter-config"),
        "JUPYTER_DATA_DIR": str(home / "jupyter-data"),
        "JUPYTER_RUNTIME_DIR": str(home / "jupyter-runtime"),
        "LANG": "C.UTF-8",
        **extras,
    }
