from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from nbformat import NotebookNode

from qwen_nb.emulator.server import Emulator
from tests.pytest_plugin._counting import Counting
from tests.pytest_plugin._own import own_environment
from tests.pytest_plugin._project import Project, Ran

RECORDED = [
    "%load_ext qwen_nb",
    "%%qwen\nWhich is larger, 9.9 or 9.11?",
    "print('before')\nreply = %qwen -q What did I ask first?\nprint(reply.answer)",
    "%%qwen --no-think --once\nHello",
    "%qwen_nb usage",
]
EMULATED = [*RECORDED[:2], "%qwen Hello", "%qwen_nb config"]


@dataclass
class Saved:
    """A notebook with a cassette and one without, executed and saved; its server is gone."""

    project: Project
    recording: Ran
    live: NotebookNode
    replayed: NotebookNode


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    project = Project(tmp_path_factory.mktemp("saved"))
    project.put("asked.ipynb", RECORDED)
    with Emulator(pace=0) as server:
        variables = {
            "QWEN_NB_BASE_URL": server.openai_base_url,
            "QWEN_NB_API_KEY": server.key,
            "QWEN_NB_MODEL": "qwen3-max",
            "QWEN_NB_THINKING": "500",
        }
        recording = project.pytest("--nbval-lax", "--qwen-record", variables=variables)
        again = {"QWEN_NB_CASSETTE": "record:again.cassette"}
        live = project.execute("asked.ipynb", **variables, **again)
    replayed = project.execute("asked.ipynb", QWEN_NB_CASSETTE="replay:asked.cassette")
    project.put("emulated.ipynb", EMULATED)
    project.execute("emulated.ipynb")
    return Saved(project, recording, live, replayed)


@pytest.fixture(scope="session")
def counting() -> Iterator[Counting]:
    server = Counting()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def own(tmp_path_factory: pytest.TempPathFactory, counting: Counting) -> dict[str, str]:
    return own_environment(tmp_path_factory.mktemp("own"), counting.base_url)
