"""What the Tab key offers, asked as a front end asks it."""

from typing import Any

import pytest

from qwen_nb.magics.registry import COMMANDS
from tests.conftest import Notebook


def offered(notebook: Notebook, text: str) -> list[str]:
    """Return what is offered at the end of a text, as a kernel is asked."""
    from IPython.core.completer import provisionalcompleter

    with provisionalcompleter():
        found = notebook.shell.Completer.completions(text, len(text))
        return [each.text for each in found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("%qwen_nb hist", ["history"]),
        ("%qwen_nb help fa", ["faq"]),
        ("%qwen_nb use bei", ["beijing"]),
        ("%qwen_nb config contex", ["context"]),
        ("%qwen_nb code --as cu", ["curl"]),
        ("%qwen_nb usage --by mo", ["model"]),
        ("%qwen --dry", ["--dry-run"]),
        ("%%qwen --think 200 --hide", ["--hide-thinking"]),
        ("%%qwen -m qwen3-ma", ["qwen3-max"]),
        ("%%qwen --dialect d", ["dashscope"]),
        ("%qwen -f c", ["code"]),
        ("%%qwen --tools get_wea", ["get_weather"]),
        ("%%qwen --json=Tr", ["Trip"]),
        ("%%qwen -s 'be brief' -m qwen3-ma", ["qwen3-max"]),
        ("%qwen_nb fork plan --a", ["--at"]),
        ("%qwen_nb config model x --no", ["--notebook"]),
        ("%qwen_nb retry --dialect das", ["dashscope"]),
        ("%qwen_nb history --th", ["--thinking"]),
        ("%qwen_nb login olla", ["ollama"]),
        ("%qwen_nb budget of", ["off"]),
    ],
)
def test_what_fits_is_offered(notebook: Notebook, text: str, wanted: list[str]) -> None:
    notebook.run("def get_weather(place): ...\nclass Trip: ...\nget_wealth = 3")
    found = offered(notebook, text)
    assert set(wanted) <= set(found)
    assert "get_wealth" not in found


@pytest.mark.parametrize(
    "text", ["%qwen why --dr", "%%qwen --raw what does --dry", "%qwen -s --dry"]
)
def test_within_the_words_no_option_is_offered(notebook: Notebook, text: str) -> None:
    assert "--dry-run" not in offered(notebook, text)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_offered(notebook: Notebook, command: str) -> None:
    known = {name for option in COMMANDS[command].options for name in option.names}
    assert known <= set(offered(notebook, f"%qwen_nb {command} -"))


@pytest.mark.parametrize(
    "source",
    sorted({each.completer for command in COMMANDS.values()
     for each in (*command.positionals, *command.options) if each.completer}, key=str),
    ids=str,
)  # fmt: skip
def test_every_source_has_something(notebook: Notebook, source: Any) -> None:
    notebook.run("def get_weather(place): ...\nclass Trip: ...")
    completer = notebook.shell.magics_manager.registry["QwenMagics"].completer
    assert completer._offered(source)


def test_it_asks_nobody_and_opens_nothing(
    notebook: Notebook, settled: Any, tmp_path: Any
) -> None:
    for text in ("%qwen -m ", "%qwen_nb use ", "%qwen_nb switch ", "%%qwen -c "):
        offered(notebook, text)
    assert len(settled.journal) == 0
    assert not list((tmp_path / "home").rglob("*.sqlite*"))


def test_unloaded_it_offers_nothing(notebook: Notebook) -> None:
    notebook.run("%unload_ext qwen_nb")
    assert "doctor" not in offered(notebook, "%qwen_nb doct")
    notebook.run("%load_ext qwen_nb")
    assert offered(notebook, "%qwen_nb doct").count("doctor") == 1


def test_help_has_the_questions(notebook: Notebook) -> None:
    out = notebook.run("%qwen_nb help faq").out
    assert out.count("?\n") >= 8
    assert "pytest --nbval" in out
