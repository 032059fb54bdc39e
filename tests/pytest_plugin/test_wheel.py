"""What somebody gets who installs the package: notebooks can be checked at once."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.pytest_plugin._project import HANG_S, Project
from tests.pytest_plugin.conftest import EMULATED, Saved

pytestmark = [pytest.mark.kernel, pytest.mark.notebook]

ROOT = Path(__file__).parents[2]


def pip(python: str | Path, *arguments: str) -> None:
    command = [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=HANG_S)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_folder_with_a_notebook_and_the_extra_test(saved: Saved, tmp_path: Path) -> None:
    pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(ROOT))
    (wheel,) = tmp_path.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    pip(python, "install", f"qwen_nb[test] @ {wheel.as_uri()}")
    project = Project(tmp_path, python=str(python))
    project.put("emulated.ipynb", saved.project.read("emulated.ipynb"))
    ran = project.pytest("--nbval", "-W", "error")
    assert (ran.code, len(ran.outcomes), ran.failed) == (0, len(EMULATED), set()), ran.said
    assert "xdist" not in ran.said
