"""The person's own copy of the course, from the tree and from a wheel."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

from qwen_nb.errors import ConfigError
from qwen_nb.magics.course import first_notebook, own_copy
from tests.notebooks._clean import environment

ROOT = Path(__file__).parents[2]
HANG_S = 120

PARTS = (
    "01_first_question.ipynb",
    "09_replay.cassette",
    "09_replay.ipynb",
    "README.md",
    "walkthroughs/store.ipynb",
    "zh/01_first_question.ipynb",
)
BESIDE = (
    "execute.py",
    "__pycache__/execute.cpython-311.pyc",
    ".ipynb_checkpoints/01_first_question-checkpoint.ipynb",
    "zh/.ipynb_checkpoints/01_first_question-checkpoint.ipynb",
)


def files(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def course(tmp_path: Path) -> Path:
    for name in (*PARTS, *BESIDE):
        path = tmp_path / "course" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{name}, first edition")
    return tmp_path / "course"


@pytest.fixture
def own(tmp_path: Path, course: Path) -> Path:
    return own_copy(tmp_path / "own", course)


def test_the_whole_course_is_copied_and_nothing_that_lies_beside_it(own: Path) -> None:
    assert files(own) == {name: f"{name}, first edition" for name in PARTS}


def test_what_the_person_changed_stays_and_what_is_new_comes(own: Path, course: Path) -> None:
    (own / "09_replay.ipynb").write_text("mine")
    (own / "zh/notes.txt").write_text("mine too")
    (own / "README.md").unlink()
    for name in (*PARTS, "10_new.ipynb"):
        (course / name).write_text("second edition")
    before = files(own)
    own_copy(own, course)
    assert files(own) == before | dict.fromkeys(("10_new.ipynb", "README.md"), "second edition")


def test_a_cassette_comes_only_with_its_notebook(own: Path, course: Path) -> None:
    (own / "09_replay.cassette").unlink()
    own_copy(own, course)
    assert "09_replay.cassette" not in files(own)
    (own / "09_replay.ipynb").unlink()
    own_copy(own, course)
    assert {"09_replay.cassette", "09_replay.ipynb"} <= files(own).keys()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_folder_that_cannot_be_written_is_one_error(
    course: Path, tmp_path: Path, language: str
) -> None:
    (tmp_path / "taken").write_text("a file, no folder")
    with pytest.raises(ConfigError) as raised:
        own_copy(tmp_path / "taken", course)
    told = raised.value.message(language)  # type: ignore[arg-type]
    assert str(tmp_path / "taken") in told
    assert "qwen-nb demo" in told
    assert (tmp_path / "taken").read_text() == "a file, no folder"


def test_the_first_notebook_is_in_the_persons_language_if_there_is_one(own: Path) -> None:
    assert first_notebook(own, "zh") == own / "zh/01_first_question.ipynb"
    assert first_notebook(own, "en") == own / "01_first_question.ipynb"
    (own / "zh/01_first_question.ipynb").unlink()
    assert first_notebook(own, "zh") == own / "01_first_question.ipynb"


# -- what people install ---------------------------------------------------------------------


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel and unpack it, with a program beside it that stands for JupyterLab."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True, timeout=HANG_S)
    (wheel,) = folder.glob("*.whl")
    site = folder / "site"
    ZipFile(wheel).extractall(site)
    (site / "jupyterlab").mkdir()
    (site / "jupyterlab/__init__.py").touch()
    (site / "jupyterlab/__main__.py").write_text("import sys; print('Lab:', *sys.argv[1:])")
    return site


@pytest.mark.service
def test_a_wheel_holds_all_of_the_package_and_the_course(installed: Path) -> None:
    def shipped(folder: Path) -> set[str]:
        return {
            path.relative_to(folder).as_posix()
            for path in folder.rglob("*")
            if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & {*path.parts}
        }

    there = shipped(installed / "qwen_nb")
    course = {name for name in shipped(ROOT / "notebooks") if not name.endswith(".py")}
    assert "walkthroughs/reviews.ipynb" in course
    assert there == shipped(ROOT / "qwen_nb") | {f"notebooks/{name}" for name in course}


@pytest.mark.service
def test_demo_of_a_wheel_opens_the_persons_copy(installed: Path, tmp_path: Path) -> None:
    clean = environment(tmp_path, PYTHONPATH=str(installed))

    def demo() -> str:
        done = subprocess.run(
            [sys.executable, "-m", "qwen_nb", "demo"],
            cwd=tmp_path, env=clean, capture_output=True, text=True, timeout=HANG_S,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    own = tmp_path / "qwen_nb-demo"
    opened = next(line for line in demo().splitlines() if line.startswith("Lab:"))
    assert "qwen_nb-demo/01_first_question.ipynb" in opened
    assert f"--ServerApp.root_dir={own}" in opened
    assert files(own) == files(installed / "qwen_nb/notebooks")
    (own / "README.md").write_text("mine")
    demo()
    assert (own / "README.md").read_text() == "mine"
