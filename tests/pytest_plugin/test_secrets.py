"""No key and no account of anybody's is in a notebook or a cassette of this repository."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from qwen_nb.cassettes.format import read
from qwen_nb.cassettes.recordings import Recording
from qwen_nb.cassettes.secrets import Redactor

ROOT = Path(__file__).parents[2]
KEY = "sk-0123456789abcdef0123456789abcdef"


def files(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(root).parts)
        if not hidden and path.suffix in (".ipynb", ".cassette"):
            yield path


def is_clean(text: str) -> bool:
    """Tell whether what redacts recordings finds nothing in this file."""
    redactor = Redactor({})
    if text.startswith("qwen_nb cassette"):
        recordings = [each for _, each in read(text, "it") if isinstance(each, Recording)]
        for each in recordings:
            answer = each.answer.data
            if redactor.value(each.body) != each.body or redactor.stream(answer) != answer:
                return False
        return redactor.text(text) == text
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        # saved as lists of lines: nothing is to hide between two of them
        whole = json.dumps(cell | {"source": "".join(cell["source"])}, ensure_ascii=False)
        if redactor.text(whole) != whole:
            return False
    found: bool = redactor.value(notebook) == notebook
    return found


@pytest.mark.parametrize("path", [*files(ROOT)], ids=lambda path: str(path.relative_to(ROOT)))
def test_it_has_no_secrets(path: Path) -> None:
    assert is_clean(path.read_text(encoding="utf-8"))


def test_notebooks_are_looked_at() -> None:
    assert any(path.suffix == ".ipynb" for path in files(ROOT))


NOTEBOOK = json.dumps(
    {"cells": [{"cell_type": "code", "metadata": {}, "source": ["x = 'WORD'"], "outputs": []}]}
)
CASSETTE = """qwen_nb cassette 1

=== place 1, default
{"name": "127.0.0.1"}

=== request 1 to place 1 at 2026-11-25T20:00:00Z
POST /chat/completions
{"messages": [{"role": "user", "content": "WORD"}]}
--- 200
+0.00
| data: {"choices":[{"delta":{"content":"FIRST"}}]}
|
| data: {"choices":[{"delta":{"content":"SECOND"}}]}
|
--- end
"""


@pytest.mark.parametrize("form", [NOTEBOOK, CASSETTE], ids=["notebook", "cassette"])
def test_a_planted_key_is_found(form: str) -> None:
    assert is_clean(form)
    assert not is_clean(form.replace("WORD", KEY))


def test_a_key_that_an_answer_says_in_two_pieces_is_found() -> None:
    planted = CASSETTE.replace("FIRST", f"It is {KEY[:9]}").replace("SECOND", f"{KEY[9:]}.")
    assert KEY not in planted and not is_clean(planted)


@pytest.mark.parametrize("key", ["password", "account_id"])
def test_a_field_that_holds_one_is_found(key: str) -> None:
    planted = CASSETTE.replace('"content": "WORD"', f'"content": "a", "{key}": "1234567890"')
    assert not is_clean(planted)
