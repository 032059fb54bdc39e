"""Projects that know nothing of us: pytest in them is what it was."""

import pytest

from tests.pytest_plugin._project import Project

pytestmark = pytest.mark.service

HEAVY = (
    "IPython",
    "anywidget",
    "asyncio",
    "ipykernel",
    "ipywidgets",
    "jsonschema",
    "markdown_it",
    "nbformat",
    "openai",
    "pandas",
    "pydantic",
    "sqlite3",
    "starlette",
    "tomllib",
    "tqdm",
    "uvicorn",
)

ORDINARY = f"""
import sys
import warnings

HEAVY = {HEAVY!r}


def test_nothing_heavy_is_there():
    assert "qwen_nb.pytest_plugin" in sys.modules
    assert [name for name in HEAVY if name in sys.modules] == []


def test_nothing_of_ours_is_there_but_the_plugin():
    ours = {{name for name in sys.modules if name.startswith("qwen_nb")}}
    assert ours == {{"qwen_nb", "qwen_nb.pytest_plugin"}}
"""

AT_THE_END = """
import sys


def pytest_unconfigure(config):
    ours = {name for name in sys.modules if name.startswith("qwen_nb")}
    print("OURS", sorted(ours))
"""

OLDER = """
import pytest


@pytest.hookimpl(hookwrapper=True, tryfirst=True)
def pytest_runtest_setup(item):
    outcome = yield
    outcome.get_result()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    outcome.get_result().sections.append(("older", "hook"))


def pytest_terminal_summary(terminalreporter):
    terminalreporter.write_line("OLDER")
"""

# plugins of other packages bring modules of their own
OTHERS = ("-p", "no:anyio", "-p", "no:hypothesispytest", "-p", "no:cov")
WITHOUT = ("-p", "no:nbval", "-p", "no:xdist", *OTHERS)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("ordinary"))
    project.write("test_ordinary.py", ORDINARY)
    project.put("ignored.ipynb", ["1 / 0"])
    return project


def test_neither_nbval_nor_xdist_is_needed_and_nothing_heavy_is_imported(
    project: Project,
) -> None:
    project.write("conftest.py", AT_THE_END)
    ran = project.pytest(*WITHOUT, "--strict-config", "--strict-markers", "-W", "error")
    assert ran.code == 0, ran.said
    assert len(ran.outcomes) == 2
    # nor when the run ends
    assert "OURS ['qwen_nb', 'qwen_nb.pytest_plugin']" in ran.said


@pytest.mark.kernel
def test_an_older_conftest_with_notebooks_and_without_xdist(project: Project) -> None:
    project.write("conftest.py", OLDER)
    ran = project.pytest("--nbval", "-p", "no:xdist", "-k", "ours or ignored", "-W", "error")
    assert (ran.code, ran.failed, len(ran.outcomes)) == (1, {"ignored 0"}, 2), ran.said
    assert "ZeroDivisionError" in ran.said and "OLDER" in ran.said


def test_the_option_is_told_and_alone_does_nothing(project: Project) -> None:
    project.write("conftest.py", "")
    ran = project.pytest(*WITHOUT, "--qwen-record")
    assert (ran.code, len(ran.outcomes)) == (0, 2), ran.said
    assert "--qwen-record" in project.pytest(*WITHOUT, "--help").said
