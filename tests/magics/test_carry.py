"""What a saved output keeps, so that the conversation can go on from the notebook alone."""

from typing import Any

import pytest
from IPython.utils.capture import capture_output

from qwen_nb.emulator.server import Emulator
from qwen_nb.front_end import place
from qwen_nb.values.turn_json import carried, turn_from


def kept(notebook: Any, cell: str) -> dict[str, Any]:
    """Run a cell as in a notebook nobody watches; return its output's metadata."""
    with capture_output() as captured:
        ran = notebook.shell.run_cell(cell)
    ran.raise_error()
    (output,) = captured.outputs
    found: dict[str, Any] = output.metadata["qwen_nb"]
    return found


@pytest.fixture(autouse=True)
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(place, "front_end", lambda shell: "static")


def chat_of(notebook: Any) -> Any:
    return notebook.shell.magics_manager.registry["QwenMagics"].chat


@pytest.mark.parametrize("options", ["", "-q", "--new -s 'Be brief.' -t 0.5", "--bg"])
def test_a_turn_is_kept_with_its_output(options: str, notebook: Any, settled: Emulator) -> None:
    notebook.run("%qwen_nb new")
    found = kept(notebook, f"%%qwen --think {options}\n9.9 or 9.11?")
    (turn,) = chat_of(notebook).turns
    assert found["turn"] == carried(turn)
    assert found["finish_reason"] == "stop"
    again = turn_from(found["turn"])
    assert again is not None
    assert (again.prompt, again.reply.answer) == ("9.9 or 9.11?", turn.reply.answer)
    assert (again.starts_anew, again.options.system) == (True, turn.options.system)
    assert again.reply.thinking == ""


def test_thinking_is_kept_where_it_is_sent_back(notebook: Any, settled: Emulator) -> None:
    found = kept(notebook, "%%qwen --think -p preserve_thinking=true\n9.9 or 9.11?")
    again = turn_from(found["turn"])
    assert again is not None
    assert again.reply.thinking == chat_of(notebook).turns[0].reply.thinking != ""


def test_what_is_asked_once_is_not_kept(notebook: Any, settled: Emulator) -> None:
    assert "turn" not in kept(notebook, "%%qwen --once\nHello")


def test_carrying_can_be_switched_off(notebook: Any, settled: Emulator) -> None:
    notebook.run("%qwen_nb config carry off")
    assert "turn" not in kept(notebook, "%%qwen\nHello")
    notebook.run("%qwen_nb config carry on")
    assert "turn" in kept(notebook, "%%qwen\nHello")


def test_a_reply_that_is_drawn_again_is_no_second_turn(
    notebook: Any, settled: Emulator
) -> None:
    kept(notebook, "%%qwen\nHello")
    for cell in ("%qwen_nb last", "_qwen"):
        assert "turn" not in kept(notebook, cell)
