"""What is noticed: an output, an answer or a question that changed, a recording unasked."""

import re
from collections.abc import Callable

import pytest

from tests.notebooks._tools import tampered
from tests.pytest_plugin._project import Project, Ran
from tests.pytest_plugin.conftest import RECORDED, Saved

pytestmark = [pytest.mark.kernel, pytest.mark.notebook]

Change = Callable[[str], str]


def once(pattern: str, new: str) -> Change:
    """Return a change of the one place that matches."""

    def change(text: str) -> str:
        changed, times = re.subn(pattern, new, text, count=1, flags=re.M)
        assert times == 1 and changed != text
        return changed

    return change


def without_hashes(text: str) -> str:
    return re.sub(r" sha256 [0-9a-f]{64}$", "", text, flags=re.M)


# a piece of the last answer, as the file's lines have it
A_CHUNK = once(r"(?s)(=== request 3.*?)\| listen\|", r"\1| whistl|")
CASSETTES: dict[str, Change] = {
    "chunk": A_CHUNK,
    "chunk-no-hash": lambda text: A_CHUNK(without_hashes(text)),
}
OUTPUTS = {
    "digit": ("text/plain", r"out \d", "out 7"),
    "word": ("text/html", "larger", "smaller"),
}
FAILS = {
    "chunk": {"chunk 1", "chunk 2", "chunk 3", "chunk 4"},
    "chunk-no-hash": {"chunk-no-hash 3"},
    "digit": {"digit 1"},
    "word": {"word 1"},
    "prompt": {"prompt 1", "prompt 2", "prompt 4"},
    "half": set[str](),
}


@pytest.fixture(scope="module")
def changed(saved: Saved, tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project(tmp_path_factory.mktemp("changed"))
    cassette = saved.project.path("asked.cassette").read_text()
    for name in FAILS:
        project.put(f"{name}.ipynb", saved.replayed)
        told = CASSETTES.get(name, str)(cassette)
        project.write(f"{name}.cassette", told)
    for name, (form, pattern, new) in OUTPUTS.items():
        project.put(f"{name}.ipynb", tampered(saved.replayed, form, pattern, new))
    prompt, half = project.read("prompt.ipynb"), project.read("half.ipynb")
    prompt.cells[1].source = RECORDED[1].replace("larger", "bigger")
    half.cells = half.cells[:2]
    project.put("prompt.ipynb", prompt)
    project.put("half.ipynb", half)
    return project


@pytest.fixture(scope="module")
def ran(changed: Project) -> Ran:
    # one run for all: starting a kernel takes longer than running it
    return changed.pytest("--nbval", "-n", "2", "--dist", "loadgroup")


@pytest.mark.parametrize("name", FAILS)
def test_each_change_fails_where_it_is(ran: Ran, name: str) -> None:
    failed = {cell for cell in ran.failed if cell.startswith(f"{name} ")}
    assert failed == FAILS[name], ran.said


def test_a_changed_prompt_shows_what_was_recorded_and_asked(ran: Ran) -> None:
    told = next(line for line in ran.said.splitlines() if "not in prompt.cassette" in line)
    assert "recorded “Which is larger, 9.9 or 9.11?”, asked “Which is bigger" in told
    assert "--qwen-record" in told


def test_a_changed_chunk_names_its_request(ran: Ran) -> None:
    assert "The answer to request 3 of chunk.cassette was changed" in ran.said


def test_what_nobody_asked_for_is_told_at_the_end(ran: Ran) -> None:
    lines = ran.said.partition("= qwen_nb =")[2].splitlines()
    assert "half.cassette: Not asked for: 2 (What did I ask first?); 3 (Hello)." in lines
    assert not any(line.startswith(("digit", "word")) for line in lines)


def test_it_is_not_told_where_cells_were_left_out(changed: Project) -> None:
    notebook, told = changed.read("half.ipynb"), changed.path("half.cassette").read_text()
    for name in ("alone", "skipped"):
        changed.write(f"{name}.cassette", told)
        changed.put(f"{name}.ipynb", notebook)
    notebook.cells[1].metadata["tags"] = ["nbval-skip"]
    changed.put("skipped.ipynb", notebook)
    chosen = ("half.ipynb", "skipped.ipynb", "alone.ipynb::Cell 0", "-k", "not (half and 1)")
    ran = changed.pytest("--nbval", *chosen)
    assert ran.code == 0, ran.said
    passed = {name for name, outcome in ran.outcomes.items() if outcome == "PASSED"}
    assert passed == {"half 0", "skipped 0", "alone 0"}
    assert "not asked for" not in ran.said.lower()
