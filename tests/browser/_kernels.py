"""Older kernels for the browser tests, beside the current one: `python _kernels.py --install`.

A card's clicks take another way in each of them: the kernels before 7 answer no comm while
a cell runs, 7.0 to 7.3 answer in a thread of their own, and 7.4 waits for the cell again.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

CURRENT = "python3"
OLDER = {"ipykernel-6.31": "6.31.0", "ipykernel-7.3": "7.3.0"}
"""The versions by the names of their kernels."""


def folder(version: str) -> Path:
    """Return where a version lives, as one of the environment that runs the tests."""
    return Path(sys.prefix) / "kernels" / version


def missing() -> list[str]:
    """Return the versions that are not there."""
    return [
        version
        for version in OLDER.values()
        if not (folder(version) / f"ipykernel-{version}.dist-info").is_dir()
    ]


def check() -> None:
    """Make sure that all are there.

    Raises
    ------
    RuntimeError
        When one is missing; the message names the one command that mends it.
    """
    if versions := missing():
        command = f"{sys.executable} {Path(__file__).resolve()} --install"
        raise RuntimeError(
            f"The browser tests need ipykernel {' and '.join(versions)}. Run: {command}"
        )


def install() -> None:
    """Get those that are missing; all they need besides is there for the current one."""
    for version in missing():
        target = ["--no-deps", "--upgrade", "--target", str(folder(version))]
        pip = [sys.executable, "-m", "pip", "install", "--quiet", *target]
        subprocess.run([*pip, f"ipykernel=={version}"], check=True)


def offer(data: Path) -> None:
    """Write the kernelspecs of all into a Jupyter data folder."""
    check()
    # the current kernel has what the person put there too
    also = [os.environ[name] for name in ("PYTHONPATH",) if name in os.environ]
    arguments = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
    for name, version in OLDER.items():
        spec = {
            "argv": [sys.executable, *arguments],
            "display_name": name,
            "language": "python",
            "interrupt_mode": "signal",
            "env": {"PYTHONPATH": os.pathsep.join([str(folder(version)), *also])},
        }
        path = data / "kernels" / name / "kernel.json"
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(spec))


def main(arguments: list[str]) -> int:
    """Tell whether the kernels are there; with `--install`, get those that are not."""
    if "--install" in arguments:
        try:
            install()
        except (OSError, subprocess.CalledProcessError) as error:
            print(error, file=sys.stderr)
    try:
        check()
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    print(*map(folder, OLDER.values()), sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
