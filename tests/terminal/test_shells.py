"""Terminal IPython and `jupyter console`: the reply is text that streams by, once."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from tests.terminal._terminal import Terminal

pytestmark = pytest.mark.kernel

SHELLS = {
    "ipython": ("IPython", "--no-banner", "--no-confirm-exit"),
    "jupyter console": ("jupyter_console", "--no-confirm-exit"),
}

THOUGHT = "Ninety hundredths are more than eleven hundredths."
ANSWER = "the difference is 0.79."


class Shell:
    """A shell with the extension loaded; it knows which prompt comes next."""

    def __init__(self, terminal: Terminal) -> None:
        self.terminal = terminal
        self._next = 1

    def run(self, *lines: str) -> str:
        """Type a cell and return all that is printed until the next prompt."""
        self.terminal.type(*lines)
        return self.wait()

    def wait(self) -> str:
        """Return all that is printed until the next prompt."""
        self._next += 1
        return self.terminal.read_until(rf"In \[{self._next}\]: ")


@pytest.fixture(scope="module", params=SHELLS)
def shell(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Shell]:
    folder = tmp_path_factory.mktemp("shell")
    with Terminal(folder, *SHELLS[request.param]) as terminal:
        terminal.read_until(r"In \[1\]: ")
        shell = Shell(terminal)
        shell.run("%load_ext qwen_nb")
        yield shell


def test_thinking_and_answer_stream_once(shell: Shell) -> None:
    shell.terminal.type("%qwen --new Which is larger, 9.9 or 9.11?")
    begun = shell.terminal.read_until("There is a trap here")
    assert THOUGHT not in begun
    thought = shell.terminal.read_until("One line of Python settles it")
    assert ANSWER not in thought
    shown = begun + thought + shell.wait()
    assert shown.count(THOUGHT) == shown.count(ANSWER) == 1
    assert shown.index("Thinking") < shown.index(THOUGHT) < shown.index(ANSWER)
    assert shown.count("turn 1 · in 23 (cached 0) · out 449, of which thinking 291") == 1


def test_assigned_on_one_line_shows_nothing_twice(shell: Shell) -> None:
    shown = shell.run("x = %qwen Hello?")
    assert shown.count("The emulator of qwen_nb is listening.") == 1
    assert shown.count("of which thinking") == 1


def test_a_reply_is_shown_again_where_it_is_evaluated(shell: Shell) -> None:
    shell.run("y = %qwen --no-think Hello")
    shown = shell.run("y")
    assert shown.count("The emulator of qwen_nb is listening.") == 1


def test_a_cell_ends_with_empty_lines(shell: Shell) -> None:
    shown = shell.run("%%qwen --no-think --new", "Which is larger,", "9.9 or 9.11?", "", "")
    assert shown.count("**9.9 is larger**: as decimals, 9.90 > 9.11.") == 1
    assert shown.count("turn 1 · ") == 1


def test_code_of_the_answer_stands_at_the_next_prompt_unrun(shell: Shell) -> None:
    shell.run("%qwen -f code --new Which is larger, 9.9 or 9.11?")
    shell.terminal.read_until("9\\.9 > 9\\.11")
    shell.terminal.press_ctrl("u")
    assert "Out[" not in shell.run("print('mine')")


def test_ctrl_c_stops_the_answer_and_not_the_shell(shell: Shell) -> None:
    shell.terminal.type("%qwen Which is larger, 9.9 or 9.11?")
    shell.terminal.read_until("There is a trap here")
    shell.terminal.press_ctrl("c")
    shown = shell.wait()
    assert "No answer yet." in shown
    assert "Traceback" not in shown and ANSWER not in shown
    after = shell.run("%qwen --no-think Hello")
    assert "The emulator of qwen_nb is listening." in after


TOOL = """\
import time
import qwen_nb
exec("def get_current_weather(location: str) -> str:\\n    return 'Rain in ' + location")
exec("def ask(row):\\n    time.sleep(0.05)\\n    return f'Row {row}'")"""


@pytest.fixture(scope="module")
def equipped(shell: Shell) -> Shell:
    for line in TOOL.splitlines():
        shell.run(line)
    return shell


def test_each_call_is_one_line_between_thinking_and_answer(equipped: Shell) -> None:
    shown = equipped.run(
        "%qwen --new --tools get_current_weather"
        " What is the weather of the four municipalities?"
    )
    *calls, last = [
        shown.index(f'\nget_current_weather(location="{city}") → Rain in {city}\n')
        for city in ("Beijing", "Shanghai", "Tianjin", "Chongqing")
    ]
    assert shown.index("Four cities are meant") < calls[0] and calls == sorted(calls)
    assert last < shown.index("All four results") < shown.index("- Rain in Beijing")
    assert shown.count("Rain in Tianjin") == 2


def test_the_person_is_asked_on_a_line_of_its_own(equipped: Shell) -> None:
    equipped.run("chat = qwen_nb.Chat(tools=[get_current_weather], confirm=True)")
    for answer, result in (("y", "Rain in Hangzhou"), ("n", "error: The user did not allow")):
        equipped.terminal.type("reply = chat.ask('Weather in Hangzhou?')")
        equipped.terminal.read_until(
            r"\nThe model wants to call get_current_weather\(.*\[y/N\] "
        )
        assert f"→ {result}" in equipped.run(answer)


def test_the_bar_of_many_rows_moves_and_goes(equipped: Shell) -> None:
    shown = equipped.run("rows = qwen_nb.map(range(40), ask, concurrency=4, keep=False)")
    done = [int(each) for each in re.findall(r"rows: +\d+%\S*? .*? (\d+)/40 \[", shown)]
    assert done == sorted(done) and len(set(done)) >= 4
    assert len(set(re.findall(r", \$([\d.]+)\]", shown))) >= 3
    assert "40 rows: 40 answered · would cost $" in shown
    # the bar is written over before the line that stays
    assert re.search(r"\r +\r\n?40 rows: 40 answered", equipped.terminal.raw), shown
